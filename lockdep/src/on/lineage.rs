//! Who started and joined whom, as the threads themselves say.
//!
//! The way of one task is [`event::spawned`](crate::event::spawned) in the task that starts it,
//! [`started`](crate::event::started) and [`ended`](crate::event::ended) in the task itself, and
//! [`joined`](crate::event::joined) in whoever has waited for its end. A task of which nobody says
//! this has no known kin.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::on::kinship::{Clock, Kin, Occurrence};
use crate::on::process;
use crate::on::task::{State, Task};
use crate::on::thread::with_task;

/// The time of all tasks of the process.
static CLOCK: Clock = Clock::new();
/// Whether it matters at which moment of a task something was seen.
static TELL_APART: AtomicBool = AtomicBool::new(false);

/// A task that another one starts, or has started.
#[derive(Clone, Debug)]
pub struct Child(Option<Kin>);

impl Child {
    /// Nobody: what the current task does itself.
    pub(crate) const fn none() -> Child {
        Child(None)
    }

    /// The task among its kin, if anybody asks for that.
    #[inline]
    pub(crate) fn kin(&self) -> Option<&Kin> {
        self.0.as_ref()
    }
}

/// The work of `event::spawned`.
pub(crate) fn spawned() -> Child {
    with_task(|task| {
        // Kin cost memory as long as there are descendants, and nobody asks for them otherwise. While
        // an allocator's lock is held nothing may be allocated.
        let is_asked_for = process::state() != State::Off && TELL_APART.load(Relaxed);
        if !is_asked_for || task.holds_own() {
            return Child(None);
        }
        let child = process::quietly(|| task.kin().spawn(&CLOCK));
        new_moment(task);
        Child(Some(child))
    })
}

/// The work of `event::started`.
pub(crate) fn started(child: &Child) {
    if let Some(kin) = &child.0 {
        with_task(|task| task.set_kin(kin.clone()));
    }
}

/// The work of `event::ended`.
pub(crate) fn ended(child: &Child) {
    if let Some(kin) = &child.0 {
        kin.end(&CLOCK);
    }
}

/// The work of `event::joined`.
pub(crate) fn joined(child: &Child) {
    if let Some(kin) = &child.0 {
        with_task(|task| {
            if !task.holds_own() {
                process::quietly(|| task.kin().join(kin));
                new_moment(task);
            }
        });
    }
}

/// What the task has shown may lie at another time now.
fn new_moment(task: &Task) {
    if TELL_APART.load(Relaxed) && task.state() == State::Active {
        task.forget_keys();
    }
}

/// The thread goes on as another task, or as itself again.
pub(crate) fn switch(task: &Task, kin: Option<Kin>) -> Option<Kin> {
    new_moment(task);
    let before = task.take_kin();
    if let Some(kin) = kin {
        task.set_kin(kin);
    }
    before
}

/// Has what a task shows be looked at again after each start and join, from now on.
pub(crate) fn tell_moments_apart() {
    TELL_APART.store(true, Relaxed);
}

impl Task {
    /// The task among its kin. Allocates the first time.
    pub(crate) fn kin(&self) -> Kin {
        self.kin_or(|| Kin::root(&CLOCK))
    }

    /// The present moment of the task. Allocates the first time.
    pub(crate) fn occurrence(&self) -> Occurrence {
        self.kin().now()
    }

    /// The task ends, if nobody has said so.
    pub(crate) fn end_kin(&self) {
        if let Some(kin) = self.take_kin() {
            kin.end(&CLOCK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on::kinship::Relation;

    #[test]
    fn tasks_of_their_own_have_lived_side_by_side_or_not() {
        let (one, two) = (Task::new("one"), Task::new("two"));
        let (of_one, of_two) = (one.occurrence(), two.occurrence());
        assert_eq!(of_one.relation(&of_two), Relation::Concurrent);
        assert_eq!(of_one.relation(&one.occurrence()), Relation::SameTask);
        drop(one);
        let three = Task::new("three");
        assert_eq!(of_one.relation(&three.occurrence()), Relation::Apart);
        assert_eq!(of_two.relation(&three.occurrence()), Relation::Concurrent);
    }

    #[test]
    fn threads_that_say_so_are_ordered_by_start_and_join() {
        tell_moments_apart();
        let here = || with_task(Task::occurrence);
        let before = here();
        let child = spawned();
        let of_child = {
            let child = child.clone();
            std::thread::spawn(move || {
                started(&child);
                let moment = with_task(Task::occurrence);
                ended(&child);
                moment
            })
            .join()
            .unwrap()
        };
        let meanwhile = here();
        joined(&child);
        assert_eq!(before.relation(&of_child), Relation::OrderedBySpawn);
        assert_eq!(meanwhile.relation(&of_child), Relation::Concurrent);
        assert_eq!(here().relation(&of_child), Relation::OrderedByJoin);
    }
}
