//! Downgrade and upgrade: a hold that changes its mode without letting go.
//!
//! | from | to | may wait |
//! |---|---|---|
//! | exclusive | shared, recursively shared, upgradable | no |
//! | upgradable | shared, recursively shared | no |
//! | upgradable | exclusive | yes, for all other readers: an edge from everything else that is held |
//!
//! Anything else is a mistake of the caller (LD0011).

use std::panic::Location;

use crate::how::{Describe, How};
use crate::mode::Mode;
use crate::on::found::{Identity, Met};
use crate::on::learn::Learned;
use crate::on::map::{Map, Word};
use crate::on::task::Task;
use crate::on::tracker::{Tracker, class, name};
use crate::on::want::Wait;
use crate::violation::Violation;

/// Whether a hold in one mode can become one in the other.
fn is_allowed(from: Mode, to: Mode) -> bool {
    match from {
        Mode::Exclusive => to != Mode::Exclusive,
        Mode::Upgradable => to != Mode::Upgradable,
        Mode::Shared | Mode::SharedRecursive => false,
    }
}

/// Changes the newest hold of a lock that can become one in mode `to`; false if there is none.
pub(crate) fn change(task: &Task, lock: Word, to: Mode) -> bool {
    task.change(|entry| {
        let how = entry.how();
        let fits = entry.is_same(lock) && is_allowed(how.mode(), to);
        fits.then(|| entry.with_how(how.with_mode(to)))
    })
}

impl Tracker {
    /// `task` is about to wait until it is the only holder of `map`'s lock, which it holds
    /// upgradably. Returns the rules that this breaks.
    pub fn before_upgrade(
        &self,
        task: &Task,
        map: &Map,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Vec<Met> {
        self.upgrading(task, map, describe, site).met
    }

    /// [`Tracker::before_upgrade`], with all that it taught.
    pub(crate) fn upgrading(
        &self,
        task: &Task,
        map: &Map,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Learned {
        let word = map.word();
        let upgradable = task
            .held()
            .rev()
            .find(|held| held.entry.is_same(word) && held.entry.how().mode() == Mode::Upgradable);
        match upgradable {
            Some(held) => {
                let how = How::EXCLUSIVE.subclass(held.entry.how().level());
                self.learn(task, map, how, Wait::Upgrade, describe, site)
            }
            None => self.bad_change(task, map, Mode::Exclusive, site).into(),
        }
    }

    /// `task` has become the only holder of `map`'s lock, which it held upgradably.
    pub fn upgraded(&self, task: &Task, map: &Map) {
        change(task, map.word(), Mode::Exclusive);
    }

    /// `task` is about to turn its exclusive hold of `map`'s lock into a shared one. Returns the
    /// violation if it has none.
    #[track_caller]
    pub fn downgraded(&self, task: &Task, map: &Map) -> Option<Met> {
        self.downgraded_to(task, map, Mode::Shared)
    }

    /// `task` is about to turn its exclusive or upgradable hold of `map`'s lock into one in a
    /// weaker mode. Returns the violation if it has none.
    #[track_caller]
    pub fn downgraded_to(&self, task: &Task, map: &Map, to: Mode) -> Option<Met> {
        let changed = to != Mode::Exclusive && change(task, map.word(), to);
        if changed { None } else { self.bad_change(task, map, to, Location::caller()) }
    }

    /// The rule for a change of mode that was not possible.
    pub(crate) fn bad_change(
        &self,
        task: &Task,
        map: &Map,
        to: Mode,
        site: &'static Location<'static>,
    ) -> Option<Met> {
        let word = map.word();
        if word.is_untracked() || task.has_untracked() {
            return None;
        }
        let node = word.is_resolved().then(|| word.node());
        self.found.meet(Identity::at(11, node, site), || Violation::BadModeChange {
            task: name(task).as_ref().to_owned(),
            class: class(map),
            held: task
                .held()
                .rfind(|held| held.entry.is_same(word))
                .map(|held| self.end(&held).resolve(self.settings.backtrace)),
            to,
            at: self.point_here(site),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_becomes_what_a_real_lock_allows() {
        use Mode::{Exclusive, Shared, SharedRecursive, Upgradable};
        let all = [Exclusive, Upgradable, Shared, SharedRecursive];
        let allowed = |from| all.map(|to| is_allowed(from, to));
        assert_eq!(allowed(Exclusive), [false, true, true, true]);
        assert_eq!(allowed(Upgradable), [true, false, true, true]);
        assert_eq!(allowed(Shared), [false; 4]);
        assert_eq!(allowed(SharedRecursive), [false; 4]);
    }
}
