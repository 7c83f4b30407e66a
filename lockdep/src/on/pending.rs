//! What a task waits for, where every thread can read it.
//!
//! One word a field, in the task's stack. `round` is odd while the task waits and is never the same
//! again: who finds the round unchanged knows that the task has waited, and that what it holds has
//! not changed, from the first look to the second.
//!
//! | atomic | written by | pairs |
//! |---|---|---|
//! | `round` | the task, with SeqCst | of two tasks that begin to wait at once, each writes its own round and reads the other's: one sees the other |
//! | the rest | the task, before `round` turns odd | relaxed: read between two looks at `round` |

use std::panic::Location;
use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use std::sync::atomic::{AtomicU8, AtomicU64, fence};

use crate::on::map::Word;
use crate::on::site::Site;
use crate::until::Until;

/// The wait of one task.
#[derive(Debug)]
pub(crate) struct Wait {
    round: AtomicU64,
    wanted: AtomicU64,
    site: Site,
    witness: AtomicU64,
    until: AtomicU8,
}

/// A wait as it was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Which wait of its task it is.
    pub(crate) round: u64,
    /// Which lock, and how.
    pub(crate) entry: Word,
    pub(crate) site: &'static Location<'static>,
    /// Under which key the backtrace of such an acquire is kept.
    pub(crate) witness: u64,
    pub(crate) until: Until,
}

impl Wait {
    pub(crate) const fn new() -> Wait {
        Wait {
            round: AtomicU64::new(0),
            wanted: AtomicU64::new(0),
            site: Site::new(),
            witness: AtomicU64::new(0),
            until: AtomicU8::new(0),
        }
    }

    /// The task begins to wait; false if it waits already: a signal handler, during a wait.
    pub(crate) fn begin(
        &self,
        entry: Word,
        site: &'static Location<'static>,
        witness: u64,
        until: Until,
    ) -> bool {
        let round = self.round.load(Relaxed);
        if is_waiting(round) {
            return false;
        }
        self.wanted.store(entry.bits(), Relaxed);
        self.site.set(site);
        self.witness.store(witness, Relaxed);
        self.until.store(until as u8, Relaxed);
        self.round.store(round + 1, SeqCst);
        fence(SeqCst);
        true
    }

    /// The wait is over.
    pub(crate) fn end(&self) {
        let round = self.round.load(Relaxed);
        if is_waiting(round) {
            self.round.store(round + 1, SeqCst);
        }
    }

    /// What the task waits for now.
    pub(crate) fn look(&self) -> Option<Wanted> {
        let round = self.round.load(SeqCst);
        if !is_waiting(round) {
            return None;
        }
        let wanted = Wanted {
            round,
            entry: Word::from_bits(self.wanted.load(Relaxed)),
            site: self.site.get()?,
            witness: self.witness.load(Relaxed),
            until: match self.until.load(Relaxed) {
                0 => Until::Free,
                1 => Until::FreeOrTimeout,
                _ => Until::Notified,
            },
        };
        self.is_still(round).then_some(wanted)
    }

    /// Whether the wait that was seen has lasted until now.
    pub(crate) fn is_still(&self, round: u64) -> bool {
        fence(Acquire);
        self.round.load(SeqCst) == round
    }
}

const fn is_waiting(round: u64) -> bool {
    round % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::how::How;
    use crate::on::map::{Map, Tag};
    use crate::on::registry::ClassId;

    #[test]
    fn a_wait_is_seen_until_it_ends_and_the_next_one_is_another() {
        let entry = Map::new().resolve(ClassId::MIN, Tag::REST, 1).held(How::SHARED);
        let wait = Wait::new();
        let site = Location::caller();
        assert!(wait.look().is_none());
        assert!(wait.begin(entry, site, 5, Until::Notified));
        let seen = wait.look().unwrap();
        assert_eq!((seen.entry, seen.witness, seen.until), (entry, 5, Until::Notified));
        assert!(!wait.begin(entry, site, 6, Until::Free) && wait.is_still(seen.round));
        wait.end();
        assert!(!wait.is_still(seen.round) && wait.look().is_none());
        assert!(wait.begin(entry, site, 5, Until::Free));
        assert!(!wait.is_still(seen.round));
    }
}
