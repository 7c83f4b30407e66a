//! The facade: everything this crate takes from the system, to synchronise with and to keep memory in.
//!
//! The models replace this file, and `events`, and include all other sources as they are. So the
//! facade is also where a model weakens an [`Order`] or leaves out a [`Step`]: here both are
//! constants that the compiler folds away.

use std::ptr::NonNull;
use std::time::Instant;

pub(crate) use std::cell::UnsafeCell;
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};
pub(crate) use std::thread::{Thread, current};

pub(crate) use parking_lot::Mutex;

use std::sync::atomic::{self, Ordering};

use crate::lock::sequence::PAST_EVERY;
use crate::order::Order;
use crate::step::Step;

/// The strength of an access.
#[inline(always)]
pub(crate) const fn order(order: Order) -> Ordering {
    order.strength()
}

/// A fence of the given strength.
#[inline(always)]
pub(crate) fn fence(order: Order) {
    atomic::fence(order.strength());
}

/// Whether a step of the protocol is taken: always.
#[inline(always)]
pub(crate) const fn taken(_step: Step) -> bool {
    true
}

/// The largest count of a VMA without the flag.
#[inline(always)]
pub(crate) const fn limit(limit: u32) -> u32 {
    limit
}

/// A sequence number in the width it is kept in: all 64 bits.
#[inline(always)]
pub(crate) const fn in_width(sequence: u64) -> u64 {
    if taken(Step::WideSequence) { sequence } else { sequence & 3 }
}

/// One write section in how many is noted to be past.
#[inline(always)]
pub(crate) const fn past_every() -> u64 {
    PAST_EVERY
}

/// Sleeps until this thread is unparked, until the deadline if there is one, or for no reason.
pub(crate) fn park(deadline: Option<Instant>) {
    match deadline {
        None => std::thread::park(),
        Some(deadline) => {
            std::thread::park_timeout(deadline.saturating_duration_since(Instant::now()));
        }
    }
}

/// Asks for a huge page for memory that is one in size and place. A wish: without one all goes on.
pub(crate) fn advise_huge(memory: NonNull<u8>, bytes: usize) {
    #[cfg(all(target_os = "linux", not(miri)))]
    // SAFETY: changes no contents; the memory is the caller's.
    let _refused = unsafe { libc::madvise(memory.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
    #[cfg(not(all(target_os = "linux", not(miri))))]
    let _ = (memory, bytes);
}

/// A mutable place that the protocol guards.
#[derive(Debug, Default)]
pub(crate) struct Cell<T>(UnsafeCell<T>);

impl<T> Cell<T> {
    pub(crate) const fn new(value: T) -> Cell<T> {
        Cell(UnsafeCell::new(value))
    }

    /// For reading.
    #[inline(always)]
    pub(crate) fn read(&self) -> *const T {
        self.0.get()
    }

    /// For writing.
    #[inline(always)]
    pub(crate) fn write(&self) -> *mut T {
        self.0.get()
    }
}

/// Part of what must be alive when it is used: a model notices if it is not.
#[derive(Debug)]
pub(crate) struct Life;

impl Life {
    pub(crate) const fn new() -> Life {
        Life
    }

    #[inline(always)]
    pub(crate) const fn check(&self) {}
}
