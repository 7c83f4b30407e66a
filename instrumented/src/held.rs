//! The part of a guard that tells the tracker when the lock is given back.
//!
//! A guard is a [`Held`] and then the real guard. Fields are dropped in the order of their
//! declaration, so the tracker hears of the release *before* the real unlock; after it the lock,
//! and its map, may be freed by whoever takes it next. It also means that no generic guard has a
//! `Drop` of its own, so drop check treats it as it treats the real one, and that it can be taken
//! apart. A guard that is forgotten stays on the held stack: its lock does stay locked.
//!
//! All of it happens while the real lock is locked, so no panic may leave the two sides at odds.
//! [`Wait::begin`] runs a check; it does so with the lock off the held stack and the real guard
//! with the caller, where unwinding unlocks it. [`Held::contended`] runs one before the real lock is
//! taken.

use std::panic::Location;

use lockdep::{Describe, How, Map, Until, event};

/// A lock on the current task's held stack; dropping it takes it off.
pub(crate) struct Held<'a> {
    map: &'a Map,
}

impl<'a> Held<'a> {
    /// Records that the real lock was just obtained.
    #[inline]
    pub(crate) fn new(map: &'a Map, how: How, site: &'static Location<'static>) -> Self {
        event::acquired(map, how, site);
        Held { map }
    }

    /// Checks the acquire of a lock and records it ahead of a real attempt that does not wait.
    ///
    /// # Panics
    ///
    /// If the acquire breaks a rule and the tracker is told to panic.
    #[inline]
    pub(crate) fn acquire(
        map: &'a Map,
        how: How,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Self {
        event::acquire(map, how, describe, site);
        Held { map }
    }

    /// Takes [`Held::acquire`] back while `wait` waits for the real lock.
    ///
    /// # Panics
    ///
    /// If tasks now wait for each other and the tracker is told to panic, and if `wait` does.
    #[inline(never)]
    pub(crate) fn contended<R>(
        &self,
        how: How,
        site: &'static Location<'static>,
        wait: impl FnOnce() -> R,
    ) -> R {
        /// Puts the lock back on the held stack; after a panic, for `Held` to take it off.
        struct Acquired<'a>(&'a Map, How, &'static Location<'static>);
        impl Drop for Acquired<'_> {
            fn drop(&mut self) {
                event::acquired(self.0, self.1, self.2);
            }
        }
        event::contended(self.map);
        let _acquired = Acquired(self.map, how, site);
        let _waiting = event::waiting(self.map, how, site, Until::Free);
        wait()
    }

    /// Records that the lock, held for writing, is about to be held for reading.
    #[inline]
    pub(crate) fn downgrade(&self) {
        event::downgraded(self.map);
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        event::released(self.map);
    }
}

/// A wait on a condition variable: the lock is given up and, in the end, taken again.
///
/// One value serves all the rounds of a wait that loops.
#[derive(Clone, Copy)]
pub(crate) struct Wait<'a> {
    map: &'a Map,
    describe: Describe,
    site: &'static Location<'static>,
}

impl<'a> Wait<'a> {
    /// A wait, called at `site`, that gives up the exclusive lock `held`.
    pub(crate) fn new(
        held: &Held<'a>,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Self {
        Wait { map: held.map, describe, site }
    }

    /// Records, before the task sleeps, that the lock is given up and will be wanted again.
    ///
    /// The second take is checked here: what else is held cannot change while the task sleeps.
    ///
    /// # Panics
    ///
    /// If that take breaks a rule, or tasks now wait for each other, and the tracker is told to
    /// panic. The lock is then off the held
    /// stack, and the caller still owns the real guard.
    pub(crate) fn begin(self, held: Held<'a>) -> event::Waiting {
        drop(held);
        event::before_acquire(self.map, How::EXCLUSIVE, self.describe, self.site);
        event::waiting(self.map, How::EXCLUSIVE, self.site, Until::Notified)
    }

    /// Records that the task is awake and has the lock again.
    pub(crate) fn end(self, waiting: Option<event::Waiting>) -> Held<'a> {
        drop(waiting);
        Held::new(self.map, How::EXCLUSIVE, self.site)
    }
}
