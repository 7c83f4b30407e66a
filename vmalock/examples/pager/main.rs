//! A user-space pager: the memory of this process, filled page by page from a file by threads of
//! its own, on Linux's `userfaultfd`.
//!
//! ```text
//! cargo run --release -p vmalock --example pager [-- SECONDS]
//! cargo run --release -p vmalock --example pager --features lockdep-release
//! ```
//!
//! * Clients read and write memory that is not there. The kernel stops them and tells a handler.
//! * Handlers find the VMA of the address, read-lock it without waiting, read the page from the
//!   file that the VMA names, and put it in place. Meanwhile the VMA cannot go away.
//! * The mapper maps other parts of the file, unmaps, protects (which splits), merges, and evicts:
//!   it write-locks the VMAs in question, which waits for the handlers that are serving just these,
//!   writes back what is dirty, and throws the pages away.
//!
//! Every word that clients read tells where in the file it comes from, and is checked: a handler
//! that puts in place what was mapped a moment ago is found out, and so is a lost write.
//!
//! # Exit status
//!
//! 0 if every byte was right; 1 if not, or something else went wrong; 2 for a bad argument; 77 if this kernel does not
//! offer what the program needs, which it then says.

#[cfg(target_os = "linux")]
mod program;

use std::process::ExitCode;

/// The kernel does not offer what is needed.
const REFUSED: u8 = 77;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use std::time::Duration;

    use program::{Failure, run};

    let seconds = std::env::args().nth(1).map_or(Ok(2.0), |argument| argument.parse());
    let Some(duration) = seconds.ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    else {
        eprintln!("pager: the argument is a number of seconds");
        return ExitCode::from(2);
    };
    match run(duration) {
        Ok(report) => {
            println!("{report}");
            if report.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(Failure::Refused(what)) => {
            eprintln!("pager: this system offers no userfaultfd as needed here: {what}");
            ExitCode::from(REFUSED)
        }
        Err(Failure::Broken(what)) => {
            eprintln!("pager: {what}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("pager: only Linux has userfaultfd");
    ExitCode::from(REFUSED)
}
