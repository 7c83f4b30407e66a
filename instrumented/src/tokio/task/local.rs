//! Tasks that stay on their thread.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use lockdep::task::Tracked;

#[cfg(not(before = "1.21"))]
use super::real::task::LocalEnterGuard;
use super::real::task::{self, JoinHandle, LocalSet as RealSet};
#[cfg(not(before = "1.49"))]
use super::runtime::Id;
use super::runtime::Runtime;

/// [`tokio::task::spawn_local`](::tokio::task::spawn_local); the task has a held stack of its own.
///
/// # Panics
///
/// As the real one: if there is no [`LocalSet`].
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    task::spawn_local(Tracked::spawned(future))
}

/// [`tokio::task::LocalSet`](::tokio::task::LocalSet), whose tasks have held stacks of their own.
#[derive(Default)]
pub struct LocalSet {
    inner: RealSet,
}

impl LocalSet {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> LocalSet {
        LocalSet { inner: RealSet::new() }
    }

    /// Makes this the set of the thread as long as what is returned lives.
    #[cfg(not(before = "1.21"))]
    #[must_use]
    pub fn enter(&self) -> LocalEnterGuard {
        self.inner.enter()
    }

    /// What tells the set from others and from runtimes.
    #[cfg(not(before = "1.49"))]
    pub fn id(&self) -> Id {
        self.inner.id()
    }

    /// Spawns a task, which runs when the set is polled.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.inner.spawn_local(Tracked::spawned(future))
    }

    /// Runs `future` on `rt`, and the tasks of the set meanwhile.
    ///
    /// # Panics
    ///
    /// If the thread runs tasks, and if `future` panics.
    #[track_caller]
    pub fn block_on<F: Future>(&self, rt: &Runtime, future: F) -> F::Output {
        self.inner.block_on(rt, Tracked::root(future))
    }

    /// Runs `future`, as a part of the task that awaits this, and the tasks of the set meanwhile.
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        self.inner.run_until(future).await
    }
}

impl Future for LocalSet {
    type Output = ();

    /// Runs the tasks of the set; ready when there are none left.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

impl Deref for LocalSet {
    type Target = RealSet;

    fn deref(&self) -> &RealSet {
        &self.inner
    }
}

impl DerefMut for LocalSet {
    fn deref_mut(&mut self) -> &mut RealSet {
        &mut self.inner
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
