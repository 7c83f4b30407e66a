//! Limits that a model can reach: of readers, and of sections that are not noted to be past.

use std::cell::Cell;

thread_local! {
    static LIMIT: Cell<Option<u32>> = const { Cell::new(None) };
    static PAST_EVERY: Cell<Option<u64>> = const { Cell::new(None) };
}

pub(crate) fn limit() -> Option<u32> {
    LIMIT.get()
}

/// Sets the limit for the rest of the test, which has a thread of its own.
pub(crate) fn set(limit: u32) {
    LIMIT.set(Some(limit));
}

pub(crate) fn past_every() -> Option<u64> {
    PAST_EVERY.get()
}

/// Has one section in so many noted, for the rest of the test.
pub(crate) fn set_past_every(sections: u64) {
    PAST_EVERY.set(Some(sections));
}
