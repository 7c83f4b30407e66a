//! One poll of an async task: its held stack in place of the thread's, and back.
//!
//! The usual task holds nothing between its polls, and the usual thread nothing when it begins one.
//! Then the thread's stack is empty and serves the task: nothing is changed but the name on it. If
//! the task holds something at the end, it keeps that stack, and the thread takes another one. So a
//! task that holds nothing has no stack.
//!
//! | the task has | the thread holds | during the poll | at the end |
//! |---|---|---|---|
//! | nothing | nothing | the thread's stack | the task keeps it if anything is held |
//! | a stack | nothing | the task's stack | the thread gets it as its spare one if nothing is held |
//! | either | something | the thread's stack, with a mark and what the task holds on top | what is above the mark goes to a stack of the task's |
//!
//! The last row is for a poll inside of another one, under a lock of the executor's, in a signal
//! handler's context: the thread cannot release what it holds before the poll ends, so a lock that
//! the poll blocks for depends on it. Polls nest to any depth.
//!
//! A signal handler may come between any two stores here: it finds one stack or the other, takes and
//! releases on that one, and leaves it as it was.

use crate::on::directory;
use crate::on::loss::{self, Loss};
use crate::on::map::Word;
use crate::on::stack::{Held, Stack};
use crate::on::task::{AsyncName, State, Task};

/// What an async task has between its polls.
#[derive(Debug)]
pub(super) struct Suspended {
    /// What it holds, if anything.
    pub(super) stack: Option<&'static Stack>,
    /// How many acquires of locks that it still holds were not tracked.
    untracked: u32,
}

/// How a task is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// By an executor that has others to poll.
    Spawned,
    /// By a thread that waits for it.
    Root,
}

/// What is put back at the end of a poll.
#[derive(Debug)]
pub(super) struct Outer {
    name: Option<AsyncName>,
    place: Place,
    untracked: u32,
}

/// Where the thread's own stack is during a poll.
#[derive(Debug)]
enum Place {
    /// In use by the task.
    Shared,
    /// Aside.
    Aside(&'static Stack),
    /// In use, below the task's mark.
    Below,
}

impl Suspended {
    pub(super) const fn new() -> Suspended {
        Suspended { stack: None, untracked: 0 }
    }
}

impl Task {
    /// Begins a poll; none if events do not count here.
    #[inline]
    pub(super) fn begin_poll(
        &self,
        name: AsyncName,
        kind: Kind,
        suspended: &mut Suspended,
    ) -> Option<Outer> {
        let stack = match self.stack() {
            Some(stack) => stack,
            None if self.state() == State::Off => return None,
            None => self.start(),
        };
        let untracked = self.untracked();
        let before = stack.owner.async_task();
        let is_simple = suspended.stack.is_none() && stack.depth() == 0;
        let place = if is_simple && self.contexts().is_plain() {
            Place::Shared
        } else {
            self.put_in_place(stack, kind, suspended.stack.take())
        };
        self.set_untracked(untracked.saturating_add(suspended.untracked));
        self.stack_in_place().owner.set_async_task(Some(name));
        Some(Outer { name: before, place, untracked })
    }

    /// Ends a poll that [`Task::begin_poll`] began. What a root task that `is_over` still holds, its
    /// thread holds.
    #[inline]
    pub(super) fn end_poll(
        &self,
        kind: Kind,
        suspended: &mut Suspended,
        outer: Outer,
        is_over: bool,
    ) {
        let Outer { name, place, untracked } = outer;
        let left = self.untracked();
        self.set_untracked(left.min(untracked));
        suspended.untracked = left.saturating_sub(untracked);
        let is_simple = matches!(place, Place::Shared) && self.depth() == 0;
        if !is_simple {
            let is_threads = is_over && kind == Kind::Root;
            suspended.stack = self.put_back(place, is_threads);
        }
        self.stack_in_place().owner.set_async_task(name);
    }

    fn stack_in_place(&self) -> &'static Stack {
        match self.stack() {
            Some(stack) => stack,
            None => self.start(),
        }
    }

    /// Puts a suspended task's stack in place of an empty one, or what is on it on top of another.
    #[cold]
    fn put_in_place(
        &self,
        own: &'static Stack,
        kind: Kind,
        tasks: Option<&'static Stack>,
    ) -> Place {
        if let Some(tasks) = tasks
            && own.depth() == 0
            && self.contexts().is_plain()
        {
            tasks.owner.run_on(Some(&own.owner));
            self.replace_stack(tasks);
            self.settle();
            return Place::Aside(own);
        }
        let mark = match kind {
            Kind::Spawned => Word::SPAWNED,
            Kind::Root => Word::ROOT,
        };
        self.reserve().begin_poll(mark);
        if let Some(tasks) = tasks {
            // First there, then gone here: who looks meanwhile finds it at least once.
            tasks.held().for_each(|held| self.adopt(held));
            tasks.clear_entries();
            tasks.hand_on_disowned(own);
            tasks.owner.set_async_task(None);
            tasks.owner.run_on(Some(&own.owner));
            self.set_spare(tasks);
            self.settle();
        }
        Place::Below
    }

    /// Puts the thread's own stack back; returns the task's, if it holds anything.
    #[cold]
    fn put_back(&self, place: Place, is_threads: bool) -> Option<&'static Stack> {
        self.settle();
        let stack = self.stack_in_place();
        if let Place::Below = place {
            return self.split(stack, is_threads);
        }
        let is_empty = stack.depth() == 0;
        match place {
            Place::Aside(own) if is_threads && !is_empty => {
                self.set_spare(own);
                None
            }
            Place::Aside(own) => {
                self.replace_stack(own);
                if is_empty {
                    stack.owner.set_async_task(None);
                    self.set_spare(stack);
                    return None;
                }
                stack.owner.run_on(None);
                Some(stack)
            }
            Place::Shared if is_empty || is_threads => None,
            Place::Shared | Place::Below => {
                if self.holds_own() {
                    // Nothing may be allocated. The thread keeps what it cannot give away.
                    loss::count(Loss::UnderAllocator);
                    return None;
                }
                let empty = self.empty_stack();
                empty.owner.run_on(Some(&stack.owner));
                self.replace_stack(empty);
                self.forget_name();
                stack.owner.run_on(None);
                Some(stack)
            }
        }
    }

    /// Takes what is above the newest mark to a stack of the task's.
    fn split(&self, stack: &'static Stack, is_threads: bool) -> Option<&'static Stack> {
        let name = stack.owner.async_task();
        if is_threads || stack.held_in_poll().next().is_none() {
            stack.end_poll();
            return None;
        }
        if self.holds_own() {
            loss::count(Loss::UnderAllocator);
            stack.end_poll();
            return None;
        }
        let tasks = self.empty_stack();
        stack.held_in_poll().for_each(|held| {
            self.working(|| tasks.reserve());
            tasks.adopt(held);
        });
        tasks.owner.set_async_task(name);
        tasks.owner.run_on(None);
        stack.drop_poll();
        Some(tasks)
    }

    fn adopt(&self, held: Held) {
        self.reserve().adopt(held);
    }
}

/// Takes back the stack of a task that ends.
pub(super) fn end(stack: &'static Stack) {
    directory::give_back(stack);
}
