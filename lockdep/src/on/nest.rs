//! Nest locks: a lock that is held around locks of another class, which may then be taken in any
//! order.
//!
//! The nest lock exempts no more than the order among locks of the class that is taken under it,
//! and of those only the ones that were taken after it: whoever has one from before can meet
//! another holder of the nest lock half-way. Against one that was not taken under a nest lock, one
//! that was needs an order like any other.
//!
//! The order against all other classes is learned as ever. For cycles that this makes, gates count
//! at level `order` too, or the nesting itself would be one.
//!
//! Each acquire is looked at by itself: that one was taken under the nest lock says nothing of the
//! next.

use std::panic::Location;

use crate::mode::Mode;
use crate::on::guards::{Guard, Guards};
use crate::on::map::{Map, Word};
use crate::on::settings::Level;
use crate::on::task::{Held, Task};

/// The nest lock of an acquire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nest {
    /// None if it is a lock that nobody tracks.
    pub(crate) lock: Option<Word>,
    /// Where it was made.
    pub(crate) place: &'static Location<'static>,
}

/// How the task stands to the nest lock of an acquire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody can say.
    Unknown,
    NotHeld,
    Held,
}

/// Which held locks of the class that is wanted need no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exempt {
    None,
    All,
    /// Those in the list.
    Some(Vec<Word>),
}

impl Exempt {
    pub(crate) fn has(&self, held: &Held) -> bool {
        match self {
            Exempt::None => false,
            Exempt::All => true,
            Exempt::Some(entries) => entries.contains(&held.entry),
        }
    }
}

impl Nest {
    pub(crate) fn of(map: &Map) -> Nest {
        let lock = Some(map.word()).filter(|word| !word.is_untracked());
        Nest { lock, place: map.place() }
    }

    /// A lock that is not tracked.
    #[track_caller]
    pub(crate) fn untracked() -> Nest {
        Nest { lock: None, place: Location::caller() }
    }

    /// What keeps locks of the class of `wanted` that were taken under nest locks from each other:
    /// one and the same for all of them, whichever lock it was. Not all nest locks are locks; that of
    /// a wound/wait mutex stands for a protocol.
    pub(crate) fn guards(self, held: &[Guard], wanted: Word) -> Guards {
        let class = self.lock.map_or_else(|| wanted.class(), Word::class);
        let protocol =
            Guard { lock: wanted.class_alone(), class, mode: Mode::Exclusive, downgraded: false };
        Guards::new(held.iter().copied().chain([protocol]).collect(), None, false)
    }

    /// Whether `task` holds the nest lock.
    pub(crate) fn standing(self, task: &Task) -> Standing {
        match self.lock {
            None => Standing::Unknown,
            Some(nest) if task.held().any(|held| held.entry.is_same(nest)) => Standing::Held,
            Some(_) if task.has_untracked() => Standing::Unknown,
            Some(_) => Standing::NotHeld,
        }
    }

    /// Which of the locks that `task` holds of class `class` the nest lock exempts.
    ///
    /// At level `order` the declaration counts. At the others it must be true: a nest lock that is
    /// only read keeps nobody out.
    pub(crate) fn exempt(self, level: Level, task: &Task, class: u32) -> Exempt {
        match (self.standing(task), self.lock) {
            (Standing::Unknown, _) => Exempt::All,
            // One report is enough of an acquire whose declaration is wrong.
            (Standing::NotHeld, _) if level == Level::Order => Exempt::All,
            (Standing::NotHeld, _) | (Standing::Held, None) => Exempt::None,
            (Standing::Held, Some(nest)) => {
                let keeps_out = |mode| matches!(mode, Mode::Exclusive | Mode::Upgradable);
                let serves = |held: &Held| {
                    held.entry.is_same(nest)
                        && (level == Level::Order || keeps_out(held.entry.how().mode()))
                };
                let after = task.held().skip_while(|held| !serves(held)).skip(1);
                let entries = after.map(|held| held.entry);
                Exempt::Some(entries.filter(|entry| entry.class() == class).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::how::How;
    use crate::on::map::Tag;
    use crate::on::registry::ClassId;

    fn map(class: u32, instance: u64) -> Map {
        let map = Map::new();
        map.resolve(ClassId::new(class).unwrap(), Tag::REST, instance);
        map
    }

    /// Which instances of class 1 are exempt with `held` held in turn, under the lock 2.9.
    fn exempt(level: Level, held: &[(&Map, How)]) -> Vec<u64> {
        let task = Task::new("test");
        held.iter().for_each(|(map, how)| task.push(map, *how, Location::caller()));
        let nest = Nest::of(&map(2, 9));
        match nest.exempt(level, &task, 1) {
            Exempt::None => vec![],
            Exempt::All => vec![u64::MAX],
            Exempt::Some(entries) => {
                entries.iter().map(|entry| crate::on::map::instance_of(entry.lock())).collect()
            }
        }
    }

    #[test]
    fn a_nest_lock_exempts_what_was_taken_after_it_of_the_one_class() {
        const W: How = How::EXCLUSIVE;
        let (nest, other) = (map(2, 9), map(3, 4));
        let [x1, x2, x3] = [1, 2, 3].map(|instance| map(1, instance));
        for level in [Level::Order, Level::Deadlock] {
            let held = [(&x1, W), (&nest, W), (&x2, W), (&other, W), (&x3, W)];
            assert_eq!(exempt(level, &held), [2, 3]);
            assert_eq!(exempt(level, &[(&nest, How::UPGRADABLE), (&x1, W)]), [1]);
        }
        assert_eq!(exempt(Level::Order, &[(&nest, How::SHARED), (&x1, W)]), [1]);
        assert_eq!(exempt(Level::Deadlock, &[(&nest, How::SHARED), (&x1, W)]), []);
        assert_eq!(exempt(Level::Deadlock, &[(&x1, W)]), []);
        assert_eq!(exempt(Level::Order, &[(&x1, W)]), [u64::MAX]);
    }
}
