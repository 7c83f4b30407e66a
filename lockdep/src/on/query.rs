//! Asking what the current task holds.

use std::panic::Location;

use crate::how::How;
use crate::mode::Mode;
use crate::on::context::Context;
use crate::on::event;
use crate::on::map::{self, Map};
use crate::on::process;
use crate::on::registry;
use crate::on::task::{State, Task};
use crate::on::thread;
use crate::place::Place;
use crate::state::LockState;
use crate::tracked::Tracked;
use crate::violation::Assertion;

pub use crate::held_lock::HeldLock;

/// What the current task holds, oldest first; empty while tracking is off.
#[must_use]
pub fn held() -> Vec<HeldLock> {
    let held = thread::with_current_task(|task| {
        task.settle();
        task.held_by_itself().collect::<Vec<_>>()
    });
    held.unwrap_or_default()
        .into_iter()
        .map(|held| HeldLock {
            class: registry::describe(held.entry.node()),
            mode: held.entry.how().mode(),
            trylock: held.entry.how().is_trylock(),
            place: Place::from(held.site),
            instance: map::instance_of(held.entry.lock()),
        })
        .collect()
}

/// Whether the current task holds `lock`, in any mode or, if one is given, in that mode.
///
/// Either of the shared modes answers for both. Unknown if tracking is off or the lock is not an
/// instrumented one.
#[must_use]
pub fn is_held<L: Tracked + ?Sized>(lock: &L, mode: Option<Mode>) -> LockState {
    match lock.map() {
        Some(map) => map_is_held(map, mode),
        None => LockState::Unknown,
    }
}

fn map_is_held(map: &Map, mode: Option<Mode>) -> LockState {
    if matches!(process::state(), State::Off | State::Reporting) {
        return LockState::Unknown;
    }
    let word = map.word();
    if word.is_untracked() {
        return LockState::Unknown;
    }
    let fits = |held: Mode| mode.is_none_or(|mode| mode.is_shared() == held.is_shared());
    let held = thread::any_task(|task| {
        task.settle();
        let mut same = task.held_by_itself().filter(|held| held.entry.is_same(word));
        same.any(|held| fits(held.entry.how().mode()))
    });
    match held {
        Some(true) => LockState::Held,
        Some(false) if thread::any_task(Task::has_untracked) == Some(false) => LockState::NotHeld,
        Some(false) | None => LockState::Unknown,
    }
}

/// The work of the assert macros about one lock.
#[doc(hidden)]
#[track_caller]
pub fn assert_lock<L: Tracked + ?Sized>(lock: &L, assertion: Assertion) {
    let (mode, expected) = match assertion {
        Assertion::Held => (None, LockState::Held),
        Assertion::HeldWrite => (Some(Mode::Exclusive), LockState::Held),
        Assertion::HeldRead => (Some(Mode::Shared), LockState::Held),
        Assertion::NotHeld => (None, LockState::NotHeld),
        // Not about a lock.
        _ => return,
    };
    let state = is_held(lock, mode);
    if state != expected && state != LockState::Unknown {
        process::assertion_failed(assertion, lock.map(), Location::caller());
    }
}

/// The work of the assert macro about all locks.
#[doc(hidden)]
#[track_caller]
pub fn assert_none_held() {
    let is_any_held = thread::with_current_task(|task| {
        task.settle();
        task.held_by_itself().next().is_some()
    });
    if is_any_held == Some(true) {
        process::assertion_failed(Assertion::NoneHeld, None, Location::caller());
    }
}

/// The work of the assert macros about contexts.
#[doc(hidden)]
#[track_caller]
pub fn assert_context(context: &'static Context, assertion: Assertion) {
    if !matches!(process::state(), State::Active | State::Scoped) {
        return;
    }
    let (is_so, expected) = match assertion {
        Assertion::InContext => (context.is_running(), true),
        Assertion::NotInContext => (context.is_running(), false),
        Assertion::ContextBlocked => (context.is_blocked(), true),
        Assertion::ContextOpen => (context.is_blocked(), false),
        // Not about a context.
        _ => return,
    };
    if is_so != expected {
        let site = Location::caller();
        process::judge(|tracker, task| {
            tracker.context_assertion_failed(task, assertion, context, site).into()
        });
    }
}

/// The work of the `might_lock` macros.
#[doc(hidden)]
#[track_caller]
pub fn might_lock<L: Tracked + ?Sized>(lock: &L, how: How) {
    if let Some(map) = lock.map() {
        event::before_acquire(map, how, L::describe, Location::caller());
    }
}
