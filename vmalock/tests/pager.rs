//! The example `pager`, for a moment.

#![cfg(target_os = "linux")]

#[path = "../examples/pager/program/mod.rs"]
mod program;

use std::time::Duration;

use program::{Failure, run};

#[test]
fn a_pager_serves_every_byte_while_its_address_space_changes() {
    let report = match run(Duration::from_millis(700)) {
        Ok(report) => report,
        Err(Failure::Refused(what)) => {
            eprintln!("not run: this system offers no userfaultfd as needed here: {what}");
            return;
        }
        Err(Failure::Broken(what)) => panic!("{what}"),
    };
    assert_eq!(report.wrong, 0, "{report}");
    assert!(report.words > 0 && report.faults() > 0, "{report}");
    assert!(report.counts.success > 0, "no fault was served without the mmap lock: {report}");
}
