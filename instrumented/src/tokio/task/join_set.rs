//! The set of tasks that are joined together.

use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::task::{Context, Poll, ready};

use lockdep::task::polled_by;

use super::abort_handle::AbortHandle;
use super::local::LocalSet;
use super::members::{Members, Name};
use super::real::task::{AbortHandle as RealAbortHandle, JoinError, JoinSet as RealSet};
use super::runtime::Handle;
use super::started::{Started, job, started};

/// [`tokio::task::JoinSet`](::tokio::task::JoinSet), whose tasks have held stacks of their own.
///
/// # Tracking
///
/// Who waits for the next task to end waits for what all of them do, if all of them are of one kind:
/// started at one place, with futures of one type. If they are not, one of the others may end first.
/// [`join_all`](Self::join_all) waits for each. Tasks that were aborted are waited for by nobody. Before
/// tokio 1.41 tasks have no names, and no wait of a set is known.
pub struct JoinSet<T> {
    inner: RealSet<T>,
    members: Members,
}

/// A task's name and what it returned, or why it did not.
type Ended<T> = Result<(Name, T), JoinError>;

impl<T> JoinSet<T> {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> Self {
        JoinSet { inner: RealSet::new(), members: Members::default() }
    }

    /// Says more of a task before it is spawned.
    #[cfg(all(tokio_unstable, feature = "tracing"))]
    pub fn build_task(&mut self) -> Builder<'_, T> {
        Builder { set: self, name: None }
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
        let (task, started) = started(task);
        let aborts = self.inner.spawn(task);
        self.added(aborts, started)
    }

    /// Spawns a task on a runtime.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let (task, started) = started(task);
        let aborts = self.inner.spawn_on(task, handle);
        self.added(aborts, started)
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
        let (task, started) = started(task);
        let aborts = self.inner.spawn_local(task);
        self.added(aborts, started)
    }

    /// Spawns a task on a [`LocalSet`].
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let (task, started) = started(task);
        let aborts = self.inner.spawn_local_on(task, local_set);
        self.added(aborts, started)
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
        let (f, started) = job(f);
        let aborts = self.inner.spawn_blocking(f);
        self.added(aborts, started)
    }

    /// Calls `f` on a thread of a runtime that may block.
    #[cfg(not(before = "1.28"))]
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, f: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let (f, started) = job(f);
        let aborts = self.inner.spawn_blocking_on(f, handle);
        self.added(aborts, started)
    }

    /// A task was started.
    fn added(&mut self, aborts: RealAbortHandle, started: Started) -> AbortHandle {
        #[cfg(not(before = "1.41"))]
        self.members.add(aborts.id(), started.clone());
        AbortHandle::of(aborts, started)
    }

    /// Polls for the end of a task.
    #[cfg(not(before = "1.41"))]
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended<T>>> {
        let ended = ready!(self.inner.poll_join_next_with_id(cx));
        Poll::Ready(ended.inspect(|ended| self.members.was_awaited(name(ended))))
    }

    /// Waits for the end of a task.
    #[cfg(not(before = "1.41"))]
    #[track_caller]
    fn next(&mut self) -> impl Future<Output = Option<Ended<T>>> {
        let site = Location::caller();
        let mut is_announced = false;
        poll_fn(move |context| {
            let _polled = polled_by(context);
            if !is_announced {
                is_announced = self.members.is_one_awaited(self.inner.len(), site);
            }
            self.poll_next(context)
        })
    }

    /// Waits for a task to end; none if the set is empty.
    ///
    /// # Errors
    ///
    /// If the task panicked or was cancelled.
    ///
    /// # Panics
    ///
    /// The future panics if waiting is not allowed here and the tracker is told to panic.
    #[cfg(not(before = "1.41"))]
    #[track_caller]
    pub fn join_next(&mut self) -> impl Future<Output = Option<Result<T, JoinError>>> {
        let ended = self.next();
        async move { ended.await.map(without_name) }
    }

    /// Waits for a task to end; none if the set is empty.
    ///
    /// # Errors
    ///
    /// If the task panicked or was cancelled.
    #[cfg(before = "1.41")]
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.inner.join_next().await
    }

    /// [`join_next`](Self::join_next) without the waiting.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(not(before = "1.41"))]
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_next(cx).map(|ended| ended.map(without_name))
    }

    /// [`join_next`](Self::join_next) without the waiting.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(all(before = "1.41", not(before = "1.29")))]
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.inner.poll_join_next(cx)
    }

    /// [`join_next`](Self::join_next), with the task's name.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    ///
    /// # Panics
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(not(before = "1.41"))]
    #[track_caller]
    pub fn join_next_with_id(&mut self) -> impl Future<Output = Option<Ended<T>>> {
        self.next()
    }

    /// [`poll_join_next`](Self::poll_join_next), with the task's name.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(not(before = "1.41"))]
    pub fn poll_join_next_with_id(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended<T>>> {
        self.poll_next(cx)
    }

    /// What a task has returned that has ended, if there is one.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(not(before = "1.41"))]
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.try_join_next_with_id().map(without_name)
    }

    /// What a task has returned that has ended, if there is one.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(all(before = "1.41", not(before = "1.36")))]
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.inner.try_join_next()
    }

    /// [`try_join_next`](Self::try_join_next), with the task's name.
    ///
    /// # Errors
    ///
    /// As [`join_next`](Self::join_next).
    #[cfg(not(before = "1.41"))]
    pub fn try_join_next_with_id(&mut self) -> Option<Ended<T>> {
        self.inner.try_join_next_with_id().inspect(|ended| self.members.was_awaited(name(ended)))
    }

    /// Cancels all tasks and waits for their ends.
    pub async fn shutdown(&mut self) {
        self.members.are_aborted();
        self.inner.shutdown().await;
        self.members.clear();
    }

    /// Waits for all tasks; what they return, in the order of their ends.
    ///
    /// # Panics
    ///
    /// If a task panicked or was cancelled. The future panics if waiting is not allowed here and the
    /// tracker is told to panic.
    #[cfg(not(before = "1.40"))]
    #[track_caller]
    pub fn join_all(self) -> impl Future<Output = Vec<T>> {
        let site = Location::caller();
        let JoinSet { inner, mut members } = self;
        async move {
            let mut real = std::pin::pin!(inner.join_all());
            let mut is_announced = false;
            let all = poll_fn(|context| {
                let _polled = polled_by(context);
                if !is_announced {
                    is_announced = members.are_all_awaited(site);
                }
                real.as_mut().poll(context)
            });
            let all = all.await;
            members.were_all_awaited();
            all
        }
    }

    /// Cancels all tasks.
    pub fn abort_all(&mut self) {
        self.members.are_aborted();
        self.inner.abort_all();
    }

    /// Takes all tasks out of the set; they go on.
    pub fn detach_all(&mut self) {
        self.members.clear();
        self.inner.detach_all();
    }
}

