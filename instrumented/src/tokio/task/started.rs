//! A task that was started, for whoever waits for its end.

use std::any::type_name;
use std::future::Future;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

use lockdep::event::{self, Child};
use lockdep::task::{AsyncTask, Tracked};
use lockdep::{Description, task};

/// What the tracker knows a task by, or a job that runs on a thread of its own.
#[derive(Clone, Debug)]
pub(in super::super) struct Started {
    child: Child,
    is_job: bool,
}

// Whatever panics meanwhile, nothing of it is seen through this.
impl UnwindSafe for Started {}
impl RefUnwindSafe for Started {}

/// A task that the caller is about to start: `future`, with a held stack of its own.
#[track_caller]
pub(in super::super) fn started<F: Future>(future: F) -> (Tracked<F>, Started) {
    let future = Tracked::spawned(future);
    let started = Started { child: future.child(), is_job: false };
    (future, started)
}

/// A job that the caller is about to start: `f`, with a held stack of its own.
#[track_caller]
pub(in super::super) fn job<F: FnOnce() -> R, R>(f: F) -> (impl FnOnce() -> R, Started) {
    let mut task = AsyncTask::described(|| Description::new("job", type_name::<F>()));
    let started = Started { child: task.child(), is_job: true };
    (move || task.run(f), started)
}

impl Started {
    /// A future waits for the end, and is polled; unless something else may end its wait.
    pub(super) fn is_awaited(&self, site: &'static Location<'static>) {
        if task::may_await_for_ever() {
            event::awaits(&self.child, site);
        }
    }

    /// Somebody has waited for the end.
    pub(super) fn was_awaited(&self) {
        event::joined(&self.child);
    }

    /// It is aborted. A job that has begun is not.
    pub(super) fn is_aborted(&self) {
        if !(self.is_job && self.child.has_begun()) {
            event::cancelled(&self.child);
        }
    }

    /// What tells its code from other code; none if nothing is tracked.
    pub(super) fn code(&self) -> Option<u32> {
        self.child.code()
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.child.is_over()
    }
}
