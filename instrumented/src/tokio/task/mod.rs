//! [`tokio::task`](::tokio::task) with its ways to start a task replaced by ones that say so, and its
//! handles by ones that say who waits for whom. All other names are the real ones.

#[cfg(not(before = "1.21"))]
mod abort_handle;
#[cfg(all(tokio_unstable, feature = "tracing"))]
mod builder;
mod join_handle;
#[cfg(all(not(tokio_unstable), not(before = "1.21")))]
mod join_set;
/// The set of tasks that are joined together.
#[cfg(tokio_unstable)]
pub mod join_set;
mod local;
mod members;
mod started;

use std::future::Future;

use super::real;
use super::runtime;

pub use super::real::task::*;

#[cfg(not(before = "1.21"))]
pub use abort_handle::AbortHandle;
#[cfg(all(tokio_unstable, feature = "tracing"))]
pub use builder::Builder;
pub use join_handle::JoinHandle;
#[cfg(not(before = "1.21"))]
pub use join_set::JoinSet;
pub use local::{LocalSet, spawn_local};

pub(super) use started::{job, started};

/// [`tokio::spawn`](::tokio::spawn); the task has a held stack of its own.
///
/// # Panics
///
/// As the real one: if there is no runtime.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (future, started) = started(future);
    JoinHandle::of(real::task::spawn(future), started)
}

/// [`tokio::task::spawn_blocking`](::tokio::task::spawn_blocking); what is called has a held stack of
/// its own.
///
/// # Panics
///
/// As the real one: if there is no runtime.
#[track_caller]
pub fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (f, started) = job(f);
    JoinHandle::of(real::task::spawn_blocking(f), started)
}
