//! Locks to break rules with.

use instrumented::sync::{Mutex, MutexGuard};
use lockdep::{Map, lock_acquire_exclusive, lock_acquired_exclusive, lock_release};

/// Two locks of two classes.
pub(crate) struct Pair {
    pub(crate) first: Mutex<u8>,
    pub(crate) second: Mutex<u16>,
}

impl Pair {
    #[track_caller]
    pub(crate) const fn new() -> Pair {
        Pair { first: Mutex::new(0), second: Mutex::new(0) }
    }

    /// The order that is learned.
    pub(crate) fn forward(&self) {
        let _first = unpoisoned(&self.first);
        let _second = unpoisoned(&self.second);
    }

    /// The order that breaks the rule, once [`Pair::forward`] was called.
    pub(crate) fn backward(&self) {
        let _second = unpoisoned(&self.second);
        let _first = unpoisoned(&self.first);
    }

    /// Breaks the rule.
    pub(crate) fn invert(&self) {
        self.forward();
        self.backward();
    }
}

/// The guard, whoever panicked before.
#[track_caller]
pub(crate) fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Takes and releases a lock of a class made by hand, with `inside` in between.
pub(crate) fn section(map: &Map, inside: impl FnOnce()) {
    lock_acquire_exclusive!(map);
    lock_acquired_exclusive!(map);
    inside();
    lock_release!(map);
}

/// A name for a class that nobody else has.
pub(crate) fn name(number: usize) -> &'static str {
    Box::leak(format!("class {number}").into_boxed_str())
}
