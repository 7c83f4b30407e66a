//! The rules for the life of tasks and processes: LD0015 and LD0016.
//!
//! | moment | rule | reported |
//! |---|---|---|
//! | a thread ends and holds a lock | nobody can release it any more | at every level, unless the lock is gone or its guard can be sent |
//! | a child of `fork` waits for a lock | its holder is not in the child | at every level, if it is certain that a thread that was left behind holds it |
//! | the process ends or becomes another program | what runs then may want what is held | at level `order` |
//!
//! What a task that was left behind holds is what its stack says: the child has a copy of that. An
//! acquire is noted just before the real lock is tried, so the newest entry may be of a lock that
//! was never obtained; it counts only if nobody else in the child can have the lock.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};

use dashmap::mapref::entry::Entry;
use dashmap::{DashMap, DashSet};
use once_cell::race::OnceBox;
use rustc_hash::FxBuildHasher;

use crate::on::directory;
use crate::on::fork;
use crate::on::found::{Identity, Met};
use crate::on::map::{self, Map, Word};
use crate::on::process;
use crate::on::stack::{Extent, Held, Stack};
use crate::on::task::{State, Task};
use crate::on::tracker::{self, Tracker};
use crate::violation::{Boundary, Violation};

/// Whether any guard can be sent.
static ANY_CAN_BE_SENT: AtomicBool = AtomicBool::new(false);
/// Classes of locks whose guards can be sent.
static CAN_BE_SENT: OnceBox<DashSet<u32, FxBuildHasher>> = OnceBox::new();
/// Places of acquires whose guards own what they guard, by address.
static GIVEN_FROM: OnceBox<DashSet<usize, FxBuildHasher>> = OnceBox::new();
/// Whether there is any.
static ANY_GIVEN: AtomicBool = AtomicBool::new(false);
/// Some of them, each in its slot; 0 is no place.
static RECENTLY_GIVEN: [AtomicUsize; 256] = [const { AtomicUsize::new(0) }; 256];
/// Some of them, each in its slot; 0 is no class.
static RECENT: [AtomicU32; 256] = [const { AtomicU32::new(0) }; 256];
/// Of each lock how many guards are held by nobody who is known: their takers have ended, or were
/// taken for others. Never 0.
static SENT: OnceBox<DashMap<u64, usize, FxBuildHasher>> = OnceBox::new();
/// Whether there was ever anything in it.
static ANY_SENT: AtomicBool = AtomicBool::new(false);

/// Notes that the guards of a class can be sent.
#[inline]
pub(crate) fn can_be_sent(map: &Map) {
    let class = map.word().class();
    if RECENT[class as usize % RECENT.len()].load(Relaxed) != class {
        set_can_be_sent(class);
    }
}

#[cold]
fn set_can_be_sent(class: u32) {
    if !is_sendable(class) {
        process::quietly(|| {
            CAN_BE_SENT.get_or_init(Box::default).insert(class);
            ANY_CAN_BE_SENT.store(true, Relaxed);
        });
    }
    RECENT[class as usize % RECENT.len()].store(class, Relaxed);
}

fn is_sendable(class: u32) -> bool {
    ANY_CAN_BE_SENT.load(Relaxed)
        && process::quietly(|| CAN_BE_SENT.get().is_some_and(|classes| classes.contains(&class)))
}

/// Notes that the guards of acquires at `site` own what they guard.
#[inline]
pub(crate) fn can_be_given(site: &'static Location<'static>) {
    if recently_given(site).load(Relaxed) != address(site) {
        set_can_be_given(site);
    }
}

#[inline]
fn recently_given(site: &'static Location<'static>) -> &'static AtomicUsize {
    // They lie in memory one after the other.
    &RECENTLY_GIVEN[address(site) / align_of::<Location<'_>>() % RECENTLY_GIVEN.len()]
}

#[cold]
fn set_can_be_given(site: &'static Location<'static>) {
    let is_known = ANY_GIVEN.load(Relaxed)
        && process::quietly(|| GIVEN_FROM.get().is_some_and(|all| all.contains(&address(site))));
    if !is_known {
        process::quietly(|| GIVEN_FROM.get_or_init(Box::default).insert(address(site)));
        ANY_GIVEN.store(true, Relaxed);
    }
    recently_given(site).store(address(site), Relaxed);
}

fn address(site: &'static Location<'static>) -> usize {
    std::ptr::from_ref(site).addr()
}

/// The task starts another one, which may own guards of its from now on: those that can be given
/// away are held by nobody who is known. If the task keeps one, what it does with it is missed.
pub(crate) fn starts_another(task: &Task) {
    if !ANY_GIVEN.load(Relaxed) || task.state() != State::Active || task.holds_own() {
        return;
    }
    task.settle();
    process::quietly(|| {
        let given = GIVEN_FROM.get();
        let can_be_given = |held: &Held| given.is_some_and(|all| all.contains(&address(held.site)));
        let locks: Vec<u64> =
            task.held().filter(can_be_given).map(|held| held.entry.lock()).collect();
        for lock in locks {
            task.remove(lock);
            send(lock, 1);
        }
    });
}

fn sent() -> &'static DashMap<u64, usize, FxBuildHasher> {
    SENT.get_or_init(Box::default)
}

/// Notes that so many guards of the lock are held by nobody who is known.
fn send(lock: u64, guards: usize) {
    if guards != 0 {
        *sent().entry(map::instance_of(lock)).or_insert(0) += guards;
        ANY_SENT.store(true, Relaxed);
    }
}

