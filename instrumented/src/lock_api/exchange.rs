//! Guards of a reader-writer lock that become guards of another side of it.
//!
//! A weaker side never waits. To become the writer, an upgradable reader waits for the other readers
//! to leave: that is an acquire of its own, from everything else that is held.

use core::ops::Deref;
use core::panic::Location;

use lockdep::{How, Mode};

use super::guard::{Guard, Lock};
use super::raw::{OnDrop, Site};
use super::real::{RawRwLockDowngrade, RawRwLockTimed};
use super::real::{RawRwLockUpgrade, RawRwLockUpgradeDowngrade, RawRwLockUpgradeTimed};
use super::side::Marker;
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
        let (lock, _) = s.into_parts();
        // SAFETY: the guard held the lock for writing, and is gone.
        unsafe { lock.core().raw().downgrade() };
        Guard::new(lock, Marker::NEW)
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
        let (lock, _) = s.into_parts();
        // SAFETY: the guard held the lock for writing, and is gone.
        unsafe { lock.core().raw().downgrade_to_upgradable() };
        Guard::new(lock, Marker::NEW)
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
        s.become_writer(Location::caller());
        Guard::new(s.into_parts().0, Marker::NEW)
    }

    /// Becomes the writer if there is no other reader.
    ///
    /// # Errors
    ///
    /// This guard, if there is one.
    #[track_caller]
    pub fn try_upgrade(s: Self) -> Result<Guard<P, Writing<R>>, Self> {
        // SAFETY: the guard holds the lock upgradably until it is taken apart below.
        let upgraded = unsafe { s.core().raw().try_upgrade() };
        s.upgraded_if(upgraded)
    }

    /// Turns the hold into the only one, waiting if need be.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule, or tasks now wait for each other, and the tracker is told to panic;
    /// the hold is upgradable then.
    fn become_writer(&self, site: Site) {
        let core = self.core();
        core.before_upgrade(P::Target::describe, site);
        // SAFETY: the guard holds the lock upgradably.
        if !unsafe { core.raw().try_upgrade() } {
            let _waiting = core.waits(How::EXCLUSIVE, site);
            // SAFETY: as above.
            unsafe { core.raw().upgrade() };
        }
        core.upgraded();
    }

    /// The guard of the writer if that is what the holder now is.
    fn upgraded_if(self, upgraded: bool) -> Result<Guard<P, Writing<R>>, Self> {
        if !upgraded {
            return Err(self);
        }
        self.core().upgraded();
        Ok(Guard::new(self.into_parts().0, Marker::NEW))
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
        // SAFETY: the guard holds the lock upgradably until it is taken apart below.
        let upgraded = unsafe { s.core().raw().try_upgrade_for(timeout) };
        s.upgraded_if(upgraded)
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
        // SAFETY: the guard holds the lock upgradably until it is taken apart below.
        let upgraded = unsafe { s.core().raw().try_upgrade_until(timeout) };
        s.upgraded_if(upgraded)
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
        let (lock, _) = s.into_parts();
        // SAFETY: the guard held the lock upgradably, and is gone.
        unsafe { lock.core().raw().downgrade_upgradable() };
        Guard::new(lock, Marker::NEW)
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
        self.become_writer(Location::caller());
        self.as_writer(f)
    }

    /// Becomes the writer for the time of `f` if there is no other reader; none if there is one.
    #[track_caller]
    pub fn try_with_upgraded<Ret, F>(&mut self, f: F) -> Option<Ret>
    where
        F: FnOnce(&mut <P::Target as Lock>::Payload) -> Ret,
    {
        // SAFETY: the guard holds the lock upgradably, and does so again when this returns.
        let upgraded = unsafe { self.core().raw().try_upgrade() };
        self.as_writer_if(upgraded, f)
    }

    fn as_writer_if<Ret>(
        &mut self,
        upgraded: bool,
        f: impl FnOnce(&mut <P::Target as Lock>::Payload) -> Ret,
    ) -> Option<Ret> {
        if !upgraded {
            return None;
        }
        self.core().upgraded();
        Some(self.as_writer(f))
    }

    /// Runs `f` as the writer that the holder just became; it is upgradable again afterwards.
    #[track_caller]
    fn as_writer<Ret>(&mut self, f: impl FnOnce(&mut <P::Target as Lock>::Payload) -> Ret) -> Ret {
        let core = self.core();
        let _downgrade = OnDrop::new(|| {
            // SAFETY: the lock is held for writing.
            let _raw = OnDrop::new(|| unsafe { core.raw().downgrade_to_upgradable() });
            core.downgraded(Mode::Upgradable);
        });
        // SAFETY: the lock is held for writing, and this is the one guard.
        f(unsafe { &mut *self.lock().data() })
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
        // SAFETY: the guard holds the lock upgradably, and does so again when this returns.
        let upgraded = unsafe { self.core().raw().try_upgrade_for(timeout) };
        self.as_writer_if(upgraded, f)
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
        // SAFETY: the guard holds the lock upgradably, and does so again when this returns.
        let upgraded = unsafe { self.core().raw().try_upgrade_until(timeout) };
        self.as_writer_if(upgraded, f)
    }
}
