//! The same names with tracking off: types of no size and functions that do nothing.

use std::panic::Location;

use crate::how::{Describe, How};
use crate::violation::Violation;

/// Ties one lock to its class; with tracking off, nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Map;

impl Map {
    /// The map of a new lock.
    #[must_use]
    pub const fn new() -> Map {
        Map
    }

    /// The map of a new lock whose class is made by hand.
    #[must_use]
    pub fn named(_name: &'static str) -> Map {
        Map
    }
}

/// What an instrumented lock calls.
pub mod event {
    use super::{Describe, How, Location, Map};

    /// The current task is about to wait for `map`'s lock.
    #[inline(always)]
    pub fn before_acquire(
        _map: &Map,
        _how: How,
        _describe: Describe,
        _site: &'static Location<'static>,
    ) {
    }

    /// [`before_acquire`] and [`acquired`] at once.
    #[inline(always)]
    pub fn acquire(_map: &Map, _how: How, _describe: Describe, _site: &'static Location<'static>) {}

    /// The lock that the current task announced by [`acquire`] is not free.
    #[inline(always)]
    pub fn contended(_map: &Map) {}

    /// The current task is about to try `map`'s lock.
    #[inline(always)]
    pub fn before_try(
        _map: &Map,
        _how: How,
        _describe: Describe,
        _site: &'static Location<'static>,
    ) {
    }

    /// The current task has obtained `map`'s lock.
    #[inline(always)]
    pub fn acquired(_map: &Map, _how: How, _site: &'static Location<'static>) {}

    /// The current task is about to release `map`'s lock.
    #[inline(always)]
    pub fn released(_map: &Map) {}

    /// The current task is about to turn its exclusive hold of `map`'s lock into a shared one.
    #[inline(always)]
    pub fn downgraded(_map: &Map) {}

    /// `map`'s lock is about to be destroyed.
    #[inline(always)]
    pub fn destroyed(_map: &Map) {}
}

/// Asking what the current task holds.
pub mod query {
    use crate::mode::Mode;
    use crate::state::LockState;
    use crate::tracked::Tracked;

    pub use crate::held_lock::HeldLock;

    /// What the current task holds: nothing that is known.
    #[must_use]
    pub fn held() -> Vec<HeldLock> {
        Vec::new()
    }

    /// Whether the current task holds `lock`: unknown.
    #[must_use]
    pub fn is_held<L: Tracked + ?Sized>(_lock: &L, _mode: Option<Mode>) -> LockState {
        LockState::Unknown
    }
}

/// Would have `hook` called with every violation; with tracking off there is none.
pub fn set_hook(hook: impl Fn(&Violation) + Send + Sync + 'static) {
    drop(hook);
}

/// Removes the hook.
pub fn take_hook() {}

/// What was lost so far: with tracking off, nothing.
#[must_use]
pub fn losses() -> Vec<String> {
    Vec::new()
}

#[doc(hidden)]
pub use private as __private;

/// What the exported macros expand to calls of. No part of the public API.
#[doc(hidden)]
pub mod private {
    use super::{Describe, How, Map};
    use crate::tracked::Tracked;

    pub use crate::violation::Assertion;

    pub fn before_acquire(_map: &Map, _how: How, _describe: Describe) {}

    pub fn acquired(_map: &Map, _how: How, _describe: Describe) {}

    pub fn try_acquired(_map: &Map, _how: How, _describe: Describe) {}

    pub fn assert_lock<L: Tracked + ?Sized>(_lock: &L, _assertion: Assertion) {}

    pub fn assert_none_held() {}

    pub fn might_lock<L: Tracked + ?Sized>(_lock: &L, _how: How) {}
}
