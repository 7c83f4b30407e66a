//! A limit of readers that a model can reach.

use std::cell::Cell;

thread_local! {
    static LIMIT: Cell<Option<u32>> = const { Cell::new(None) };
}

pub(crate) fn limit() -> Option<u32> {
    LIMIT.get()
}

/// Sets the limit for the rest of the test, which has a thread of its own.
pub(crate) fn set(limit: u32) {
    LIMIT.set(Some(limit));
}
