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
use crate::on::map::Map;
use crate::on::nested;
use crate::on::process;
use crate::on::thread::{self, with_task};

/// The current task is about to wait for `map`'s lock.
///
/// # Panics
///
/// With the report, if this breaks a rule and `LOCKDEP` is `panic`; the lock is not taken then.
#[inline(never)]
pub fn before_acquire(map: &Map, how: How, describe: Describe, site: &'static Location<'static>) {
    if !with_task(|task| task.knows(map, how, site)) {
        process::before_acquire(map, how, describe, site);
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
/// If the try fails, [`contended`] takes the lock off the held stack again; then wait, and report
/// [`acquired`]. This saves one call on the way that most acquires go.
///
/// # Panics
///
/// As [`before_acquire`]; the lock is not on the held stack then.
#[inline]
pub fn acquire(map: &Map, how: How, describe: Describe, site: &'static Location<'static>) {
    if !acquire_known(map, how, site) {
        process::acquire(map, how, describe, site);
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
        process::contended(map);
    }
}

/// The current task has obtained `map`'s lock. Never panics, never allocates.
#[inline(never)]
pub fn acquired(map: &Map, how: How, site: &'static Location<'static>) {
    if !with_task(|task| task.push_plain(map, how, site)) {
        process::acquired(map, how, site);
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
        process::released(map);
    }
}

/// The warm path of [`released`]; false if it does not apply.
#[cfg_attr(any(debug_assertions, feature = "outlined"), inline(never))]
#[cfg_attr(not(any(debug_assertions, feature = "outlined")), inline)]
fn released_newest(map: &Map) -> bool {
    with_task(|task| task.pop(map))
}

/// The current task is about to turn its exclusive hold of `map`'s lock into a shared one.
pub fn downgraded(map: &Map) {
    let lock = map.word().lock();
    thread::any_task(|task| task.downgrade(lock));
}

/// `map`'s lock is about to be destroyed, or initialised again.
#[inline(never)]
#[track_caller]
pub fn destroyed(map: &Map) {
    let word = map.word();
    if nested::has(word.class()) || with_task(|task| task.may_hold(word.lock())) {
        process::destroyed(map);
    }
}
