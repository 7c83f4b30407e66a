//! The semaphore of tokio, tracked.
//!
//! A semaphore of *n* permits is a lock that *n* may hold. Who waits for one permit waits for any of
//! the holders, so a circle through a semaphore needs as many tasks that are stuck with a permit as
//! it takes to use up all of them, and how many tasks will ever be there at one time nobody knows.
//! Reported is what needs no such guess:
//!
//! * Who takes all permits at once, of one or of many, keeps everybody out: an exclusive hold.
//! * Who takes some is a reader: it keeps out, and waits for, only those who want all; those who come
//!   later queue behind them.
//!
//! So a circle through a semaphore of one permit is a circle of locks, and so is one with a task that
//! takes all permits of a larger one. One in which all parties take fewer than all is not reported,
//! even if the right number of tasks could be caught in it.
//!
//! A semaphore whose number of permits changes is no lock, but counts events: somebody adds a permit
//! that another has forgotten, or that never was. Nobody is ever taken to hold all of it.

use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use lockdep::{Description, How, Map, Tracked, Traits};

use super::blocking;
use super::core::{Core, Request, Site};
use super::real::sync::{AcquireError, Semaphore as RealSemaphore, TryAcquireError};

/// What reports call a semaphore.
fn describe() -> Description {
    Description::new("Semaphore", "").with_traits(Traits::AWAITED)
}

/// [`tokio::sync::Semaphore`](::tokio::sync::Semaphore), tracked.
///
/// # Tracking
///
/// Taking all of the permits that the semaphore was made with is an exclusive acquire, taking fewer
/// a shared one that queues behind such, and taking none is nothing. Once permits were added or
/// forgotten, every acquire is a shared one. A forgotten permit is held by nobody.
pub struct Semaphore {
    core: Core,
    /// How many permits it was made with.
    permits: usize,
    /// Whether it has another number of permits now, or had. Relaxed: it decides how the next acquire
    /// is seen, and orders nothing.
    is_counter: AtomicBool,
}

impl Semaphore {
    /// The largest number of permits.
    #[cfg(not(before = "1.22"))]
    pub const MAX_PERMITS: usize = RealSemaphore::MAX_PERMITS;

    /// Creates a semaphore; the place of this call is its class.
    ///
    /// # Panics
    ///
    /// If `permits` is more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        Semaphore { core: Core::new(permits), permits, is_counter: AtomicBool::new(false) }
    }

    /// [`new`](Self::new) in constants.
    #[cfg(any(not(before = "1.30"), feature = "parking_lot"))]
    #[track_caller]
    pub const fn const_new(permits: usize) -> Self {
        Semaphore { core: Core::const_new(permits), permits, is_counter: AtomicBool::new(false) }
    }

    /// How many permits are free.
    pub fn available_permits(&self) -> usize {
        self.core.semaphore().available_permits()
    }

    /// Adds permits.
    ///
    /// # Panics
    ///
    /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS) then.
    pub fn add_permits(&self, n: usize) {
        self.counts(n);
        self.core.semaphore().add_permits(n);
    }

    /// Takes up to `n` free permits out of the semaphore; returns how many it took.
    #[cfg(not(before = "1.37"))]
    pub fn forget_permits(&self, n: usize) -> usize {
        self.counts(n);
        self.core.semaphore().forget_permits(n)
    }

    /// Waits for a permit.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed.
    ///
    /// # Panics
    ///
    /// The future panics if the acquire breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        self.acquire_many(1)
    }

    /// Waits for `n` permits at once.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_many(
        &self,
        n: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        let site = Location::caller();
        async move {
            self.take(n, site, false).await?;
            Ok(SemaphorePermit { sem: self, permits: n as usize })
        }
    }

    /// Takes a permit if that needs no waiting.
    ///
    /// # Errors
    ///
    /// If there is none, or the semaphore is closed.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes `n` permits if that needs no waiting.
    ///
    /// # Errors
    ///
    /// If there are fewer, or the semaphore is closed.
    #[track_caller]
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_take(n, Location::caller(), false)?;
        Ok(SemaphorePermit { sem: self, permits: n as usize })
    }

    /// Waits for a permit, blocking the thread.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// If the thread runs tasks, or as [`acquire`](Self::acquire).
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.blocking_acquire_many(1)
    }

    /// Waits for `n` permits at once, blocking the thread.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// As [`blocking_acquire`](Self::blocking_acquire).
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.take_blocking(n, Location::caller(), false)?;
        Ok(SemaphorePermit { sem: self, permits: n as usize })
    }

    /// [`acquire`](Self::acquire); the permit keeps the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_owned(
        self: Arc<Self>,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        self.acquire_many_owned(1)
    }

    /// [`acquire_many`](Self::acquire_many); the permit keeps the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        let site = Location::caller();
        async move {
            self.take(n, site, true).await?;
            Ok(OwnedSemaphorePermit { sem: self, permits: n as usize })
        }
    }

    /// [`try_acquire`](Self::try_acquire); the permit keeps the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Self::try_acquire).
    #[track_caller]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// [`try_acquire_many`](Self::try_acquire_many); the permit keeps the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`try_acquire_many`](Self::try_acquire_many).
    #[track_caller]
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_take(n, Location::caller(), true)?;
        Ok(OwnedSemaphorePermit { sem: self, permits: n as usize })
    }

    /// [`blocking_acquire`](Self::blocking_acquire); the permit keeps the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// As [`blocking_acquire`](Self::blocking_acquire).
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.blocking_acquire_many_owned(1)
    }

    /// [`blocking_acquire_many`](Self::blocking_acquire_many); the permit keeps the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// As [`blocking_acquire`](Self::blocking_acquire).
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.take_blocking(n, Location::caller(), true)?;
        Ok(OwnedSemaphorePermit { sem: self, permits: n as usize })
    }

    /// Closes the semaphore: who waits is told so, and nobody takes a permit any more.
    pub fn close(&self) {
        self.core.semaphore().close();
    }

    /// Whether the semaphore is closed.
    #[cfg(not(before = "1.5"))]
    pub fn is_closed(&self) -> bool {
        self.core.semaphore().is_closed()
    }

    /// Notes that the number of permits changes.
    fn counts(&self, n: usize) {
        if n != 0 {
            self.is_counter.store(true, Relaxed);
        }
    }

    /// An acquire of `n` permits.
    fn request(&self, n: u32, site: Site, is_owned: bool) -> Request {
        let is_all = n as usize >= self.permits && !self.is_counter.load(Relaxed);
        let how = if is_all { How::EXCLUSIVE } else { How::SHARED };
        Request { permits: n, how, describe, site, is_owned }
    }

    async fn take(&self, n: u32, site: Site, is_owned: bool) -> Result<(), AcquireError> {
        if n == 0 {
            return self.core.semaphore().acquire_many(0).await.map(drop);
        }
        self.core.acquire(self.request(n, site, is_owned)).await
    }

    fn try_take(&self, n: u32, site: Site, is_owned: bool) -> Result<(), TryAcquireError> {
        if n == 0 {
            return self.core.semaphore().try_acquire_many(0).map(drop);
        }
        self.core.try_acquire(self.request(n, site, is_owned))
    }

    #[track_caller]
    fn take_blocking(&self, n: u32, site: Site, is_owned: bool) -> Result<(), AcquireError> {
        if n == 0 {
            blocking::check();
            return blocking::block_on(self.core.semaphore().acquire_many(0)).map(drop);
        }
        self.core.acquire_blocking(self.request(n, site, is_owned))
    }

    /// Gives a permit object's permits back.
    fn give_back(&self, permits: usize) {
        if permits != 0 {
            self.core.released();
            self.core.semaphore().add_permits(permits);
        }
    }

    /// A permit object's permits are never given back.
    #[track_caller]
    fn forget(&self, permits: usize) {
        if permits != 0 {
            self.core.released();
            self.counts(permits);
        }
    }

    /// One permit object becomes two.
    #[track_caller]
    fn split(&self, one: usize, other: usize, is_owned: bool) {
        if one != 0 && other != 0 {
            // They may be all there are.
            self.core.downgraded();
            self.core.acquired(How::SHARED.trylock(), Location::caller(), is_owned);
        }
    }

    /// Two permit objects become one.
    #[track_caller]
    fn merge(&self, one: usize, other: usize) {
        if one != 0 && other != 0 {
            self.core.released();
        }
    }
}

