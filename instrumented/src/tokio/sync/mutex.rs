//! The mutex of tokio, tracked.

use std::any::type_name;
use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use lockdep::{Description, How, Map, Tracked, Traits};

use super::core::{Core, Hold, Lock, Request, Site};
use super::mutex_guard::MutexGuard;
use super::owned_mutex_guard::OwnedMutexGuard;
use super::real::sync::{Mutex as RealMutex, TryLockError};

/// What reports call a mutex of `T`.
fn describe<T: ?Sized>() -> Description {
    Description::new("Mutex", type_name::<T>()).with_traits(Traits::AWAITED)
}

/// An exclusive acquire at `site`.
fn request<T: ?Sized>(site: Site) -> Request {
    Request { permits: 1, how: How::EXCLUSIVE, describe: describe::<T>, site, is_owned: false }
}

/// [`tokio::sync::Mutex`](::tokio::sync::Mutex), tracked.
///
/// # Tracking
///
/// [`lock`](Self::lock) is an exclusive acquire, checked when its future is first polled. Holding it
/// across an `.await` is what it is made for. The attempts are recorded if they succeed.
pub struct Mutex<T: ?Sized> {
    core: Core,
    // Last, so that a mutex of a sized payload coerces to one of an unsized payload.
    data: UnsafeCell<T>,
}

// SAFETY: whoever has the mutex has the payload, which can be sent.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: the mutex hands its payload to one task at a time, which may be of any thread.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T: ?Sized> Mutex<T> {
    /// Creates an unlocked mutex; the place of this call is its class, together with `T`.
    #[track_caller]
    pub fn new(t: T) -> Self
    where
        T: Sized,
    {
        Mutex { core: Core::new(1), data: UnsafeCell::new(t) }
    }

    /// [`new`](Self::new) in constants.
    #[cfg(any(not(before = "1.30"), feature = "parking_lot"))]
    #[track_caller]
    pub const fn const_new(t: T) -> Self
    where
        T: Sized,
    {
        Mutex { core: Core::const_new(1), data: UnsafeCell::new(t) }
    }

    /// Waits until the mutex is free and locks it. Who comes first is served first.
    ///
    /// # Panics
    ///
    /// The future panics if the acquire breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        let site = Location::caller();
        async move {
            self.core.acquire(request::<T>(site)).await.unwrap_or_else(|_| never_closed());
            MutexGuard::new(Hold::new(self, 1))
        }
    }

    /// Waits until the mutex is free and locks it; the guard keeps it alive.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>> {
        let site = Location::caller();
        async move {
            self.core.acquire(request::<T>(site).owned()).await.unwrap_or_else(|_| never_closed());
            OwnedMutexGuard::new(Hold::new(self, 1))
        }
    }

    /// Blocks the thread until the mutex is free and locks it.
    ///
    /// # Panics
    ///
    /// If the thread runs tasks, or as [`lock`](Self::lock).
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        let request = request::<T>(Location::caller());
        self.core.acquire_blocking(request).unwrap_or_else(|_| never_closed());
        MutexGuard::new(Hold::new(self, 1))
    }

    /// Blocks the thread until the mutex is free and locks it; the guard keeps it alive.
    ///
    /// # Panics
    ///
    /// As [`blocking_lock`](Self::blocking_lock).
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        let request = request::<T>(Location::caller()).owned();
        self.core.acquire_blocking(request).unwrap_or_else(|_| never_closed());
        OwnedMutexGuard::new(Hold::new(self, 1))
    }

    /// Locks the mutex if that needs no waiting.
    ///
    /// # Errors
    ///
    /// If it is locked or promised to another task.
    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        let taken = self.core.try_acquire(request::<T>(Location::caller()));
        taken.map_err(|_| would_block())?;
        Ok(MutexGuard::new(Hold::new(self, 1)))
    }

    /// Locks the mutex if that needs no waiting; the guard keeps it alive.
    ///
    /// # Errors
    ///
    /// As [`try_lock`](Self::try_lock).
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        let taken = self.core.try_acquire(request::<T>(Location::caller()).owned());
        taken.map_err(|_| would_block())?;
        Ok(OwnedMutexGuard::new(Hold::new(self, 1)))
    }

    /// The payload, reached without locking. Records nothing: nobody else can hold the mutex.
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Gives the payload back. Records nothing: nobody else can hold the mutex.
    pub fn into_inner(self) -> T
    where
        T: Sized,
    {
        self.data.into_inner()
    }

    /// Where the payload is; to be used by who holds the mutex.
    pub(super) fn data(&self) -> *mut T {
        self.data.get()
    }
}

/// Nobody can close the semaphore of a lock.
#[cold]
pub(super) fn never_closed() {
    unreachable!("the semaphore of a lock is never closed")
}

/// What an attempt says that failed: only tokio can make one.
#[cold]
pub(super) fn would_block() -> TryLockError {
    let locked = RealMutex::new(());
    let guard = locked.try_lock();
    let Err(error) = locked.try_lock() else { unreachable!("the mutex is locked") };
    drop(guard);
    error
}

impl<T: ?Sized> Lock for Mutex<T> {
    fn core(&self) -> &Core {
        &self.core
    }
}

impl<T: ?Sized> Tracked for Mutex<T> {
    fn map(&self) -> Option<&Map> {
        Some(self.core.map())
    }

    fn describe() -> Description {
        describe::<T>()
    }
}

impl<T> From<T> for Mutex<T> {
    /// As [`Mutex::new`]; the class is the place of this call.
    #[track_caller]
    fn from(s: T) -> Self {
        Mutex::new(s)
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
        let mut text = f.debug_struct("Mutex");
        match self.core.semaphore().try_acquire() {
            // SAFETY: the permit is the only one.
            Ok(_permit) => text.field("data", &unsafe { &*self.data() }),
            Err(_) => text.field("data", &format_args!("<locked>")),
        };
        text.finish()
    }
}
