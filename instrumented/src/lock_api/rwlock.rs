//! The reader-writer lock over any raw one.

#[cfg(feature = "arc_lock")]
use alloc::sync::Arc;
use core::any::type_name;
use core::cell::UnsafeCell;
use core::fmt;
use core::panic::Location;

use lockdep::{Description, Map, Tracked};

use super::acquires::{blocking, common, trying};
use super::guard::{Guard, Lock};
use super::mapped::{Mapped, Shared, Unique};
use super::raw::Core;
use super::real::{RawRwLock, RawRwLockTimed, RawRwLockUpgrade, RawRwLockUpgradeTimed};
use super::side::{Side, Timed};
use super::sides::{Reading, Upgradable, Writing};

/// A reader-writer lock over the raw lock `R`.
///
/// # Tracking
///
/// [`write`](Self::write) is an exclusive acquire, [`upgradable_read`](Self::upgradable_read) an
/// upgradable one, `read_recursive`, if it is there, one that passes waiting writers.
/// [`read`](Self::read) queues behind them, so that a second one by the same task can hang, unless
/// `R` is known to let readers pass. All are checked before they block; the attempts, timed ones
/// included, are recorded if they succeed. The guard's drop is the release. What is done to the lock
/// by way of [`raw`](Self::raw) is not seen.
pub struct RwLock<R, T: ?Sized> {
    pub(super) core: Core<R>,
    // Last, so that a lock of a sized payload coerces to one of an unsized payload.
    pub(super) data: UnsafeCell<T>,
}

/// The guard of a reader.
pub type RwLockReadGuard<'a, R, T> = Guard<&'a RwLock<R, T>, Reading<R>>;

/// The guard of a writer.
pub type RwLockWriteGuard<'a, R, T> = Guard<&'a RwLock<R, T>, Writing<R>>;

/// The guard of a reader who may go on to write.
pub type RwLockUpgradableReadGuard<'a, R, T> = Guard<&'a RwLock<R, T>, Upgradable<R>>;

/// The guard of a reader of a part of the payload.
pub type MappedRwLockReadGuard<'a, R, T> = Mapped<'a, Reading<R>, Shared<'a, T>>;

/// The guard of a writer of a part of the payload.
pub type MappedRwLockWriteGuard<'a, R, T> = Mapped<'a, Writing<R>, Unique<'a, T>>;

/// The guard of a reader that keeps the lock alive.
#[cfg(feature = "arc_lock")]
pub type ArcRwLockReadGuard<R, T> = Guard<Arc<RwLock<R, T>>, Reading<R>>;

/// The guard of a writer that keeps the lock alive.
#[cfg(feature = "arc_lock")]
pub type ArcRwLockWriteGuard<R, T> = Guard<Arc<RwLock<R, T>>, Writing<R>>;

/// The guard of a reader who may go on to write, which keeps the lock alive.
#[cfg(feature = "arc_lock")]
pub type ArcRwLockUpgradableReadGuard<R, T> = Guard<Arc<RwLock<R, T>>, Upgradable<R>>;

// SAFETY: the payload is shared and handed from thread to thread by a lock that threads may share.
unsafe impl<R: RawRwLock + Sync, T: ?Sized + Send + Sync> Sync for RwLock<R, T> {}

impl<R: RawRwLock, T> RwLock<R, T> {
    /// Creates an unlocked lock.
    ///
    /// # Tracking
    ///
    /// The place of this call is the lock's class, together with `T`.
    #[inline]
    #[track_caller]
    pub const fn new(val: T) -> Self {
        RwLock::from_raw(R::INIT, val)
    }
}

impl<R, T> RwLock<R, T> {
    /// Creates a lock around a raw one; the place of this call is its class.
    #[inline]
    #[track_caller]
    pub const fn from_raw(raw_rwlock: R, val: T) -> Self {
        RwLock { core: Core::new(raw_rwlock), data: UnsafeCell::new(val) }
    }
}

impl<R: RawRwLock, T: ?Sized> RwLock<R, T> {
    blocking! {
        /// Waits until no writer holds the lock, and as a rule until none waits for it, and takes it
        /// for reading.
        read, read_arc: Reading<R>, Reading::<R>::how(), Reading::<R>::attempt, Reading::<R>::wait;
        /// Waits until nobody holds the lock and takes it for writing.
        write, write_arc: Writing<R>, Writing::<R>::how(), Writing::<R>::attempt,
            Writing::<R>::wait;
    }

    trying! {
        /// Takes the lock for reading if that needs no waiting.
        try_read, try_read_arc (): Reading<R>, Reading::<R>::how(), Reading::<R>::attempt;
        /// Takes the lock for writing if nobody holds it.
        try_write, try_write_arc (): Writing<R>, Writing::<R>::how(), Writing::<R>::attempt;
    }

