//! The mutex.

use std::any::type_name;
use std::cell::UnsafeCell;
use std::fmt;
use std::panic::Location;
use std::ptr;
use std::sync::Arc;

use lockdep::{Description, How, Map, Tracked, Traits};

use super::super::awaited::{Acquire, Site};
use super::super::real::lock as real;
use super::guard::{MutexGuard, OwnedMutexGuard};
use super::wait::{MutexLockFuture, OwnedMutexLockFuture};

/// What reports call a mutex of `T`.
fn describe<T: ?Sized>() -> Description {
    Description::new("Mutex", type_name::<T>()).with_traits(Traits::AWAITED)
}

/// An acquire at `site`.
pub(super) fn acquire<T: ?Sized>(site: Site) -> Acquire {
    Acquire::new(How::EXCLUSIVE, describe::<T>, site)
}

/// The mutex of `futures`, tracked.
///
/// # Tracking
///
/// [`lock`](Self::lock) is an exclusive acquire, checked when its future is first polled. Holding it
/// across an `.await` is what it is made for. The attempts are recorded if they succeed.
pub struct Mutex<T: ?Sized> {
    map: Map,
    inner: real::Mutex<()>,
    // Last, so that a mutex of a sized payload coerces to one of an unsized payload.
    data: UnsafeCell<T>,
}

// SAFETY: whoever has the mutex has the payload, which can be sent.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: the mutex hands its payload to one task at a time, which may be of any thread.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// Creates an unlocked mutex; the place of this call is its class, together with `T`.
    #[cfg(before = "0.3.32")]
    #[track_caller]
    pub fn new(t: T) -> Self {
        Mutex { map: Map::new(), inner: real::Mutex::new(()), data: UnsafeCell::new(t) }
    }

    /// Creates an unlocked mutex; the place of this call is its class, together with `T`.
    #[cfg(not(before = "0.3.32"))]
    #[track_caller]
    pub const fn new(t: T) -> Self {
        Mutex { map: Map::new(), inner: real::Mutex::new(()), data: UnsafeCell::new(t) }
    }

    /// Gives the payload back. Records nothing: nobody else can hold the mutex.
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks the mutex if nobody holds it.
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let acquire = acquire::<T>(Location::caller());
        let hold = acquire.attempt(&self.map, || self.inner.try_lock())?;
        Some(MutexGuard::new(self, hold))
    }

    /// Locks the mutex if nobody holds it; the guard keeps it alive.
    #[track_caller]
    pub fn try_lock_owned(self: &Arc<Self>) -> Option<OwnedMutexGuard<T>> {
        let (map, inner) = self.kept();
        let acquire = acquire::<T>(Location::caller()).owned();
        let hold = acquire.attempt(map, || inner.try_lock())?;
        Some(OwnedMutexGuard::new(Arc::clone(self), hold))
    }

    /// Waits until nobody holds the mutex and locks it.
    ///
    /// # Panics
    ///
    /// The future panics if the acquire breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn lock(&self) -> MutexLockFuture<'_, T> {
        MutexLockFuture::new(self, Location::caller())
    }

    /// Waits until nobody holds the mutex and locks it; the guard keeps it alive.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> OwnedMutexLockFuture<T> {
        OwnedMutexLockFuture::new(self, Location::caller())
    }

    /// The payload, reached without locking. Records nothing: nobody else can hold the mutex.
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    pub(super) fn inner(&self) -> &real::Mutex<()> {
        &self.inner
    }

    pub(super) fn tracked(&self) -> &Map {
        &self.map
    }

    /// Where the payload is; to be used by who holds the mutex.
    pub(super) fn data(&self) -> *mut T {
        self.data.get()
    }

    /// The map and the real mutex, for as long as somebody keeps a counted pointer to this one, which
    /// the caller sees to.
    pub(super) fn kept(self: &Arc<Self>) -> (&'static Map, &'static real::Mutex<()>) {
        let (map, inner) = (ptr::from_ref(&self.map), ptr::from_ref(&self.inner));
        // SAFETY: what borrows is kept beside a counted pointer, and dropped before that.
        let map = unsafe { &*map };
        // SAFETY: as above.
        (map, unsafe { &*inner })
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
    fn from(t: T) -> Self {
        Mutex::new(t)
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

impl<T: ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
