//! [`std::sync::Barrier`], tracked.
//!
//! Whoever comes to a barrier waits for all others, and is waited for by them. Each *turn*, the
//! coming together of so many threads, is an event of its own: what a thread does between two turns
//! is needed for the second and not for the first.

use std::fmt;
use std::panic::Location;
use std::sync::BarrierWaitResult;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use lockdep::{Description, Map, wait};

/// [`std::sync::Barrier`], tracked.
///
/// # Tracking
///
/// To hold a lock here is to keep it until all others have come: if one of them takes it on its way,
/// nobody ever goes on (LD0019). A thread that holds nothing pays some nanoseconds.
pub struct Barrier {
    map: Map,
    size: usize,
    /// How many have come so far. Who is counted for a turn has come to the real barrier before
    /// anybody is counted for the next one.
    arrivals: AtomicUsize,
    inner: std::sync::Barrier,
}

/// What reports call it.
fn describe() -> Description {
    Description::new("Barrier", "")
}

impl Barrier {
    /// Creates a barrier for `n` threads; the place of this call is its class.
    #[inline]
    #[must_use]
    #[track_caller]
    pub const fn new(n: usize) -> Barrier {
        let inner = std::sync::Barrier::new(n);
        Barrier { map: Map::new(), size: n, arrivals: AtomicUsize::new(0), inner }
    }

    /// Waits until all threads have come; one of them is told that it leads.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        if self.size <= 1 {
            return self.inner.wait();
        }
        let site = Location::caller();
        let turn = (self.arrivals.fetch_add(1, Relaxed) / self.size % 8) as u8;
        wait::before_turn(&self.map, turn, describe, site);
        wait::made_turn(&self.map, turn, describe, site);
        let idle = wait::idle();
        let result = self.inner.wait();
        drop(idle);
        wait::over(site);
        result
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
