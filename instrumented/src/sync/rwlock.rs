//! [`std::sync::RwLock`] and its guards, tracked.

use std::any::type_name;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use lockdep::{Description, How, Map, Tracked, event};

use crate::locks::held::Held;

/// What reports call a reader-writer lock of `T`.
fn describe<T: ?Sized>() -> Description {
    Description::new("RwLock", type_name::<T>())
}

/// [`std::sync::RwLock`], tracked.
///
/// # Tracking
///
/// [`write`](Self::write) is an exclusive acquire, [`read`](Self::read) a shared one: the standard
/// library's readers queue behind a waiting writer, so a second read by one task can hang. Both
/// are checked before they block; [`try_read`](Self::try_read) and [`try_write`](Self::try_write)
/// are recorded if they succeed. The guard's drop is the release.
pub struct RwLock<T: ?Sized> {
    map: Map,
    // Last, so that a lock of a sized payload coerces to one of an unsized payload.
    inner: std::sync::RwLock<T>,
}

impl<T> RwLock<T> {
    /// Creates an unlocked lock.
    ///
    /// # Tracking
    ///
    /// The place of this call is the lock's class, together with `T`.
    #[inline]
    #[track_caller]
    pub const fn new(value: T) -> Self {
        RwLock { map: Map::new(), inner: std::sync::RwLock::new(value) }
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until no writer holds the lock or is before us in the queue, and takes it for reading.
    ///
    /// # Errors
    ///
    /// If a writer panicked; the error holds the guard.
    ///
    /// # Panics
    ///
    /// If the acquire breaks a rule and the tracker is told to panic, or for the real lock's
    /// reasons; the lock is then not taken.
    #[track_caller]
    #[inline(always)]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        self.read_as(How::SHARED, Location::caller())
    }

