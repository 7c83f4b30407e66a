//! What a task's end is waited for by.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lockdep::task::polled_by;

use super::real::task::{JoinError, JoinHandle as RealHandle};
use super::started::Started;

/// [`tokio::task::JoinHandle`](::tokio::task::JoinHandle), tracked.
///
/// # Tracking
///
/// Who awaits this waits for all that the task does: if he holds a lock that the task takes, both can
/// wait for ever (LD0019); if he holds one that he took after the task was started, and that has to
/// do with it, nobody knows (LD0020). It is checked at each poll. A handle that is awaited in a
/// timeout, or in a branch of `select!` that holds nothing of its own, does not wait for ever; nor
/// does one whose task was aborted, by it or an `AbortHandle`. Of tasks whose futures are boxed
/// and have no more type than that (`Pin<Box<dyn Future>>`) nobody knows which of them does what.
///
/// It is a wrapper around the real one, to which it can be dereferenced or turned.
pub struct JoinHandle<T> {
    inner: RealHandle<T>,
    started: Started,
}

impl<T> JoinHandle<T> {
    pub(in super::super) fn of(inner: RealHandle<T>, started: Started) -> JoinHandle<T> {
        JoinHandle { inner, started }
    }

    /// Ends the task at its next await, if it has not ended before.
    pub fn abort(&self) {
        self.started.is_aborted();
        self.inner.abort();
    }

    /// Whether the task has ended.
    #[cfg(not(before = "1.19"))]
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }

    /// What ends the task and does not wait for that.
    #[cfg(not(before = "1.27"))]
    #[must_use = "abort handles do nothing unless `.abort` is called"]
    pub fn abort_handle(&self) -> super::AbortHandle {
        super::AbortHandle::of(self.inner.abort_handle(), self.started.clone())
    }

    /// What tells the task from others.
    #[cfg(any(tokio_unstable, not(before = "1.41")))]
    pub fn id(&self) -> super::Id {
        self.inner.id()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let _polled = polled_by(cx);
        self.started.is_awaited(Location::caller());
        let result = ready!(Pin::new(&mut self.inner).poll(cx));
        self.started.was_awaited();
        Poll::Ready(result)
    }
}

impl<T> Deref for JoinHandle<T> {
    type Target = RealHandle<T>;

    fn deref(&self) -> &RealHandle<T> {
        &self.inner
    }
}

impl<T> From<JoinHandle<T>> for RealHandle<T> {
    /// The real handle, for what wants that. A wait for it is not tracked.
    fn from(handle: JoinHandle<T>) -> RealHandle<T> {
        handle.inner
    }
}

impl<T: fmt::Debug> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
