//! The handle of a runtime.

use std::future::Future;
use std::ops::Deref;

use lockdep::task::Tracked;

#[cfg(not(before = "1.22"))]
use super::real::runtime::RuntimeFlavor;
use super::real::runtime::{EnterGuard, Handle as RealHandle};
use super::task::{JoinHandle, job, started};

/// [`tokio::runtime::Handle`](::tokio::runtime::Handle), whose tasks have held stacks of their own.
#[derive(Clone, Debug)]
pub struct Handle {
    inner: RealHandle,
}

impl Handle {
    pub(super) fn of(inner: RealHandle) -> Handle {
        Handle { inner }
    }

    /// The handle of the thread's runtime.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn current() -> Self {
        Handle::of(RealHandle::current())
    }

    /// The handle of the thread's runtime.
    ///
    /// # Errors
    ///
    /// If there is none.
    #[cfg(not(before = "1.15"))]
    pub fn try_current() -> Result<Self, super::TryCurrentError> {
        RealHandle::try_current().map(Handle::of)
    }

    /// The handle of the thread's runtime. The error has a name only in later versions.
    ///
    /// # Errors
    ///
    /// If there is none.
    #[cfg(before = "1.15")]
    pub fn try_current() -> Result<Self, impl std::error::Error + Send + Sync + 'static> {
        RealHandle::try_current().map(Handle::of)
    }

    /// Makes this the thread's runtime as long as what is returned lives.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.inner.enter()
    }

    /// Spawns a task.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (future, started) = started(future);
        JoinHandle::of(self.inner.spawn(future), started)
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
    #[cfg(not(before = "1.4"))]
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.inner.block_on(Tracked::root(future))
    }

    /// Which kind of runtime it is.
    #[cfg(not(before = "1.22"))]
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        self.inner.runtime_flavor()
    }

    /// What tells the runtime from others.
    #[cfg(not(before = "1.49"))]
    pub fn id(&self) -> super::Id {
        self.inner.id()
    }

    /// What the runtime is called.
    #[cfg(not(before = "1.51"))]
    pub fn name(&self) -> Option<&str> {
        self.inner.name()
    }

    /// Figures about the runtime.
    #[cfg(not(before = "1.38"))]
    pub fn metrics(&self) -> super::RuntimeMetrics {
        self.inner.metrics()
    }
}

impl Deref for Handle {
    type Target = RealHandle;

    fn deref(&self) -> &RealHandle {
        &self.inner
    }
}
