//! Why the program could not do its work.

use std::io;

#[derive(Debug)]
pub(crate) enum Failure {
    /// The kernel lacks something, or does not let us.
    Refused(String),
    /// Something that must work did not.
    Broken(String),
}

impl Failure {
    /// A system call that failed just now.
    pub(crate) fn last(call: &str) -> Failure {
        Failure::Broken(format!("{call}: {}", io::Error::last_os_error()))
    }

    /// The same where the kernel may say no.
    pub(crate) fn refused(call: &str) -> Failure {
        Failure::Refused(format!("{call}: {}", io::Error::last_os_error()))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Broken(error.to_string())
    }
}
