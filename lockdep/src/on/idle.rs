//! Whether a task is the only one that could go on.
//!
//! A task that waits without an end of its own for what another one must do goes on only when that one
//! does. So if all tasks but one wait like that, or for locks, and that one is about to, none of them
//! ever goes on. Threads that the tracker knows nothing of are taken for strangers that have no part
//! in it.

use std::marker::PhantomData;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use crate::on::directory;
use crate::on::process;
use crate::on::stack::Stack;
use crate::on::task::{State, Task};
use crate::on::thread::with_task;
use crate::until::Until;

/// How many tasks were started and have not begun: they may do anything.
pub(crate) static PENDING: AtomicUsize = AtomicUsize::new(0);

/// The current task waits, without an end of its own, as long as this lives.
#[derive(Debug)]
#[must_use = "the wait is over when this is dropped"]
pub struct Idle {
    stack: Option<&'static Stack>,
    /// It belongs to the thread that waits.
    _thread: PhantomData<*const ()>,
}

impl Drop for Idle {
    fn drop(&mut self) {
        if let Some(stack) = self.stack {
            stack.is_idle.store(false, Release);
        }
    }
}

/// The current task is about to wait until another one has done something, whatever happens.
pub(crate) fn begin() -> Idle {
    // Within another one, that one ends it.
    let is_first = |task: &Task| task.state() == State::Active && !task.is_idle();
    let stack = with_task(|task| task.stack().filter(|_| is_first(task)));
    if let Some(stack) = stack {
        stack.is_idle.store(true, Release);
    }
    Idle { stack, _thread: PhantomData }
}

impl Task {
    /// Whether the task waits for something that it has told of: a wait meanwhile is how that one is
    /// done.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.stack().is_some_and(|stack| stack.is_idle.load(Relaxed))
    }
}

/// Whether at this moment all other tasks wait, and none is about to begin.
pub(crate) fn is_alone() -> bool {
    let own = with_task(Task::stack);
    let is_own = |stack: &Stack| own.is_some_and(|own| std::ptr::eq(own, stack));
    let is_patient = |stack: &Stack| {
        let wanted = stack.wait.look();
        wanted.is_some_and(|wanted| wanted.until != Until::FreeOrTimeout)
    };
    let waits = |stack: &Stack| stack.is_idle.load(Acquire) || is_patient(stack);
    process::state() == State::Active
        && PENDING.load(SeqCst) == 0
        && process::quietly(|| {
            directory::stacks().into_iter().all(|stack| is_own(stack) || waits(stack))
        })
}
