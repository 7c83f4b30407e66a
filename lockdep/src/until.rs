//! What ends a wait.

/// What a task that has begun to wait for a lock waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Until {
    /// The lock is free.
    Free,
    /// The lock is free, or the task gives up: a wait that may end by itself is part of no
    /// deadlock that is certain.
    FreeOrTimeout,
    /// Somebody notifies the task or its time runs out, and then the lock is free: the wait on a
    /// condition variable, which takes its mutex again however it ends.
    Notified,
}
