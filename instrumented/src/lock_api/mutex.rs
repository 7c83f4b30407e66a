//! The mutex over any raw mutex.

#[cfg(feature = "arc_lock")]
use alloc::sync::Arc;
use core::any::type_name;
use core::cell::UnsafeCell;
use core::fmt;
use core::panic::Location;

use lockdep::{Description, Map, Tracked};

use super::acquires::{blocking, common, trying};
use super::guard::{Guard, Lock};
use super::mapped::{Mapped, Unique};
use super::raw::Core;
use super::real::{RawMutex, RawMutexTimed};
use super::side::{Side, Timed};
use super::sides::{Locked, Mutual, lock_of, mutual};

/// A mutual exclusion lock over the raw mutex `R`.
///
/// # Tracking
///
/// [`lock`](Self::lock) is an exclusive acquire, checked before it blocks; the attempts, timed ones
/// included, are recorded if they succeed. The guard's drop is the release. What is done to the lock
/// by way of [`raw`](Self::raw) is not seen.
pub struct Mutex<R, T: ?Sized> {
    pub(super) core: Core<Mutual<R>>,
    // Last, so that a mutex of a sized payload coerces to one of an unsized payload.
    pub(super) data: UnsafeCell<T>,
}

/// The guard of a [`Mutex`].
pub type MutexGuard<'a, R, T> = Guard<&'a Mutex<R, T>, Locked<R>>;

/// The guard of a part of a [`Mutex`]'s payload.
pub type MappedMutexGuard<'a, R, T> = Mapped<'a, Locked<R>, Unique<'a, T>>;

/// The guard of a [`Mutex`] that keeps it alive.
#[cfg(feature = "arc_lock")]
pub type ArcMutexGuard<R, T> = Guard<Arc<Mutex<R, T>>, Locked<R>>;

// SAFETY: the payload is handed from thread to thread by a lock that threads may share.
unsafe impl<R: RawMutex + Sync, T: ?Sized + Send> Sync for Mutex<R, T> {}

impl<R: RawMutex, T> Mutex<R, T> {
    /// Creates an unlocked mutex.
    ///
    /// # Tracking
    ///
    /// The place of this call is the mutex's class, together with `T`.
    #[inline]
    #[track_caller]
    pub const fn new(val: T) -> Self {
        Mutex::from_raw(R::INIT, val)
    }
}

impl<R, T> Mutex<R, T> {
    /// Creates a mutex around a raw one; the place of this call is its class.
    #[inline]
    #[track_caller]
    pub const fn from_raw(raw_mutex: R, val: T) -> Self {
        Mutex { core: Core::new(mutual(raw_mutex)), data: UnsafeCell::new(val) }
    }
}

impl<R: RawMutex, T: ?Sized> Mutex<R, T> {
    blocking! {
        /// Waits until nobody holds the mutex and takes it.
        lock, lock_arc: Locked<R>, Locked::<R>::how(), Locked::<R>::attempt, Locked::<R>::wait;
    }

    trying! {
        /// Takes the mutex if nobody holds it.
        try_lock, try_lock_arc (): Locked<R>, Locked::<R>::how(), Locked::<R>::attempt;
    }

    /// Whether anybody holds the mutex.
    #[inline]
    #[track_caller]
    pub fn is_locked(&self) -> bool {
        self.core.raw().is_locked()
    }

    /// The raw mutex. What is done to it is not seen by the tracker, which from
    /// here on knows nothing of a hold that the current task has.
    ///
    /// # Safety
    ///
    /// A guard's hold must not be given up while the guard lives.
    #[inline]
    pub unsafe fn raw(&self) -> &R {
        self.core.escapes();
        lock_of(self.core.raw())
    }

    /// Shows the payload, locked.
    #[cfg(feature = "serde")]
    fn serialized<Z>(&self, f: impl FnOnce(&T) -> Z) -> Z {
        f(&self.lock())
    }
}

impl<R: RawMutexTimed, T: ?Sized> Mutex<R, T> {
    trying! {
        /// Takes the mutex if it is free within `timeout`.
        try_lock_for, try_lock_arc_for (timeout: R::Duration): Locked<R>, Locked::<R>::how(),
            |raw| Locked::<R>::attempt_for(raw, timeout);
        /// Takes the mutex if it is free before `timeout`.
        try_lock_until, try_lock_arc_until (timeout: R::Instant): Locked<R>, Locked::<R>::how(),
            |raw| Locked::<R>::attempt_until(raw, timeout);
    }
}

impl<'a, R: RawMutex, T: ?Sized> MutexGuard<'a, R, T> {
    /// The mutex that the guard is of.
    #[inline]
    pub fn mutex(s: &Self) -> &'a Mutex<R, T> {
        s.lock()
    }

    /// Leaves the mutex locked for ever.
    #[inline]
    pub fn leak(s: Self) -> &'a mut T {
        let data = s.lock().data();
        core::mem::forget(s);
        // SAFETY: the hold is never given up.
        unsafe { &mut *data }
    }
}

#[cfg(feature = "arc_lock")]
impl<R: RawMutex, T: ?Sized> ArcMutexGuard<R, T> {
    /// The mutex that the guard is of.
    #[inline]
    pub fn mutex(s: &Self) -> &Arc<Mutex<R, T>> {
        s.lock()
    }
}

common!("Mutex", Mutex<R> where [R: RawMutex], Mutual<R>, try_lock);
