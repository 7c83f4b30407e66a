//! What stands for one async task, between its polls and during them.

use std::fmt;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};

use crate::how::{Describe, Description};
use crate::on::directory;
use crate::on::event::{self, Child};
use crate::on::life;
use crate::on::lineage;
use crate::on::loss::{self, Loss};
use crate::on::pass::Course;
use crate::on::process;
use crate::on::stack::Stack;
use crate::on::task::Task;
use crate::on::task::WakerKey;
use crate::on::task::name::AsyncName;
use crate::on::task::poll::{Kind, Outer, Suspended, Who};
use crate::on::thread;
use crate::patience::Patience;

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
    /// Whether it is a part of another one, which is as patient.
    is_branch: bool,
    child: Child,
    suspended: Suspended,
    /// It is one of those that live; a branch is a part of one.
    _alive: Option<Alive>,
    /// What is known of the task's way; of its thread's while the task is polled. None if the task goes
    /// its thread's way, or nothing is tracked.
    course: Option<Course>,
}

impl AsyncTask {
    /// A task that the current one starts, to be polled by an executor between others: what its
    /// thread holds is not held by it. It is called by the caller's place.
    #[track_caller]
    #[must_use]
    pub fn new() -> AsyncTask {
        AsyncTask::described(|| Description::new("task", ""))
    }

    /// The same for code that is of one kind with all that is started at the caller's place and
    /// described so: say the type of the future as the payload. Who waits for the end of one such
    /// task waits for what any of them needs.
    #[track_caller]
    #[must_use]
    pub fn described(describe: Describe) -> AsyncTask {
        thread::with_task(life::starts_another);
        AsyncTask::of(Kind::Spawned, describe)
    }

    /// A task that the current thread polls until it is done, and does not go on before: what the
    /// thread holds stays held, and what the task holds at the end the thread holds.
    #[track_caller]
    #[must_use]
    pub fn root() -> AsyncTask {
        AsyncTask::of(Kind::Root, || Description::new("task", ""))
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
            is_branch: true,
            child: Child::none(),
            suspended: Suspended::new(),
            _alive: None,
            course: None,
        }
    }

    /// The task as `event::awaits` and `event::joined` take it, for whoever waits for its end.
    #[must_use]
    pub fn child(&self) -> Child {
        self.child.clone()
    }

    #[track_caller]
    fn of(kind: Kind, describe: Describe) -> AsyncTask {
        let site = Location::caller();
        let child = lineage::spawned(describe, site);
        let course = child.course().filter(|_| kind == Kind::Spawned);
        let (name, suspended) = (AsyncName::next(site), Suspended::new());
        let _alive = Some(Alive::new());
        AsyncTask { name, kind, is_branch: false, child, suspended, _alive, course }
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
        thread::with_task(|of_thread| {
            let mut inside = Inside::new(of_thread, self, waker);
            let result = poll();
            inside.is_over = result.is_ready();
            if !inside.is_over {
                inside.suspends();
            }
            result
        })
    }

    /// Runs code of the task that is no poll: the drop of its future.
    ///
    /// # Panics
    ///
    /// If `work` does.
    pub fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
        thread::with_task(|of_thread| {
            let mut inside = Inside::new(of_thread, self, None);
            inside.is_over = true;
            work()
        })
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
        if thread::with_task(Task::holds_own) {
            // Nothing may be allocated: the stack goes on to say what the task held.
            loss::count(Loss::UnderAllocator);
        } else if let Some(stack) = self.suspended.stack.take() {
            process::quietly(|| {
                life::sent_away(stack);
                directory::give_back(stack);
            });
        }
        event::ended(&self.child);
    }
}

/// How many tasks live.
static LIVING: AtomicUsize = AtomicUsize::new(0);

/// One of the tasks that live.
struct Alive;

impl Alive {
    fn new() -> Alive {
        LIVING.fetch_add(1, SeqCst);
        Alive
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        LIVING.fetch_sub(1, SeqCst);
    }
}

/// Whether any async task lives that somebody said was one. Of one that is suspended nobody knows
/// what it will do when it is woken, nor by what.
#[must_use]
pub fn any_lives() -> bool {
    LIVING.load(SeqCst) != 0
}

/// The task is in place on this thread as long as this lives.
struct Inside<'a> {
    of_thread: &'a Task,
    task: &'a mut AsyncTask,
    /// The thread's stack, if it is empty and serves the task.
    stack: Option<&'static Stack>,
    /// Who was polled before, with such a stack.
    name: Option<AsyncName>,
    waker: Option<WakerKey>,
    /// What to put back in other cases; none if events do not count.
    outer: Option<Outer>,
    /// Whether the task has nothing more to do.
    is_over: bool,
    /// That of what polls the task.
    patience: Patience,
}

