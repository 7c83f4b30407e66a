//! Who started and joined whom, as the threads themselves say.
//!
//! The way of one task is [`event::spawned`](crate::event::spawned) in the task that starts it,
//! [`started`](crate::event::started) and [`ended`](crate::event::ended) in the task itself, and
//! [`joins`](crate::event::joins) and [`joined`](crate::event::joined) in whoever waits for its end. A
//! job that a thread runs among others says [`runs`](crate::event::runs) in place of the two in the
//! middle. A task of which nobody says this has no known kin.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use crate::how::Describe;
use crate::on::idle::PENDING;
use crate::on::kinship::{Clock, Kin, Occurrence};
use crate::on::learn_wait::Waiter;
use crate::on::pass::{Ancestry, Course};
use crate::on::process;
use crate::on::registry;
use crate::on::stack::Held;
use crate::on::task::{State, Task};
use crate::on::thread::with_task;

/// The time of all tasks of the process.
static CLOCK: Clock = Clock::new();
/// Whether it matters at which moment of a task something was seen.
static TELL_APART: AtomicBool = AtomicBool::new(false);

/// A task that another one starts, or has started.
#[derive(Clone, Debug)]
pub struct Child(Option<Arc<Life>>);

/// What is known of a task from its start on.
#[derive(Debug)]
pub(crate) struct Life {
    /// The class of its code.
    pub(crate) code: u32,
    pub(crate) ancestry: Arc<Ancestry>,
    /// What the one that started it held then: each lock, and where it was taken.
    held: Box<[(u64, usize)]>,
    /// The task among its kin, if somebody asks.
    kin: Option<Kin>,
    /// Whether it has begun.
    is_begun: AtomicBool,
    /// Whether somebody has waited for its end.
    is_joined: AtomicBool,
    /// Whether somebody has asked which task it is.
    is_told_apart: AtomicBool,
    /// Whether it ends at its next await, whatever it waits for.
    is_cancelled: AtomicBool,
    /// Whether it has ended.
    is_over: AtomicBool,
}

impl Drop for Life {
    fn drop(&mut self) {
        // It was never started after all.
        self.begin();
    }
}

impl Life {
    /// Whether somebody has asked which task it is, to compare it with another one.
    pub(crate) fn is_told_apart(&self) -> bool {
        self.is_told_apart.load(Relaxed)
    }

    /// The task begins, at the latest now.
    fn begin(&self) {
        if !self.is_begun.swap(true, SeqCst) {
            PENDING.fetch_sub(1, SeqCst);
        }
    }

    /// Whether a lock that the task `joiner` holds was taken after this one was started, for certain.
    pub(crate) fn is_younger(&self, joiner: u64, held: &Held) -> bool {
        let hold = (held.entry.lock(), std::ptr::from_ref(held.site).addr());
        match joiner == self.ancestry.parent {
            // Who replaces a task by another takes the same lock at the same place twice; but under
            // the second hold nothing was started yet when the first task is joined.
            true => !held.has_started || !self.held.contains(&hold),
            // It took all that it holds after its own start.
            false => joiner > self.ancestry.task,
        }
    }
}

impl Child {
    /// Nobody: what the current task does itself.
    pub(crate) const fn none() -> Child {
        Child(None)
    }

    /// Whether somebody has waited for its end.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.life().is_none_or(|life| life.is_joined.load(Relaxed))
    }

    /// Whether it has ended; true if nothing is tracked.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.life().is_none_or(|life| life.is_over.load(Relaxed))
    }

    /// What is known of it; none if nothing is tracked.
    #[inline]
    pub(crate) fn life(&self) -> Option<&Life> {
        self.0.as_deref()
    }

    /// The way of an async task.
    pub(crate) fn course(&self) -> Option<Course> {
        let life = self.life()?;
        Some(Course::of_async(life.code, &life.ancestry))
    }

    /// What tells its code from other code; none if nothing is tracked.
    #[doc(hidden)]
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        Some(self.life()?.code)
    }

    /// Whether it has begun; true if nothing is tracked.
    #[inline]
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.life().is_none_or(|life| life.is_begun.load(Relaxed))
    }

    /// It begins.
    pub(crate) fn begin(&self) {
        if let Some(life) = self.life() {
            life.begin();
        }
    }

    /// The task among its kin, if anybody asks for that.
    #[inline]
    pub(crate) fn kin(&self) -> Option<&Kin> {
        self.life()?.kin.as_ref()
    }
}

