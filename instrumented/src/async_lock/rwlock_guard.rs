//! The guards of a reader-writer lock, and what turns one into another.
//!
//! A weaker hold never waits. To become the writer, an upgradable reader waits for the other readers to
//! leave: that is an acquire of its own, from everything else that is held.

use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;

use lockdep::{LockState, Map, Mode, Until, event, is_held};

use super::awaited::{Held, Hold, Site};
use super::futures::{Upgrade, UpgradeArc};
use super::payload::{changes_payload, shows_payload};
use super::real;
use super::rwlock::{RwLock, describe};

type Reading<'a> = Hold<'a, real::RwLockReadGuard<'a, ()>>;
type Upgradable<'a> = Hold<'a, real::RwLockUpgradableReadGuard<'a, ()>>;
type Writing<'a> = Hold<'a, real::RwLockWriteGuard<'a, ()>>;

/// Holds a [`RwLock`] for reading until it is dropped.
#[clippy::has_significant_drop]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    _hold: Reading<'a>,
    /// Covariant in `T`.
    data: *const T,
}

/// Holds a [`RwLock`] for reading, and keeps it alive, until it is dropped.
#[clippy::has_significant_drop]
pub struct RwLockReadGuardArc<T> {
    /// Borrows from the lock below, and is dropped before.
    _hold: Reading<'static>,
    lock: Counted<T>,
}

/// Holds a [`RwLock`] for reading, and can become the writer, until it is dropped.
#[clippy::has_significant_drop]
pub struct RwLockUpgradableReadGuard<'a, T: ?Sized> {
    hold: Upgradable<'a>,
    data: *mut T,
}

/// Holds a [`RwLock`] for reading, keeps it alive, and can become the writer, until it is dropped.
#[clippy::has_significant_drop]
pub struct RwLockUpgradableReadGuardArc<T: ?Sized> {
    /// Borrows from the lock below, and is dropped before.
    hold: Upgradable<'static>,
    lock: Arc<RwLock<T>>,
}

/// Holds a [`RwLock`] for writing until it is dropped.
#[clippy::has_significant_drop]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    hold: Writing<'a>,
    data: *mut T,
}

/// Holds a [`RwLock`] for writing, and keeps it alive, until it is dropped.
#[clippy::has_significant_drop]
pub struct RwLockWriteGuardArc<T: ?Sized> {
    /// Borrows from the lock below, and is dropped before.
    hold: Writing<'static>,
    lock: Arc<RwLock<T>>,
}

// SAFETY: the guard is a shared reference to the payload.
unsafe impl<T: ?Sized + Sync> Send for RwLockReadGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the payload.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}
// SAFETY: as above; it may be the last owner of the payload.
unsafe impl<T: Send + Sync> Send for RwLockReadGuardArc<T> {}
// SAFETY: a shared guard gives shared access to the payload.
unsafe impl<T: Send + Sync> Sync for RwLockReadGuardArc<T> {}
// SAFETY: the guard is a shared reference to the payload, and may become a unique one.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockUpgradableReadGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the payload.
unsafe impl<T: ?Sized + Sync> Sync for RwLockUpgradableReadGuard<'_, T> {}
// SAFETY: as of the guard that borrows; it may be the last owner of the payload.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockUpgradableReadGuardArc<T> {}
// SAFETY: a shared guard gives shared access to the payload.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockUpgradableReadGuardArc<T> {}
// SAFETY: the guard is a unique reference to the payload.
unsafe impl<T: ?Sized + Send> Send for RwLockWriteGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the payload.
unsafe impl<T: ?Sized + Sync> Sync for RwLockWriteGuard<'_, T> {}
// SAFETY: the guard is a unique reference to the payload, and may be its last owner.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockWriteGuardArc<T> {}
// SAFETY: a shared guard gives shared access to the payload.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockWriteGuardArc<T> {}

/// A counted pointer to a lock of `T` that is covariant in `T`.
struct Counted<T>(NonNull<T>);

impl<T> Counted<T> {
    fn new(lock: Arc<RwLock<T>>) -> Counted<T> {
        let lock = Arc::into_raw(lock).cast_mut().cast();
        // SAFETY: a counted pointer is never null.
        Counted(unsafe { NonNull::new_unchecked(lock) })
    }

    /// The lock itself.
    fn lock(&self) -> *const RwLock<T> {
        self.0.as_ptr().cast_const().cast()
    }

    fn data(&self) -> *const T {
        // SAFETY: the lock lives as long as this does.
        unsafe { &*self.lock() }.data()
    }
}

