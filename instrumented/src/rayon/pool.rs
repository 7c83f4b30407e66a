//! Pools, and the jobs that their threads run.
//!
//! Who waits for a job of a pool waits for whatever the pool runs before, or on top of it: a thread
//! that waits runs other jobs meanwhile, and every thread may be busy with jobs that want a lock which
//! the waiter holds. So what is waited for is the pool, and what any of its jobs takes is needed for
//! that. A job that runs on top of a stack which holds a lock makes dependencies like any other code.

use std::cell::Cell;
use std::panic::Location;

use lockdep::event::{self, Child};
use lockdep::{Describe, Description};

/// A place in the program; every event has one.
pub(super) type Site = &'static Location<'static>;

/// A pool, by the place that made it.
#[derive(Clone, Copy)]
pub(super) struct Pool {
    site: Site,
    describe: Describe,
}

/// Which pool the current code belongs to.
#[derive(Clone, Copy)]
struct Place {
    pool: Pool,
    /// Whether the code is one of the pool's jobs.
    is_job: bool,
}

/// The pool that is there without being made.
const GLOBAL: Pool =
    Pool { site: Location::caller(), describe: || Description::new("global rayon pool", "") };

thread_local! {
    static PLACE: Cell<Place> = const { Cell::new(Place { pool: GLOBAL, is_job: false }) };
}

impl Pool {
    /// One that is made at `site`.
    pub(super) fn made(site: Site) -> Pool {
        Pool { site, describe: || Description::new("rayon pool", "") }
    }

    /// The one whose job the current code is, or else the global one.
    pub(super) fn current() -> Pool {
        PLACE.with(Cell::get).pool
    }

    /// A job for the pool, which the current task makes.
    pub(super) fn job(self) -> Job {
        Job { pool: self, child: event::spawned(self.describe, self.site) }
    }

    /// A job for the pool that the current task is about to wait for.
    ///
    /// A job that holds nothing and waits for another of the same pool says nothing new.
    pub(super) fn waited(self, site: Site) -> Job {
        let job = self.job();
        job.awaited(site);
        job
    }

    /// Runs `f`, which is no job but has to do with this pool.
    pub(super) fn within<R>(self, f: impl FnOnce() -> R) -> R {
        let _back = Back::of(Place { pool: self, is_job: false });
        f()
    }

    fn is(self, other: Pool) -> bool {
        self.site == other.site
    }
}

/// A job, or several that are one to whoever waits for them.
pub(super) struct Job {
    pool: Pool,
    child: Child,
}

impl Job {
    /// The current task is about to wait for it.
    pub(super) fn awaited(&self, site: Site) {
        let place = PLACE.with(Cell::get);
        let is_within = place.is_job && place.pool.is(self.pool);
        if !is_within || !lockdep::held().is_empty() {
            event::joins(&self.child, site);
        }
    }

    /// Runs the job's code.
    pub(super) fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        let _running = event::runs(&self.child);
        let _back = Back::of(Place { pool: self.pool, is_job: true });
        f()
    }
}

/// Says where the code belongs again that was there before.
struct Back(Place);

impl Back {
    fn of(place: Place) -> Back {
        Back(PLACE.with(|current| current.replace(place)))
    }
}

impl Drop for Back {
    fn drop(&mut self) {
        PLACE.with(|current| current.set(self.0));
    }
}
