//! The cold paths of what happens to a task's contexts, and of a wait in one.

use std::panic::Location;

use crate::on::context::Context;
use crate::on::learn::Learned;
use crate::on::loss::{self, Loss};
use crate::on::process::{judge, learn, process, start};
use crate::on::task::{State, Task};
use crate::on::thread;
use crate::on::usage::ContextSet;
use crate::wait_type::WaitType;

/// The work of `Context::enter`; whether the context counts, and so has to be left.
///
/// What it breaks is told before it begins: if that panics, it has not begun.
#[cold]
pub(crate) fn enter_context(context: &'static Context, site: &'static Location<'static>) -> bool {
    thread::with_task(|task| match start(task) {
        // To begin may need memory.
        State::Active if task.holds_own() => {
            loss::count(Loss::UnderAllocator);
            false
        }
        State::Active => {
            let tracker = &process().tracker;
            mark_held(task, tracker.came_upon(task, context), site);
            tracker.entered(task, context);
            true
        }
        State::Scoped => {
            thread::scoped_judge(|tracker, task| tracker.enter(task, context, site).into());
            true
        }
        State::Unstarted | State::Working | State::Reporting | State::Off => false,
    })
}

/// The work of the end of a context.
#[cold]
pub(crate) fn leave_context(context: &'static Context, site: &'static Location<'static>) {
    thread::with_task(|task| match task.state() {
        State::Active => mark_held(task, process().tracker.left(task, context), site),
        State::Scoped => {
            thread::scoped_judge(|tracker, task| tracker.leave(task, context, site).into());
        }
        State::Unstarted | State::Working | State::Reporting | State::Off => {
            process().tracker.left(task, context);
        }
    });
}

/// The work of `Context::block`; whether it counts, and so has to be taken back.
#[cold]
pub(crate) fn block_context(context: &'static Context) -> bool {
    thread::with_task(|task| match start(task) {
        State::Active => {
            process().tracker.block(task, context);
            true
        }
        State::Scoped => {
            thread::scoped_judge(|tracker, task| {
                tracker.block(task, context);
                Learned::default()
            });
            true
        }
        State::Unstarted | State::Working | State::Reporting | State::Off => false,
    })
}

/// The work of the end of a block.
#[cold]
pub(crate) fn unblock_context(context: &'static Context, site: &'static Location<'static>) {
    thread::with_task(|task| match task.state() {
        State::Active => mark_held(task, process().tracker.unblocked(task, context), site),
        State::Scoped => {
            thread::scoped_judge(|tracker, task| tracker.unblock(task, context, site).into());
        }
        State::Unstarted | State::Working | State::Reporting | State::Off => {
            process().tracker.unblocked(task, context);
        }
    });
}

/// All that `task` holds is open to some contexts now.
fn mark_held(task: &Task, open: Option<ContextSet>, site: &'static Location<'static>) {
    if let Some(open) = open {
        learn(task, |tracker| tracker.mark_held(task, open, site));
    }
}

/// The cold path of `event::before_wait`.
#[cold]
pub(crate) fn before_wait(needs: WaitType, site: &'static Location<'static>) {
    judge(|tracker, task| tracker.before_wait(task, needs, site).into());
}
