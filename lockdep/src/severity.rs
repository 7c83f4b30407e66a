//! How certain a violation is, and what the user wants of those that are not.

use std::fmt;

/// How certain it is that a violation is a fault of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Inferred from what code did at other times: a way to hang that nobody has proven. Never panics
    /// and never aborts, unless `LOCKDEP_WARNINGS` is `deny`.
    Warning,
    /// A broken rule.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}
