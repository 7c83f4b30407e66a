//! [`std::sync::Mutex`] and its guard, tracked.

use std::any::type_name;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use lockdep::{Description, How, Map, Tracked, event};

use crate::locks::held::Held;

/// What reports call a mutex of `T`.
pub(super) fn describe<T: ?Sized>() -> Description {
    Description::new("Mutex", type_name::<T>())
}

/// [`std::sync::Mutex`], tracked.
///
/// # Tracking
///
/// [`lock`](Self::lock) is an exclusive acquire, checked before it blocks;
/// [`try_lock`](Self::try_lock) is recorded if it succeeds. The guard's drop is the release.
pub struct Mutex<T: ?Sized> {
    map: Map,
    // Last, so that a mutex of a sized payload coerces to one of an unsized payload.
    inner: std::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    /// Creates an unlocked mutex.
    ///
    /// # Tracking
    ///
    /// The place of this call is the mutex's class, together with `T`.
    #[inline]
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Mutex { map: Map::new(), inner: std::sync::Mutex::new(value) }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until the mutex is free and locks it.
    ///
    /// # Errors
    ///
    /// If a holder panicked; the error holds the guard.
    ///
    /// # Panics
    ///
    /// If the acquire breaks a rule and the tracker is told to panic; the mutex is then not locked.
    #[track_caller]
    #[inline(always)]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        self.lock_as(How::EXCLUSIVE, Location::caller())
    }

    /// [`lock`](Self::lock), at the nesting level that `how` says.
    #[inline(always)]
    pub(in crate::locks) fn lock_as(
        &self,
        how: How,
        site: &'static Location<'static>,
    ) -> LockResult<MutexGuard<'_, T>> {
        let held = Held::acquire(&self.map, how, describe::<T>, site);
        let inner = match self.inner.try_lock() {
            Ok(inner) => inner,
            Err(error) => match self.lock_slow(&held, error, how, site) {
                Ok(inner) => inner,
                Err(poisoned) => {
                    let inner = poisoned.into_inner();
                    return Err(PoisonError::new(MutexGuard { held, inner }));
                }
            },
        };
        Ok(MutexGuard { held, inner })
    }

    /// The real guard, when the real lock has to be waited for or is poisoned.
    #[cold]
    fn lock_slow<'a>(
        &'a self,
        held: &Held<'a>,
        error: TryLockError<std::sync::MutexGuard<'a, T>>,
        how: How,
        site: &'static Location<'static>,
    ) -> LockResult<std::sync::MutexGuard<'a, T>> {
        match error {
            TryLockError::Poisoned(poisoned) => Err(poisoned),
            TryLockError::WouldBlock => held.contended(how, site, || self.inner.lock()),
        }
    }

    /// Locks the mutex if that needs no waiting.
    ///
    /// # Errors
    ///
    /// [`TryLockError::WouldBlock`] if it is locked; [`TryLockError::Poisoned`], with the guard,
    /// if a holder panicked.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        self.try_lock_as(How::EXCLUSIVE, Location::caller())
    }

    /// [`try_lock`](Self::try_lock), at the nesting level that `how` says.
    pub(in crate::locks) fn try_lock_as(
        &self,
        how: How,
        site: &'static Location<'static>,
    ) -> TryLockResult<MutexGuard<'_, T>> {
        let how = how.trylock();
        event::before_try(&self.map, how, describe::<T>, site);
        match self.inner.try_lock() {
            Ok(inner) => Ok(self.guard(inner, how, site)),
            Err(TryLockError::Poisoned(poisoned)) => Err(TryLockError::Poisoned(PoisonError::new(
                self.guard(poisoned.into_inner(), how, site),
            ))),
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
        }
    }

    /// [`lock`](Self::lock) under the nest lock `nest`.
    pub(in crate::locks) fn lock_under<N: Tracked + ?Sized>(
        &self,
        nest: &N,
        site: &'static Location<'static>,
    ) -> LockResult<MutexGuard<'_, T>> {
        event::before_acquire_nested(&self.map, How::EXCLUSIVE, nest, describe::<T>, site);
        match self.inner.lock() {
            Ok(inner) => Ok(self.guard(inner, How::EXCLUSIVE, site)),
            Err(poisoned) => {
                Err(PoisonError::new(self.guard(poisoned.into_inner(), How::EXCLUSIVE, site)))
            }
        }
    }

    /// Whether a holder panicked since the poison was last cleared.
    #[inline]
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Clears the poison, for a caller that has put the payload right.
    #[inline]
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }

    /// Gives the payload back. Records nothing: nobody else can hold the mutex.
    ///
    /// # Errors
    ///
    /// If a holder panicked; the error holds the payload.
    pub fn into_inner(self) -> LockResult<T>
    where
        T: Sized,
    {
        self.inner.into_inner()
    }

    /// The payload, reached without locking. Records nothing: nobody else can hold the mutex.
    ///
    /// # Errors
    ///
    /// If a holder panicked; the error holds the reference.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }

    /// Joins the real guard, just obtained, to the record of it.
    #[inline]
    fn guard<'a>(
        &'a self,
        inner: std::sync::MutexGuard<'a, T>,
        how: How,
        site: &'static Location<'static>,
    ) -> MutexGuard<'a, T> {
        MutexGuard { held: Held::new(&self.map, how, site), inner }
    }
}

impl<T: ?Sized> Tracked for Mutex<T> {
    fn map(&self) -> Option<&Map> {
        Some(&self.map)
    }

    fn describe() -> Description {
        describe::<T>()
    }
}

impl<T> From<T> for Mutex<T> {
    /// As [`Mutex::new`]; the class is the place of this call.
    #[track_caller]
    fn from(value: T) -> Self {
        Mutex::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    /// A mutex of the payload's default; the class is the place of this call.
    #[inline(always)]
    #[track_caller]
    fn default() -> Self {
        lockdep::told_apart(Mutex::new(T::default()))
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    /// The text of the real mutex. Records nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`std::sync::MutexGuard`], tracked: dropping it records the release, then unlocks.
#[must_use = "a guard that is dropped at once leaves the mutex unlocked"]
#[clippy::has_significant_drop]
pub struct MutexGuard<'a, T: ?Sized> {
    // First, so that the release is recorded before the real unlock.
    held: Held<'a>,
    inner: std::sync::MutexGuard<'a, T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The guard in two halves, for a wait. They must go away in this order.
    pub(super) fn into_parts(self) -> (Held<'a>, std::sync::MutexGuard<'a, T>) {
        (self.held, self.inner)
    }

    /// The guard that a wait gives back.
    pub(super) fn from_parts(held: Held<'a>, inner: std::sync::MutexGuard<'a, T>) -> Self {
        MutexGuard { held, inner }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
