//! The command on programs that nobody here wrote, from the registry.

use std::fs;
use std::path::{Path, PathBuf};

use crate::project::{Project, lockdep};

/// A file of the workspace.
pub(crate) fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the workspace").join(path)
}

/// From the first report on, or nothing.
pub(crate) fn reports(stderr: &str) -> &str {
    stderr.find("error[LD").map_or("", |at| &stderr[at..])
}

#[test]
fn the_report_in_the_readme_is_what_a_run_prints() {
    let fixture = workspace("tests/fixtures/indicatif-abba");
    let readme = fs::read_to_string(workspace("README.md")).expect("README.md can be read");
    let first = lockdep(&fixture, &["run", "-q"]).exits(100);
    let printed = reports(&first.stderr);
    assert!(printed.contains("indicatif-0.17.0-rc.10/src/progress_bar.rs:"), "{printed}");
    assert!(printed.contains("indicatif-0.17.0-rc.10/src/multi.rs:"), "{printed}");
    assert!(readme.contains(printed.trim_end()), "README.md is to show:\n{printed}");
    let second = lockdep(&fixture, &["run", "-q"]).exits(100);
    assert_eq!(reports(&second.stderr), printed, "two runs print the same");
}

#[test]
fn the_release_that_mended_it_is_clean() {
    let fixture = workspace("tests/fixtures/indicatif-abba");
    let read = |file: &str| fs::read_to_string(fixture.join(file)).expect("the fixture is there");
    let manifest = read("Cargo.toml").replace("rc.10", "rc.11");
    let mended = Project::new("indicatif-mended")
        .file("Cargo.toml", &manifest)
        .file("src/main.rs", &read("src/main.rs"));
    let said = mended.lockdep(&["run", "-q"]).exits(0);
    assert_eq!(reports(&said.stderr), "");
    assert!(said.last().ends_with("0 violations"), "{said:?}");
}

#[test]
fn two_references_into_one_map_are_found_in_any_order_of_events() {
    let fixture = workspace("tests/fixtures/dashmap-read-recursion");
    let said = lockdep(&fixture, &["run", "-q"]).exits(100);
    let printed = reports(&said.stderr);
    assert!(printed.starts_with("error[LD0001]"), "{printed}");
    let (held, wanted) = printed.split_once("wanted at").expect("there are two places");
    assert!(held.contains("dashmap-5.1.0/src/lib.rs:"), "{printed}");
    assert!(wanted.contains("dashmap-5.1.0/src/lib.rs:"), "{printed}");
    assert!(!printed.contains("instrumented"), "frames of ours are left out: {printed}");

    // With two threads the program would hang; the panic comes before.
    let said = lockdep(&fixture, &["run", "-q", "--", "hang"]).env("LOCKDEP", "panic").exits(100);
    said.has("lock taken again by its holder");
}

#[test]
fn the_map_whose_readers_pass_writers_is_clean() {
    let fixture = workspace("tests/fixtures/dashmap-read-recursion");
    let read = |file: &str| fs::read_to_string(fixture.join(file)).expect("the fixture is there");
    let manifest = read("Cargo.toml").replace("5.1.0", "5.3.4");
    let mended = Project::new("dashmap-mended")
        .file("Cargo.toml", &manifest)
        .file("src/main.rs", &read("src/main.rs"));
    let said = mended.lockdep(&["run", "-q"]).exits(0);
    assert_eq!(reports(&said.stderr), "");
    assert!(said.last().starts_with("lockdep: 1 class, 0 edges"), "{said:?}");
}

#[test]
fn two_versions_of_one_crate_are_both_tracked() {
    let fixture = workspace("tests/fixtures/parking-lot-versions");
    let said = lockdep(&fixture, &["run", "-q", "--", "inversion"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    said.has("Mutex<u8>    made at src/main.rs:8:15");
    said.has("Mutex<u16>   made at src/main.rs:9:15");
    let said = lockdep(&fixture, &["run", "-q"]).exits(0);
    assert!(said.last().starts_with("lockdep: 4 classes, 2 edges"), "{said:?}");
}

#[test]
fn older_versions_of_a_crate_are_tracked_by_what_they_have() {
    let fixture = workspace("tests/fixtures/parking-lot-older");
    let said = lockdep(&fixture, &["run", "-q"]).exits(0);
    assert!(!said.stderr.contains("no facade"), "{said:?}");
    assert!(said.last().ends_with("0 violations"), "{said:?}");
    let said = lockdep(&fixture, &["run", "-q", "--", "inversion"]).exits(100);
    assert_eq!(said.reports("LD0002"), 4);
    for version in ["v8", "v9", "v10", "v11"] {
        said.has(&format!("held since   parking_lot_older::{version}::inversion"));
    }
}

#[test]
fn a_join_under_a_lock_is_a_warning_with_both_places() {
    let fixture = workspace("tests/fixtures/slog-async-join");
    let said = lockdep(&fixture, &["run", "-q"]).exits(100);
    let at = said.stderr.find("warning[LD0020]").expect("the join is told");
    let (held, waits) = said.stderr[at..].split_once("waits at").expect("there are two places");
    assert!(held.contains("slog-async-2.3.0/lib.rs:491:"), "{said:?}");
    assert!(waits.contains("slog-async-2.3.0/lib.rs:493:"), "{said:?}");
    assert!(said.last().ends_with("0 violations, 1 warning (met 1 time)"), "{said:?}");

    let allowed = lockdep(&fixture, &["run", "-q"]).env("LOCKDEP_WARNINGS", "allow").exits(0);
    assert!(!allowed.stderr.contains("[LD"), "{allowed:?}");
    allowed.has("1 warning is not shown");

    // The worker joins itself, which the real library finds out too, by a panic of its own.
    let hung = lockdep(&fixture, &["run", "-q", "--", "hang"]).exits(100);
    hung.has("error[LD0021]: wait that nobody can end");
}

#[test]
fn the_logger_that_lets_go_before_it_joins_is_clean() {
    let fixture = workspace("tests/fixtures/slog-async-join");
    let read = |file: &str| fs::read_to_string(fixture.join(file)).expect("the fixture is there");
    // A name of its own: the other test runs a program of the fixture's name meanwhile.
    let manifest = read("Cargo.toml").replace("=2.3.0", "=2.4.0").replace("join", "mended");
    let mended = Project::new("slog-async-mended")
        .file("Cargo.toml", &manifest)
        .file("src/main.rs", &read("src/main.rs"));
    let said = mended.lockdep(&["run", "-q"]).exits(0);
    assert!(said.last().ends_with("0 violations"), "{said:?}");
}
