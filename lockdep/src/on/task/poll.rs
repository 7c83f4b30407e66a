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

use crate::on::chain;
use crate::on::kinship::Kin;
use crate::on::lineage;
use crate::on::loss::{self, Loss};
use crate::on::map::{self, Word};
use crate::on::pin::Pin;
use crate::on::process;
use crate::on::stack::Stack;
use crate::on::task::branches::Taken;
use crate::on::task::waker::WakerKey;
use crate::on::task::{AsyncName, State, Task};
use crate::on::usage::ContextId;

/// What an async task has between its polls.
#[derive(Debug)]
pub(super) struct Suspended {
    /// What it holds, if anything.
    pub(super) stack: Option<&'static Stack>,
    /// How many acquires of locks that it still holds were not tracked.
    untracked: u32,
    /// What few tasks have; none without a stack.
    rest: Option<Box<Rest>>,
}

/// What an async task has besides locks.
#[derive(Debug, Default)]
struct Rest {
    /// The contexts in which it was suspended, outermost first. Each has its frame on the stack.
    contexts: Vec<ContextId>,
    pins: Vec<Pin>,
    /// What was taken in which branch.
    branches: Vec<Taken>,
}

/// How a task is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// By an executor that has others to poll.
    Spawned,
    /// By a thread, or a task, that waits for it.
    Root,
}

/// Who is polled, by whom.
#[derive(Debug)]
pub(super) struct Who<'a> {
    /// None if nobody said that it is a task.
    pub(super) name: Option<AsyncName>,
    pub(super) kind: Kind,
    /// The task among its kin, if anybody asks for that.
    pub(super) kin: Option<&'a Kin>,
    /// What wakes the task, if that is known.
    pub(super) waker: Option<WakerKey>,
}

/// What is put back at the end of a poll.
#[derive(Debug)]
pub(super) struct Outer {
    name: Option<AsyncName>,
    waker: Option<WakerKey>,
    place: Place,
    untracked: u32,
    /// How many contexts ran.
    contexts: usize,
    /// Who the thread was among its kin, if that was changed.
    kin: Option<Option<Kin>>,
}

/// Where the thread's own stack is during a poll.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In use by the task.
    Shared,
    /// Aside.
    Aside(&'static Stack),
    /// In use, below the task's mark.
    Below,
}

impl Outer {
    /// Of a poll that the thread's own stack has served, which was empty.
    pub(super) fn shared(name: Option<AsyncName>, waker: Option<WakerKey>) -> Outer {
        Outer { name, waker, place: Place::Shared, untracked: 0, contexts: 0, kin: None }
    }
}

impl Suspended {
    /// Whether there is nothing to put in place.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.stack.is_none() && self.untracked == 0
    }

    pub(super) const fn new() -> Suspended {
        Suspended { stack: None, untracked: 0, rest: None }
    }
}

impl Task {
    /// Begins a poll; none if events do not count here.
    pub(super) fn begin_poll(&self, who: &Who<'_>, suspended: &mut Suspended) -> Option<Outer> {
        let stack = match self.stack() {
            Some(stack) => stack,
            None => self.started()?,
        };
        let (name, waker) = (stack.owner.async_task(), self.waker());
        let (untracked, contexts) = (self.untracked(), self.contexts().depth());
        let is_plain = stack.depth() == 0 && self.contexts().is_plain();
        let place = if is_plain && suspended.stack.is_none() {
            Place::Shared
        } else {
            self.put_in_place(stack, who.kind, suspended)?
        };
        let kin = who.kin.map(|kin| lineage::switch(self, Some(kin.clone())));
        self.set_untracked(untracked.saturating_add(suspended.untracked));
        self.set_waker(who.waker);
        if who.name.is_some() {
            self.stack_in_place().owner.set_async_task(who.name);
        }
        Some(Outer { name, waker, place, untracked, contexts, kin })
    }

    /// Ends a poll that [`Task::begin_poll`] began. What a root task that `is_over` still holds, its
    /// thread holds.
    pub(super) fn end_poll(
        &self,
        kind: Kind,
        suspended: &mut Suspended,
        outer: Outer,
        is_over: bool,
    ) {
        let left = self.untracked();
        self.set_untracked(left.min(outer.untracked));
        suspended.untracked = left.saturating_sub(outer.untracked);
        if !matches!(outer.place, Place::Shared) || self.depth() != 0 {
            let is_threads = is_over && kind == Kind::Root;
            self.put_back(suspended, &outer, is_threads);
        }
        self.stack_in_place().owner.set_async_task(outer.name);
        self.set_waker(outer.waker);
        if let Some(kin) = outer.kin {
            lineage::switch(self, kin);
        }
    }

    /// Whether the future that is polled as an async task holds anything by itself.
    pub(super) fn holds_in_poll(&self) -> bool {
        self.stack().is_some_and(|stack| stack.poll_entries().flatten().next().is_some())
    }

