//! Every verb of the command.

use crate::project::{Project, TWO_LOCKS, lockdep, path_with, target};

const CLEAN: &str = "\
fn main() {
    let lock = std::sync::Mutex::new(1);
    println!(\"{} {:?}\", lock.lock().unwrap(), std::env::args().skip(1).collect::<Vec<_>>());
}
";

fn inverting(name: &str) -> Project {
    let main = format!("{TWO_LOCKS}fn main() {{ forward(); backward(); println!(\"done\"); }}");
    Project::new(name).file("src/main.rs", &main)
}

#[test]
fn build_builds_in_a_folder_of_its_own_and_runs_nothing() {
    let project = inverting("built");
    for verb in ["build", "b"] {
        let said = project.lockdep(&[verb]).exits(0);
        assert!(!said.stderr.contains("classes"), "{}", said.stderr);
    }
    assert!(!target().join("debug").exists());
    assert!(!project.root.join("target").exists());
}

#[test]
fn run_forwards_what_is_the_programs_and_leaves_stdout_to_it() {
    let project = Project::new("run").file("src/main.rs", CLEAN);
    let said = project.lockdep(&["run", "--quiet", "a b", "--target-dir", "x"]).exits(0);
    assert_eq!(said.stdout, "1 [\"a b\", \"--target-dir\", \"x\"]\n");
    let said = project.lockdep(&["r", "-q", "--", "--release"]).exits(0);
    assert_eq!(said.stdout, "1 [\"--release\"]\n");
}

#[test]
fn run_reports_an_inversion_once_and_after_the_program() {
    let said = inverting("inverting").lockdep(&["run", "-q"]).exits(100);
    assert_eq!(said.stdout, "done\n");
    assert_eq!(said.reports("LD0002"), 1);
    said.has("src/main.rs:4");
    said.has("src/main.rs:5");
    assert_eq!(said.last(), "lockdep: 3 classes, 2 edges, 1 process, 1 violation (met 1 time)");
}

#[test]
fn two_runs_of_one_program_print_the_same() {
    let project = inverting("steady");
    let once = project.lockdep(&["run", "-q"]).exits(100);
    let twice = project.lockdep(&["run", "-q"]).exits(100);
    assert_eq!(once.stderr, twice.stderr);
}

#[test]
fn test_finds_what_unit_tests_integration_tests_and_doctests_do() {
    let lib = "
        //! ```
        //! tested::forward();
        //! tested::backward();
        //! ```
        #[cfg(test)]
        mod tests {
            #[test]
            fn unit() {
                super::forward();
            }
        }
    ";
    let project = Project::new("tested")
        .file("src/lib.rs", &format!("{}{TWO_LOCKS}", lib.trim_start()))
        .file("tests/suite.rs", "#[test]\nfn suite() { tested::forward(); }\n");
    let said = project.lockdep(&["test", "--lib", "--tests"]).exits(0);
    assert_eq!(said.stdout.matches("1 passed").count(), 2);
    assert_eq!(said.last(), "lockdep: 2 classes, 1 edge, 2 processes, 0 violations");
    let said = project.lockdep(&["t", "--doc"]).exits(100);
    assert_eq!(said.stdout.matches("1 passed").count(), 1);
    assert_eq!(said.reports("LD0002"), 1);
}

#[test]
fn bench_runs_optimised_benches_with_tracked_locks() {
    let manifest = "\n[[bench]]\nname = \"timing\"\nharness = false\n";
    let project = Project::new("benched").file("src/lib.rs", TWO_LOCKS);
    let text = std::fs::read_to_string(project.root.join("Cargo.toml")).expect("it was written");
    let project = project
        .file("Cargo.toml", &(text + manifest))
        .file("benches/timing.rs", "fn main() { benched::forward(); benched::backward(); }");
    let said = project.lockdep(&["bench", "-q", "--bench", "timing"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
}

#[test]
fn nextest_is_called_with_its_own_arguments() {
    // A stand-in that does what matters here: it has cargo build, and runs the tests.
    let project = Project::new("nextested")
        .file("src/lib.rs", TWO_LOCKS)
        .file("tests/one.rs", "#[test]\nfn one() { nextested::forward(); }")
        .file("tests/two.rs", "#[test]\nfn two() { nextested::backward(); }")
        .script("bin/cargo-nextest", "echo \"$@\"; shift 2; exec cargo test -q \"$@\"");
    let call = project.lockdep(&["nextest", "run", "--tests"]);
    let path = call.command.get_envs().find(|(name, _)| *name == "PATH").expect("it is set").1;
    let path = path_with(&project.root.join("bin")).into_string().expect("it is text")
        + ":"
        + path.and_then(|path| path.to_str()).expect("it is text");
    let said = call.env("PATH", path).exits(100);
    assert!(said.stdout.starts_with("nextest run --tests\n"), "{}", said.stdout);
    assert_eq!(said.reports("LD0002"), 1);
}

#[test]
fn the_users_own_target_folder_is_the_base_of_ours() {
    let project = Project::new("based").file("src/main.rs", CLEAN);
    let base = target();
    let base = base.to_str().expect("it is text");
    for arguments in [["--target-dir", base].as_slice(), &[&format!("--target-dir={base}")]] {
        let arguments = [&["run", "-q"], arguments].concat();
        let said = project.lockdep(&arguments).env_remove("CARGO_TARGET_DIR").exits(0);
        assert!(!said.stderr.contains("building the runtime"), "{}", said.stderr);
    }
    assert!(!project.root.join("target").exists());
}

#[test]
fn a_call_for_help_of_a_verb_goes_to_cargo() {
    let said = lockdep(&target().join(".."), &["test", "--help"]).exits(0);
    assert!(said.stdout.contains("Usage: cargo test"), "{}", said.stdout);
    assert_eq!(said.stderr, "");
}

#[test]
fn help_and_version_need_no_project() {
    let nowhere = std::env::temp_dir();
    let help = lockdep(&nowhere, &["--help"]).exits(0);
    for verb in ["build", "run", "test", "bench", "nextest", "stat", "--ledger", "explain"] {
        assert!(help.stdout.contains(verb), "{}", help.stdout);
    }
    assert_eq!(lockdep(&nowhere, &[]).exits(0).stdout, help.stdout);
    let version = lockdep(&nowhere, &["--version"]).exits(0);
    assert!(version.stdout.starts_with("cargo-lockdep "), "{}", version.stdout);
}

#[test]
fn explain_knows_every_code() {
    let nowhere = std::env::temp_dir();
    let list = lockdep(&nowhere, &["explain"]).exits(0).stdout;
    let codes: Vec<&str> =
        list.lines().filter_map(|line| line.strip_prefix("  ")?.split(':').next()).collect();
    assert!(codes.starts_with(&["LD0001", "LD0002", "LD0003"]) && codes.len() >= 7, "{list}");
    for code in codes {
        let said = lockdep(&nowhere, &["explain", code]).exits(0);
        assert!(said.stdout.len() > 200, "{}", said.stdout);
    }
    let lower = lockdep(&nowhere, &["explain", "ld0002"]).exits(0);
    assert_eq!(lower.stdout, lockdep(&nowhere, &["explain", "LD0002"]).exits(0).stdout);
}
