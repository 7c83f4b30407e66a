//! A place in the source that one thread writes and every thread may read.
//!
//! A `Location` is what the compiler made of `#[track_caller]`: it lives as long as the program and
//! never changes, so a pointer to one is all that has to be kept.

use std::fmt;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// What a place is marked by: the addresses of places are even.
const MARK: usize = 1;

/// A place, or none. All zero when there is none.
pub(crate) struct Site(AtomicPtr<Location<'static>>);

impl Site {
    pub(crate) const fn new() -> Site {
        Site(AtomicPtr::new(ptr::null_mut()))
    }

    /// Release: pairs with the Acquire in [`Site::get`], for a `Location` that was made at run
    /// time.
    #[inline]
    pub(crate) fn set(&self, site: &'static Location<'static>) {
        self.0.store(ptr::from_ref(site).cast_mut(), Ordering::Release);
    }

    #[inline]
    pub(crate) fn clear(&self) {
        self.0.store(ptr::null_mut(), Ordering::Release);
    }

    #[inline]
    #[allow(unsafe_code, reason = "no safe atomic holds a reference")]
    pub(crate) fn get(&self) -> Option<&'static Location<'static>> {
        let site = self.0.load(Ordering::Acquire).map_addr(|address| address & !MARK);
        // SAFETY: the field is private, and `set`, `clear` and `mark` alone write it: without the
        // mark it is null or was made from a shared reference that is valid and unchanged for ever.
        unsafe { site.as_ref() }
    }

    /// Marks what is there, until something else is put there. The mark is no part of the place.
    pub(crate) fn mark(&self) {
        self.0.fetch_or(MARK, Ordering::Release);
    }

    pub(crate) fn is_marked(&self) -> bool {
        self.0.load(Ordering::Acquire).addr() & MARK != 0
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