/// The name of a task.
#[cfg(not(before = "1.41"))]
fn name<T>(ended: &Ended<T>) -> Name {
    match ended {
        Ok((name, _)) => *name,
        Err(error) => error.id(),
    }
}

/// What a task returned.
fn without_name<T>(ended: Ended<T>) -> Result<T, JoinError> {
    ended.map(|(_, returned)| returned)
}

/// [`tokio::task::join_set::Builder`](::tokio::task::join_set::Builder), whose tasks have held stacks
/// of their own.
#[cfg(all(tokio_unstable, feature = "tracing"))]
#[derive(Debug)]
#[must_use = "builders do nothing unless used to spawn a task"]
pub struct Builder<'a, T> {
    set: &'a mut JoinSet<T>,
    name: Option<&'a str>,
}

/// The ways to spawn a task, each as the real builder's.
#[cfg(all(tokio_unstable, feature = "tracing"))]
macro_rules! spawns {
    ($($(#[$attribute:meta])* $name:ident($what:ident $(, $on:ident: $type:ty)?) by $start:ident
        where { $($bounds:tt)* })*) => {$(
        $(#[$attribute])*
        ///
        /// # Errors
        ///
        /// As the real one.
        #[track_caller]
        pub fn $name<F>(self, $what: F $(, $on: $type)?) -> std::io::Result<AbortHandle>
        where
            $($bounds)*
        {
            let Builder { set, name } = self;
            let ($what, started) = $start($what);
            let builder = set.inner.build_task();
            let builder = match name {
                Some(name) => builder.name(name),
                None => builder,
            };
            let aborts = builder.$name($what $(, $on)?)?;
            Ok(set.added(aborts, started))
        }
    )*};
}

#[cfg(all(tokio_unstable, feature = "tracing"))]
impl<'a, T: 'static> Builder<'a, T> {
    /// What the task is called.
    pub fn name(self, name: &'a str) -> Self {
        Builder { name: Some(name), ..self }
    }

    spawns! {
        /// Spawns a task.
        spawn(future) by started
            where { F: Future<Output = T> + Send + 'static, T: Send }
        /// Spawns a task on a runtime.
        spawn_on(future, handle: &Handle) by started
            where { F: Future<Output = T> + Send + 'static, T: Send }
        /// Spawns a task on the current [`LocalSet`].
        spawn_local(future) by started
            where { F: Future<Output = T> + 'static }
        /// Spawns a task on a [`LocalSet`].
        spawn_local_on(future, local_set: &LocalSet) by started
            where { F: Future<Output = T> + 'static }
        /// Calls `f` on a thread that may block.
        spawn_blocking(f) by job
            where { F: FnOnce() -> T + Send + 'static, T: Send }
        /// Calls `f` on a thread of a runtime that may block.
        spawn_blocking_on(f, handle: &Handle) by job
            where { F: FnOnce() -> T + Send + 'static, T: Send }
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
