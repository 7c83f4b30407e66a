//! What stands for one async task, between its polls and during them.

use std::fmt;
use std::panic::Location;
use std::task::{Context, Poll};

use crate::how::Description;
use crate::on::directory;
use crate::on::event::{self, Child};
use crate::on::life;
use crate::on::process;
use crate::on::task::Task;
use crate::on::task::WakerKey;
use crate::on::task::name::AsyncName;
use crate::on::task::poll::{Kind, Outer, Suspended, Who};
use crate::on::thread;

/// An async task: a held stack of its own, which moves with it between threads.
///
/// What it takes during a poll it holds, on whatever thread, until it releases that or somebody does
/// to whom it gave the guard. A million suspended tasks that hold nothing cost as much as these few
/// words each.
///
/// Dropping it ends the task, whether it was finished or cancelled. Drop the future before, inside
/// of [`AsyncTask::run`], for that drops the guards it holds. [`Tracked`](crate::task::Tracked) does
/// all of that.
///
/// # Tracking
///
/// A poll costs a few nanoseconds more than the bare one; about a hundred if something is held before
/// it or after it. Nothing is allocated unless something is held when a poll returns.
pub struct AsyncTask {
    name: AsyncName,
    kind: Kind,
    child: Child,
    suspended: Suspended,
}

impl AsyncTask {
    /// A task that the current one starts, to be polled by an executor between others: what its
    /// thread holds is not held by it. It is called by the caller's place.
    #[track_caller]
    #[must_use]
    pub fn new() -> AsyncTask {
        AsyncTask::of(Kind::Spawned)
    }

    /// A task that the current thread polls until it is done, and does not go on before: what the
    /// thread holds stays held, and what the task holds at the end the thread holds.
    #[track_caller]
    #[must_use]
    pub fn root() -> AsyncTask {
        AsyncTask::of(Kind::Root)
    }

    /// A branch of the current task, which goes on beside others until the task has what it waits
    /// for: what the task holds stays held, and what the branch holds at the end the task holds.
    #[track_caller]
    #[must_use]
    pub fn branch() -> AsyncTask {
        let current = thread::with_current_task(|task| task.stack()?.owner.async_task());
        AsyncTask {
            name: current.flatten().unwrap_or_else(|| AsyncName::next(Location::caller())),
            kind: Kind::Root,
            child: Child::none(),
            suspended: Suspended::new(),
        }
    }

    /// The task as `event::joined` takes it, for whoever waits for its end.
    #[must_use]
    pub fn child(&self) -> Child {
        self.child.clone()
    }

    #[track_caller]
    fn of(kind: Kind) -> AsyncTask {
        AsyncTask {
            name: AsyncName::next(Location::caller()),
            kind,
            child: event::spawned(|| Description::new("task", ""), Location::caller()),
            suspended: Suspended::new(),
        }
    }

    /// Runs one poll with the task's held stack in place of the thread's. If it returns `Pending`,
    /// no lock that blocks threads may be held.
    ///
    /// # Panics
    ///
    /// If `poll` does. With the report, if such a lock is held (LD0018) and `LOCKDEP` is `panic`.
    #[inline]
    pub fn poll<T>(&mut self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        self.poll_as(None, poll)
    }

    /// The same for a task that is known to be woken by `cx`: then its branches are told apart, if
    /// each has a waker of its own.
    #[inline]
    pub fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.poll_as(WakerKey::of(cx), || poll(cx))
    }

    #[inline]
    fn poll_as<T>(&mut self, waker: Option<WakerKey>, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        let mut inside = Inside::new(self, waker);
        let result = poll();
        inside.is_over = result.is_ready();
        if !inside.is_over && inside.outer.is_some() {
            inside.suspends();
        }
        result
    }

    /// Runs code of the task that is no poll: the drop of its future.
    ///
    /// # Panics
    ///
    /// If `work` does.
    pub fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let mut inside = Inside::new(self, None);
        inside.is_over = true;
        work()
    }
}

impl Default for AsyncTask {
    #[track_caller]
    fn default() -> AsyncTask {
        AsyncTask::new()
    }
}

impl fmt::Debug for AsyncTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.suspended.stack.map_or(0, |stack| stack.held().count());
        f.debug_struct("AsyncTask")
            .field("name", &format_args!("{}", self.name))
            .field("held", &held)
            .finish_non_exhaustive()
    }
}

impl Drop for AsyncTask {
    /// What is still held may be dropped by anybody who got the guard.
    fn drop(&mut self) {
        if let Some(stack) = self.suspended.stack.take() {
            process::quietly(|| {
                life::sent_away(stack);
                directory::give_back(stack);
            });
        }
        event::ended(&self.child);
    }
}

/// The task is in place on this thread as long as this lives.
struct Inside<'a> {
    task: &'a mut AsyncTask,
    /// What to put back; none if events do not count.
    outer: Option<Outer>,
    /// Whether the task has nothing more to do.
    is_over: bool,
}

impl<'a> Inside<'a> {
    #[inline]
    fn new(task: &'a mut AsyncTask, waker: Option<WakerKey>) -> Inside<'a> {
        let AsyncTask { name, kind, suspended, child } = task;
        let who = Who { name: Some(*name), kind: *kind, kin: child.kin(), waker };
        let outer = thread::with_current_task(|of_thread| of_thread.begin_poll(&who, suspended));
        Inside { outer: outer.flatten(), task, is_over: false }
    }

    /// The poll has returned `Pending`.
    #[inline]
    fn suspends(&self) {
        if thread::with_current_task(Task::depth) != Some(0) {
            let name = self.task.name;
            process::judge(|tracker, of_thread| tracker.awaits(of_thread, name).into());
        }
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(outer) = self.outer.take() {
            let AsyncTask { kind, suspended, .. } = &mut *self.task;
            let is_over = self.is_over;
            thread::with_current_task(|of_thread| {
                of_thread.end_poll(*kind, suspended, outer, is_over);
            });
        }
    }
}
