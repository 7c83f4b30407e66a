//! What cannot work: one clear line on stderr and a documented status.

use crate::project::{Project, TWO_LOCKS, lockdep};

const EMPTY: &str = "fn main() {}";

#[track_caller]
fn one_line(stderr: &str, line: &str) {
    assert_eq!(stderr.trim_end(), format!("lockdep: error: {line}"));
}

#[test]
fn an_unknown_verb_is_answered_with_those_that_are_known() {
    let said = lockdep(&std::env::temp_dir(), &["fly"]).exits(2);
    let known = "build (b), run (r), test (t), bench, nextest, stat, explain, \
                 --ledger, --help, --version";
    one_line(&said.stderr, &format!("unknown verb `fly`; accepted are {known}"));
}

#[test]
fn options_want_a_verb() {
    let nowhere = std::env::temp_dir();
    let said = lockdep(&nowhere, &["stat"]).exits(2);
    one_line(&said.stderr, "stat takes a verb to run, for example `stat test`");
    let said = lockdep(&nowhere, &["--ledger"]).exits(2);
    one_line(&said.stderr, "--ledger takes a verb to run, for example `--ledger test`");
}

#[test]
fn explain_wants_one_code_that_exists() {
    let nowhere = std::env::temp_dir();
    let said = lockdep(&nowhere, &["explain", "LD0001", "LD0002"]).exits(2);
    one_line(&said.stderr, "explain takes one code, for example LD0002");
    let said = lockdep(&nowhere, &["explain", "LD9999"]).exits(2);
    one_line(&said.stderr, "there is no code `LD9999`");
}

#[test]
fn an_unknown_value_of_a_variable_stops_before_anything_is_built() {
    let nowhere = std::env::temp_dir();
    let cases = [
        ("LOCKDEP", "loud", "LOCKDEP is `loud`; it takes panic, report, abort or off"),
        ("LOCKDEP_LEVEL", "high", "LOCKDEP_LEVEL is `high`; it takes order, deadlock or observed"),
        ("LOCKDEP_STAT", "yes", "LOCKDEP_STAT is `yes`; it takes 0 or 1"),
        ("LOCKDEP_BACKTRACE", "2", "LOCKDEP_BACKTRACE is `2`; it takes 0, 1 or full"),
    ];
    for (name, value, line) in cases {
        let said = lockdep(&nowhere, &["run"]).env(name, value).exits(2);
        one_line(&said.stderr, line);
    }
}

#[test]
fn a_setting_that_would_leave_our_folder_is_refused() {
    let project = Project::new("settings").file("src/main.rs", EMPTY);
    let said = project.lockdep(&["run", "--config", "build.target-dir='x'"]).exits(2);
    one_line(&said.stderr, "`--config build.target-dir` is not supported; use --target-dir");
}

#[test]
fn a_missing_manifest_is_cargos_message_and_a_line() {
    let project = Project::new("missing");
    let said = project.lockdep(&["test", "--manifest-path", "no/Cargo.toml"]).exits(96);
    said.has("manifest path `no/Cargo.toml` does not exist");
    assert_eq!(said.last(), "lockdep: error: cargo cannot read the project; see its message above");
}

#[test]
fn a_manifest_that_is_none_is_cargos_message_and_a_line() {
    let project = Project::new("unreadable").file("Cargo.toml", "[package\n");
    let said = project.lockdep(&["build"]).exits(96);
    said.has("Cargo.toml");
    assert_eq!(said.last(), "lockdep: error: cargo cannot read the project; see its message above");
}

#[test]
fn a_package_that_does_not_compile_ends_with_cargos_message_and_status() {
    let project = Project::new("broken").file("src/main.rs", "fn main() { nothing }");
    let said = project.lockdep(&["run"]).exits(101);
    said.has("cannot find value `nothing`");
    assert!(said.last().starts_with("error: could not compile `broken`"), "{}", said.stderr);
}

#[test]
fn a_compiler_that_is_too_old_is_named() {
    let version =
        "rustc 1.60.0 (0000000 2022-04-04)\\nhost: x86_64-unknown-linux-gnu\\nrelease: 1.60.0";
    let project = Project::new("old")
        .file("src/main.rs", EMPTY)
        .script("rustc.sh", &format!("printf '{version}\\n'"));
    let said = project.lockdep(&["run"]).env("RUSTC", project.root.join("rustc.sh")).exits(96);
    said.has("lockdep: error: rustc 1.60.0 is too old: the runtime needs 1.95 or newer");
}

#[test]
fn a_compiler_that_is_none_is_named() {
    let project = Project::new("no compiler".replace(' ', "-").as_str()).file("src/main.rs", EMPTY);
    let said = project.lockdep(&["run"]).env("RUSTC", "/nowhere/rustc").exits(96);
    said.has("lockdep: error: cannot run `/nowhere/rustc -vV`");
}

#[test]
fn a_target_without_a_standard_library_is_named() {
    let project = Project::new("bare").file("src/main.rs", EMPTY);
    let said = project.lockdep(&["build", "--target", "no-such-target"]).exits(96);
    said.has("no-such-target");
    let line = "the runtime for no-such-target did not build; see cargo's message above";
    assert_eq!(said.last(), format!("lockdep: error: {line}"));
}

#[test]
fn a_folder_for_records_that_cannot_be_made_is_named() {
    let project = Project::new("records").file("src/main.rs", EMPTY);
    let out = project.root.join("Cargo.toml").join("below");
    let said = project.lockdep(&["run"]).env("LOCKDEP_OUT", &out).exits(96);
    said.has(&format!("lockdep: error: cannot create {}: ", out.display()));
}

#[test]
fn a_program_that_cannot_write_its_records_prints_its_reports_itself() {
    // A limit on the size of files stands for a full disk; it is set for the program alone.
    let main = format!("{TWO_LOCKS}fn main() {{ forward(); backward(); }}");
    let project = Project::new("full")
        .file("src/main.rs", &main)
        .file(".cargo/config.toml", "target.'cfg(unix)'.runner = [\"sh\", \"limit.sh\"]\n")
        .script("limit.sh", "trap '' XFSZ\nulimit -f 0\nexec \"$@\"");
    let said = project.lockdep(&["run", "-q"]).exits(96);
    assert_eq!(said.stderr.matches("cannot write records").count(), 1, "{}", said.stderr);
    assert_eq!(said.reports("LD0002"), 1);
    said.has("has no record: its process was killed at once or could not write");
    let line = "records are missing, so nothing can be said of the program";
    assert_eq!(said.last(), format!("lockdep: error: {line}"));
}
