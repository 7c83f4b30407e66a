//! The semaphore of `async_lock`, tracked.

use std::fmt;
use std::mem;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use lockdep::{Description, How, Map, Tracked, Traits};

use super::awaited::{self, Hold, Site};
use super::core::Core;
use super::futures::{Acquire, AcquireArc};
use super::real::{self, Semaphore as RealSemaphore};

/// What reports call a semaphore.
fn describe() -> Description {
    Description::new("Semaphore", "").with_traits(Traits::AWAITED)
}

/// The semaphore of `async_lock`, tracked.
///
/// # Tracking
///
/// Who has the only permit keeps all others out: an exclusive hold. Where there are more, a permit
/// counts as a reader's hold: who waits for one does not wait for any one holder. The same goes for a
/// semaphore whose number of permits was ever changed.
pub struct Semaphore {
    core: Core<RealSemaphore>,
    /// How many it was made with.
    permits: usize,
    /// Whether that ever changed. Relaxed: who changes it and who asks are ordered by the permits or
    /// not at all.
    is_counter: AtomicBool,
}

impl Semaphore {
    /// Creates a semaphore of `n` permits; the place of this call is its class.
    #[track_caller]
    pub const fn new(n: usize) -> Semaphore {
        let core = Core::new(RealSemaphore::new(n));
        Semaphore { core, permits: n, is_counter: AtomicBool::new(false) }
    }

    /// Takes a permit if there is one.
    #[track_caller]
    pub fn try_acquire(&self) -> Option<SemaphoreGuard<'_>> {
        let acquire = self.request(Location::caller());
        let hold = acquire.attempt(self.core.map(), || self.core.real().try_acquire())?;
        Some(SemaphoreGuard::new(hold, self))
    }

    /// Waits for a permit and takes it.
    ///
    /// # Panics
    ///
    /// The future panics if the acquire breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn acquire(&self) -> Acquire<'_> {
        Acquire::new(self.request(Location::caller()), &self.core, self)
    }

    /// [`acquire`](Self::acquire), blocking the thread.
    ///
    /// # Panics
    ///
    /// If the acquire breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn acquire_blocking(&self) -> SemaphoreGuard<'_> {
        let (acquire, real) = (self.request(Location::caller()), self.core.real());
        let wait = || real.acquire_blocking();
        let hold = acquire.block(self.core.map(), || real.try_acquire(), wait);
        SemaphoreGuard::new(hold, self)
    }

    /// [`try_acquire`](Self::try_acquire); the guard keeps the semaphore alive.
    #[track_caller]
    pub fn try_acquire_arc(self: &Arc<Self>) -> Option<SemaphoreGuardArc> {
        let acquire = self.request(Location::caller()).owned();
        // SAFETY: the guard keeps a counted pointer beside it.
        let core = unsafe { self.core.kept() };
        let hold = acquire.attempt(core.map(), || core.real().try_acquire())?;
        Some(SemaphoreGuardArc::new(hold, Arc::clone(self)))
    }

    /// [`acquire`](Self::acquire); the guard keeps the semaphore alive.
    ///
    /// # Panics
    ///
    /// As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_arc(self: &Arc<Self>) -> AcquireArc {
        let acquire = self.request(Location::caller()).owned();
        // SAFETY: the future keeps a counted pointer beside it, and so does the guard.
        let core = unsafe { self.core.kept() };
        AcquireArc::new(acquire, core, Arc::clone(self))
    }

    /// [`acquire_blocking`](Self::acquire_blocking); the guard keeps the semaphore alive.
    ///
    /// # Panics
    ///
    /// As [`acquire_blocking`](Self::acquire_blocking).
    #[track_caller]
    pub fn acquire_arc_blocking(self: &Arc<Self>) -> SemaphoreGuardArc {
        let acquire = self.request(Location::caller()).owned();
        // SAFETY: the guard keeps a counted pointer beside it.
        let core = unsafe { self.core.kept() };
        let real = core.real();
        let wait = || real.acquire_blocking();
        let hold = acquire.block(core.map(), || real.try_acquire(), wait);
        SemaphoreGuardArc::new(hold, Arc::clone(self))
    }

    /// Adds permits.
    pub fn add_permits(&self, n: usize) {
        self.counts(n);
        self.core.real().add_permits(n);
    }

    /// How many permits there are to be had.
    #[cfg(not(before = "3.5"))]
    pub fn available_permits(&self) -> usize {
        self.core.real().available_permits()
    }

    /// Notes that the number of permits changes.
    fn counts(&self, n: usize) {
        if n != 0 {
            self.is_counter.store(true, Relaxed);
        }
    }

    /// An acquire of one permit.
    fn request(&self, site: Site) -> awaited::Acquire {
        let is_only = self.permits <= 1 && !self.is_counter.load(Relaxed);
        let how = if is_only { How::EXCLUSIVE } else { How::SHARED };
        awaited::Acquire::new(how, describe, site)
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

/// A permit of a [`Semaphore`], given back when this is dropped.
#[clippy::has_significant_drop]
pub struct SemaphoreGuard<'a> {
    hold: Hold<'a, real::SemaphoreGuard<'a>>,
    semaphore: &'a Semaphore,
}

/// A permit of a [`Semaphore`], which is kept alive; given back when this is dropped.
#[clippy::has_significant_drop]
pub struct SemaphoreGuardArc {
    /// Borrows from the semaphore below, and is dropped before.
    hold: Hold<'static, real::SemaphoreGuard<'static>>,
    semaphore: Arc<Semaphore>,
}

impl<'a> SemaphoreGuard<'a> {
    pub(super) fn new(
        hold: Hold<'a, real::SemaphoreGuard<'a>>,
        semaphore: &'a Semaphore,
    ) -> SemaphoreGuard<'a> {
        SemaphoreGuard { hold, semaphore }
    }

    /// Takes the permit out of the semaphore for good.
    pub fn forget(self) {
        let SemaphoreGuard { hold, semaphore } = self;
        semaphore.counts(1);
        mem::forget(hold.into_parts().1);
    }
}

impl SemaphoreGuardArc {
    /// The first argument borrows from the last.
    pub(super) fn new(
        hold: Hold<'static, real::SemaphoreGuard<'static>>,
        semaphore: Arc<Semaphore>,
    ) -> SemaphoreGuardArc {
        SemaphoreGuardArc { hold, semaphore }
    }

    /// Takes the permit out of the semaphore for good.
    pub fn forget(self) {
        let SemaphoreGuardArc { hold, semaphore } = self;
        semaphore.counts(1);
        mem::forget(hold.into_parts().1);
    }
}

impl fmt::Debug for SemaphoreGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SemaphoreGuard").field(self.semaphore).finish()
    }
}

impl fmt::Debug for SemaphoreGuardArc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SemaphoreGuardArc").field(&Some(&self.semaphore)).finish()
    }
}
