//! The cold paths of the events of a lock: it is wanted, held, given back, gone.

use std::panic::Location;

use crate::how::{Describe, How};
use crate::on::census;
use crate::on::declared;
use crate::on::fork;
use crate::on::life;
use crate::on::loss::{self, Loss};
use crate::on::map::{self, Map, Word};
use crate::on::own;
use crate::on::process::{enter, process, quietly, quietly_unless_own, react, start, tell};
use crate::on::stack::Extent;
use crate::on::stat;
use crate::on::task::{State, Task};
use crate::on::thread;
use crate::on::want::Wait;
use crate::on::watcher;

/// The cold path of `event::before_acquire` and `event::before_try`.
#[cold]
#[inline(never)]
pub(crate) fn before_acquire(
    map: &Map,
    how: How,
    describe: Describe,
    site: &'static Location<'static>,
) {
    thread::with_task(|task| {
        check(task, map, how, describe, site);
        if task.state() == State::Active {
            stat::before(task, map.word().held(how));
        }
    });
}

fn check(task: &Task, map: &Map, how: How, describe: Describe, site: &'static Location<'static>) {
    if map.word().is_untracked() {
        return;
    }
    match start(task) {
        State::Active => {}
        State::Working => {
            own::add(map.place());
            return map.set_own();
        }
        State::Scoped => return thread::scoped_before_acquire(map, how, describe, site),
        State::Unstarted | State::Reporting | State::Off => return,
    }
    task.settle();
    if own::has(map.place()) {
        map.set_own();
    }
    if !map.word().is_resolved() {
        number(task, map, describe);
    }
    if map.word().is_resolved() && task.depth() < Task::INLINE {
        let entry = map.word().held(how);
        if task.knows_slow(entry, task.keys(entry, site)) {
            return;
        }
    }
    if task.holds_own() {
        loss::count(Loss::UnderAllocator);
        return;
    }
    let met = {
        let _resume = enter(task, State::Working);
        let _pass = fork::pass();
        let process = process();
        task.set_name(thread::name);
        watcher::ensure();
        let learned = process.tracker.learn(task, map, how, Wait::Acquire, describe, site);
        process.record(&learned);
        learned.met
    };
    // Those allocations may have been the first to show it.
    if own::has(map.place()) {
        map.set_own();
    }
    react(task, met, true);
}

/// The cold path of `event::acquire`.
#[cold]
#[inline(never)]
pub(crate) fn acquire(map: &Map, how: How, describe: Describe, site: &'static Location<'static>) {
    let known = thread::with_task(|task| {
        task.state() == State::Active
            && !map.word().is_resolved()
            && number(task, map, describe).is_some_and(|word| task.push_known(word, how, site))
    });
    if !known {
        before_acquire(map, how, describe, site);
        acquired(map, how, site);
    }
}

/// Gives a new lock its number if the task knows its class, which is all that it needs then.
///
/// Whoever goes on with the word that is returned need not wait for it to be in the map.
#[inline]
fn number(task: &Task, map: &Map, describe: Describe) -> Option<Word> {
    let class = task.class_of(map.place(), describe)?;
    if own::has(map.place()) {
        map.set_own();
    }
    task.next_instance()
        .map(|instance| map.resolve(class, census::tag_for_new(class.get()), instance))
}

/// The cold path of `event::acquired`.
#[cold]
#[inline(never)]
pub(crate) fn acquired(map: &Map, how: How, site: &'static Location<'static>) {
    if map.word().is_untracked() {
        return;
    }
    thread::with_task(|task| match task.state() {
        State::Active => {
            task.push(map, how, site);
            stat::acquired(map.word().held(how), site);
        }
        State::Scoped => thread::scoped_acquired(map, how, site),
        State::Unstarted | State::Working | State::Reporting | State::Off => {
            task.acquired_untracked();
        }
    });
}

/// The cold path of `event::contended`.
#[cold]
pub(crate) fn contended(map: &Map) {
    let lock = map.word().lock();
    if map.word().is_untracked() {
        return;
    }
    if thread::with_task(Task::state) == State::Active {
        stat::contended(lock);
    }
    if thread::any_task(|task| task.remove(lock)) != Some(true) {
        thread::with_task(Task::released_untracked);
    }
}

/// The cold path of `event::released`.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn released(map: &Map) {
    let site = Location::caller();
    thread::with_task(|task| release(task, map, site));
}

fn release(task: &Task, map: &Map, site: &'static Location<'static>) {
    task.settle();
    if map.word().is_untracked() {
        // Whoever took it before it became so may hold it still.
        thread::any_task(|task| task.remove(map.word().lock()));
        return;
    }
    match start(task) {
        State::Active => stat::closed(task, map.word().lock()),
        State::Scoped => return thread::scoped_released(map, site),
        // A hook may drop a guard that its thread had before.
        State::Reporting if task.remove(map.word().lock()) => return,
        State::Unstarted | State::Working | State::Reporting | State::Off => {
            task.released_untracked();
            return;
        }
    }
    let is_pinned = task.pins().has(map::instance_of(map.word().lock()));
    if !is_pinned && (task.pop(map) || task.remove(map.word().lock()) || task.released_untracked())
    {
        return;
    }
    if task.holds_own() {
        loss::count(Loss::UnderAllocator);
        task.remove(map.word().lock());
        return;
    }
    // Whoever took it holds it no more. Async tasks of one thread may give each other any guard.
    if quietly(|| life::take_over(task, map.word().lock())) {
        return;
    }
    tell(task, |tracker| tracker.released_at(task, map, site));
}

/// The cold path of `event::released_anywhere`.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn released_anywhere(map: &Map) {
    let lock = map.word().lock();
    thread::with_task(|task| {
        if task.state() == State::Active {
            stat::closed(task, lock);
        }
    });
    let is_own = thread::any_task(|task| {
        task.settle();
        task.remove(lock)
    });
    if is_own == Some(true) || thread::with_task(start) != State::Active {
        return;
    }
    if !quietly(|| thread::with_task(|task| life::drop_guard(task, lock))) {
        released(map);
    }
}

/// The cold path of `event::destroyed`.
#[cold]
#[track_caller]
pub(crate) fn destroyed(map: &Map) {
    let site = Location::caller();
    if declared::any_rank() {
        quietly_unless_own(|| declared::forget(map.word()));
    }
    if life::any_sent() {
        quietly_unless_own(|| life::forget(map.word().lock()));
    }
    thread::with_task(|task| match start(task) {
        // Its node stays in the order, which harms nothing: nobody takes the lock again.
        _ if task.holds_own() => {}
        State::Active => {
            stat::forgotten(map.word().lock());
            // A guard that another task forgot holds nothing any more.
            if !task.has_numbered(map.word()) {
                quietly(|| life::disown(task, map.word().lock(), Extent::All));
            }
            tell(task, |tracker| tracker.destroyed_at(task, map, site));
        }
        State::Scoped => {
            thread::scoped_destroyed(map, site);
            quietly(|| process().tracker.forget(map.word()));
        }
        // What a hook destroys may have been taken before.
        State::Reporting => {
            quietly(|| process().tracker.forget(map.word()));
            task.remove(map.word().lock());
        }
        State::Unstarted | State::Working | State::Off => {}
    });
}
