//! The tasks of a set, as far as somebody waits for their ends.

use std::collections::HashMap;
use std::panic::Location;

use lockdep::task;

use super::started::Started;

/// What tells one task of a set from the others.
#[cfg(not(before = "1.41"))]
pub(super) type Name = super::Id;
#[cfg(before = "1.41")]
pub(super) type Name = ();

/// The tasks that were started in a set and whose ends nobody has waited for.
#[derive(Debug, Default)]
pub(super) struct Members {
    started: Vec<(Name, Started)>,
    /// Where each of them is.
    places: HashMap<Name, usize>,
    /// How many there are of each kind of code.
    kinds: Vec<(u32, usize)>,
}

impl Members {
    #[cfg(not(before = "1.41"))]
    pub(super) fn add(&mut self, name: Name, started: Started) {
        let Some(code) = started.code() else {
            return;
        };
        match self.kinds.iter_mut().find(|(kind, _)| *kind == code) {
            Some((_, count)) => *count += 1,
            None => self.kinds.push((code, 1)),
        }
        self.places.insert(name, self.started.len());
        self.started.push((name, started));
    }

    /// The end of one was waited for.
    #[cfg(not(before = "1.41"))]
    pub(super) fn was_awaited(&mut self, name: Name) {
        let Some(place) = self.places.remove(&name) else {
            return;
        };
        let (_, started) = self.started.swap_remove(place);
        if let Some((moved, _)) = self.started.get(place) {
            self.places.insert(*moved, place);
        }
        if let Some(code) = started.code() {
            self.kinds.iter_mut().filter(|(kind, _)| *kind == code).for_each(|kind| kind.1 -= 1);
            self.kinds.retain(|(_, count)| *count != 0);
        }
        started.was_awaited();
    }

    /// The end of any of so many tasks is awaited; whether that was said. It is a wait for what one of
    /// them does if all of them do the same.
    pub(super) fn is_one_awaited(&self, tasks: usize, site: &'static Location<'static>) -> bool {
        let is_wait = task::may_await_for_ever();
        if let (true, [_], [(_, started), ..]) = (is_wait, &*self.kinds, &*self.started)
            && tasks == self.started.len()
        {
            started.is_awaited(site);
        }
        is_wait
    }

    /// The ends of all are awaited; whether that was said.
    #[cfg(not(before = "1.40"))]
    pub(super) fn are_all_awaited(&self, site: &'static Location<'static>) -> bool {
        let is_wait = task::may_await_for_ever();
        let kinds = self.kinds.iter().filter(|_| is_wait);
        kinds.for_each(|(kind, _)| {
            let one = self.started.iter().find(|(_, started)| started.code() == Some(*kind));
            one.into_iter().for_each(|(_, started)| started.is_awaited(site));
        });
        is_wait
    }

    /// The ends of all were waited for.
    #[cfg(not(before = "1.40"))]
    pub(super) fn were_all_awaited(&mut self) {
        self.started.iter().for_each(|(_, started)| started.was_awaited());
        self.clear();
    }

    /// All are aborted.
    pub(super) fn are_aborted(&mut self) {
        self.started.iter().for_each(|(_, started)| started.is_aborted());
    }

    /// All are in the set no more.
    pub(super) fn clear(&mut self) {
        *self = Members::default();
    }
}
