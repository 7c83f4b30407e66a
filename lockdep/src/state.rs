//! The answer to "is it held?".

/// Whether the current task holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockState {
    /// It does.
    Held,
    /// It does not.
    NotHeld,
    /// Nobody can say: tracking is off, or the lock is not an instrumented one.
    Unknown,
}