impl<T> Drop for Counted<T> {
    fn drop(&mut self) {
        // SAFETY: this came from `Arc::into_raw`, and is given back once.
        drop(unsafe { Arc::from_raw(self.lock()) });
    }
}

/// Records that a hold is about to become one in a weaker mode. It is lost sight of if that is not
/// done by the task that holds the lock, as far as one can see between two polls.
#[track_caller]
fn weakened(held: &mut Held<'_>, mode: Mode) {
    if is_held(held.map(), None) == LockState::NotHeld {
        held.lose();
    } else {
        event::downgraded_to(held.map(), mode);
    }
}

/// Checks that the current task, if it is the one that holds the lock upgradably, may wait for the
/// other readers.
pub(super) fn before_upgrade<T: ?Sized>(map: &Map, site: Site) {
    if is_held(map, None) != LockState::NotHeld {
        event::before_upgrade(map, describe::<T>, site);
    }
}

/// The hold as the only one, for which it waits, blocking the thread.
fn alone<T: ?Sized>(mut hold: Upgradable<'_>, site: Site) -> Writing<'_> {
    before_upgrade::<T>(hold.held().map(), site);
    let (held, real) = hold.into_parts();
    let real = real::RwLockUpgradableReadGuard::try_upgrade(real).unwrap_or_else(|real| {
        let _waiting = event::waiting(held.map(), lockdep::How::EXCLUSIVE, site, Until::Free);
        real::RwLockUpgradableReadGuard::upgrade_blocking(real)
    });
    event::upgraded(held.map());
    Hold::new(held, real)
}

/// The hold as the only one, if it is.
fn try_alone(hold: Upgradable<'_>) -> Result<Writing<'_>, Upgradable<'_>> {
    let (held, real) = hold.into_parts();
    match real::RwLockUpgradableReadGuard::try_upgrade(real) {
        Ok(real) => {
            event::upgraded(held.map());
            Ok(Hold::new(held, real))
        }
        Err(real) => Err(Hold::new(held, real)),
    }
}

/// The hold as that of a reader who cannot become the writer any more.
#[track_caller]
fn reading_only(mut hold: Upgradable<'_>) -> Reading<'_> {
    weakened(hold.held(), Mode::Shared);
    let (held, real) = hold.into_parts();
    Hold::new(held, real::RwLockUpgradableReadGuard::downgrade(real))
}

/// The writer's hold as that of a reader.
#[track_caller]
fn reading(mut hold: Writing<'_>) -> Reading<'_> {
    weakened(hold.held(), Mode::Shared);
    let (held, real) = hold.into_parts();
    Hold::new(held, real::RwLockWriteGuard::downgrade(real))
}

/// The writer's hold as that of an upgradable reader.
#[track_caller]
fn upgradable(mut hold: Writing<'_>) -> Upgradable<'_> {
    weakened(hold.held(), Mode::Upgradable);
    let (held, real) = hold.into_parts();
    Hold::new(held, real::RwLockWriteGuard::downgrade_to_upgradable(real))
}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    pub(super) fn new(hold: Reading<'a>, data: *const T) -> Self {
        RwLockReadGuard { _hold: hold, data }
    }
}

impl<T> RwLockReadGuardArc<T> {
    /// The first argument borrows from the last.
    pub(super) fn new(hold: Reading<'static>, lock: Arc<RwLock<T>>) -> Self {
        RwLockReadGuardArc { _hold: hold, lock: Counted::new(lock) }
    }
}

impl<'a, T: ?Sized> RwLockUpgradableReadGuard<'a, T> {
    pub(super) fn new(hold: Upgradable<'a>, data: *mut T) -> Self {
        RwLockUpgradableReadGuard { hold, data }
    }

    /// Turns the upgradable read into a plain one.
    #[track_caller]
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard::new(reading_only(guard.hold), guard.data)
    }

    /// Becomes the writer if there is no other reader.
    ///
    /// # Errors
    ///
    /// This guard, if there is one.
    pub fn try_upgrade(guard: Self) -> Result<RwLockWriteGuard<'a, T>, Self> {
        let RwLockUpgradableReadGuard { hold, data } = guard;
        match try_alone(hold) {
            Ok(hold) => Ok(RwLockWriteGuard::new(hold, data)),
            Err(hold) => Err(RwLockUpgradableReadGuard::new(hold, data)),
        }
    }

    /// Waits until all other readers have left and becomes the writer; no more come from now on.
    ///
    /// # Panics
    ///
    /// The future panics if the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn upgrade(guard: Self) -> Upgrade<'a, T> {
        Upgrade::new(guard.hold, guard.data, Location::caller())
    }

    /// [`upgrade`](Self::upgrade), blocking the thread.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule and the tracker is told to panic; the lock is then given up.
    #[track_caller]
    pub fn upgrade_blocking(guard: Self) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard::new(alone::<T>(guard.hold, Location::caller()), guard.data)
    }
}

