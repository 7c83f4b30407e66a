//! Guards of a reader-writer lock that become guards of another side of it.
//!
//! A weaker side never waits. To become the writer, an upgradable reader waits for the other readers
//! to leave: that is an acquire of its own, from everything else that is held. The raw lock takes
//! what it handed out for the one side and gives out another for the other.

use core::mem::{self, ManuallyDrop};
use core::ops::Deref;
use core::panic::Location;

use lockdep::{How, Mode};

use super::guard::{Guard, Lock, or_abort};
use super::raw::{Core, OnDrop};
use super::real::{RawRwLockDowngrade, RawRwLockTimed};
use super::real::{RawRwLockUpgrade, RawRwLockUpgradeDowngrade, RawRwLockUpgradeTimed};
use super::sides::{Reading, Upgradable, Writing};

impl<P, R> Guard<P, Writing<R>>
where
    P: Deref<Target: Lock<Raw = R>>,
    R: RawRwLockDowngrade,
{
    /// Turns the write into a read with no moment in between at which the lock is free.
    #[track_caller]
    pub fn downgrade(s: Self) -> Guard<P, Reading<R>> {
        s.core().downgraded(Mode::Shared);
        let (lock, state) = s.into_parts();
        // SAFETY: the state is that of a guard that held the lock for writing, and is gone.
        let state = lock.core().exchanged(|raw| unsafe { raw.downgrade(state) });
        Guard::new(lock, state)
    }
}

impl<P, R> Guard<P, Writing<R>>
where
    P: Deref<Target: Lock<Raw = R>>,
    R: RawRwLockUpgradeDowngrade,
{
    /// Turns the write into an upgradable read with no moment in between at which the lock is free.
    #[track_caller]
    pub fn downgrade_to_upgradable(s: Self) -> Guard<P, Upgradable<R>> {
        s.core().downgraded(Mode::Upgradable);
        let (lock, state) = s.into_parts();
        // SAFETY: the state is that of a guard that held the lock for writing, and is gone.
        let state = lock.core().exchanged(|raw| unsafe { raw.downgrade_to_upgradable(state) });
        Guard::new(lock, state)
    }
}

impl<R> Core<R> {
    /// Lets the raw lock exchange one state for another; if it panics, it has given the hold up.
    #[track_caller]
    fn exchanged<S>(&self, exchange: impl FnOnce(&R) -> S) -> S {
        let lost = OnDrop::new(|| self.lost());
        let state = exchange(self.raw());
        mem::forget(lost);
        state
    }
}

impl<P, R> Guard<P, Upgradable<R>>
where
    P: Deref<Target: Lock<Raw = R>>,
    R: RawRwLockUpgrade,
{
    /// Waits until all other readers have left and becomes the writer.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule and the tracker is told to panic; the lock is then given up.
    #[track_caller]
    pub fn upgrade(s: Self) -> Guard<P, Writing<R>> {
        let site = Location::caller();
        s.core().before_upgrade(P::Target::describe, site);
        // SAFETY: the state is that of an upgradable hold.
        s.exchanged_by(|raw, state| unsafe { raw.try_upgrade(state) }).unwrap_or_else(|s| {
            let _waiting = s.core().waits(How::EXCLUSIVE, site);
            let (lock, state) = s.into_parts();
            // SAFETY: the state is that of an upgradable hold.
            let state = lock.core().exchanged(|raw| unsafe { raw.upgrade(state) });
            lock.core().upgraded();
            Guard::new(lock, state)
        })
    }

    /// Becomes the writer if there is no other reader.
    ///
    /// # Errors
    ///
    /// This guard, if there is one.
    #[track_caller]
    pub fn try_upgrade(s: Self) -> Result<Guard<P, Writing<R>>, Self> {
        // SAFETY: the state is that of an upgradable hold.
        s.exchanged_by(|raw, state| unsafe { raw.try_upgrade(state) })
    }

    /// The guard of the writer, or this one, as the raw lock decides.
    #[track_caller]
    fn exchanged_by(
        self,
        attempt: impl FnOnce(&R, R::UpgradableGuard) -> Result<R::ExclusiveGuard, R::UpgradableGuard>,
    ) -> Result<Guard<P, Writing<R>>, Self> {
        let (lock, state) = self.into_parts();
        match lock.core().exchanged(|raw| attempt(raw, state)) {
            Ok(state) => {
                lock.core().upgraded();
                Ok(Guard::new(lock, state))
            }
            Err(state) => Err(Guard::new(lock, state)),
        }
    }
}

impl<P, R> Guard<P, Upgradable<R>>
where
    P: Deref<Target: Lock<Raw = R>>,
    R: RawRwLockUpgradeTimed,
{
    /// Becomes the writer if all other readers leave within `timeout`.
    ///
    /// # Errors
    ///
    /// This guard, if they do not.
    #[track_caller]
    pub fn try_upgrade_for(
        s: Self,
        timeout: <R as RawRwLockTimed>::Duration,
    ) -> Result<Guard<P, Writing<R>>, Self> {
        // SAFETY: the state is that of an upgradable hold.
        s.exchanged_by(|raw, state| unsafe { raw.try_upgrade_for(state, timeout) })
    }

    /// Becomes the writer if all other readers leave before `timeout`.
    ///
    /// # Errors
    ///
    /// This guard, if they do not.
    #[track_caller]
    pub fn try_upgrade_until(
        s: Self,
        timeout: <R as RawRwLockTimed>::Instant,
    ) -> Result<Guard<P, Writing<R>>, Self> {
        // SAFETY: the state is that of an upgradable hold.
        s.exchanged_by(|raw, state| unsafe { raw.try_upgrade_until(state, timeout) })
    }
}

