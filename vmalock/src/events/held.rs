//! The answer to "do I hold it?".

/// Whether this thread holds a lock, as far as anybody can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Yes,
    No,
    /// Tracking is off for the time being.
    Unknown,
}
