//! The list of all held locks of all tasks, for whoever asks.

use crate::held_locks::{HeldLocks, TaskLocks};
use crate::on::directory;
use crate::on::process;
use crate::on::stack::{Held, Stack};
use crate::until::Until;

/// What all tasks of the process hold and wait for, now.
///
/// Each task is looked at while it goes on: what it takes or gives back at that moment may be in the
/// list or not. Of a task that waits the list is exact. Looks stacks up, which takes about a second
/// the first time, unless `LOCKDEP_BACKTRACE` is `0`. Empty while tracking is off.
#[must_use]
pub fn held_locks() -> HeldLocks {
    process::quietly(|| {
        let tasks = directory::stacks().into_iter().map(task);
        let tasks = tasks.filter(|task| !task.held.is_empty() || task.wanted.is_some());
        HeldLocks { tasks: tasks.collect() }
    })
}

fn task(stack: &'static Stack) -> TaskLocks {
    let tracker = &process::process().tracker;
    let style = tracker.settings().backtrace;
    let touch = |held: &Held| tracker.end(held).resolve(style);
    let wanted = stack.wait.look();
    TaskLocks {
        task: stack.owner.name().as_ref().to_owned(),
        thread: stack.owner.thread(),
        held: stack.observe().iter().map(touch).collect(),
        wanted: wanted.map(|wanted| -> (_, Until) {
            let (entry, site, witness) = (wanted.entry, wanted.site, wanted.witness);
            (touch(&Held { entry, site, witness, has_started: false }), wanted.until)
        }),
    }
}
