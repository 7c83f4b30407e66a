//! `cargo lockdep stat`, and orders that are held back.

use crate::project::{Project, TWO_LOCKS};

/// Two programs in one package that take the same locks, one after the other.
fn timed(name: &str) -> Project {
    let lib = "
        use std::sync::Mutex;
        pub struct Ledger(pub u8);
        pub static LEDGER: Mutex<Ledger> = Mutex::new(Ledger(0));
        pub fn slow() {
            let _ledger = LEDGER.lock().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    ";
    let test =
        |times: u8| format!("#[test]\nfn it() {{ (0..{times}).for_each(|_| {name}::slow()); }}");
    Project::new(name)
        .file("src/lib.rs", lib)
        .file("tests/one.rs", &test(2))
        .file("tests/two.rs", &test(3))
}

#[test]
fn all_processes_are_counted_in_one_table() {
    let project = timed("counted");
    let said = project.lockdep(&["stat", "test", "-q", "--tests"]).exits(0);
    let row = said.stderr.lines().find(|line| line.starts_with("  Ledger")).expect("a row");
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells[..3], ["Ledger", "5", "0"], "{row}");
    assert_eq!(cells.last(), Some(&"ms"), "{row}");
    said.has("held from    src/lib.rs:6:34   5 times");
    said.has("released at  counted::slow");
    assert_eq!(said.last(), "lockdep: 1 class, 0 edges, 2 processes, 0 violations");

    let untimed = project.lockdep(&["test", "-q", "--tests"]).exits(0);
    assert!(!untimed.stderr.contains("Ledger"), "{}", untimed.stderr);

    let file = project.root.join("statistics.json");
    let option = format!("--json={}", file.to_str().expect("it is text"));
    let said = project.lockdep(&["stat", &option, "test", "-q", "--test", "two"]).exits(0);
    assert!(!said.stderr.contains("Ledger"), "{}", said.stderr);
    let text = std::fs::read_to_string(file).expect("it was written");
    for part in ["\"taken\":3,", "\"waited\":0,", "\"p99\":", "src/lib.rs:6:34", "counted::slow"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn what_is_timed_survives_the_programs_death() {
    let main = format!(
        "{TWO_LOCKS}
        fn main() {{
            let start = std::time::Instant::now();
            while start.elapsed().as_millis() < 1500 {{
                forward();
                std::thread::sleep(std::time::Duration::from_millis(1));
            }}
            let id = std::process::id().to_string();
            std::process::Command::new(\"kill\").args([\"-9\", &id]).status().unwrap();
        }}"
    );
    let project = Project::new("timed_and_killed").file("src/main.rs", &main);
    let said = project.lockdep(&["run", "-q"]).env("LOCKDEP_STAT", "1").exits(137);
    said.has("  Mutex<u8> ");
    said.has("  Mutex<u16> ");
}

#[test]
fn a_term_for_the_command_ends_the_tests_that_cargo_runs() {
    use std::io::Read as _;
    use std::process::{Command, Stdio};

    let test = "#[test]\nfn it() {
        ended::forward();
        eprintln!(\"ready.\");
        std::thread::sleep(std::time::Duration::from_secs(30));
        eprintln!(\"nobody ended this\");
    }";
    let project = Project::new("ended").file("src/lib.rs", TWO_LOCKS).file("tests/one.rs", test);
    let mut call = project.lockdep(&["test", "-q", "--test", "one", "--", "--nocapture"]);
    call.command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = call.command.spawn().expect("cargo runs");
    let mut stderr = child.stderr.take().expect("it is piped");
    let mut text = String::new();
    while !text.ends_with("ready.") {
        let mut byte = [0];
        stderr.read_exact(&mut byte).expect("the test says that it runs");
        text.push(char::from(byte[0]));
    }
    let killed = Command::new("kill").arg(child.id().to_string()).status().expect("kill runs");
    assert!(killed.success());
    // The pipe ends when the last process does that writes to it.
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("it is text");
    child.wait().expect("it ends");
    assert!(!rest.contains("nobody ended this"), "{rest}");
    assert!(rest.ends_with("lockdep: 3 classes, 1 edge, 1 process, 0 violations\n"), "{rest}");
}
