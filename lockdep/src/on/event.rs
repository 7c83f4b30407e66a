//! What an instrumented lock calls.
//!
//! The way of one blocking acquire is [`before_acquire`], the real lock, [`acquired`]; of a
//! try-lock [`before_try`], the real attempt and, if it succeeds, [`acquired`] with
//! [`How::trylock`]. [`released`] comes before the real unlock: a counted lock may be freed right
//! after it.
//!
//! Each event has a warm path of a nanosecond or two that writes no shared memory, takes no lock and
//! allocates nothing; the rest is in `process`. If this crate is optimised the warm paths are
//! inlined into the caller's code. The feature `outlined` keeps them here, for a caller that is
//! not optimised itself.

use std::panic::Location;

use crate::how::{Describe, How};
use crate::mode::Mode;
use crate::on::blocked;
use crate::on::context_change;
use crate::on::learn_wait::Waiter;
use crate::on::life;
use crate::on::lineage;
use crate::on::lock_events;
use crate::on::map::Map;
use crate::on::mode_change;
use crate::on::nest::Nest;
use crate::on::nested;
use crate::on::process;
use crate::on::stat;
use crate::on::task::{State, Task};
use crate::on::thread::{self, with_task};
use crate::on::want::Wait;
use crate::tracked::Tracked;
use crate::until::Until;
use crate::violation::Boundary;
use crate::wait_type::WaitType;

pub use crate::on::blocked::Waiting;
pub use crate::on::lineage::{Child, Running};

/// The current task is about to wait for `map`'s lock.
///
/// # Panics
///
/// With the report, if this breaks a rule and `LOCKDEP` is `panic`; the lock is not taken then.
#[inline(never)]
pub fn before_acquire(map: &Map, how: How, describe: Describe, site: &'static Location<'static>) {
    if !with_task(|task| task.knows(map, how, site)) {
        lock_events::before_acquire(map, how, describe, site);
    }
}

/// The current task is about to try `map`'s lock. Records nothing, but does ahead what
/// [`acquired`] must not do: once an allocator's lock is held, nothing may allocate.
#[inline(never)]
pub fn before_try(map: &Map, how: How, describe: Describe, site: &'static Location<'static>) {
    before_acquire(map, how.trylock(), describe, site);
}

/// [`before_acquire`] and [`acquired`] at once, for a lock that is then tried without waiting.
///
/// If the try fails, [`contended`] takes the lock off the held stack again; then wait, as
/// [`waiting`] says, and report [`acquired`]. This saves one call on the way that most acquires go.
///
/// # Panics
///
/// As [`before_acquire`]; the lock is not on the held stack then.
#[inline]
pub fn acquire(map: &Map, how: How, describe: Describe, site: &'static Location<'static>) {
    if !acquire_known(map, how, site) {
        lock_events::acquire(map, how, describe, site);
    }
}

/// The warm path of [`acquire`]; false if it does not apply.
///
/// Outlined it takes as few arguments as it can: what must be saved around the access to a
/// thread-local is stores, and the real lock's atomic instruction waits for every store before it.
#[cfg_attr(any(debug_assertions, feature = "outlined"), inline(never))]
#[cfg_attr(not(any(debug_assertions, feature = "outlined")), inline)]
fn acquire_known(map: &Map, how: How, site: &'static Location<'static>) -> bool {
    with_task(|task| task.push_known(map.word(), how, site))
}

/// The lock that the current task announced by [`acquire`] is not free: it must wait. Never panics.
#[cold]
#[inline(never)]
pub fn contended(map: &Map) {
    if !with_task(|task| task.pop(map)) {
        lock_events::contended(map);
    }
}

/// The lock that the current task announced by [`before_acquire`] is not free: it must wait. For
/// statistics alone. Never panics.
pub fn waits(map: &Map) {
    if with_task(Task::state) == State::Active {
        stat::waits(map.word().lock());
    }
}

/// The current task is about to wait for `map`'s lock, which is not free, until what this returns
/// is dropped; then follows [`acquired`], if it obtained the lock.
///
/// This is how deadlocks are seen that happen, before the task that closes one blocks. A lock that
/// does not say this is checked for its order all the same; but if a task waits for it for ever,
/// nobody knows. Costs a few nanoseconds if nothing is held, else two locks and unlocks of the
/// tracker's.
///
/// # Panics
///
/// With the report, if tasks now wait for each other and `LOCKDEP` is `panic`.
#[cold]
#[inline(never)]
pub fn waiting(map: &Map, how: How, site: &'static Location<'static>, until: Until) -> Waiting {
    blocked::begin(map, how, site, until)
}

