//! A raw lock and its map: what every lock of this module is made of besides its payload.
//!
//! All that is recorded of these locks is recorded here and by the [`Side`]s. The rules are those of
//! every lock: an acquire that can block is checked before it blocks, one that cannot is recorded
//! once it succeeded, a release is recorded before the real one. A user's panic in the raw lock, or
//! ours, leaves the real lock and the held stack in agreement.
//!
//! A blocking acquire first tries, then waits, so that the held stack shows a lock that is waited
//! for as not yet taken at the price of one event. A raw lock whose `try_lock` does something else
//! than its `lock` without the waiting breaks the contract of its trait.

use core::mem;
use core::panic::Location;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use lockdep::event::{self, Waiting};
use lockdep::{Describe, How, LockState, Map, Mode, Until, is_held};

use super::side::Side;

/// A place in the program; every event has one.
pub(super) type Site = &'static Location<'static>;

/// A raw lock and its map.
pub struct Core<R> {
    map: Map,
    /// Whether a hold was ever lost sight of. Relaxed: whoever lost it comes back by its own thread,
    /// or by whatever passed the guard on.
    escaped: AtomicBool,
    /// Whether the raw lock was ever given away: it may have been locked where nobody saw it. Relaxed:
    /// as above.
    given_away: AtomicBool,
    raw: R,
}

impl<R> Core<R> {
    /// Ties a raw lock to the place of the call.
    #[inline]
    #[track_caller]
    pub(super) const fn new(raw: R) -> Core<R> {
        let (escaped, given_away) = (AtomicBool::new(false), AtomicBool::new(false));
        Core { map: Map::new(), escaped, given_away, raw }
    }

    #[inline]
    pub(super) fn map(&self) -> &Map {
        &self.map
    }

    #[inline]
    pub(super) fn raw(&self) -> &R {
        &self.raw
    }

    /// The raw lock, for good.
    #[inline]
    #[allow(dead_code, reason = "for the versions whose locks can be taken apart")]
    pub(super) fn into_raw(self) -> R {
        self.raw
    }

    /// Takes the lock, waiting if need be.
    #[inline(always)]
    pub(super) fn acquire<S: Side<Raw = R>>(
        &self,
        how: How,
        describe: Describe,
        site: Site,
        attempt: impl FnOnce(&R) -> Option<S::State>,
        wait: impl FnOnce(&R) -> S::State,
    ) -> S::State {
        if S::is_reentry(&self.raw) {
            return wait(&self.raw);
        }
        event::acquire(&self.map, how, describe, site);
        let announced = Announced(&self.map);
        let state = attempt(&self.raw);
        mem::forget(announced);
        let state = match state {
            Some(state) => state,
            None => self.contended(how, site, wait),
        };
        if S::can_be_sent() {
            event::can_be_sent(&self.map);
        }
        state
    }

    #[cold]
    #[inline(never)]
    fn contended<T>(&self, how: How, site: Site, wait: impl FnOnce(&R) -> T) -> T {
        event::contended(&self.map);
        let waiting = self.waits(how, site);
        let state = wait(&self.raw);
        drop(waiting);
        event::acquired(&self.map, how, site);
        state
    }

    /// The current task waits for the lock, or to be alone with it, until the value is dropped: it is
    /// about to, and all can see it.
    ///
    /// # Panics
    ///
    /// If tasks now wait for each other and the tracker is told to panic.
    pub(super) fn waits(&self, how: How, site: Site) -> Waiting {
        event::waiting(&self.map, how, site, Until::Free)
    }

    /// Tries to take the lock. An attempt that gives up after some time is one that does not wait:
    /// it cannot be a part of a deadlock.
    #[inline]
    pub(super) fn try_acquire<S: Side<Raw = R>>(
        &self,
        how: How,
        describe: Describe,
        site: Site,
        attempt: impl FnOnce(&R) -> Option<S::State>,
    ) -> Option<S::State> {
        if S::is_reentry(&self.raw) {
            return attempt(&self.raw);
        }
        let how = how.trylock();
        event::before_try(&self.map, how, describe, site);
        let state = attempt(&self.raw)?;
        event::acquired(&self.map, how, site);
        if S::can_be_sent() {
            event::can_be_sent(&self.map);
        }
        Some(state)
    }

