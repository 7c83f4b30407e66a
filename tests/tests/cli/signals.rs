//! Programs that end badly, or never.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use crate::project::{Project, TWO_LOCKS};

/// A program with two locks.
fn program(name: &str, main: &str) -> Project {
    Project::new(name).file("src/main.rs", &format!("{TWO_LOCKS}\nfn main() {{ {main} }}"))
}

/// Runs the program in a process group of its own, as a shell does.
fn start(project: &Project) -> Child {
    let mut call = project.lockdep(&["run", "-q"]);
    call.command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    call.command.spawn().expect("cargo runs")
}

/// Sends a signal to a process, or with a `-` before its id to its group.
fn send(signal: &str, to: &str) {
    let status = Command::new("kill").args(["-s", signal, "--", to]).status();
    assert!(status.expect("kill runs").success());
}

/// The rest of what the command says on stderr, and its status.
fn end(mut child: Child, mut stderr: impl std::io::Read) -> (String, i32) {
    let mut text = String::new();
    stderr.read_to_string(&mut text).expect("it is text");
    let status = child.wait().expect("it ends").code().expect("it outlives its program");
    (text, status)
}

#[test]
fn the_programs_own_status_is_passed_on() {
    program("seven", "forward(); std::process::exit(7)").lockdep(&["run", "-q"]).exits(7);
    program("aborting", "forward(); std::process::abort()").lockdep(&["run", "-q"]).exits(134);
    let said = program("panicking", "forward(); panic!()").lockdep(&["run", "-q"]).exits(101);
    assert_eq!(said.last(), "lockdep: 2 classes, 1 edge, 1 process, 0 violations");
}

#[test]
fn a_killed_process_has_written_what_it_found() {
    let kill = r#"
        forward();
        backward();
        let id = std::process::id().to_string();
        std::process::Command::new("kill").args(["-9", &id]).status().unwrap();
    "#;
    let said = program("killed", kill).lockdep(&["run", "-q"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
}

#[test]
fn a_self_deadlock_is_reported_while_the_program_hangs() {
    let hang = "let _held = FIRST.lock(); drop(FIRST.lock()); unreachable!()";
    let mut child = start(&program("hanging", hang));
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut line = String::new();
    while !line.contains("error[LD0001]") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).expect("it is text"), 0, "no report came");
    }
    // The command alone is asked to end; it sees to the program.
    send("TERM", &child.id().to_string());
    let (rest, status) = end(child, stderr);
    assert_eq!(status, 100);
    assert!(!rest.contains("error[LD0001]"), "printed twice:\n{rest}");
    assert!(rest.ends_with("1 violation (met 1 time)\n"), "{rest}");
}

#[test]
fn an_interrupted_run_says_what_it_learned() {
    let wait = "forward(); println!(\"ready\"); loop { std::thread::park() }";
    let mut child = start(&program("waiting", wait));
    let mut ready = [0; 6];
    child.stdout.take().expect("it is piped").read_exact(&mut ready).expect("it says so");
    send("INT", &format!("-{}", child.id()));
    let stderr = child.stderr.take().expect("it is piped");
    let (text, status) = end(child, stderr);
    assert_eq!(status, 130);
    assert!(text.ends_with("lockdep: 3 classes, 1 edge, 1 process, 0 violations\n"), "{text}");
}