impl<'a> Inside<'a> {
    #[inline]
    fn new(of_thread: &'a Task, task: &'a mut AsyncTask, waker: Option<WakerKey>) -> Inside<'a> {
        let (name, has_kin) = (task.name, task.child.kin().is_some());
        task.change_course(of_thread);
        if !task.child.has_begun() {
            task.begins(of_thread);
        }
        let stack = of_thread.stack_to_share(&task.suspended).filter(|_| !has_kin);
        let (is_over, patience) = (false, of_thread.patience());
        if !task.is_branch {
            of_thread.set_patience(Patience::Endless);
        }
        if let Some(stack) = stack {
            let before = (stack.owner.async_task(), of_thread.waker());
            stack.owner.set_async_task(Some(name));
            of_thread.set_waker(waker);
            let (name, waker) = before;
            return Inside {
                of_thread,
                task,
                stack: Some(stack),
                name,
                waker,
                outer: None,
                is_over,
                patience,
            };
        }
        let outer = task.put_in_place(waker);
        Inside { of_thread, task, stack: None, name: None, waker: None, outer, is_over, patience }
    }

    /// Whether the thread's stack has served the task and is empty again.
    #[inline]
    fn is_simple(&self) -> bool {
        self.stack.is_some_and(|stack| self.of_thread.is_shared_still(stack))
    }

    /// The poll has returned `Pending`.
    #[inline]
    fn suspends(&self) {
        if !self.is_simple() {
            self.task.asks_what_is_held();
        }
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        self.task.change_course(self.of_thread);
        self.of_thread.set_patience(self.patience);
        if let Some(stack) = self.stack.filter(|_| self.is_simple()) {
            stack.owner.set_async_task(self.name);
            self.of_thread.set_waker(self.waker);
            return;
        }
        let shared = self.stack.map(|_| Outer::shared(self.name, self.waker));
        if let Some(outer) = shared.or_else(|| self.outer.take()) {
            self.task.put_back(outer, self.is_over);
        }
    }
}

impl AsyncTask {
    /// The thread goes the task's way, or its own one again.
    #[inline]
    fn change_course(&mut self, of_thread: &Task) {
        if let Some(course) = self.course.take() {
            self.course = Some(of_thread.change_course(course));
        }
    }

    /// The first poll begins.
    #[cold]
    #[inline(never)]
    fn begins(&self, of_thread: &Task) {
        self.child.begin();
        if self.course.is_some() {
            of_thread.begin_at(ptr::from_ref(self.name.spawned).addr() as u64);
        }
    }

    /// Puts what the task holds in place.
    #[cold]
    #[inline(never)]
    fn put_in_place(&mut self, waker: Option<WakerKey>) -> Option<Outer> {
        let AsyncTask { name, kind, suspended, child, .. } = self;
        let who = Who { name: Some(*name), kind: *kind, kin: child.kin(), waker };
        thread::with_current_task(|of_thread| of_thread.begin_poll(&who, suspended)).flatten()
    }

    /// Puts aside what the task holds.
    #[cold]
    #[inline(never)]
    fn put_back(&mut self, outer: Outer, is_over: bool) {
        let AsyncTask { kind, suspended, .. } = self;
        thread::with_current_task(|of_thread| {
            of_thread.end_poll(*kind, suspended, outer, is_over);
        });
    }

    /// The rule about await points.
    #[cold]
    #[inline(never)]
    fn asks_what_is_held(&self) {
        if thread::with_current_task(Task::depth) != Some(0) {
            process::judge(|tracker, of_thread| tracker.awaits(of_thread, self.name).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::how::{Description, How};
    use crate::on::map::Map;

    fn describe() -> Description {
        Description::new("AsyncMutex", "").with_traits(crate::Traits::AWAITED)
    }

    fn suspended(map: Option<&Map>) -> AsyncTask {
        let mut task = AsyncTask::new();
        let poll = task.poll(|| {
            if let Some(map) = map {
                event::before_acquire(map, How::SHARED_RECURSIVE, describe, Location::caller());
                event::acquired(map, How::SHARED_RECURSIVE, Location::caller());
            }
            Poll::<()>::Pending
        });
        assert!(poll.is_pending());
        task
    }

    fn stacks() -> usize {
        directory::stacks().len()
    }

    /// How many stacks the threads of other tests may take meanwhile.
    const OTHERS: usize = 100;

    #[test]
    fn a_million_tasks_that_hold_nothing_have_no_stack() {
        let before = stacks();
        let tasks: Vec<AsyncTask> = (0..1_000_000).map(|_| suspended(None)).collect();
        assert!(stacks() < before + OTHERS);
        assert!(tasks.iter().all(|task| task.suspended.is_empty()));
        assert!(size_of::<AsyncTask>() <= 128);
    }

    #[test]
    fn the_stacks_of_tasks_that_end_are_used_again() {
        let map = Map::new();
        let before = stacks();
        for _ in 0..100 {
            let tasks: Vec<AsyncTask> = (0..1_000).map(|_| suspended(Some(&map))).collect();
            assert!(stacks() >= before + 1_000);
            drop(tasks);
        }
        assert!(stacks() < before + OTHERS);
    }
}
