//! Exit codes, and the errors that know theirs.
//!
//! The program's own status is passed on when nothing else is to be said; a program that died by
//! signal `n` gives `128 + n`, as in a shell.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Everything ran and no rule was broken.
pub(crate) const OK: u8 = 0;
/// The command line or a variable has a value that is not known; nothing was built.
pub(crate) const USAGE: u8 = 2;
/// The project or the runtime could not be set up, and the program did not run; or it ran clean
/// but its records could not be written, so that nothing can be said of it.
pub(crate) const SETUP_FAILED: u8 = 96;
/// At least one violation was found, whatever the program's own status.
pub(crate) const VIOLATIONS: u8 = 100;
/// Added to the number of the signal that ended the program.
const SIGNAL_BASE: u8 = 128;

/// Why the command stops before it runs the program: one line for the user.
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    message: String,
}

impl Failure {
    /// The user asked for something that does not exist.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure { status: USAGE, message: message.into() }
    }

    /// Something that the command needs is missing or broken.
    pub(crate) fn setup(message: impl Into<String>) -> Failure {
        Failure { status: SETUP_FAILED, message: message.into() }
    }

    /// The status to exit with.
    pub(crate) fn status(&self) -> u8 {
        self.status
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A child's status as the number that a shell would show.
pub(crate) fn of_child(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| Some(i32::from(SIGNAL_BASE) + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