/// The current task has obtained `map`'s lock. Never panics, never allocates.
#[inline(never)]
pub fn acquired(map: &Map, how: How, site: &'static Location<'static>) {
    if !with_task(|task| task.push_plain(map, how, site)) {
        lock_events::acquired(map, how, site);
    }
}

/// The current task is about to release `map`'s lock.
///
/// # Panics
///
/// With the report, if the task does not hold the lock, `LOCKDEP` is `panic` and the thread is not
/// panicking already.
#[inline]
#[track_caller]
pub fn released(map: &Map) {
    if !released_newest(map) {
        lock_events::released(map);
    }
}

/// The warm path of [`released`]; false if it does not apply.
#[cfg_attr(any(debug_assertions, feature = "outlined"), inline(never))]
#[cfg_attr(not(any(debug_assertions, feature = "outlined")), inline)]
fn released_newest(map: &Map) -> bool {
    with_task(|task| task.pop(map))
}

/// The current task is about to wait for `map`'s lock under the nest lock `nest`: those of the
/// locks it holds of the class that were taken after the nest lock need no order. Follow with
/// [`acquired`].
///
/// Has no warm path: the nest lock has to be looked for each time.
///
/// # Panics
///
/// With the report, if the task does not hold the nest lock (LD0008) or breaks another rule, and
/// `LOCKDEP` is `panic`; the lock is not taken then.
#[inline(never)]
pub fn before_acquire_nested<N: Tracked + ?Sized>(
    map: &Map,
    how: How,
    nest: &N,
    describe: Describe,
    site: &'static Location<'static>,
) {
    let nest = nest.map().map_or_else(Nest::untracked, Nest::of);
    process::judge(|tracker, task| {
        tracker.learn(task, map, how, Wait::Nested(nest), describe, site)
    });
}

/// The current task is about to release `map`'s lock, whose guard can be sent from one task to
/// another: if another task took it, that one holds it no more.
///
/// # Panics
///
/// As [`released`], if no task holds the lock.
#[inline]
#[track_caller]
pub fn released_anywhere(map: &Map) {
    if !released_newest(map) {
        lock_events::released_anywhere(map);
    }
}

/// The guards of locks like `map`'s can be sent to another task, which then releases with
/// [`released_anywhere`]: a task that ends while it holds one has done nothing wrong.
///
/// To be called once the lock has been taken, the first time or every time.
#[inline]
pub fn can_be_sent(map: &Map) {
    life::can_be_sent(map);
}

/// The guards that acquires at `site` give own what they guard, so that a task which is started can be
/// given them: whenever the current task starts another one, nobody knows who holds those it has.
///
/// To be called once such a lock has been taken, the first time or every time; goes with
/// [`can_be_sent`].
#[inline]
pub fn can_be_given(site: &'static Location<'static>) {
    life::can_be_given(site);
}

/// The current task is about to start another one; give what this returns to that one and to
/// whoever joins it.
///
/// What the other one runs is of one kind with all that is started at `site` and described so: say
/// the type of the closure as the payload.
pub fn spawned(describe: Describe, site: &'static Location<'static>) -> Child {
    with_task(life::starts_another);
    lineage::spawned(describe, site)
}

/// The current task is the one that was started: its first event.
pub fn started(child: &Child) {
    lineage::started(child);
}

/// The task is about to end: its last event.
pub fn ended(child: &Child) {
    lineage::ended(child);
}

/// The current task runs a job that another one started, in the middle of its own code, until what
/// this returns is dropped: for a thread of a pool, or the poll of an async task. Costs a few
/// nanoseconds.
///
/// Such guards of one thread end in the opposite order of their beginning.
pub fn runs(child: &Child) -> Running {
    lineage::runs(child)
}

/// The current task is about to wait for the end of another one. Follow with [`joined`].
///
/// # Panics
///
/// With the report, if the task waits for itself (LD0021) or waiting is not allowed here (LD0014)
/// and `LOCKDEP` is `panic`.
pub fn joins(child: &Child, site: &'static Location<'static>) {
    lineage::joins(child, Waiter::Thread, site);
}

/// The current task is about to await the end of another one: to be called in the poll of what waits
/// for it. Follow with [`joined`]. See [`wait::awaits`](crate::wait::awaits).
///
/// # Panics
///
/// With the report, if waiting is not allowed here (LD0014) and `LOCKDEP` is `panic`.
pub fn awaits(child: &Child, site: &'static Location<'static>) {
    lineage::joins(child, Waiter::Future, site);
}

