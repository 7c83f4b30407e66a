//! The set of tasks that are joined together.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::task::{Context, Poll};

use lockdep::task::Tracked;

use super::job;
use super::local::LocalSet;
#[cfg(not(before = "1.41"))]
use super::real::task::Id;
use super::real::task::{AbortHandle, JoinError, JoinSet as RealSet};
use super::runtime::Handle;

/// [`tokio::task::JoinSet`](::tokio::task::JoinSet), whose tasks have held stacks of their own.
pub struct JoinSet<T> {
    inner: RealSet<T>,
}

impl<T> JoinSet<T> {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> Self {
        JoinSet { inner: RealSet::new() }
    }

    /// How many tasks there are in the set.
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Whether there is no task in the set.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }
}

impl<T: 'static> JoinSet<T> {
    /// Spawns a task.
    ///
    /// # Panics
    ///
    /// If there is no runtime.
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.inner.spawn(Tracked::spawned(task))
    }

    /// Spawns a task on a runtime.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.inner.spawn_on(Tracked::spawned(task), handle)
    }

    /// Spawns a task on the current [`LocalSet`].
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.inner.spawn_local(Tracked::spawned(task))
    }

    /// Spawns a task on a [`LocalSet`].
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.inner.spawn_local_on(Tracked::spawned(task), local_set)
    }

    /// Calls `f` on a thread that may block.
    ///
    /// # Panics
    ///
    /// If there is no runtime.
    #[cfg(not(before = "1.28"))]
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.inner.spawn_blocking(job(f))
    }

    /// Calls `f` on a thread of a runtime that may block.
    #[cfg(not(before = "1.28"))]
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, f: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.inner.spawn_blocking_on(job(f), handle)
    }

    /// Waits for a task to end; none if the set is empty.
    ///
    /// # Errors
    ///
    /// If the task panicked or was cancelled.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.inner.join_next().await
    }

    /// [`join_next`](Self::join_next) without the waiting.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(not(before = "1.29"))]
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.inner.poll_join_next(cx)
    }

    /// [`join_next`](Self::join_next), with the task's name.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(not(before = "1.41"))]
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        self.inner.join_next_with_id().await
    }

    /// [`poll_join_next`](Self::poll_join_next), with the task's name.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(not(before = "1.41"))]
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        self.inner.poll_join_next_with_id(cx)
    }

    /// What a task has returned that has ended, if there is one.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(not(before = "1.36"))]
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.inner.try_join_next()
    }

    /// [`try_join_next`](Self::try_join_next), with the task's name.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(not(before = "1.41"))]
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        self.inner.try_join_next_with_id()
    }

    /// Cancels all tasks and waits for their ends.
    pub async fn shutdown(&mut self) {
        self.inner.shutdown().await;
    }

    /// Waits for all tasks; what they return, in the order of their ends.
    ///
    /// # Panics
    ///
    /// If a task panicked or was cancelled.
    #[cfg(not(before = "1.40"))]
    pub async fn join_all(self) -> Vec<T> {
        self.inner.join_all().await
    }

    /// Cancels all tasks.
    pub fn abort_all(&mut self) {
        self.inner.abort_all();
    }

    /// Takes all tasks out of the set; they go on.
    pub fn detach_all(&mut self) {
        self.inner.detach_all();
    }
}

impl<T> Deref for JoinSet<T> {
    type Target = RealSet<T>;

    fn deref(&self) -> &RealSet<T> {
        &self.inner
    }
}

impl<T> DerefMut for JoinSet<T> {
    fn deref_mut(&mut self) -> &mut RealSet<T> {
        &mut self.inner
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        JoinSet::new()
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    /// Spawns all futures that `iter` gives.
    fn from_iter<I: IntoIterator<Item = F>>(iter: I) -> Self {
        let mut set = JoinSet::new();
        set.extend(iter);
        set
    }
}

impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    /// Spawns all futures that `iter` gives.
    fn extend<I: IntoIterator<Item = F>>(&mut self, iter: I) {
        for task in iter {
            self.spawn(task);
        }
    }
}
