//! The reader-writer lock of tokio, tracked.

use std::any::type_name;
use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use lockdep::{Description, How, Map, Tracked, Traits};

use super::core::{Core, Hold, Lock, Request, Site};
use super::mutex::{never_closed, would_block};
use super::owned_rwlock_guard::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
use super::real::sync::TryLockError;
use super::rwlock_guard::{RwLockReadGuard, RwLockWriteGuard};

/// How many readers there can be at most, and are unless less is asked for.
const MAX_READS: u32 = u32::MAX >> 3;

/// What reports call a reader-writer lock of `T`.
fn describe<T: ?Sized>() -> Description {
    Description::new("RwLock", type_name::<T>()).with_traits(Traits::AWAITED)
}

/// [`tokio::sync::RwLock`](::tokio::sync::RwLock), tracked.
///
/// # Tracking
///
/// [`write`](Self::write) is an exclusive acquire, [`read`](Self::read) one that queues behind
/// waiting writers, so that a second one by the same task can hang. Both are checked when their
/// future is first polled. The attempts are recorded if they succeed. That there is a limit to the
/// number of readers plays no part.
pub struct RwLock<T: ?Sized> {
    core: Core,
    /// How many permits a writer takes: all.
    max_reads: u32,
    // Last, so that a lock of a sized payload coerces to one of an unsized payload.
    data: UnsafeCell<T>,
}

