//! All held stacks of the process, and whose each one is.
//!
//! A stack is made for the first event of a task, given back when the task ends and used again by
//! a later one. It is never freed: that is what lets any thread read it at any time. So there are
//! as many as tasks ever lived at once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64};

use parking_lot::Mutex;

use crate::on::fork;
use crate::on::site::Site;
use crate::on::stack::Stack;
use crate::on::task::AsyncName;

static DIRECTORY: Mutex<Directory> = Mutex::new(Directory { all: Vec::new(), free: Vec::new() });

struct Directory {
    all: Vec<&'static Stack>,
    free: Vec<&'static Stack>,
}

/// The task that a stack belongs to.
///
/// | atomic | meaning | changed |
/// |---|---|---|
/// | `process` | the process that the task lives in, 0 while the stack is free | by the task, at its start, at its end and in a child after `fork` |
/// | `thread` | the kernel's id of its thread, 0 for a task that is no thread or that no thread runs | with it; by the thread that runs an async task |
/// | `spawned`, `number` | where an async task was started and its number; none for a thread | by the thread that runs it |
pub(crate) struct Owner {
    process: AtomicU32,
    thread: AtomicI32,
    name: Mutex<Option<Arc<str>>>,
    spawned: Site,
    number: AtomicU64,
}

impl Owner {
    pub(crate) const fn new() -> Owner {
        Owner {
            process: AtomicU32::new(0),
            thread: AtomicI32::new(0),
            name: Mutex::new(None),
            spawned: Site::new(),
            number: AtomicU64::new(0),
        }
    }

    /// Which async task it is.
    #[inline]
    pub(crate) fn async_task(&self) -> Option<AsyncName> {
        let number = self.number.load(Relaxed);
        self.spawned.get().map(|spawned| AsyncName { spawned, number })
    }

    /// Says which async task it is, or that it is none.
    #[inline]
    pub(crate) fn set_async_task(&self, name: Option<AsyncName>) {
        match name {
            Some(AsyncName { spawned, number }) => {
                self.number.store(number, Relaxed);
                self.spawned.set(spawned);
            }
            None => self.spawned.clear(),
        }
    }

    /// An async task goes on in the thread of `other`, or, with none, in no thread for now.
    pub(crate) fn run_on(&self, other: Option<&Owner>) {
        let thread = other.map_or(0, |other| other.thread.load(Relaxed));
        self.thread.store(thread, Relaxed);
        // A child of `fork` goes on with its parent's tasks.
        if fork::is_child() {
            self.process.store(std::process::id(), Relaxed);
        }
    }

    /// Whether it is an async task that no thread runs now.
    pub(crate) fn is_suspended(&self) -> bool {
        self.thread.load(Relaxed) == 0 && self.spawned.get().is_some()
    }

    /// The kernel's id of the task's thread.
    pub(crate) fn thread(&self) -> Option<libc::pid_t> {
        Some(self.thread.load(Relaxed)).filter(|&thread| thread != 0)
    }

    /// What the task is called: by its number and place, by itself, else by the kernel.
    pub(crate) fn name(&self) -> Arc<str> {
        if let Some(name) = self.async_task() {
            return name.to_string().into();
        }
        let name = {
            let _pass = fork::pass();
            self.name.lock().clone()
        };
        let kernels = || {
            let path = format!("/proc/self/task/{}/comm", self.thread.load(Relaxed));
            let name = std::fs::read_to_string(path).unwrap_or_default();
            Arc::from(name.trim_end())
        };
        name.unwrap_or_else(kernels)
    }

    /// Says what the task is called.
    pub(crate) fn set_name(&self, name: Arc<str>) {
        let _pass = fork::pass();
        *self.name.lock() = Some(name);
    }

    /// Has the task be that of a process's only thread, in a child after `fork`.
    pub(crate) fn survive(&self) {
        self.process.store(std::process::id(), Relaxed);
        self.thread.store(current_thread(), Relaxed);
    }

    /// Whether the task lives in this process.
    fn is_alive(&self) -> bool {
        self.process.load(Relaxed) == std::process::id()
    }

    /// Whether the task lived in a process that this one was forked from.
    fn is_left_behind(&self) -> bool {
        self.process.load(Relaxed) != 0 && !self.is_alive()
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner")
            .field("process", &self.process)
            .field("thread", &self.thread)
            .finish_non_exhaustive()
    }
}

/// A stack for the current thread's task, or one of another kind that has a name; it holds nothing
/// yet.
pub(crate) fn take(name: Option<&'static str>) -> &'static Stack {
    let _pass = fork::pass();
    let stack = DIRECTORY.lock().free.pop();
    let stack = stack.unwrap_or_else(|| {
        let stack: &Stack = Box::leak(Box::new(Stack::new()));
        DIRECTORY.lock().all.push(stack);
        stack
    });
    let owner = &stack.owner;
    *owner.name.lock() = name.map(Arc::from);
    owner.spawned.clear();
    owner.thread.store(if name.is_none() { current_thread() } else { 0 }, Relaxed);
    owner.process.store(std::process::id(), Relaxed);
    stack
}

/// Takes back the stack of a task that has ended; what it still says to be held is forgotten.
pub(crate) fn give_back(stack: &'static Stack) {
    let _pass = fork::pass();
    stack.owner.process.store(0, Relaxed);
    stack.clear();
    DIRECTORY.lock().free.push(stack);
}

/// The stacks of all tasks that live now.
pub(crate) fn stacks() -> Vec<&'static Stack> {
    let mut stacks = all();
    stacks.retain(|stack| stack.owner.is_alive());
    stacks
}

/// The stacks of the tasks that were left behind in the processes that this one was forked from, as
/// they were then.
pub(crate) fn left_behind() -> Vec<&'static Stack> {
    let mut stacks = all();
    stacks.retain(|stack| stack.owner.is_left_behind());
    stacks
}

/// The stacks of tasks that live now and hold something, for which `holds` is true. Allocates only
/// if there are any.
pub(crate) fn holders(holds: impl Fn(&&'static Stack) -> bool) -> Vec<&'static Stack> {
    let _pass = fork::pass();
    let process = std::process::id();
    let directory = DIRECTORY.lock();
    let stacks = directory.all.iter().copied().filter(|stack| stack.depth() != 0);
    let alive = stacks.filter(|stack| stack.owner.process.load(Relaxed) == process);
    alive.filter(holds).collect()
}

fn all() -> Vec<&'static Stack> {
    let _pass = fork::pass();
    DIRECTORY.lock().all.clone()
}

/// The kernel's id of the current thread.
#[allow(unsafe_code, reason = "std does not say it")]
pub(crate) fn current_thread() -> libc::pid_t {
    // SAFETY: it takes nothing and cannot fail.
    unsafe { libc::gettid() }
}
