//! The command on programs that nobody here wrote, from the registry.

use std::fs;
use std::path::{Path, PathBuf};

use crate::project::{Project, lockdep};

/// A file of the workspace.
fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the workspace").join(path)
}

/// From the first report on, or nothing.
fn reports(stderr: &str) -> &str {
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