/// The other task is dropped as soon as it awaits anything: who waits for its end does not wait for
/// what it awaits.
pub fn cancelled(child: &Child) {
    lineage::cancelled(child);
}

/// Somebody has asked which task this is. Who compares that with his own before he waits for its end
/// does not wait for himself, whatever he holds (LD0020).
pub fn told_apart(child: &Child) {
    lineage::told_apart(child);
}

/// The current task has waited for the end of another one.
pub fn joined(child: &Child) {
    lineage::joined(child);
}

/// The current process is about to become another program by `exec`. Ending it says the same by
/// itself.
#[track_caller]
pub fn before_exec() {
    process::leaves(Boundary::Exec);
}

/// The current task is about to turn its exclusive hold of `map`'s lock into a shared one.
///
/// # Panics
///
/// As [`downgraded_to`].
#[track_caller]
pub fn downgraded(map: &Map) {
    downgraded_to(map, Mode::Shared);
}

/// The current task is about to turn its exclusive or upgradable hold of `map`'s lock into one in a
/// weaker mode. That never waits.
///
/// # Panics
///
/// With the report, if the task has no such hold (LD0011), `LOCKDEP` is `panic` and the thread is
/// not panicking already.
#[track_caller]
pub fn downgraded_to(map: &Map, mode: Mode) {
    let (word, site) = (map.word(), Location::caller());
    stat::downgraded(word);
    let change = |task: &Task| mode != Mode::Exclusive && mode_change::change(task, word, mode);
    if thread::any_task(change) == Some(false) && can_say() {
        process::judge(|tracker, task| tracker.bad_change(task, map, mode, site).into());
    }
}

/// The current task, which holds `map`'s lock upgradably, is about to wait until it is the only
/// holder. Follow with [`upgraded`].
///
/// That is an edge from everything else it holds to the lock, wanted exclusively.
///
/// # Panics
///
/// With the report, if the task does not hold the lock upgradably (LD0011) or breaks another rule,
/// and `LOCKDEP` is `panic`.
#[inline(never)]
pub fn before_upgrade(map: &Map, describe: Describe, site: &'static Location<'static>) {
    let word = map.word();
    let is_elsewhere = thread::any_task(|task| task.holds(word))
        != thread::with_current_task(|task| task.holds(word));
    if !word.is_untracked() && !is_elsewhere {
        process::judge(|tracker, task| tracker.upgrading(task, map, describe, site));
    }
}

/// The current task has become the only holder of `map`'s lock, which it held upgradably: after
/// [`before_upgrade`], or because it tried and did not have to wait. Never panics.
#[inline(never)]
pub fn upgraded(map: &Map) {
    let word = map.word();
    thread::any_task(|task| mode_change::change(task, word, Mode::Exclusive));
}

/// The current task is about to wait until nobody holds `map`'s lock any more, and does not take
/// it: the end of a grace period, the join of all sections.
///
/// Judged like an exclusive acquire, but nothing is held after it, and nobody queues behind it.
///
/// # Panics
///
/// With the report, if this breaks a rule and `LOCKDEP` is `panic`.
#[inline(never)]
pub fn sync(map: &Map, describe: Describe, site: &'static Location<'static>) {
    process::judge(|tracker, task| {
        tracker.learn(task, map, How::EXCLUSIVE, Wait::Sync, describe, site)
    });
}

/// Whether all that the current task holds was tracked.
fn can_say() -> bool {
    thread::any_task(Task::has_untracked) == Some(false)
}

/// The current task is about to wait, in the way that `needs` says, for something that is no tracked
/// lock: a join, a channel, a condition.
///
/// # Panics
///
/// With the report, if that way of waiting is not allowed here, `LOCKDEP` is `panic` and the thread
/// is not panicking.
#[inline(never)]
pub fn before_wait(needs: WaitType, site: &'static Location<'static>) {
    if !with_task(Task::may_wait_freely) {
        context_change::before_wait(needs, site);
    }
}

/// `map`'s lock is about to be destroyed, or initialised again.
#[cfg_attr(any(debug_assertions, feature = "outlined"), inline(never))]
#[cfg_attr(not(any(debug_assertions, feature = "outlined")), inline)]
#[track_caller]
pub fn destroyed(map: &Map) {
    let word = map.word();
    let is_looked_at = |task: &Task| task.may_hold(word.lock()) || !task.has_numbered(word);
    if nested::has(word.class()) || with_task(is_looked_at) || life::any_sent() {
        lock_events::destroyed(map);
    }
}
