//! What a task waits for when it waits for a lock.
//!
//! | wait | obtained | differs from an acquire in |
//! |---|---|---|
//! | `Acquire` | the lock | |
//! | `Nested` | the lock | which locks of its class may be held: those taken after the nest lock |
//! | `Upgrade` | the lock, exclusively | the task's own upgradable hold, which does not stand in its way |
//! | `Sync` | nothing: all holders have left | nobody queues behind it, so it makes no waiting writer |

use crate::on::chain;
use crate::on::nest::Nest;
use crate::on::task::Keys;

/// What a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    Acquire,
    Nested(Nest),
    Upgrade,
    Sync,
}

impl Wait {
    /// The keys under which the wait is validated, of those of an acquire.
    ///
    /// A nested acquire or an upgrade makes the edges between classes that an acquire makes. A
    /// `Sync` must not answer for one: an acquire for writing says one thing more, that somebody
    /// may wait for a reader with others queueing behind.
    pub(crate) fn keys(self, keys: Keys) -> Keys {
        match self {
            Wait::Acquire | Wait::Nested(_) | Wait::Upgrade => keys,
            Wait::Sync => {
                Keys { chain: chain::of_sync(keys.chain), witness: chain::of_sync(keys.witness) }
            }
        }
    }
}
