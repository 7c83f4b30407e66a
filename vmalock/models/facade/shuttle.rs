//! `sync` on shuttle's primitives: random schedules, sequentially consistent memory.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Instant;

pub(crate) use shuttle::sync::Arc;
pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};
pub(crate) use shuttle::thread::{Thread, ThreadId, current};

use crate::order::Order;
use crate::step::Step;

/// The strength of an access; shuttle takes every one for the strongest.
pub(crate) fn order(order: Order) -> Ordering {
    order.strength()
}

/// A fence.
pub(crate) fn fence(order: Order) {
    shuttle::sync::atomic::fence(order.strength());
}

/// Whether a step is taken: always.
pub(crate) fn taken(_step: Step) -> bool {
    true
}

/// So small that a model can fill a count.
pub(crate) fn limit(limit: u32) -> u32 {
    crate::limits::limit().unwrap_or(limit)
}

/// So seldom that a model does not see it, unless it wants to.
pub(crate) fn past_every() -> u64 {
    crate::limits::past_every().unwrap_or(crate::lock::sequence::PAST_EVERY)
}

/// All 64 bits.
pub(crate) fn in_width(sequence: u64) -> u64 {
    sequence
}

/// The mark of the running thread.
pub(crate) fn current_id() -> ThreadId {
    current().id()
}

/// Sleeps until unparked. Models have no time: one with a deadline just lets others go on.
pub(crate) fn park(deadline: Option<Instant>) {
    match deadline {
        None => shuttle::thread::park(),
        Some(_) => shuttle::thread::yield_now(),
    }
}

/// A mutex with `parking_lot`'s face.
pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Mutex<T> {
        Mutex(shuttle::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> shuttle::sync::MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mutex")
    }
}

/// Memory is no part of a model.
pub(crate) fn advise_huge(_memory: std::ptr::NonNull<u8>, _bytes: usize) {}

/// A mutable place. Overlaps are the payload's to notice.
#[derive(Debug)]
pub(crate) struct Cell<T>(std::cell::UnsafeCell<T>);

impl<T> Cell<T> {
    pub(crate) fn new(value: T) -> Cell<T> {
        Cell(std::cell::UnsafeCell::new(value))
    }

    pub(crate) fn read(&self) -> *const T {
        self.0.get()
    }

    pub(crate) fn write(&self) -> *mut T {
        self.0.get()
    }
}

/// Nothing: the models under loom look for uses after the end.
#[derive(Debug)]
pub(crate) struct Life;

impl Life {
    pub(crate) fn new() -> Life {
        Life
    }

    pub(crate) fn check(&self) {}
}
