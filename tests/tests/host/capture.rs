//! A report is printed even if the test harness keeps what a passing test prints.

use std::process::Command;

use instrumented::sync::Mutex;

/// Set in the process whose output is looked at.
const ROLE: &str = "HOST_CAPTURED";

#[test]
fn a_violation_in_a_passing_test() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    eprintln!("captured");
    let (first, second) = (Mutex::new(0_u8), Mutex::new(0_u16));
    {
        let _first = first.lock().unwrap();
        drop(second.lock());
    }
    let _second = second.lock().unwrap();
    drop(first.lock());
}

#[test]
fn a_report_is_printed_past_the_harness() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_violation_in_a_passing_test"])
        .env(ROLE, "1")
        .env("LOCKDEP", "report")
        .env_remove("LOCKDEP_OUT")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(!stderr.contains("captured"), "the harness captures nothing: {stderr}");
    assert_eq!(stderr.matches("error[LD").count(), 1, "{stderr}");
}