impl<T> RwLockUpgradableReadGuardArc<T> {
    /// Turns the upgradable read into a plain one.
    #[track_caller]
    pub fn downgrade(guard: Self) -> RwLockReadGuardArc<T> {
        RwLockReadGuardArc::new(reading_only(guard.hold), guard.lock)
    }
}

impl<T: ?Sized> RwLockUpgradableReadGuardArc<T> {
    /// The first argument borrows from the last.
    pub(super) fn new(hold: Upgradable<'static>, lock: Arc<RwLock<T>>) -> Self {
        RwLockUpgradableReadGuardArc { hold, lock }
    }

    /// Becomes the writer if there is no other reader.
    ///
    /// # Errors
    ///
    /// This guard, if there is one.
    pub fn try_upgrade(guard: Self) -> Result<RwLockWriteGuardArc<T>, Self> {
        let RwLockUpgradableReadGuardArc { hold, lock } = guard;
        match try_alone(hold) {
            Ok(hold) => Ok(RwLockWriteGuardArc::new(hold, lock)),
            Err(hold) => Err(RwLockUpgradableReadGuardArc::new(hold, lock)),
        }
    }

    /// Waits until all other readers have left and becomes the writer; no more come from now on.
    ///
    /// # Panics
    ///
    /// The future panics if the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn upgrade(guard: Self) -> UpgradeArc<T> {
        UpgradeArc::new(guard.hold, guard.lock, Location::caller())
    }

    /// [`upgrade`](Self::upgrade), blocking the thread.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule and the tracker is told to panic; the lock is then given up.
    #[track_caller]
    pub fn upgrade_blocking(guard: Self) -> RwLockWriteGuardArc<T> {
        // The hold goes first if the wait is not allowed.
        let RwLockUpgradableReadGuardArc { hold, lock } = guard;
        RwLockWriteGuardArc::new(alone::<T>(hold, Location::caller()), lock)
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    pub(super) fn new(hold: Writing<'a>, data: *mut T) -> Self {
        RwLockWriteGuard { hold, data }
    }

    /// Turns the write into a read with no moment in between at which the lock is free.
    #[track_caller]
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard::new(reading(guard.hold), guard.data)
    }

    /// Turns the write into an upgradable read with no moment in between at which the lock is free.
    #[track_caller]
    pub fn downgrade_to_upgradable(guard: Self) -> RwLockUpgradableReadGuard<'a, T> {
        RwLockUpgradableReadGuard::new(upgradable(guard.hold), guard.data)
    }
}

impl<T> RwLockWriteGuardArc<T> {
    /// Turns the write into a read with no moment in between at which the lock is free.
    #[track_caller]
    pub fn downgrade(guard: Self) -> RwLockReadGuardArc<T> {
        RwLockReadGuardArc::new(reading(guard.hold), guard.lock)
    }
}

impl<T: ?Sized> RwLockWriteGuardArc<T> {
    /// The first argument borrows from the last.
    pub(super) fn new(hold: Writing<'static>, lock: Arc<RwLock<T>>) -> Self {
        RwLockWriteGuardArc { hold, lock }
    }

    /// Turns the write into an upgradable read with no moment in between at which the lock is free.
    #[track_caller]
    pub fn downgrade_to_upgradable(guard: Self) -> RwLockUpgradableReadGuardArc<T> {
        RwLockUpgradableReadGuardArc::new(upgradable(guard.hold), guard.lock)
    }
}

shows_payload!([T: ?Sized] RwLockReadGuard<'_, T> => T, s => s.data);
shows_payload!([T] RwLockReadGuardArc<T> => T, s => s.lock.data());
shows_payload!([T: ?Sized] RwLockUpgradableReadGuard<'_, T> => T, s => s.data);
shows_payload!([T: ?Sized] RwLockUpgradableReadGuardArc<T> => T, s => s.lock.data());
shows_payload!([T: ?Sized] RwLockWriteGuard<'_, T> => T, s => s.data);
changes_payload!([T: ?Sized] RwLockWriteGuard<'_, T> => T, s => s.data);
shows_payload!([T: ?Sized] RwLockWriteGuardArc<T> => T, s => s.lock.data());
changes_payload!([T: ?Sized] RwLockWriteGuardArc<T> => T, s => s.lock.data());