    /// Lets go of the lock by `unlock`, runs `between`, and takes the lock again by `retake`.
    ///
    /// The second take is checked ahead, and happens even if the check, `unlock` or `between` panics:
    /// whoever has the guard relies on it.
    #[track_caller]
    pub(super) fn yielded<S: Side<Raw = R>, T>(
        &self,
        how: How,
        describe: Describe,
        unlock: impl FnOnce(&R),
        between: impl FnOnce() -> T,
        retake: impl FnOnce(&R),
    ) -> T {
        let site = Location::caller();
        let is_last = S::is_last(&self.raw);
        self.released::<S>();
        let _retake = OnDrop::new(|| {
            let _taken = OnDrop::new(|| {
                retake(&self.raw);
                if is_last {
                    event::acquired(&self.map, how, site);
                }
            });
            if is_last {
                event::before_acquire(&self.map, how, describe, site);
            }
        });
        unlock(&self.raw);
        between()
    }

    /// Records the release of the lock, unless it stays taken.
    #[inline]
    #[track_caller]
    pub(super) fn released<S: Side<Raw = R>>(&self) {
        if !S::is_last(&self.raw) || self.is_lost() {
            return;
        }
        if S::can_be_sent() {
            event::released_anywhere(&self.map);
        } else {
            event::released(&self.map);
        }
    }

    /// Records the release of a hold that has no guard, by whichever task comes to it. It is silent
    /// for a hold that may never have been seen.
    #[track_caller]
    pub(super) fn forced<S: Side<Raw = R>>(&self) {
        let is_unseen =
            self.given_away.load(Relaxed) && is_held(&self.map, None) == LockState::NotHeld;
        if S::is_last(&self.raw) && !is_unseen {
            event::released_anywhere(&self.map);
        }
    }

    /// The raw lock is given away. If the current task holds it, from now on it may be unlocked
    /// where nobody sees it, so the hold is not believed any more: a deadlock may be missed, but none
    /// is made up.
    #[cold]
    pub(super) fn escapes(&self) {
        if !self.given_away.load(Relaxed) {
            self.given_away.store(true, Relaxed);
        }
        if is_held(&self.map, None) == LockState::Held {
            self.escaped.store(true, Relaxed);
            event::released_anywhere(&self.map);
        }
    }

    /// Records that the raw lock gave a hold up where it was to change it.
    #[cold]
    #[track_caller]
    #[allow(dead_code, reason = "for the versions whose raw locks may")]
    pub(super) fn lost(&self) {
        if !self.is_lost() {
            event::released_anywhere(&self.map);
        }
    }

    /// Whether the hold that is given up or changed was lost sight of.
    #[inline]
    fn is_lost(&self) -> bool {
        self.escaped.load(Relaxed) && is_held(&self.map, None) == LockState::NotHeld
    }

    /// Records that the task holds the lock, whose guard is made by hand, unless that is known.
    #[cold]
    pub(super) fn assumed<S: Side<Raw = R>>(&self, how: How, describe: Describe, site: Site) {
        if S::is_last(&self.raw) && is_held(&self.map, None) != LockState::Held {
            let how = how.trylock();
            event::before_try(&self.map, how, describe, site);
            event::acquired(&self.map, how, site);
        }
    }

    /// Records that an exclusive or upgradable hold becomes one in a weaker mode.
    #[track_caller]
    pub(super) fn downgraded(&self, mode: Mode) {
        if !self.is_lost() {
            event::downgraded_to(&self.map, mode);
        }
    }

    /// Checks that an upgradable hold may become the only one.
    ///
    /// # Panics
    ///
    /// If the wait for that breaks a rule and the tracker is told to panic.
    pub(super) fn before_upgrade(&self, describe: Describe, site: Site) {
        if !self.is_lost() {
            event::before_upgrade(&self.map, describe, site);
        }
    }

    /// Records that an upgradable hold has become the only one.
    pub(super) fn upgraded(&self) {
        event::upgraded(&self.map);
    }
}

impl<R> core::fmt::Debug for Core<R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.map.fmt(f)
    }
}

/// A lock that is on the held stack ahead of the attempt to take it.
struct Announced<'a>(&'a Map);

impl Drop for Announced<'_> {
    #[cold]
    fn drop(&mut self) {
        event::contended(self.0);
    }
}

/// Does something at the end of a scope, however that comes.
pub(super) struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> OnDrop<F> {
    #[inline]
    pub(super) fn new(f: F) -> OnDrop<F> {
        OnDrop(Some(f))
    }
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    #[inline]
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}
