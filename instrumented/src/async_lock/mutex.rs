//! The mutex of `async_lock`, tracked.

use std::any::type_name;
use std::cell::UnsafeCell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use lockdep::{Description, How, Map, Tracked, Traits};

use super::awaited::{Acquire, Site};
use super::core::Core;
use super::futures::{Lock, LockArc};
use super::mutex_guard::{MutexGuard, MutexGuardArc};
use super::real::Mutex as RealMutex;

/// What reports call a mutex of `T`.
fn describe<T: ?Sized>() -> Description {
    Description::new("Mutex", type_name::<T>()).with_traits(Traits::AWAITED)
}

/// An acquire at `site`.
fn acquire<T: ?Sized>(site: Site) -> Acquire {
    Acquire::new(How::EXCLUSIVE, describe::<T>, site)
}

/// The mutex of `async_lock`, tracked.
///
/// # Tracking
///
/// [`lock`](Self::lock) is an exclusive acquire, checked when its future is first polled. Holding it
/// across an `.await` is what it is made for. The attempts are recorded if they succeed.
pub struct Mutex<T: ?Sized> {
    core: Core<RealMutex<()>>,
    // Last, so that a mutex of a sized payload coerces to one of an unsized payload.
    data: UnsafeCell<T>,
}

// SAFETY: whoever has the mutex has the payload, which can be sent.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: the mutex hands its payload to one task at a time, which may be of any thread.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// Creates an unlocked mutex; the place of this call is its class, together with `T`.
    #[track_caller]
    pub const fn new(data: T) -> Mutex<T> {
        Mutex { core: Core::new(RealMutex::new(())), data: UnsafeCell::new(data) }
    }

    /// Gives the payload back. Records nothing: nobody else can hold the mutex.
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until the mutex is free and locks it.
    ///
    /// # Panics
    ///
    /// The future panics if the acquire breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn lock(&self) -> Lock<'_, T> {
        Lock::new(acquire::<T>(Location::caller()), &self.core, self)
    }

    /// Blocks the thread until the mutex is free and locks it.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    #[track_caller]
    pub fn lock_blocking(&self) -> MutexGuard<'_, T> {
        let acquire = acquire::<T>(Location::caller());
        let real = self.core.real();
        let hold = acquire.block(self.core.map(), || real.try_lock(), || real.lock_blocking());
        MutexGuard::new(hold, self)
    }

    /// Locks the mutex if nobody holds it.
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let acquire = acquire::<T>(Location::caller());
        let hold = acquire.attempt(self.core.map(), || self.core.real().try_lock())?;
        Some(MutexGuard::new(hold, self))
    }

    /// [`lock`](Self::lock); the guard keeps the mutex alive.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    #[track_caller]
    pub fn lock_arc(self: &Arc<Self>) -> LockArc<T> {
        // SAFETY: the future keeps a counted pointer beside it, and so does the guard.
        let core = unsafe { self.core.kept() };
        LockArc::new(acquire::<T>(Location::caller()).owned(), core, Arc::clone(self))
    }

    /// [`lock_blocking`](Self::lock_blocking); the guard keeps the mutex alive.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    #[track_caller]
    pub fn lock_arc_blocking(self: &Arc<Self>) -> MutexGuardArc<T> {
        let acquire = acquire::<T>(Location::caller()).owned();
        // SAFETY: the guard keeps a counted pointer beside it.
        let core = unsafe { self.core.kept() };
        let real = core.real();
        let hold = acquire.block(core.map(), || real.try_lock(), || real.lock_blocking());
        MutexGuardArc::new(hold, Arc::clone(self))
    }

    /// [`try_lock`](Self::try_lock); the guard keeps the mutex alive.
    #[track_caller]
    pub fn try_lock_arc(self: &Arc<Self>) -> Option<MutexGuardArc<T>> {
        let acquire = acquire::<T>(Location::caller()).owned();
        // SAFETY: the guard keeps a counted pointer beside it.
        let core = unsafe { self.core.kept() };
        let hold = acquire.attempt(core.map(), || core.real().try_lock())?;
        Some(MutexGuardArc::new(hold, Arc::clone(self)))
    }

    /// The payload, reached without locking. Records nothing: nobody else can hold the mutex.
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Where the payload is; to be used by who holds the mutex.
    pub(super) fn data(&self) -> *mut T {
        self.data.get()
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
    fn from(val: T) -> Mutex<T> {
        Mutex::new(val)
    }
}

impl<T: Default> Default for Mutex<T> {
    /// A mutex of the payload's default; the class is the place of this call.
    #[inline(always)]
    #[track_caller]
    fn default() -> Mutex<T> {
        lockdep::told_apart(Mutex::new(T::default()))
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    /// The text of the real mutex. Records nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Mutex");
        match self.core.real().try_lock() {
            // SAFETY: the mutex is locked.
            Some(_guard) => text.field("data", &unsafe { &*self.data() }),
            None => text.field("data", &format_args!("<locked>")),
        };
        text.finish()
    }
}
