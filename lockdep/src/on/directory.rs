//! All held stacks of the process, and whose each one is.
//!
//! A stack is made for the first event of a task, given back when the task ends and used again by
//! a later one. It is never freed: that is what lets any thread read it at any time. So there are
//! as many as tasks ever lived at once.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::on::fork;
use crate::on::stack::Stack;

static DIRECTORY: Mutex<Directory> = Mutex::new(Directory { all: Vec::new(), free: Vec::new() });

struct Directory {
    all: Vec<&'static Stack>,
    free: Vec<&'static Stack>,
}

/// The task that a stack belongs to; none while it is free.
pub(crate) struct Owner(Mutex<Option<Task>>);

/// Who holds what a stack says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    /// The kernel's id of the task's thread; none for a task that is no thread.
    pub(crate) thread: Option<libc::pid_t>,
    /// Its name, once it is known.
    pub(crate) name: Option<Arc<str>>,
}

impl Owner {
    pub(crate) const fn new() -> Owner {
        Owner(Mutex::new(None))
    }

    /// The task; none if the stack is free.
    #[allow(dead_code, reason = "the list of all held locks is made of them")]
    pub(crate) fn task(&self) -> Option<Task> {
        let _pass = fork::pass();
        self.0.lock().clone()
    }

    /// Says what the task is called.
    pub(crate) fn set_name(&self, name: Arc<str>) {
        let _pass = fork::pass();
        if let Some(task) = &mut *self.0.lock() {
            task.name = Some(name);
        }
    }

    fn set(&self, task: Option<Task>) {
        *self.0.lock() = task;
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.try_lock().map(|task| task.clone()).fmt(f)
    }
}

/// A stack for a task, which holds nothing yet.
pub(crate) fn take(task: Task) -> &'static Stack {
    let _pass = fork::pass();
    let stack = DIRECTORY.lock().free.pop();
    let stack = stack.unwrap_or_else(|| {
        let stack: &Stack = Box::leak(Box::new(Stack::new()));
        DIRECTORY.lock().all.push(stack);
        stack
    });
    stack.owner.set(Some(task));
    stack
}

/// Takes back the stack of a task that has ended; what it still says to be held is forgotten.
pub(crate) fn give_back(stack: &'static Stack) {
    let _pass = fork::pass();
    stack.owner.set(None);
    stack.clear();
    DIRECTORY.lock().free.push(stack);
}

/// The stacks of all tasks that live now.
#[allow(dead_code, reason = "the list of all held locks is made of them")]
pub(crate) fn stacks() -> Vec<&'static Stack> {
    let _pass = fork::pass();
    let all = DIRECTORY.lock().all.clone();
    all.into_iter().filter(|stack| stack.owner.task().is_some()).collect()
}

/// The kernel's id of the current thread.
#[allow(unsafe_code, reason = "std does not say it")]
pub(crate) fn current_thread() -> libc::pid_t {
    // SAFETY: it takes nothing and cannot fail.
    unsafe { libc::gettid() }
}