// SAFETY: whoever has the lock has the payload, which can be sent.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: the payload is shared and handed from task to task, which may be of any thread.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T: ?Sized> RwLock<T> {
    /// Creates an unlocked lock; the place of this call is its class, together with `T`.
    #[track_caller]
    pub fn new(value: T) -> RwLock<T>
    where
        T: Sized,
    {
        RwLock::with_max_readers(value, MAX_READS)
    }

    /// Creates an unlocked lock for at most `max_reads` readers at a time; the place of this call is
    /// its class, together with `T`.
    ///
    /// # Panics
    ///
    /// If `max_reads` is 0 or more than `u32::MAX >> 3`.
    #[track_caller]
    pub fn with_max_readers(value: T, max_reads: u32) -> RwLock<T>
    where
        T: Sized,
    {
        assert_ne!(max_reads, 0, "a RwLock may not be created with 0 readers");
        assert!(
            max_reads <= MAX_READS,
            "a RwLock may not be created with more than {MAX_READS} readers"
        );
        RwLock { core: Core::new(max_reads as usize), max_reads, data: UnsafeCell::new(value) }
    }

    /// [`new`](Self::new) in constants.
    #[cfg(any(not(before = "1.30"), feature = "parking_lot"))]
    #[track_caller]
    pub const fn const_new(value: T) -> RwLock<T>
    where
        T: Sized,
    {
        RwLock::const_with_max_readers(value, MAX_READS)
    }

    /// [`with_max_readers`](Self::with_max_readers) in constants.
    ///
    /// # Panics
    ///
    /// If `max_reads` is 0 or more than `u32::MAX >> 3`.
    #[cfg(any(not(before = "1.30"), feature = "parking_lot"))]
    #[track_caller]
    pub const fn const_with_max_readers(value: T, max_reads: u32) -> RwLock<T>
    where
        T: Sized,
    {
        assert!(max_reads != 0, "a RwLock may not be created with 0 readers");
        assert!(max_reads <= MAX_READS);
        let core = Core::const_new(max_reads as usize);
        RwLock { core, max_reads, data: UnsafeCell::new(value) }
    }

    fn reading(&self, site: Site) -> Request {
        Request { permits: 1, how: How::SHARED, describe: describe::<T>, site, is_owned: false }
    }

    fn writing(&self, site: Site) -> Request {
        Request {
            permits: self.max_reads,
            how: How::EXCLUSIVE,
            describe: describe::<T>,
            site,
            is_owned: false,
        }
    }

    /// Waits until no writer holds the lock or came before, and takes it for reading.
    ///
    /// # Panics
    ///
    /// The future panics if the acquire breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn read(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        let request = self.reading(Location::caller());
        async move {
            self.core.acquire(request).await.unwrap_or_else(|_| never_closed());
            RwLockReadGuard::new(Hold::new(self, 1))
        }
    }

    /// [`read`](Self::read); the guard keeps the lock alive.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockReadGuard<T>> {
        let request = self.reading(Location::caller()).owned();
        async move {
            self.core.acquire(request).await.unwrap_or_else(|_| never_closed());
            OwnedRwLockReadGuard::new(Hold::new(self, 1))
        }
    }

    /// [`read`](Self::read), blocking the thread.
    ///
    /// # Panics
    ///
    /// If the thread runs tasks, or as [`read`](Self::read).
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        let request = self.reading(Location::caller());
        self.core.acquire_blocking(request).unwrap_or_else(|_| never_closed());
        RwLockReadGuard::new(Hold::new(self, 1))
    }

    /// Takes the lock for reading if that needs no waiting.
    ///
    /// # Errors
    ///
    /// If a writer holds the lock or waits for it, or there are readers enough.
    #[track_caller]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        let taken = self.core.try_acquire(self.reading(Location::caller()));
        taken.map_err(|_| would_block())?;
        Ok(RwLockReadGuard::new(Hold::new(self, 1)))
    }

    /// [`try_read`](Self::try_read); the guard keeps the lock alive.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    #[track_caller]
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        let taken = self.core.try_acquire(self.reading(Location::caller()).owned());
        taken.map_err(|_| would_block())?;
        Ok(OwnedRwLockReadGuard::new(Hold::new(self, 1)))
    }

    /// Waits until nobody holds the lock and takes it for writing.
    ///
    /// # Panics
    ///
    /// The future panics if the acquire breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        let request = self.writing(Location::caller());
        async move {
            self.core.acquire(request).await.unwrap_or_else(|_| never_closed());
            RwLockWriteGuard::new(Hold::new(self, self.max_reads))
        }
    }

    /// [`write`](Self::write); the guard keeps the lock alive.
    ///
    /// # Panics
    ///
    /// As [`write`](Self::write).
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockWriteGuard<T>> {
        let request = self.writing(Location::caller()).owned();
        async move {
            self.core.acquire(request).await.unwrap_or_else(|_| never_closed());
            let permits = self.max_reads;
            OwnedRwLockWriteGuard::new(Hold::new(self, permits))
        }
    }

    /// [`write`](Self::write), blocking the thread.
    ///
    /// # Panics
    ///
    /// If the thread runs tasks, or as [`write`](Self::write).
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        let request = self.writing(Location::caller());
        self.core.acquire_blocking(request).unwrap_or_else(|_| never_closed());
        RwLockWriteGuard::new(Hold::new(self, self.max_reads))
    }

    /// Takes the lock for writing if that needs no waiting.
    ///
    /// # Errors
    ///
    /// If anybody holds the lock.
    #[track_caller]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        let taken = self.core.try_acquire(self.writing(Location::caller()));
        taken.map_err(|_| would_block())?;
        Ok(RwLockWriteGuard::new(Hold::new(self, self.max_reads)))
    }

    /// [`try_write`](Self::try_write); the guard keeps the lock alive.
    ///
    /// # Errors
    ///
    /// As [`try_write`](Self::try_write).
    #[track_caller]
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        let taken = self.core.try_acquire(self.writing(Location::caller()).owned());
        taken.map_err(|_| would_block())?;
        let permits = self.max_reads;
        Ok(OwnedRwLockWriteGuard::new(Hold::new(self, permits)))
    }

    /// The payload, reached without locking. Records nothing: nobody else can hold the lock.
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Gives the payload back. Records nothing: nobody else can hold the lock.
    pub fn into_inner(self) -> T
    where
        T: Sized,
    {
        self.data.into_inner()
    }

    /// Where the payload is; to be used by who holds the lock.
    pub(super) fn data(&self) -> *mut T {
        self.data.get()
    }
}

impl<T: ?Sized> Lock for RwLock<T> {
    fn core(&self) -> &Core {
        &self.core
    }
}

impl<T: ?Sized> Tracked for RwLock<T> {
    fn map(&self) -> Option<&Map> {
        Some(self.core.map())
    }

    fn describe() -> Description {
        describe::<T>()
    }
}

impl<T> From<T> for RwLock<T> {
    /// As [`RwLock::new`]; the class is the place of this call.
    #[track_caller]
    fn from(s: T) -> Self {
        RwLock::new(s)
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
        let mut text = f.debug_struct("RwLock");
        match self.core.semaphore().try_acquire() {
            // SAFETY: a permit keeps writers away.
            Ok(_permit) => text.field("data", &unsafe { &*self.data() }),
            Err(_) => text.field("data", &format_args!("<locked>")),
        };
        text.finish()
    }
}
