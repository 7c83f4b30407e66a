//! How a lock is held or wanted.
//!
//! Four modes are enough for every lock in use: what matters is whether two of them block each
//! other, and whether a reader queues behind a writer that waits.
//!
//! | held \ wanted | `Exclusive` | `Upgradable` | `Shared` | `SharedRecursive` |
//! |---|---|---|---|---|
//! | `Exclusive` | blocks | blocks | blocks | blocks |
//! | `Upgradable` | blocks | blocks | passes | passes |
//! | `Shared` | blocks | queues | queues | passes |
//! | `SharedRecursive` | blocks | queues | queues | passes |
//!
//! *Queues*: the two get along, but a writer that waits may sit between them. It does not beside an
//! upgradable reader: until that one is gone no writer gets so far that readers see it wait.

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
    /// A reader beside whom nobody else can become a writer, and who can become one without letting
    /// go: `parking_lot`'s upgradable read. Queues behind a waiting writer.
    Upgradable,
}

impl Mode {
    /// Whether the lock is held together with other readers.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        !matches!(self, Mode::Exclusive)
    }

    /// Whether someone who wants the lock in mode `wanted` can wait for a holder in this mode.
    ///
    /// This is the blocking matrix of the module's head, where queueing counts as waiting.
    #[must_use]
    pub const fn blocks(self, wanted: Mode) -> bool {
        let beside = matches!((self, wanted), (Mode::Upgradable, Mode::Shared));
        !(beside || self.is_shared() && matches!(wanted, Mode::SharedRecursive))
    }

    /// Whether a holder in this mode makes a `wanted` acquire wait for certain, with no third
    /// party between.
    #[must_use]
    pub const fn excludes(self, wanted: Mode) -> bool {
        let alone = matches!((self, wanted), (Mode::Upgradable, Mode::Upgradable));
        alone || !(self.is_shared() && wanted.is_shared())
    }
}

#[cfg(test)]
mod tests {
    use super::Mode::{self, Exclusive, Shared, SharedRecursive, Upgradable};

    const ALL: [Mode; 4] = [Exclusive, Upgradable, Shared, SharedRecursive];

    #[test]
    fn the_matrix_is_that_of_the_head() {
        let row = |held: Mode| {
            ALL.map(|wanted| match (held.blocks(wanted), held.excludes(wanted)) {
                (true, true) => "blocks",
                (true, false) => "queues",
                (false, false) => "passes",
                (false, true) => "excludes without blocking",
            })
        };
        assert_eq!(row(Exclusive), ["blocks"; 4]);
        assert_eq!(row(Upgradable), ["blocks", "blocks", "passes", "passes"]);
        for reader in [Shared, SharedRecursive] {
            assert_eq!(row(reader), ["blocks", "queues", "queues", "passes"]);
        }
    }
}
