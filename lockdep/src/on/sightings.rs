//! How often enough to know it all a dependency was seen: one [`Sighting`] for each way in which it
//! can be a part of a deadlock.
//!
//! A sighting whose guards keep out whom another one's keep out, in the same modes, says nothing new
//! and is not kept. There are at most `MAX` for each edge of the graph and kind; beyond that all of
//! them together count as one under the guards that they have in common, which can only raise an
//! alarm.

use crate::mode::Mode;
use crate::on::guards::Guards;

/// How many sightings of one dependency are kept apart.
const MAX: usize = 32;

/// The same where the moment counts.
const MAX_MOMENTS: usize = 512;

/// One way in which somebody held one lock and wanted another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting<W> {
    /// How the lock was held.
    pub held: Mode,
    /// How the other one was wanted.
    pub wanted: Mode,
    /// All that was held.
    pub guards: Guards,
    /// Who, where.
    pub witness: W,
}

impl<W> Sighting<W> {
    /// The same with another witness.
    pub fn with<V>(self, witness: V) -> Sighting<V> {
        let Sighting { held, wanted, guards, .. } = self;
        Sighting { held, wanted, guards, witness }
    }

    /// Whether `other` adds nothing to this one.
    fn covers<V>(&self, other: &Sighting<V>) -> bool {
        self.held == other.held && self.wanted == other.wanted && self.guards.covers(&other.guards)
    }
}

/// The sightings of one dependency.
#[derive(Clone, Debug)]
pub struct Sightings<W>(Vec<Sighting<W>>);

impl<W> Default for Sightings<W> {
    fn default() -> Sightings<W> {
        Sightings(Vec::new())
    }
}

impl<W> Sightings<W> {
    /// Adds one; none if it says nothing new, else what is now to be judged: the sighting, or the one
    /// that it and others became.
    pub fn add(&mut self, sighting: Sighting<W>) -> Option<&Sighting<W>> {
        if self.covers(&sighting) {
            return None;
        }
        let most = if sighting.guards.has_moment() { MAX_MOMENTS } else { MAX };
        self.0.retain(|known| !sighting.covers(known));
        self.0.push(sighting);
        if self.0.len() > most {
            self.join();
        }
        self.0.last()
    }

    /// Whether one says nothing new.
    pub fn covers<V>(&self, sighting: &Sighting<V>) -> bool {
        self.0.iter().any(|known| known.covers(sighting))
    }

    /// The sightings, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Sighting<W>> {
        self.0.iter()
    }

    /// Makes one sighting of all that are in the modes of the newest.
    fn join(&mut self) {
        let Some(mut joined) = self.0.pop() else {
            return;
        };
        self.0.retain(|known| {
            let same = known.held == joined.held && known.wanted == joined.wanted;
            if same {
                joined.guards = joined.guards.common(&known.guards);
            }
            !same
        });
        self.0.push(joined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on::guards::Guard;

    fn under(locks: &[u64]) -> Sighting<()> {
        let guard = |&lock: &u64| Guard {
            lock,
            class: lock as u32,
            mode: Mode::Exclusive,
            downgraded: false,
        };
        let guards = Guards::new(locks.iter().map(guard).collect(), None, false);
        Sighting { held: Mode::Exclusive, wanted: Mode::Exclusive, guards, witness: () }
    }

    #[test]
    fn only_what_is_new_is_kept() {
        let mut sightings = Sightings::default();
        assert!(sightings.add(under(&[1, 2])).is_some());
        assert!(sightings.add(under(&[1, 2, 3])).is_none());
        assert!(sightings.add(under(&[1, 3])).is_some());
        assert!(sightings.add(Sighting { wanted: Mode::Shared, ..under(&[1]) }).is_some());
        assert!(sightings.add(under(&[1])).is_some());
        assert_eq!(sightings.iter().count(), 2);
    }

    #[test]
    fn too_many_become_one_under_their_common_guard() {
        let mut sightings = Sightings::default();
        for lock in 0..=MAX as u64 {
            let judged = sightings.add(under(&[1_000, lock])).cloned();
            let expected = if lock < MAX as u64 { under(&[1_000, lock]) } else { under(&[1_000]) };
            assert_eq!(judged, Some(expected));
        }
        assert_eq!(sightings.0, [under(&[1_000])]);
        assert!(sightings.add(under(&[7, 1_000])).is_none());
    }
}
