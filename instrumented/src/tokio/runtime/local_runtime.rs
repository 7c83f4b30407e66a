//! The runtime whose tasks stay on its thread.

use std::future::Future;
use std::io;
use std::ops::Deref;
use std::time::Duration;

use lockdep::task::Tracked;

use super::handle::Handle;
use super::real::runtime::{EnterGuard, LocalRuntime as RealRuntime};
use super::task::{JoinHandle, job, started};

/// [`tokio::runtime::LocalRuntime`](::tokio::runtime::LocalRuntime), whose tasks have held stacks of
/// their own.
#[derive(Debug)]
pub struct LocalRuntime {
    inner: RealRuntime,
    handle: Handle,
}

impl LocalRuntime {
    pub(super) fn of(inner: RealRuntime) -> LocalRuntime {
        let handle = Handle::of(inner.handle().clone());
        LocalRuntime { inner, handle }
    }

    /// Creates a runtime with all drivers.
    ///
    /// # Errors
    ///
    /// If the system refuses what it needs.
    pub fn new() -> io::Result<LocalRuntime> {
        RealRuntime::new().map(LocalRuntime::of)
    }

    /// The handle by which others reach this runtime.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Spawns a task.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (future, started) = started(future);
        JoinHandle::of(self.inner.spawn_local(future), started)
    }

    /// Calls `func` on a thread that may block.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, func: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (func, started) = job(func);
        JoinHandle::of(self.inner.spawn_blocking(func), started)
    }

    /// Runs `future` to its end on this thread.
    ///
    /// # Panics
    ///
    /// If the thread runs tasks, and if `future` panics.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.inner.block_on(Tracked::root(future))
    }

    /// Makes this the thread's runtime as long as what is returned lives.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.inner.enter()
    }

    /// Ends the runtime; waits at most so long for what blocks.
    pub fn shutdown_timeout(self, duration: Duration) {
        self.inner.shutdown_timeout(duration);
    }

    /// Ends the runtime without waiting for what blocks.
    pub fn shutdown_background(self) {
        self.inner.shutdown_background();
    }

    /// Figures about the runtime.
    #[cfg(not(before = "1.38"))]
    pub fn metrics(&self) -> super::RuntimeMetrics {
        self.inner.metrics()
    }
}

impl Deref for LocalRuntime {
    type Target = RealRuntime;

    fn deref(&self) -> &RealRuntime {
        &self.inner
    }
}