    /// [`read`](Self::read), at the nesting level that `how` says.
    #[inline(always)]
    pub(in crate::locks) fn read_as(
        &self,
        how: How,
        site: &'static Location<'static>,
    ) -> LockResult<RwLockReadGuard<'_, T>> {
        let held = Held::acquire(&self.map, how, describe::<T>, site);
        let inner = match self.inner.try_read() {
            Ok(inner) => inner,
            Err(error) => match self.read_slow(&held, error, how, site) {
                Ok(inner) => inner,
                Err(poisoned) => {
                    let inner = poisoned.into_inner();
                    return Err(PoisonError::new(RwLockReadGuard { _held: held, inner }));
                }
            },
        };
        Ok(RwLockReadGuard { _held: held, inner })
    }

    /// The real guard, when the real lock has to be waited for or is poisoned.
    #[cold]
    fn read_slow<'a>(
        &'a self,
        held: &Held<'a>,
        error: TryLockError<std::sync::RwLockReadGuard<'a, T>>,
        how: How,
        site: &'static Location<'static>,
    ) -> LockResult<std::sync::RwLockReadGuard<'a, T>> {
        match error {
            TryLockError::Poisoned(poisoned) => Err(poisoned),
            TryLockError::WouldBlock => held.contended(how, site, || self.inner.read()),
        }
    }

    /// Takes the lock for reading if that needs no waiting.
    ///
    /// # Errors
    ///
    /// [`TryLockError::WouldBlock`] if a writer holds it; [`TryLockError::Poisoned`], with the
    /// guard, if a writer panicked.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        self.try_read_as(How::SHARED, Location::caller())
    }

    /// [`try_read`](Self::try_read), at the nesting level that `how` says.
    pub(in crate::locks) fn try_read_as(
        &self,
        how: How,
        site: &'static Location<'static>,
    ) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let how = how.trylock();
        event::before_try(&self.map, how, describe::<T>, site);
        match self.inner.try_read() {
            Ok(inner) => Ok(self.reader(inner, how, site)),
            Err(TryLockError::Poisoned(poisoned)) => Err(TryLockError::Poisoned(PoisonError::new(
                self.reader(poisoned.into_inner(), how, site),
            ))),
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
        }
    }

    /// [`read`](Self::read) under the nest lock `nest`.
    pub(in crate::locks) fn read_under<N: Tracked + ?Sized>(
        &self,
        nest: &N,
        site: &'static Location<'static>,
    ) -> LockResult<RwLockReadGuard<'_, T>> {
        event::before_acquire_nested(&self.map, How::SHARED, nest, describe::<T>, site);
        match self.inner.read() {
            Ok(inner) => Ok(self.reader(inner, How::SHARED, site)),
            Err(poisoned) => {
                Err(PoisonError::new(self.reader(poisoned.into_inner(), How::SHARED, site)))
            }
        }
    }

    /// Waits until nobody holds the lock and takes it for writing.
    ///
    /// # Errors
    ///
    /// If a writer panicked; the error holds the guard.
    ///
    /// # Panics
    ///
    /// If the acquire breaks a rule and the tracker is told to panic, or for the real lock's
    /// reasons; the lock is then not taken.
    #[track_caller]
    #[inline(always)]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        self.write_as(How::EXCLUSIVE, Location::caller())
    }

    /// [`write`](Self::write), at the nesting level that `how` says.
    #[inline(always)]
    pub(in crate::locks) fn write_as(
        &self,
        how: How,
        site: &'static Location<'static>,
    ) -> LockResult<RwLockWriteGuard<'_, T>> {
        let held = Held::acquire(&self.map, how, describe::<T>, site);
        let inner = match self.inner.try_write() {
            Ok(inner) => inner,
            Err(error) => match self.write_slow(&held, error, how, site) {
                Ok(inner) => inner,
                Err(poisoned) => {
                    let inner = poisoned.into_inner();
                    return Err(PoisonError::new(RwLockWriteGuard { held, inner }));
                }
            },
        };
        Ok(RwLockWriteGuard { held, inner })
    }

    /// The real guard, when the real lock has to be waited for or is poisoned.
    #[cold]
    fn write_slow<'a>(
        &'a self,
        held: &Held<'a>,
        error: TryLockError<std::sync::RwLockWriteGuard<'a, T>>,
        how: How,
        site: &'static Location<'static>,
    ) -> LockResult<std::sync::RwLockWriteGuard<'a, T>> {
        match error {
            TryLockError::Poisoned(poisoned) => Err(poisoned),
            TryLockError::WouldBlock => held.contended(how, site, || self.inner.write()),
        }
    }

    /// Takes the lock for writing if that needs no waiting.
    ///
    /// # Errors
    ///
    /// [`TryLockError::WouldBlock`] if anybody holds it; [`TryLockError::Poisoned`], with the
    /// guard, if a writer panicked.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        self.try_write_as(How::EXCLUSIVE, Location::caller())
    }

    /// [`try_write`](Self::try_write), at the nesting level that `how` says.
    pub(in crate::locks) fn try_write_as(
        &self,
        how: How,
        site: &'static Location<'static>,
    ) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let how = how.trylock();
        event::before_try(&self.map, how, describe::<T>, site);
        match self.inner.try_write() {
            Ok(inner) => Ok(self.writer(inner, how, site)),
            Err(TryLockError::Poisoned(poisoned)) => Err(TryLockError::Poisoned(PoisonError::new(
                self.writer(poisoned.into_inner(), how, site),
            ))),
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
        }
    }

    /// [`write`](Self::write) under the nest lock `nest`.
    pub(in crate::locks) fn write_under<N: Tracked + ?Sized>(
        &self,
        nest: &N,
        site: &'static Location<'static>,
    ) -> LockResult<RwLockWriteGuard<'_, T>> {
        event::before_acquire_nested(&self.map, How::EXCLUSIVE, nest, describe::<T>, site);
        match self.inner.write() {
            Ok(inner) => Ok(self.writer(inner, How::EXCLUSIVE, site)),
            Err(poisoned) => {
                Err(PoisonError::new(self.writer(poisoned.into_inner(), How::EXCLUSIVE, site)))
            }
        }
    }

    /// Whether a writer panicked since the poison was last cleared.
    #[inline]
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Clears the poison, for a caller that has put the payload right.
    #[inline]
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }

    /// Gives the payload back. Records nothing: nobody else can hold the lock.
    ///
    /// # Errors
    ///
    /// If a writer panicked; the error holds the payload.
    pub fn into_inner(self) -> LockResult<T>
    where
        T: Sized,
    {
        self.inner.into_inner()
    }

    /// The payload, reached without locking. Records nothing: nobody else can hold the lock.
    ///
    /// # Errors
    ///
    /// If a writer panicked; the error holds the reference.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }

    /// Joins the real read guard, just obtained, to the record of it.
    #[inline]
    fn reader<'a>(
        &'a self,
        inner: std::sync::RwLockReadGuard<'a, T>,
        how: How,
        site: &'static Location<'static>,
    ) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard { _held: Held::new(&self.map, how, site), inner }
    }

    /// Joins the real write guard, just obtained, to the record of it.
    #[inline]
    fn writer<'a>(
        &'a self,
        inner: std::sync::RwLockWriteGuard<'a, T>,
        how: How,
        site: &'static Location<'static>,
    ) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard { held: Held::new(&self.map, how, site), inner }
    }
}

impl<T: ?Sized> Tracked for RwLock<T> {
    fn map(&self) -> Option<&Map> {
        Some(&self.map)
    }

    fn describe() -> Description {
        describe::<T>()
    }
}

impl<T> From<T> for RwLock<T> {
    /// As [`RwLock::new`]; the class is the place of this call.
    #[track_caller]
    fn from(value: T) -> Self {
        RwLock::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    /// A lock of the payload's default; the class is the place of this call.
    #[inline(always)]
    #[track_caller]
    fn default() -> Self {
        lockdep::told_apart(RwLock::new(T::default()))
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    /// The text of the real lock. Records nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`std::sync::RwLockReadGuard`], tracked: dropping it records the release, then unlocks.
#[must_use = "a guard that is dropped at once leaves the lock unlocked"]
#[clippy::has_significant_drop]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    // First, so that the release is recorded before the real unlock.
    _held: Held<'a>,
    inner: std::sync::RwLockReadGuard<'a, T>,
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`std::sync::RwLockWriteGuard`], tracked: dropping it records the release, then unlocks.
#[must_use = "a guard that is dropped at once leaves the lock unlocked"]
#[clippy::has_significant_drop]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    // First, so that the release is recorded before the real unlock.
    held: Held<'a>,
    inner: std::sync::RwLockWriteGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Turns the write into a read with no moment in between at which the lock is free.
    ///
    /// # Tracking
    ///
    /// The lock stays where it is on the held stack and is shared from now on.
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let RwLockWriteGuard { held, inner } = guard;
        held.downgrade();
        let inner = std::sync::RwLockWriteGuard::downgrade(inner);
        RwLockReadGuard { _held: held, inner }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
