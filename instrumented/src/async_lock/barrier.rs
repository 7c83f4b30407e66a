//! The barrier of `async_lock`, tracked.
//!
//! Whoever comes to a barrier waits for all others, and is waited for by them. Each *turn*, the coming
//! together of so many tasks, is an event of its own: what a task does between two turns is needed for
//! the second and not for the first.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use lockdep::{Describe, Description, Map, wait};

use super::awaited::Site;
use super::futures::BarrierWait;
use super::real::{Barrier as RealBarrier, BarrierWaitResult};

/// What reports call it.
fn describe() -> Description {
    Description::new("Barrier", "")
}

/// The barrier of `async_lock`, tracked.
///
/// # Tracking
///
/// To hold a lock here is to keep it until all others have come: if one of them takes it on its way,
/// nobody ever goes on (LD0019). What is awaited in something that time ends is no wait. A task that
/// holds nothing pays some nanoseconds.
pub struct Barrier {
    map: Map,
    size: usize,
    /// How many have come so far. A future that is dropped at its first poll may count for nothing in
    /// the real barrier; the turns are off by one then.
    arrivals: AtomicUsize,
    real: RealBarrier,
}

impl Barrier {
    /// Creates a barrier for `n` tasks; the place of this call is its class.
    #[track_caller]
    pub const fn new(n: usize) -> Barrier {
        let real = RealBarrier::new(n);
        Barrier { map: Map::new(), size: n, arrivals: AtomicUsize::new(0), real }
    }

    /// Waits until all have come; one of them is told that it leads.
    #[track_caller]
    pub fn wait(&self) -> BarrierWait<'_> {
        BarrierWait::new(self, Location::caller())
    }

    /// [`wait`](Self::wait), blocking the thread.
    #[track_caller]
    pub fn wait_blocking(&self) -> BarrierWaitResult {
        let site = Location::caller();
        self.comes(wait::before_turn, site);
        let result = self.real.wait_blocking();
        self.passed(site);
        result
    }

    pub(super) fn real(&self) -> &RealBarrier {
        &self.real
    }

    /// The current task comes in this turn, and is about to wait for the others by `wait`.
    pub(super) fn comes(&self, wait: impl FnOnce(&Map, u8, Describe, Site), site: Site) {
        if self.size > 1 {
            let turn = (self.arrivals.fetch_add(1, Relaxed) / self.size % 8) as u8;
            wait(&self.map, turn, describe, site);
            wait::made_turn(&self.map, turn, describe, site);
        }
    }

    /// All have come.
    pub(super) fn passed(&self, site: Site) {
        if self.size > 1 {
            wait::over(site);
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}
