//! [`tokio::task`](::tokio::task) with its ways to start a task replaced by ones that say so. All
//! other names are the real ones.

#[cfg(not(before = "1.21"))]
mod join_set;
mod local;

use std::future::Future;

use lockdep::task::{AsyncTask, Tracked};

use super::real;
use super::runtime;

pub use super::real::task::*;

#[cfg(not(before = "1.21"))]
pub use join_set::JoinSet;
pub use local::{LocalSet, spawn_local};

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
    real::task::spawn(Tracked::spawned(future))
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
    real::task::spawn_blocking(job(f))
}

/// What is called on a thread of its own: `f`, as a task.
#[track_caller]
pub(super) fn job<F: FnOnce() -> R, R>(f: F) -> impl FnOnce() -> R {
    let mut task = AsyncTask::new();
    move || task.run(f)
}
