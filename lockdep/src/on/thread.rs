//! The tasks of threads, and the trackers that stand in for the process's for a while.
//!
//! [`TASK`] has no destructor, so it can be used as long as the thread runs any code at all: in
//! destructors of other thread-locals, and in an allocator that is called by them.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::Arc;

use crate::how::{Describe, How};
use crate::on::found::Met;
use crate::on::learn::Learned;
use crate::on::map::{self, Map};
use crate::on::registry::ClassId;
use crate::on::task::{State, Task};
use crate::on::tracker::Tracker;
use crate::violation::Assertion;

thread_local! {
    /// `ending` does what its drop would.
    static TASK: ManuallyDrop<Task> = const { ManuallyDrop::new(Task::of_thread()) };
    /// Trackers that the thread's events go to instead of the process's, innermost last.
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

/// A tracker for some time in place of the process's.
struct Scope {
    tracker: Arc<Tracker>,
    task: Box<Task>,
    met: Vec<Met>,
}

/// The current thread's task.
#[inline]
pub(crate) fn with_task<R>(f: impl FnOnce(&Task) -> R) -> R {
    TASK.with(|task| f(task))
}

/// The current thread's name, as reports show it.
pub(crate) fn name() -> Arc<str> {
    // Once the thread's locals are being destroyed its handle may be gone, and asking would panic.
    if SCOPES.try_with(|_| ()).is_err() {
        return Arc::from("a thread that ends");
    }
    match std::thread::current().name() {
        Some(name) => Arc::from(name),
        None => Arc::from("unnamed thread"),
    }
}

impl Tracker {
    /// Runs `f` with the locks of this thread tracked by this tracker alone, and returns what it
    /// met: nothing panics, nothing is printed and no hook is called.
    ///
    /// Other threads, those that `f` starts too, stay with the tracker they have.
    pub fn run<R>(self: &Arc<Self>, f: impl FnOnce() -> R) -> (R, Vec<Met>) {
        /// Restores the thread's state, after a panic of `f` too.
        struct Leave(State);
        impl Drop for Leave {
            fn drop(&mut self) {
                let scope = SCOPES.with_borrow_mut(Vec::pop);
                with_task(|task| task.set_state(self.0));
                // What is still held is released after the scope.
                let held = scope.map_or(0, |scope| scope.task.held().count());
                for _ in 0..held {
                    with_current_task(Task::acquired_untracked);
                }
            }
        }
        let task = Box::new(Task::of_thread());
        task.set_kin(with_task(Task::kin));
        task.set_state(State::Active);
        SCOPES.with_borrow_mut(|scopes| {
            scopes.push(Scope { tracker: Arc::clone(self), task, met: Vec::new() });
        });
        let leave = Leave(with_task(|task| {
            let state = task.state();
            task.set_state(State::Scoped);
            state
        }));
        let result = f();
        let met = SCOPES.with_borrow_mut(|scopes| {
            scopes.last_mut().map(|scope| std::mem::take(&mut scope.met)).unwrap_or_default()
        });
        drop(leave);
        (result, met)
    }
}

/// Gives an event to the innermost scope; the thread's own task is told to pass over what the
/// scope's work does meanwhile.
fn in_scope<R>(f: impl FnOnce(&mut Scope) -> R) -> Option<R> {
    working(|scopes| scopes.last_mut().map(f)).flatten()
}

fn working<R>(f: impl FnOnce(&mut [Scope]) -> R) -> Option<R> {
    with_task(|task| task.set_state(State::Working));
    let result = SCOPES.try_with(|scopes| scopes.try_borrow_mut().ok().map(|mut s| f(&mut s)));
    with_task(|task| task.set_state(State::Scoped));
    result.ok().flatten()
}

/// `before_acquire` of a thread whose state is [`State::Scoped`].
pub(crate) fn scoped_before_acquire(
    map: &Map,
    how: How,
    describe: Describe,
    site: &'static Location<'static>,
) {
    in_scope(|scope| {
        let met = scope.tracker.before_acquire(&scope.task, map, how, describe, site);
        scope.met.extend(met);
    });
}

/// `acquired` of a thread whose state is [`State::Scoped`].
pub(crate) fn scoped_acquired(map: &Map, how: How, site: &'static Location<'static>) {
    in_scope(|scope| scope.tracker.acquired(&scope.task, map, how, site));
}

/// `released` of a thread whose state is [`State::Scoped`].
pub(crate) fn scoped_released(map: &Map, place: &'static Location<'static>) {
    let lock = map.word().lock();
    working(|scopes| {
        let Some((scope, around)) = scopes.split_last_mut() else {
            return;
        };
        // A lock that was taken before the scope began is with one around it, or the thread's own.
        let is_inside = scope.task.held().any(|held| map::is_same(held.entry.lock(), lock));
        let is_outside = || {
            around.iter().rev().any(|scope| scope.task.remove(lock))
                || with_task(|task| task.remove(lock))
        };
        if is_inside || !is_outside() {
            scope.met.extend(scope.tracker.released_at(&scope.task, map, place));
        }
    });
}

/// `destroyed` of a thread whose state is [`State::Scoped`].
pub(crate) fn scoped_destroyed(map: &Map, site: &'static Location<'static>) {
    working(|scopes| {
        for scope in scopes {
            scope.met.extend(scope.tracker.destroyed_at(&scope.task, map, site));
        }
    });
    with_task(|task| task.remove(map.word().lock()));
}

/// An event without a warm path of a thread whose state is [`State::Scoped`].
pub(crate) fn scoped_judge(find: impl FnOnce(&Tracker, &Task) -> Learned) {
    in_scope(|scope| {
        let learned = find(&scope.tracker, &scope.task);
        scope.met.extend(learned.met);
    });
}

/// A class goes away: the trackers of this thread's scopes forget it too.
pub(crate) fn scoped_class_dropped(class: ClassId) {
    if with_task(Task::state) == State::Scoped {
        working(|scopes| {
            scopes.iter().for_each(|scope| scope.tracker.forget_class(class));
        });
    }
}

/// A failed assertion of a thread whose state is [`State::Scoped`].
pub(crate) fn scoped_assertion_failed(
    assertion: Assertion,
    map: Option<&Map>,
    site: &'static Location<'static>,
) {
    in_scope(|scope| {
        let met = scope.tracker.assertion_failed(&scope.task, assertion, map, site);
        scope.met.extend(met);
    });
}

/// Whether `f` holds of any task of this thread: of a scope's, innermost first, or of its own. None
/// while nobody can say.
pub(crate) fn any_task(f: impl Fn(&Task) -> bool) -> Option<bool> {
    if with_task(Task::state) != State::Scoped {
        return Some(with_task(f));
    }
    working(|scopes| scopes.iter().rev().any(|scope| f(&scope.task)) || with_task(&f))
}

/// The task whose held stack counts now: the innermost scope's, or the thread's.
#[inline]
pub(crate) fn with_current_task<R>(f: impl FnOnce(&Task) -> R) -> Option<R> {
    if with_task(Task::state) == State::Scoped {
        in_scope(|scope| f(&scope.task))
    } else {
        Some(with_task(f))
    }
}