    /// Whether anybody holds the lock.
    #[inline]
    #[track_caller]
    pub fn is_locked(&self) -> bool {
        self.core.raw().is_locked()
    }

    /// Whether a writer holds the lock.
    #[cfg(not(before = "0.4.6"))]
    #[inline]
    #[track_caller]
    pub fn is_locked_exclusive(&self) -> bool {
        self.core.raw().is_locked_exclusive()
    }

    /// The raw lock. What is done to it is not seen by the tracker, which from
    /// here on knows nothing of a hold that the current task has.
    ///
    /// # Safety
    ///
    /// A guard's hold must not be given up while the guard lives.
    #[inline]
    pub unsafe fn raw(&self) -> &R {
        self.core.escapes();
        self.core.raw()
    }

    /// Shows the payload, locked.
    #[cfg(feature = "serde")]
    fn serialized<Z>(&self, f: impl FnOnce(&T) -> Z) -> Z {
        f(&self.read())
    }
}

impl<R: RawRwLockTimed, T: ?Sized> RwLock<R, T> {
    trying! {
        /// Takes the lock for reading if that is possible within `timeout`.
        try_read_for, try_read_arc_for (timeout: R::Duration): Reading<R>, Reading::<R>::how(),
            |raw| Reading::<R>::attempt_for(raw, timeout);
        /// Takes the lock for reading if that is possible before `timeout`.
        try_read_until, try_read_arc_until (timeout: R::Instant): Reading<R>,
            Reading::<R>::how(), |raw| Reading::<R>::attempt_until(raw, timeout);
        /// Takes the lock for writing if that is possible within `timeout`.
        try_write_for, try_write_arc_for (timeout: R::Duration): Writing<R>,
            Writing::<R>::how(), |raw| Writing::<R>::attempt_for(raw, timeout);
        /// Takes the lock for writing if that is possible before `timeout`.
        try_write_until, try_write_arc_until (timeout: R::Instant): Writing<R>,
            Writing::<R>::how(), |raw| Writing::<R>::attempt_until(raw, timeout);
    }
}

impl<R: RawRwLockUpgrade, T: ?Sized> RwLock<R, T> {
    blocking! {
        /// Waits until no writer and no upgradable reader holds the lock and takes it for reading,
        /// with the right to become the writer.
        upgradable_read, upgradable_read_arc: Upgradable<R>, Upgradable::<R>::how(),
            Upgradable::<R>::attempt, Upgradable::<R>::wait;
    }

    trying! {
        /// Takes the lock as an upgradable reader if that needs no waiting.
        try_upgradable_read, try_upgradable_read_arc (): Upgradable<R>, Upgradable::<R>::how(),
            Upgradable::<R>::attempt;
    }
}

impl<R: RawRwLockUpgradeTimed, T: ?Sized> RwLock<R, T> {
    trying! {
        /// Takes the lock as an upgradable reader if that is possible within `timeout`.
        try_upgradable_read_for, try_upgradable_read_arc_for (timeout: R::Duration): Upgradable<R>,
            Upgradable::<R>::how(), |raw| Upgradable::<R>::attempt_for(raw, timeout);
        /// Takes the lock as an upgradable reader if that is possible before `timeout`.
        try_upgradable_read_until, try_upgradable_read_arc_until (timeout: R::Instant):
            Upgradable<R>, Upgradable::<R>::how(),
            |raw| Upgradable::<R>::attempt_until(raw, timeout);
    }
}

/// A guard knows its lock.
macro_rules! rwlock_of_guard {
    ($($raw:ident $guard:ident $counted:ident;)*) => {$(
        impl<'a, R: $raw, T: ?Sized> $guard<'a, R, T> {
            /// The lock that the guard is of.
            #[inline]
            pub fn rwlock(s: &Self) -> &'a RwLock<R, T> {
                s.lock()
            }
        }

        #[cfg(feature = "arc_lock")]
        impl<R: $raw, T: ?Sized> $counted<R, T> {
            /// The lock that the guard is of.
            #[inline]
            pub fn rwlock(s: &Self) -> &Arc<RwLock<R, T>> {
                s.lock()
            }
        }
    )*};
}

rwlock_of_guard! {
    RawRwLock RwLockReadGuard ArcRwLockReadGuard;
    RawRwLock RwLockWriteGuard ArcRwLockWriteGuard;
    RawRwLockUpgrade RwLockUpgradableReadGuard ArcRwLockUpgradableReadGuard;
}

common!("RwLock", RwLock<R> where [R: RawRwLock], R, try_read);
