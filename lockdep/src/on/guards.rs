//! What keeps the parties of a cycle apart: the locks that each of them holds while it waits.
//!
//! Two tasks that hold one lock in conflicting modes are never where they are at the same time. So
//! two dependencies that were only ever seen under such a lock, a *gate*, cannot be parts of one
//! deadlock. Source: Havelund's gate locks (*Using Runtime Analysis to Guide Model Checking of Java
//! Programs*, 2000), with modes.
//!
//! [`Guards`] is what was held in one sighting of a dependency: the locks that can be told from all
//! others of their class (`census`), because a chain of classes that was seen once is not looked at
//! again, whatever its locks. The rest are left out, which can only raise an alarm.
//!
//! At level `observed` the moment keeps apart too: two sightings that no two tasks can have made at
//! the same time (`kinship`), as it happened in this run.
//!
//! # Families
//!
//! Objects that bring a gate of their own (`shard.gate`, `shard.a`, `shard.b`) have as many gates as
//! there are objects, and two sightings in different objects are kept apart by no lock that both
//! hold. But nor are they about the same locks: taken for one deadlock they have to be carried over
//! to one object, and then so do their gates. So two sightings that have no lock in common are
//! compared by class. As soon as one lock is seen in both, locks count.

use std::sync::Arc;

use crate::mode::Mode;
use crate::on::kinship::{Occurrence, Relation};

/// A lock that was held, as far as it keeps others away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guard {
    /// What tells the lock from all others.
    pub lock: u64,
    /// Its class.
    pub class: u32,
    /// How it was held.
    pub mode: Mode,
    /// Whether the hold was exclusive before. No two tasks hold one lock downgraded: each would have
    /// had to be alone with it while the other one reads.
    pub downgraded: bool,
}

impl Guard {
    /// Whether nobody can hold the same lock in the mode of `other` meanwhile.
    fn keeps_out(&self, other: &Guard) -> bool {
        self.mode.excludes(other.mode) || self.downgraded && other.downgraded
    }

    /// Whether everybody whom this hold keeps out is kept out by `other` too.
    fn is_weaker_than(&self, other: &Guard) -> bool {
        let by_mode = match self.mode {
            Mode::Shared | Mode::SharedRecursive => true,
            Mode::Upgradable | Mode::Exclusive => self.mode == other.mode,
        };
        let by_past = !self.downgraded || other.downgraded;
        other.mode == Mode::Exclusive || by_mode && by_past
    }
}

/// What a task held when it wanted one more lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Guards {
    /// By lock, each once.
    held: Arc<[Guard]>,
    /// The lock that was wanted.
    wanted: u64,
    /// Whether every lock that was held or wanted is known as itself.
    complete: bool,
    /// When; none if that does not matter.
    at: Option<Occurrence>,
}

/// What keeps two parties apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    /// A lock of this class that both hold.
    Gate(u32),
    /// Their moments.
    Moments(Relation),
}

impl Guards {
    /// Nothing that would keep anybody away.
    pub fn none() -> Guards {
        Guards::default()
    }

    /// What was held. `wanted` is the lock that was wanted, if it can be told from the others of its
    /// class; `complete` says whether all that was held is in `held`.
    pub fn new(mut held: Vec<Guard>, wanted: Option<u64>, complete: bool) -> Guards {
        // Held twice, a lock keeps out whom the stronger hold keeps out.
        held.sort_unstable_by_key(|guard| guard.lock);
        held.dedup_by(|next, kept| {
            let same = next.lock == kept.lock;
            if same && kept.is_weaker_than(next) {
                *kept = *next;
            }
            same
        });
        Guards {
            held: held.into(),
            wanted: wanted.unwrap_or_default(),
            complete: complete && wanted.is_some(),
            at: None,
        }
    }

    /// The same, seen at this moment.
    pub(crate) fn seen_at(self, at: Occurrence) -> Guards {
        Guards { at: Some(at), ..self }
    }

    /// The same without the locks of a class.
    pub(crate) fn without(&self, class: u32) -> Guards {
        let held = self.held.iter().filter(|guard| guard.class != class).copied();
        Guards { held: held.collect(), wanted: 0, complete: false, at: self.at.clone() }
    }

    /// Whether it matters when they were held.
    pub(crate) fn has_moment(&self) -> bool {
        self.at.is_some()
    }

    /// The locks, each once.
    pub fn held(&self) -> &[Guard] {
        &self.held
    }

    /// Whether every lock that was held or wanted is known as itself.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether whoever is kept out by these is kept out by `other` too, so that `other` says nothing
    /// new.
    pub(crate) fn covers(&self, other: &Guards) -> bool {
        let weaker = |guard: &Guard| {
            other.of_lock(guard.lock).is_some_and(|known| guard.is_weaker_than(known))
        };
        (self.at.is_none() || self.at == other.at)
            && self.held.iter().all(weaker)
            && self.is_as_apart_as(other)
    }

    /// What both hold, as far as it keeps out whom both keep out. Covers the two of them.
    pub(crate) fn common(&self, other: &Guards) -> Guards {
        let common = self.held.iter().filter_map(|guard| {
            let known = other.of_lock(guard.lock)?;
            Some(match (guard.is_weaker_than(known), known.is_weaker_than(guard)) {
                (true, _) => *guard,
                (_, true) => *known,
                _ => Guard { mode: Mode::Shared, downgraded: false, ..*guard },
            })
        });
        let at = self.at.clone().filter(|at| other.at.as_ref() == Some(at));
        Guards { held: common.collect(), wanted: 0, complete: false, at }
    }