    /// The thread's stack, if this is its first event and events count.
    #[cold]
    fn started(&self) -> Option<&'static Stack> {
        match self.state() {
            State::Off => None,
            State::Unstarted => {
                process::state();
                self.stack()
            }
            _ => Some(self.start()),
        }
    }

    fn stack_in_place(&self) -> &'static Stack {
        match self.stack() {
            Some(stack) => stack,
            None => self.start(),
        }
    }

    /// Puts a suspended task's stack in place of an empty one, or what is on it on top of another;
    /// none if it cannot be done here.
    #[cold]
    fn put_in_place(
        &self,
        own: &'static Stack,
        kind: Kind,
        suspended: &mut Suspended,
    ) -> Option<Place> {
        if self.holds_own() {
            // Nothing may be allocated.
            loss::count(Loss::UnderAllocator);
            return None;
        }
        let tasks = suspended.stack.take();
        let Rest { contexts, pins, branches } =
            suspended.rest.take().map(|rest| *rest).unwrap_or_default();
        let place = match tasks {
            Some(tasks)
                if contexts.is_empty() && own.depth() == 0 && self.contexts().is_plain() =>
            {
                tasks.owner.run_on(Some(&own.owner));
                self.go_on_with(tasks);
                Place::Aside(own)
            }
            tasks => {
                self.reserve().begin_poll(match kind {
                    Kind::Spawned => Word::SPAWNED,
                    Kind::Root => Word::ROOT,
                });
                if let Some(tasks) = tasks {
                    self.lift(own, tasks, contexts);
                }
                Place::Below
            }
        };
        if !pins.is_empty() {
            self.change_pins(|all| all.resume(pins));
        }
        if !branches.is_empty() {
            self.branches().replace(branches);
        }
        self.settle();
        Some(place)
    }

    /// Moves what is on a suspended task's stack on top of what the thread holds.
    fn lift(&self, own: &'static Stack, tasks: &'static Stack, contexts: Vec<ContextId>) {
        let mut contexts = contexts.into_iter();
        // First there, then gone here: who looks meanwhile finds it at least once.
        for entry in tasks.poll_entries() {
            match entry {
                Some(held) => self.reserve().adopt(held),
                None => {
                    if contexts.next().is_some_and(|context| self.contexts().enter(context)) {
                        self.begin_frame(self.contexts().situation().base());
                    }
                }
            }
        }
        tasks.clear_entries();
        tasks.hand_on_disowned(own);
        tasks.owner.set_async_task(None);
        tasks.owner.run_on(Some(&own.owner));
        self.set_spare(tasks);
    }

    /// Puts the thread's own stack back, and aside what the task has.
    #[cold]
    fn put_back(&self, suspended: &mut Suspended, outer: &Outer, is_threads: bool) {
        self.settle();
        let stack = self.stack_in_place();
        let is_empty = stack.poll_entries().next().is_none();
        if !(is_empty || is_threads || self.holds_own()) {
            suspended.rest = self.suspend_rest(stack, outer.contexts);
            let tasks = match outer.place {
                Place::Shared => {
                    let empty = self.empty_stack();
                    empty.owner.run_on(Some(&stack.owner));
                    self.go_on_with(empty);
                    self.forget_name();
                    stack
                }
                Place::Aside(own) => {
                    self.go_on_with(own);
                    stack
                }
                Place::Below => self.split(stack),
            };
            tasks.owner.run_on(None);
            suspended.stack = Some(tasks);
            return;
        }
        if !is_empty && !is_threads {
            // Nothing may be allocated: the thread keeps what it cannot give away.
            loss::count(Loss::UnderAllocator);
        }
        match outer.place {
            Place::Shared => {}
            Place::Aside(own) if is_empty => {
                self.go_on_with(own);
                stack.owner.set_async_task(None);
                self.set_spare(stack);
            }
            Place::Aside(own) => {
                self.set_spare(own);
                self.forget_name();
            }
            Place::Below => stack.end_poll(),
        }
    }

    /// Ends the contexts that the task entered and takes the pins off what it holds.
    fn suspend_rest(&self, stack: &'static Stack, contexts: usize) -> Option<Box<Rest>> {
        let is_plain = self.contexts().depth() == contexts && self.pins().is_empty();
        if is_plain && self.branches().is_empty() {
            return None;
        }
        let is_tasks = |instance: u64| {
            let mut held = stack.poll_entries().flatten();
            held.any(|held| map::instance_of(held.entry.lock()) == instance)
        };
        let pins = self.change_pins(|pins| pins.suspend(is_tasks));
        let contexts = self.working(|| self.contexts().suspend_above(contexts));
        let branches = self.branches().replace(Vec::new());
        Some(self.working(|| Box::new(Rest { contexts, pins, branches })))
    }

    /// Takes what is above the newest mark to a stack of its own.
    fn split(&self, stack: &'static Stack) -> &'static Stack {
        let tasks = self.empty_stack();
        for entry in stack.poll_entries() {
            self.working(|| tasks.reserve());
            match entry {
                Some(held) => tasks.adopt(held),
                // What the context means is said anew when it goes on.
                None => tasks.begin_frame(chain::EMPTY),
            }
        }
        tasks.owner.set_async_task(stack.owner.async_task());
        stack.drop_poll();
        tasks
    }

    /// Goes on with another stack. Its keys start from what the thread's contexts are now.
    fn go_on_with(&self, stack: &'static Stack) {
        self.replace_stack(stack);
        let base = self.contexts().situation().base();
        if stack.chain_at(0) != chain::frame(chain::EMPTY, base) {
            self.set_base(base);
        }
    }
}
