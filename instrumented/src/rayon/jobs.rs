//! The functions that give jobs to the pool which the current code belongs to.

use std::panic::Location;

use super::pool::Pool;
#[cfg(not(before = "1.10"))]
use super::real::BroadcastContext;
use super::real::{self, FnContext};

/// Runs both, maybe at the same time, and waits for them.
///
/// # Tracking
///
/// A wait for the current pool, checked before anything runs.
///
/// # Panics
///
/// If one of the two does.
#[track_caller]
pub fn join<A, B, RA, RB>(oper_a: A, oper_b: B) -> (RA, RB)
where
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    let pool = Pool::current();
    let (a, b) = (pool.waited(Location::caller()), pool.job());
    real::join(|| a.run(oper_a), || b.run(oper_b))
}

/// As [`join`], and tells each whether it runs on another thread than it was made on.
///
/// # Panics
///
/// If one of the two does.
#[track_caller]
pub fn join_context<A, B, RA, RB>(oper_a: A, oper_b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    let pool = Pool::current();
    let (a, b) = (pool.waited(Location::caller()), pool.job());
    real::join_context(|context| a.run(|| oper_a(context)), |context| b.run(|| oper_b(context)))
}

/// Has the pool run `func` some time.
pub fn spawn<F>(func: F)
where
    F: FnOnce() + Send + 'static,
{
    let job = Pool::current().job();
    real::spawn(move || job.run(func));
}

/// Has the pool run `func` some time, after what this thread spawned so before.
pub fn spawn_fifo<F>(func: F)
where
    F: FnOnce() + Send + 'static,
{
    let job = Pool::current().job();
    real::spawn_fifo(move || job.run(func));
}

#[cfg(not(before = "1.10"))]
/// Runs `op` on every thread of the pool and waits for all of them.
///
/// # Tracking
///
/// A wait for the current pool, checked before anything runs.
///
/// # Panics
///
/// If one of the calls does.
#[track_caller]
pub fn broadcast<OP, R>(op: OP) -> Vec<R>
where
    OP: Fn(BroadcastContext<'_>) -> R + Sync,
    R: Send,
{
    let job = Pool::current().waited(Location::caller());
    real::broadcast(|context| job.run(|| op(context)))
}

#[cfg(not(before = "1.10"))]
/// Has every thread of the pool run `op` some time.
pub fn spawn_broadcast<OP>(op: OP)
where
    OP: Fn(BroadcastContext<'_>) + Send + Sync + 'static,
{
    let job = Pool::current().job();
    real::spawn_broadcast(move |context| job.run(|| op(context)));
}
