//! How a lock is held or wanted.
//!
//! Three modes are enough for every lock in use: what matters is whether two of them block each
//! other, and whether a reader queues behind a writer that waits.
//!
//! | held \ wanted | `Exclusive` | `Shared` | `SharedRecursive` |
//! |---|---|---|---|
//! | `Exclusive` | blocks | blocks | blocks |
//! | `Shared` | blocks | blocks (a waiting writer may sit between) | passes |
//! | `SharedRecursive` | blocks | blocks (same) | passes |

/// How a lock is held or wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lockdep", serde(rename_all = "snake_case"))]
pub enum Mode {
    /// Nobody else may hold the lock: a mutex, or the write side of a reader-writer lock.
    Exclusive,
    /// A reader that queues behind a waiting writer: `std`, `parking_lot` and `tokio` readers.
    Shared,
    /// A reader that passes waiting writers: `parking_lot`'s `read_recursive`.
    SharedRecursive,
}

impl Mode {
    /// Whether the lock is held together with other readers.
    pub const fn is_shared(self) -> bool {
        !matches!(self, Mode::Exclusive)
    }

    /// Whether someone who wants the lock in mode `wanted` can wait for a holder in this mode.
    ///
    /// This is the blocking matrix of the module's head.
    pub const fn blocks(self, wanted: Mode) -> bool {
        !(self.is_shared() && matches!(wanted, Mode::SharedRecursive))
    }

    /// Whether a holder in this mode makes a `wanted` acquire wait for certain, with no third
    /// party between.
    pub const fn excludes(self, wanted: Mode) -> bool {
        !(self.is_shared() && wanted.is_shared())
    }
}