    /// What keeps the parties that these and `other` are of apart.
    pub fn apart(&self, other: &Guards) -> Option<Apart> {
        if let Some(gate) = self.gate(other) {
            return Some(Apart::Gate(gate.class));
        }
        match self.at.as_ref()?.relation(other.at.as_ref()?) {
            Relation::Concurrent => None,
            relation => Some(Apart::Moments(relation)),
        }
    }

    /// Whether both are known to be of one task.
    pub(crate) fn is_of_one_task(&self, other: &Guards) -> bool {
        let moments = self.at.as_ref().zip(other.at.as_ref());
        moments.is_some_and(|(one, other)| one.relation(other) == Relation::SameTask)
    }

    /// A lock that keeps the holders of these and of `other` apart.
    fn gate(&self, other: &Guards) -> Option<Guard> {
        let same = self
            .held
            .iter()
            .find(|guard| other.of_lock(guard.lock).is_some_and(|known| known.keeps_out(guard)));
        if same.is_some() || !self.is_apart_from(other) {
            return same.copied();
        }
        let of_class = |guard: &&Guard| {
            let mine = self.held.iter().filter(|known| known.class == guard.class);
            let mut theirs = other.held.iter().filter(|known| known.class == guard.class);
            let one = theirs.next().filter(|_| theirs.next().is_none() && mine.count() == 1);
            one.is_some_and(|known| known.keeps_out(guard))
        };
        self.held.iter().find(of_class).copied()
    }

    /// Whether the two are known to be about different locks throughout.
    fn is_apart_from(&self, other: &Guards) -> bool {
        self.complete
            && other.complete
            && self.wanted != other.wanted
            && other.of_lock(self.wanted).is_none()
            && self
                .held
                .iter()
                .all(|guard| guard.lock != other.wanted && other.of_lock(guard.lock).is_none())
    }

    /// Whether whatever these are apart from, `other`, which holds all that these hold, is apart
    /// from too.
    fn is_as_apart_as(&self, other: &Guards) -> bool {
        let same = || self.wanted == other.wanted && self.held.len() == other.held.len();
        self.held.is_empty() || !self.complete || other.complete && same()
    }

    fn of_lock(&self, lock: u64) -> Option<&Guard> {
        let at = self.held.binary_search_by_key(&lock, |guard| guard.lock).ok()?;
        Some(&self.held[at])
    }
}

#[cfg(test)]
mod tests {
    use super::Mode::{Exclusive as W, Shared as R, SharedRecursive as RR};
    use super::*;

    fn guard(lock: u64, mode: Mode) -> Guard {
        Guard { lock, class: lock as u32 / 10, mode, downgraded: false }
    }

    /// Locks are numbered class × 10 + number.
    fn guards(held: &[(u64, Mode)], wanted: u64) -> Guards {
        let held = held.iter().map(|&(lock, mode)| guard(lock, mode));
        Guards::new(held.collect(), (wanted != 0).then_some(wanted), true)
    }

    #[test]
    fn a_lock_that_both_hold_keeps_them_apart_unless_both_read() {
        let gated = |one, other| {
            guards(&[(10, one), (20, W)], 0).gate(&guards(&[(10, other), (30, W)], 0)).is_some()
        };
        assert!(gated(W, W) && gated(W, R) && gated(RR, W));
        assert!(!gated(R, R) && !gated(R, RR));
        assert!(guards(&[(10, W)], 0).gate(&guards(&[(11, W)], 0)).is_none());
    }

    #[test]
    fn a_downgraded_hold_keeps_writers_and_its_like_away() {
        let down = Guard { downgraded: true, ..guard(10, R) };
        let with = |other: Guard| {
            let one = Guards::new(vec![down], None, false);
            one.gate(&Guards::new(vec![other], None, false)).is_some()
        };
        assert!(with(guard(10, W)) && with(down));
        assert!(!with(guard(10, R)) && !with(guard(10, RR)) && !with(guard(10, Mode::Upgradable)));
    }

    #[test]
    fn objects_with_a_gate_each_are_compared_by_class() {
        let one = guards(&[(10, W), (20, W)], 30);
        assert!(one.gate(&guards(&[(11, W), (31, W)], 21)).is_some());
        // The same lock under two gates.
        assert!(one.gate(&guards(&[(11, W), (30, W)], 20)).is_none());
        assert!(one.gate(&guards(&[(11, W), (31, W)], 20)).is_none());
        // Nobody knows which lock is wanted.
        assert!(one.gate(&guards(&[(11, W), (31, W)], 0)).is_none());
    }

    #[test]
    fn fewer_guards_cover_more() {
        let (gated, bare) = (guards(&[(10, W), (20, W)], 0), guards(&[(20, W)], 0));
        assert!(bare.covers(&gated) && !gated.covers(&bare));
        assert!(guards(&[(10, R)], 0).covers(&guards(&[(10, W)], 0)));
        assert!(!guards(&[(10, W)], 0).covers(&guards(&[(10, R)], 0)));
        assert!(Guards::none().covers(&gated));
        // Of another object: a sighting of its own.
        assert!(!guards(&[(20, W)], 30).covers(&guards(&[(10, W), (20, W)], 30)));
        let common = gated.common(&guards(&[(10, R), (30, W)], 0));
        assert_eq!(common, Guards { held: [guard(10, R)].into(), ..common.clone() });
        assert!(common.covers(&gated));
    }
}
