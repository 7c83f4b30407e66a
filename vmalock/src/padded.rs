//! A value on cache lines of its own.

use std::ops::Deref;

/// A value that shares no pair of 64-byte lines with another: processors that fetch the line next
/// to the one that is wanted make two neighbours one.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

impl<T> Deref for Padded<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}