impl<P, R> Guard<P, Upgradable<R>>
where
    P: Deref<Target: Lock<Raw = R>>,
    R: RawRwLockUpgradeDowngrade,
{
    /// Turns the upgradable read into a plain one.
    #[track_caller]
    pub fn downgrade(s: Self) -> Guard<P, Reading<R>> {
        s.core().downgraded(Mode::Shared);
        let (lock, state) = s.into_parts();
        // SAFETY: the state is that of a guard that held the lock upgradably, and is gone.
        let state = lock.core().exchanged(|raw| unsafe { raw.downgrade_upgradable(state) });
        Guard::new(lock, state)
    }

    /// Becomes the writer, as by [`upgrade`](Self::upgrade), for the time of `f`.
    ///
    /// # Panics
    ///
    /// As there, and if `f` does; the lock is then held upgradably.
    #[track_caller]
    pub fn with_upgraded<Ret, F>(&mut self, f: F) -> Ret
    where
        F: FnOnce(&mut <P::Target as Lock>::Payload) -> Ret,
    {
        let site = Location::caller();
        self.core().before_upgrade(P::Target::describe, site);
        // SAFETY: the state is that of an upgradable hold.
        // SAFETY: the state is that of an upgradable hold.
        let mut state = self.exchanged_within(|raw, state| unsafe { raw.try_upgrade(state) });
        if state.is_none() {
            let _waiting = self.core().waits(How::EXCLUSIVE, site);
            // SAFETY: as above.
            state = self.exchanged_within(|raw, state| Ok(unsafe { raw.upgrade(state) }));
        }
        self.as_writer(state.expect("the wait was for that"), f)
    }

    /// Becomes the writer for the time of `f` if there is no other reader; none if there is one.
    #[track_caller]
    pub fn try_with_upgraded<Ret, F>(&mut self, f: F) -> Option<Ret>
    where
        F: FnOnce(&mut <P::Target as Lock>::Payload) -> Ret,
    {
        // SAFETY: the state is that of an upgradable hold.
        let state = self.exchanged_within(|raw, state| unsafe { raw.try_upgrade(state) })?;
        Some(self.as_writer(state, f))
    }

    /// Exchanges the state for a writer's, or for another upgradable one. The guard of a writer has
    /// no state until [`as_writer`](Self::as_writer) gives it one.
    fn exchanged_within(
        &mut self,
        attempt: impl FnOnce(&R, R::UpgradableGuard) -> Result<R::ExclusiveGuard, R::UpgradableGuard>,
    ) -> Option<R::ExclusiveGuard> {
        let state = self.take_state();
        match or_abort(|| attempt(self.core().raw(), state)) {
            Ok(state) => {
                self.core().upgraded();
                Some(state)
            }
            Err(state) => {
                self.state = ManuallyDrop::new(state);
                None
            }
        }
    }

    /// Runs `f` as the writer that the holder just became; it is upgradable again afterwards.
    #[track_caller]
    fn as_writer<Ret>(
        &mut self,
        state: R::ExclusiveGuard,
        f: impl FnOnce(&mut <P::Target as Lock>::Payload) -> Ret,
    ) -> Ret {
        let Guard { lock, state: place, .. } = self;
        let core = lock.core();
        let _downgrade = OnDrop::new(|| {
            let _raw = OnDrop::new(|| {
                // SAFETY: the state is that of a writer's hold.
                let state = or_abort(|| unsafe { core.raw().downgrade_to_upgradable(state) });
                *place = ManuallyDrop::new(state);
            });
            core.downgraded(Mode::Upgradable);
        });
        // SAFETY: the lock is held for writing, and this is the one guard.
        f(unsafe { &mut *lock.data() })
    }
}

impl<P, R> Guard<P, Upgradable<R>>
where
    P: Deref<Target: Lock<Raw = R>>,
    R: RawRwLockUpgradeTimed + RawRwLockUpgradeDowngrade,
{
    /// Becomes the writer for the time of `f` if all other readers leave within `timeout`.
    #[track_caller]
    pub fn try_with_upgraded_for<Ret, F>(
        &mut self,
        timeout: <R as RawRwLockTimed>::Duration,
        f: F,
    ) -> Option<Ret>
    where
        F: FnOnce(&mut <P::Target as Lock>::Payload) -> Ret,
    {
        let attempt = |raw: &R, state| {
            // SAFETY: the state is that of an upgradable hold.
            unsafe { raw.try_upgrade_for(state, timeout) }
        };
        let state = self.exchanged_within(attempt)?;
        Some(self.as_writer(state, f))
    }

    /// Becomes the writer for the time of `f` if all other readers leave before `timeout`.
    #[track_caller]
    pub fn try_with_upgraded_until<Ret, F>(
        &mut self,
        timeout: <R as RawRwLockTimed>::Instant,
        f: F,
    ) -> Option<Ret>
    where
        F: FnOnce(&mut <P::Target as Lock>::Payload) -> Ret,
    {
        let attempt = |raw: &R, state| {
            // SAFETY: the state is that of an upgradable hold.
            unsafe { raw.try_upgrade_until(state, timeout) }
        };
        let state = self.exchanged_within(attempt)?;
        Some(self.as_writer(state, f))
    }
}