/// Whether guards of some lock may be held by nobody who is known.
#[inline]
pub(crate) fn any_sent() -> bool {
    ANY_SENT.load(Relaxed)
}

/// Another thread than its taker has dropped a guard of the lock; false if none is known.
///
/// Of several tasks that hold the lock any may have taken the guard. Then it is taken off all of
/// them: what is not held any more must not be held against anybody. The guards that are left are
/// dropped like those of tasks that have ended.
pub(crate) fn drop_guard(task: &Task, lock: u64) -> bool {
    match disown(task, lock, Extent::One) {
        0 => drop_sent(lock),
        tasks => {
            send(lock, tasks - 1);
            true
        }
    }
}

/// A task has released itself what was taken off it.
pub(crate) fn settle(lock: u64) {
    if any_sent() {
        drop_sent(lock);
    }
}

fn drop_sent(lock: u64) -> bool {
    let Entry::Occupied(mut guards) = sent().entry(map::instance_of(lock)) else {
        return false;
    };
    *guards.get_mut() -= 1;
    if *guards.get() == 0 {
        guards.remove();
    }
    true
}

/// The lock is gone, and with it whatever guards there are.
pub(crate) fn forget(lock: u64) {
    sent().remove(&map::instance_of(lock));
}

/// An async task ends with what is on its stack: whoever got the guards drops them. Nobody but the
/// task's owner can say whether any were leaked.
pub(crate) fn sent_away(stack: &Stack) {
    for held in stack.observe() {
        send(held.entry.lock(), 1);
    }
}

/// The current thread's task ends with what it holds.
pub(crate) fn ended(tracker: &Tracker, task: &Task) -> Vec<Met> {
    let (sent, kept): (Vec<Held>, Vec<Held>) =
        task.held().partition(|held| is_sendable(held.entry.class()));
    for held in sent {
        send(held.entry.lock(), 1);
    }
    let meet = |held: Held| {
        tracker.meet(Identity::at(15, Some(held.entry.node()), held.site), || {
            Violation::EndedHolding {
                task: tracker::name(task).as_ref().to_owned(),
                held: tracker.end(&held).resolve(tracker.settings().backtrace),
            }
        })
    };
    kept.into_iter().filter_map(meet).collect()
}

/// The process is left by the current task with what it holds.
pub(crate) fn left(
    tracker: &Tracker,
    task: &Task,
    boundary: Boundary,
    site: &'static Location<'static>,
) -> Vec<Met> {
    let meet = |held: Held| {
        tracker.meet(Identity::at(16, Some(held.entry.node()), held.site), || {
            Violation::HeldAcross {
                boundary,
                task: tracker::name(task).as_ref().to_owned(),
                holder: tracker::name(task).as_ref().to_owned(),
                held: tracker.end(&held).resolve(tracker.settings().backtrace),
                at: tracker.point_here(site),
            }
        })
    };
    task.held().filter_map(meet).collect()
}

/// The task of a child of `fork` waits for a lock that is not free.
pub(crate) fn wants_in_child(
    tracker: &Tracker,
    task: &Task,
    own: &'static Stack,
    wanted: Word,
    site: &'static Location<'static>,
) -> Option<Met> {
    let (stack, held) = left_behind(own, wanted)?;
    tracker.meet(Identity::at(16, Some(held.entry.node()), held.site), || Violation::HeldAcross {
        boundary: Boundary::Fork,
        task: tracker::name(task).as_ref().to_owned(),
        holder: stack.owner.name().as_ref().to_owned(),
        held: tracker.end(&held).resolve(tracker.settings().backtrace),
        at: tracker.point_here(site),
    })
}

/// Who was left behind with a lock that another task waits for.
fn left_behind(own: &'static Stack, wanted: Word) -> Option<(&'static Stack, Held)> {
    let excludes = |held: &Held| {
        held.entry.is_same(wanted) && held.entry.how().mode().excludes(wanted.how().mode())
    };
    let alive = directory::stacks();
    let is_alone = alive.iter().all(|stack| std::ptr::eq(*stack, own));
    directory::left_behind().into_iter().find_map(|stack| {
        let held = stack.observe();
        let at = held.iter().position(excludes)?;
        let is_certain = is_alone || at + 1 < held.len() || stack.wait.look().is_some();
        is_certain.then(|| (stack, held[at]))
    })
}

/// A task that does not hold a lock releases it: takes it off whoever does. True if an async task
/// has part in it, to which the guard may have been given whatever guard it is, as long as it
/// stayed on its thread.
pub(crate) fn take_over(task: &Task, lock: u64) -> bool {
    let is_async = task.is_async();
    let is_suspended = |stack: &&'static Stack| stack.owner.is_suspended() && stack.holds(lock);
    let of_async = is_async || !directory::holders(is_suspended).is_empty();
    let holders = disown(task, lock, Extent::One);
    of_async && holders != 0 || any_sent() && drop_sent(lock)
}

/// Takes a lock off the stacks of the other tasks that hold it; returns of how many.
pub(crate) fn disown(task: &Task, lock: u64, extent: Extent) -> usize {
    let own = task.stack();
    let is_other = |stack: &Stack| own.is_none_or(|own| !std::ptr::eq(own, stack));
    // Nothing is allocated here: the directory is locked.
    let holds = |stack: &&'static Stack| is_other(stack) && stack.holds(lock);
    let holders = directory::holders(holds);
    let _pass = fork::pass();
    holders.iter().filter(|stack| stack.disown(lock, extent)).count()
}