impl Tracked for Semaphore {
    fn map(&self) -> Option<&Map> {
        Some(self.core.map())
    }

    fn describe() -> Description {
        describe()
    }
}

impl fmt::Debug for Semaphore {
    /// The text of the real semaphore.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}

/// Some permits of a [`Semaphore`], given back when this is dropped.
#[must_use = "permits that are dropped at once are free again"]
#[clippy::has_significant_drop]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    sem: &'a Semaphore,
    permits: usize,
}

/// Some permits of a [`Semaphore`], which is kept alive; given back when this is dropped.
#[must_use = "permits that are dropped at once are free again"]
#[clippy::has_significant_drop]
#[derive(Debug)]
pub struct OwnedSemaphorePermit {
    sem: Arc<Semaphore>,
    permits: usize,
}

/// The two kinds of permits differ in how they know their semaphore.
macro_rules! permit {
    ([$($generics:tt)*] $permit:ty, $of:ty, $s:ident => $semaphore:expr, $same:expr, $owned:expr) => {
        impl<$($generics)*> $permit {
            /// Takes the permits out of the semaphore for good.
            #[track_caller]
            pub fn forget(mut self) {
                let permits = mem::take(&mut self.permits);
                self.sem.forget(permits);
            }

            /// Adds the permits of `other` to these.
            ///
            /// # Panics
            ///
            /// If they are of two semaphores.
            #[track_caller]
            pub fn merge(&mut self, mut other: Self) {
                assert!(
                    $same(&self.sem, &other.sem),
                    "merging permits from different semaphore instances"
                );
                let sum = self.permits.checked_add(other.permits);
                let sum = sum.expect("number of permits overflowed");
                let added = mem::take(&mut other.permits);
                self.sem.merge(mem::replace(&mut self.permits, sum), added);
            }

            /// Takes `n` of the permits out into a value of their own; none if there are not so many.
            #[track_caller]
            pub fn split(&mut self, n: usize) -> Option<Self> {
                let rest = self.permits.checked_sub(n)?;
                self.sem.split(rest, n, $owned);
                self.permits = rest;
                let $s = &*self;
                Some(Self { sem: $semaphore, permits: n })
            }

            /// The semaphore.
            pub fn semaphore(&self) -> &$of {
                &self.sem
            }

            /// How many permits there are.
            pub fn num_permits(&self) -> usize {
                self.permits
            }
        }

        impl<$($generics)*> Drop for $permit {
            fn drop(&mut self) {
                self.sem.give_back(self.permits);
            }
        }
    };
}

permit!([] SemaphorePermit<'_>, Semaphore, s => s.sem,
    |one: &&Semaphore, other: &&Semaphore| std::ptr::eq(*one, *other), false);
permit!([] OwnedSemaphorePermit, Arc<Semaphore>, s => Arc::clone(&s.sem), Arc::ptr_eq, true);