/// The work of `event::spawned`.
pub(crate) fn spawned(describe: Describe, site: &'static Location<'static>) -> Child {
    with_task(|task| {
        // While an allocator's lock is held nothing may be allocated.
        if matches!(process::state(), State::Off | State::Working | State::Reporting)
            || task.holds_own()
        {
            return Child(None);
        }
        let life = process::quietly(|| {
            let code = match task.class_of(site, describe) {
                Some(code) => code,
                None => {
                    let code = registry::made_at(site, describe())?;
                    task.learn_class(site, describe, code);
                    code
                }
            };
            let ancestry = Ancestry::of_child(task.number(), task.ancestry().as_ref());
            let held =
                task.held().map(|held| (held.entry.lock(), std::ptr::from_ref(held.site).addr()));
            let held = held.collect();
            task.starts_code();
            // Kin cost memory as long as there are descendants, and nobody asks for them otherwise.
            let kin = TELL_APART.load(Relaxed).then(|| task.kin().spawn(&CLOCK));
            PENDING.fetch_add(1, SeqCst);
            let is_begun = AtomicBool::new(false);
            Some(Arc::new(Life {
                is_begun,
                code: code.get(),
                ancestry,
                held,
                kin,
                is_joined: AtomicBool::new(false),
                is_told_apart: AtomicBool::new(false),
                is_cancelled: AtomicBool::new(false),
                is_over: AtomicBool::new(false),
            }))
        });
        new_moment(task);
        Child(life)
    })
}

/// The work of `event::started`.
pub(crate) fn started(child: &Child) {
    if let Some(life) = child.life() {
        // Who may be waited for has to be seen.
        process::state();
        life.begin();
        with_task(|task| {
            drop(task.change_course(Course::of(life.code, &life.ancestry)));
            if let Some(kin) = &life.kin {
                task.set_kin(kin.clone());
            }
        });
    }
}

/// The work of `event::ended`.
pub(crate) fn ended(child: &Child) {
    if let Some(life) = child.life() {
        life.is_over.store(true, Relaxed);
    }
    if let Some(kin) = child.kin() {
        kin.end(&CLOCK);
    }
}

/// The work of `event::joins` and `event::awaits`.
pub(crate) fn joins(child: &Child, waiter: Waiter, site: &'static Location<'static>) {
    let is_over = |life: &Life| life.is_joined.load(Relaxed) || life.is_cancelled.load(Relaxed);
    let Some(life) = child.life().filter(|life| !is_over(life)) else {
        return;
    };
    // A thread is asked each time: it may be itself that it waits for.
    let is_known = |task: &Task| {
        waiter == Waiter::Future
            && task.may_wait_freely()
            && task.knows_key(task.join_key(life.code, site))
    };
    if !with_task(is_known) {
        process::judge(|tracker, task| tracker.joins(task, waiter, life, site));
    }
}

/// The work of `event::cancelled`.
pub(crate) fn cancelled(child: &Child) {
    if let Some(life) = child.life() {
        life.is_cancelled.store(true, Relaxed);
    }
}

/// The work of `event::told_apart`.
pub(crate) fn told_apart(child: &Child) {
    if let Some(life) = child.life() {
        life.is_told_apart.store(true, Relaxed);
    }
}

/// The work of `event::joined`.
pub(crate) fn joined(child: &Child) {
    let Some(life) = child.life() else {
        return;
    };
    if life.is_joined.swap(true, Relaxed) {
        return;
    }
    if let Some(kin) = &life.kin {
        with_task(|task| {
            if !task.holds_own() {
                process::quietly(|| task.kin().join(kin));
                new_moment(task);
            }
        });
    }
}

/// The current task runs the code of another one as long as this lives.
#[derive(Debug)]
#[must_use = "the code ends when this is dropped"]
pub struct Running {
    /// What the thread did before.
    before: Option<Course>,
    /// It belongs to the thread.
    _thread: PhantomData<*const ()>,
}

/// The work of `event::runs`.
pub(crate) fn runs(child: &Child) -> Running {
    let mut running = Running { before: None, _thread: PhantomData };
    if let Some(life) = child.life() {
        with_task(|task| {
            life.begin();
            if task.state() == State::Active {
                let course = Course::of(life.code, &life.ancestry);
                running.before = Some(task.change_course(course));
                task.begin_at(u64::from(life.code));
            }
        });
    }
    running
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            let over = with_task(|task| task.change_course(before));
            process::quietly(|| drop(over));
        }
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
    use crate::how::Description;
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
        let child = spawned(|| Description::new("thread", ""), Location::caller());
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
