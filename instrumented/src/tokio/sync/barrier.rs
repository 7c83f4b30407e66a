//! The barrier of tokio, tracked.
//!
//! Whoever comes to a barrier waits for all others, and is waited for by them. Each *turn*, the
//! coming together of so many tasks, is an event of its own: what a task does between two turns is
//! needed for the second and not for the first.

use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::panic::Location;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Poll, ready};

use lockdep::{Description, Map, task, wait};

use super::real::sync::{Barrier as RealBarrier, BarrierWaitResult};

/// What reports call it.
fn describe() -> Description {
    Description::new("Barrier", "")
}

/// [`tokio::sync::Barrier`](::tokio::sync::Barrier), tracked.
///
/// # Tracking
///
/// To hold a lock here is to keep it until all others have come: if one of them takes it on its way,
/// nobody ever goes on (LD0019). It is checked when the future is first polled. One that is awaited
/// in a timeout, or in a branch of `select!` that holds nothing of its own, does not wait for ever.
pub struct Barrier {
    map: Map,
    size: usize,
    /// How many have come so far. Who is counted for a turn has come to the real barrier before
    /// anybody is counted for the next one.
    arrivals: AtomicUsize,
    inner: RealBarrier,
}

impl Barrier {
    /// Creates a barrier for `n` tasks; the place of this call is its class.
    #[track_caller]
    pub fn new(n: usize) -> Barrier {
        let inner = RealBarrier::new(n);
        Barrier { map: Map::new(), size: n, arrivals: AtomicUsize::new(0), inner }
    }

    /// Waits until all tasks have come; one of them is told that it leads.
    ///
    /// # Panics
    ///
    /// The future panics if waiting is not allowed here and the tracker is told to panic.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = BarrierWaitResult> {
        let site = Location::caller();
        async move {
            let mut real = pin!(self.inner.wait());
            let mut has_come = self.size <= 1;
            let result = poll_fn(|context| {
                let _polled = task::polled_by(context);
                if !mem::replace(&mut has_come, true) {
                    let turn = (self.arrivals.fetch_add(1, Relaxed) / self.size % 8) as u8;
                    if task::may_await_for_ever() {
                        wait::awaits_turn(&self.map, turn, describe, site);
                    }
                    wait::made_turn(&self.map, turn, describe, site);
                }
                let result = ready!(real.as_mut().poll(context));
                if self.size > 1 {
                    wait::over(site);
                }
                Poll::Ready(result)
            });
            result.await
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
