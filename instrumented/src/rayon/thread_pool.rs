//! Pools that a program makes.

use std::fmt;
use std::panic::Location;

use super::jobs::join;
use super::pool::{Pool, Site};
use super::real;
#[cfg(not(before = "1.10"))]
use super::real::BroadcastContext;
#[cfg(not(before = "1.11"))]
use super::real::Yield;
use super::scope::{End, Scope, ScopeFifo, scope, scope_fifo};

/// Threads that run jobs.
///
/// # Tracking
///
/// A pool's class is the place that built it.
pub struct ThreadPool {
    inner: Kept,
    pool: Pool,
}

/// A real pool.
enum Kept {
    Owned(real::ThreadPool),
    /// One that lives longer than this.
    Borrowed(*const real::ThreadPool),
}

// SAFETY: it stands for a shared reference to a pool, which threads may share.
unsafe impl Send for Kept {}
// SAFETY: as above.
unsafe impl Sync for Kept {}

impl ThreadPool {
    /// One that is built at `site`.
    pub(super) fn owned(inner: real::ThreadPool, site: Site) -> ThreadPool {
        ThreadPool { inner: Kept::Owned(inner), pool: Pool::made(site) }
    }

    /// Runs `f` with one that is built at `site` for that time.
    pub(super) fn with_borrowed<R>(
        inner: &real::ThreadPool,
        site: Site,
        f: impl FnOnce(&ThreadPool) -> R,
    ) -> R {
        f(&ThreadPool { inner: Kept::Borrowed(inner), pool: Pool::made(site) })
    }

    fn real(&self) -> &real::ThreadPool {
        match &self.inner {
            Kept::Owned(pool) => pool,
            // SAFETY: it was made of a reference, and is given to nobody for longer than that lives.
            Kept::Borrowed(pool) => unsafe { &**pool },
        }
    }

    /// Runs `op` in the pool and waits for it.
    ///
    /// # Tracking
    ///
    /// A wait for this pool, checked before anything runs, unless the current thread is one of its.
    ///
    /// # Panics
    ///
    /// If `op` does.
    #[track_caller]
    pub fn install<OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce() -> R + Send,
        R: Send,
    {
        if self.real().current_thread_index().is_some() {
            return op();
        }
        let job = self.pool.waited(Location::caller());
        self.real().install(|| job.run(op))
    }

    #[cfg(not(before = "1.10"))]
    /// Runs `op` on every thread of the pool and waits for all of them.
    ///
    /// # Panics
    ///
    /// If one of the calls does.
    #[track_caller]
    pub fn broadcast<OP, R>(&self, op: OP) -> Vec<R>
    where
        OP: Fn(BroadcastContext<'_>) -> R + Sync,
        R: Send,
    {
        let job = self.pool.waited(Location::caller());
        self.real().broadcast(|context| job.run(|| op(context)))
    }

    /// How many threads the pool has.
    pub fn current_num_threads(&self) -> usize {
        self.real().current_num_threads()
    }

    /// Which thread of the pool this one is, if it is one.
    pub fn current_thread_index(&self) -> Option<usize> {
        self.real().current_thread_index()
    }

    /// Whether this thread has jobs waiting, if it is one of the pool's.
    pub fn current_thread_has_pending_tasks(&self) -> Option<bool> {
        self.real().current_thread_has_pending_tasks()
    }

    /// Runs both in the pool, maybe at the same time, and waits for them.
    ///
    /// # Panics
    ///
    /// If one of the two does.
    #[track_caller]
    pub fn join<A, B, RA, RB>(&self, oper_a: A, oper_b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        self.install(|| join(oper_a, oper_b))
    }

    /// Runs `op` in the pool, and waits for it and for all that is spawned in the scope.
    ///
    /// # Panics
    ///
    /// If `op` or one of the jobs does.
    #[track_caller]
    pub fn scope<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&Scope<'scope>) -> R + Send,
        R: Send,
    {
        self.install(|| scope(op))
    }

    /// Runs `op` in the pool, and waits for it and for all that is spawned in the scope.
    ///
    /// # Panics
    ///
    /// If `op` or one of the jobs does.
    #[track_caller]
    pub fn scope_fifo<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&ScopeFifo<'scope>) -> R + Send,
        R: Send,
    {
        self.install(|| scope_fifo(op))
    }

    #[cfg(not(before = "1.9"))]
    /// Runs `op`, and waits for all that is spawned in the scope.
    ///
    /// # Panics
    ///
    /// If `op` or one of the jobs does.
    #[track_caller]
    pub fn in_place_scope<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&Scope<'scope>) -> R,
    {
        End::of(self.pool, Location::caller()).in_place_scope(self.real(), op)
    }

    #[cfg(not(before = "1.9"))]
    /// Runs `op`, and waits for all that is spawned in the scope.
    ///
    /// # Panics
    ///
    /// If `op` or one of the jobs does.
    #[track_caller]
    pub fn in_place_scope_fifo<'scope, OP, R>(&self, op: OP) -> R
    where
        OP: FnOnce(&ScopeFifo<'scope>) -> R,
    {
        End::of(self.pool, Location::caller()).in_place_scope_fifo(self.real(), op)
    }

    /// Has the pool run `op` some time.
    pub fn spawn<OP>(&self, op: OP)
    where
        OP: FnOnce() + Send + 'static,
    {
        let job = self.pool.job();
        self.real().spawn(move || job.run(op));
    }

    /// Has the pool run `op` some time, after what this thread spawned so before.
    pub fn spawn_fifo<OP>(&self, op: OP)
    where
        OP: FnOnce() + Send + 'static,
    {
        let job = self.pool.job();
        self.real().spawn_fifo(move || job.run(op));
    }

    #[cfg(not(before = "1.10"))]
    /// Has every thread of the pool run `op` some time.
    pub fn spawn_broadcast<OP>(&self, op: OP)
    where
        OP: Fn(BroadcastContext<'_>) + Send + Sync + 'static,
    {
        let job = self.pool.job();
        self.real().spawn_broadcast(move |context| job.run(|| op(context)));
    }

    #[cfg(not(before = "1.11"))]
    /// Runs another job now, if this thread is one of the pool's.
    pub fn yield_now(&self) -> Option<Yield> {
        self.real().yield_now()
    }

    #[cfg(not(before = "1.11"))]
    /// Runs another of this thread's jobs now, if it is one of the pool's.
    pub fn yield_local(&self) -> Option<Yield> {
        self.real().yield_local()
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real().fmt(f)
    }
}
