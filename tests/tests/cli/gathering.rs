//! Several processes, and records that are not as they should be.

use std::fs;

use crate::project::{Project, TWO_LOCKS};

/// A package with two locks and two tests in processes of their own.
fn halves(name: &str) -> Project {
    Project::new(name)
        .file("src/lib.rs", TWO_LOCKS)
        .file("tests/one.rs", &format!("#[test]\nfn forward_half() {{ {name}::forward(); }}"))
        .file("tests/two.rs", &format!("#[test]\nfn backward_half() {{ {name}::backward(); }}"))
}

#[test]
fn an_inversion_between_two_processes_is_found() {
    let said = halves("halves").lockdep(&["test", "-q", "--tests"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    for part in ["src/lib.rs:4", "src/lib.rs:5", "halves::forward", "halves::backward"] {
        said.has(part);
    }
    said.has("in one");
    said.has("in two");
    assert_eq!(said.last(), "lockdep: 2 classes, 2 edges, 2 processes, 1 violation (met 1 time)");
}

#[test]
fn one_half_alone_is_no_inversion() {
    halves("one_half").lockdep(&["test", "-q", "--test", "two"]).exits(0);
}

#[test]
fn a_violation_that_every_process_meets_is_printed_once() {
    let test = "#[test]\nfn both() { repeated::forward(); repeated::backward(); }";
    let project = Project::new("repeated")
        .file("src/lib.rs", TWO_LOCKS)
        .file("tests/one.rs", test)
        .file("tests/two.rs", test);
    let said = project.lockdep(&["test", "-q", "--tests"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    assert_eq!(said.last(), "lockdep: 2 classes, 2 edges, 2 processes, 1 violation (met 2 times)");
}

#[test]
fn a_folder_that_is_the_users_keeps_its_records_and_old_ones_do_not_count() {
    let project = halves("kept");
    let records = project.root.join("a folder");
    for test in ["one", "two"] {
        let call = project.lockdep(&["test", "-q", "--test", test]);
        call.env("LOCKDEP_OUT", "a folder").exits(0);
    }
    assert_eq!(fs::read_dir(&records).expect("it was made").count(), 2);
}

#[test]
fn a_record_that_cannot_be_read_is_named_and_the_rest_counts() {
    let spoil = r#"
        let folder = std::env::var("LOCKDEP_OUT").unwrap();
        for file in std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_some_and(|ending| ending == "lockdep") {
                let text = std::fs::read_to_string(&file).unwrap();
                let (head, rest) = text.split_once('\n').unwrap();
                let text = format!("{head}\nspoiled\n{rest}{{\"torn\":");
                std::fs::write(std::path::Path::new(&folder).join("copy.lockdep"), text).unwrap();
            }
        }
    "#;
    let main = format!("{TWO_LOCKS}fn main() {{ forward(); backward(); {spoil} }}");
    let project = Project::new("spoiled").file("src/main.rs", &main);
    let said = project.lockdep(&["run", "-q"]).exits(100);
    said.has("copy.lockdep:2: no record: ");
    assert_eq!(said.stderr.matches("lockdep: warning: ").count(), 1);
    assert_eq!(said.reports("LD0002"), 1);
    assert_eq!(said.last(), "lockdep: 2 classes, 2 edges, 2 processes, 1 violation (met 2 times)");
}
