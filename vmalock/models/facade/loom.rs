//! `sync` on loom's primitives.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;
use std::time::Instant;

pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};

pub(crate) use loom::thread::ThreadId;

use crate::order::Order;
use crate::step::Step;
use crate::weakened::{is_any, is_weakened};

/// The strength of an access, unless it is weakened.
pub(crate) fn order(order: Order) -> Ordering {
    if is_weakened(&order) { Ordering::Relaxed } else { order.strength() }
}

/// A fence, unless it is weakened.
pub(crate) fn fence(order: Order) {
    if !is_weakened(&order) {
        loom::sync::atomic::fence(order.strength());
    }
}

/// Whether a step is taken: unless it is left out.
pub(crate) fn taken(step: Step) -> bool {
    !is_weakened(&step)
}

/// So small that a model can fill a count.
pub(crate) fn limit(limit: u32) -> u32 {
    crate::limits::limit().unwrap_or(limit)
}

/// So seldom that a model does not see it, unless it wants to.
pub(crate) fn past_every() -> u64 {
    crate::limits::past_every().unwrap_or(crate::lock::sequence::PAST_EVERY)
}

/// All 64 bits, unless a model is to see two: then it wraps.
pub(crate) fn in_width(sequence: u64) -> u64 {
    if taken(Step::WideSequence) { sequence } else { sequence & 3 }
}

/// A mutex with `parking_lot`'s face.
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Mutex<T> {
        Mutex(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mutex")
    }
}

/// A thread that can be parked. Loom's own wakes a thread that waits for a mutex too, and forgets
/// a wake that comes before another reason to run, so this is made of a mutex and a condition.
#[derive(Clone)]
pub(crate) struct Thread(std::sync::Arc<Parker>);

struct Parker {
    token: loom::sync::Mutex<bool>,
    given: loom::sync::Condvar,
    id: ThreadId,
}

loom::thread_local! {
    static CURRENT: Thread = Thread(std::sync::Arc::new(Parker {
        token: loom::sync::Mutex::new(false),
        given: loom::sync::Condvar::new(),
        id: loom::thread::current().id(),
    }));
}

impl Thread {
    pub(crate) fn unpark(&self) {
        *self.0.token.lock().unwrap() = true;
        self.0.given.notify_one();
    }

    pub(crate) fn id(&self) -> ThreadId {
        self.0.id
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.id.fmt(f)
    }
}

pub(crate) fn current() -> Thread {
    CURRENT.with(Thread::clone)
}

/// Sleeps until unparked. Models have no time.
pub(crate) fn park(_deadline: Option<Instant>) {
    let me = current().0;
    let mut token = me.token.lock().unwrap();
    while !*token {
        token = me.given.wait(token).unwrap();
    }
    *token = false;
}

/// Memory is no part of a model.
pub(crate) fn advise_huge(_memory: NonNull<u8>, _bytes: usize) {}

/// A mutable place. Loom fails if two accesses, one of them for writing, are not ordered.
#[derive(Debug)]
pub(crate) struct Cell<T>(loom::cell::UnsafeCell<T>);

impl<T> Cell<T> {
    pub(crate) fn new(value: T) -> Cell<T> {
        Cell(loom::cell::UnsafeCell::new(value))
    }

    pub(crate) fn read(&self) -> *const T {
        self.0.with(|place| place)
    }

    pub(crate) fn write(&self) -> *mut T {
        self.0.with_mut(|place| place)
    }
}

/// A counted pointer whose memory is kept when something is weakened, so that a use after the end
/// of what it points at is seen by [`Life`], and not by whatever the allocator makes of it.
pub(crate) struct Arc<T>(NonNull<Counted<T>>);

#[repr(C)]
struct Counted<T> {
    value: ManuallyDrop<T>,
    count: AtomicUsize,
}

// SAFETY: As the standard library's.
unsafe impl<T: Send + Sync> Send for Arc<T> {}
// SAFETY: As the standard library's.
unsafe impl<T: Send + Sync> Sync for Arc<T> {}

impl<T> Arc<T> {
    pub(crate) fn new(value: T) -> Arc<T> {
        let counted = Counted { value: ManuallyDrop::new(value), count: AtomicUsize::new(1) };
        Arc(NonNull::from(Box::leak(Box::new(counted))))
    }

    pub(crate) fn as_ptr(this: &Arc<T>) -> *const T {
        this.0.as_ptr().cast()
    }

    pub(crate) unsafe fn from_raw(value: *const T) -> Arc<T> {
        // The value is the first field.
        Arc(NonNull::new(value.cast_mut().cast()).expect("a slot has no mm yet"))
    }

    pub(crate) unsafe fn increment_strong_count(value: *const T) {
        // SAFETY: The caller's.
        let this = ManuallyDrop::new(unsafe { Arc::from_raw(value) });
        let before = this.counted().count.fetch_add(1, Ordering::Relaxed);
        assert!(before > 0, "an mm is pinned that is gone");
    }

    pub(crate) fn ptr_eq(this: &Arc<T>, other: &Arc<T>) -> bool {
        this.0 == other.0
    }

    fn counted(&self) -> &Counted<T> {
        // SAFETY: While there is an `Arc` there is what it points at.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Clone for Arc<T> {
    fn clone(&self) -> Arc<T> {
        self.counted().count.fetch_add(1, Ordering::Relaxed);
        Arc(self.0)
    }
}

impl<T> Drop for Arc<T> {
    fn drop(&mut self) {
        if self.counted().count.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        loom::sync::atomic::fence(Ordering::Acquire);
        // SAFETY: The last one has it for itself.
        let counted = unsafe { self.0.as_mut() };
        // SAFETY: The last one drops the value, once.
        unsafe { ManuallyDrop::drop(&mut counted.value) };
        if !is_any() {
            // SAFETY: The last one frees what `new` made.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

impl<T> Deref for Arc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.counted().value
    }
}

impl<T: fmt::Debug> fmt::Debug for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Fails if it is used after its end. One of loom's atomics, so that loom tries both orders.
#[derive(Debug)]
pub(crate) struct Life(AtomicBool);

impl Life {
    pub(crate) fn new() -> Life {
        Life(AtomicBool::new(true))
    }

    pub(crate) fn check(&self) {
        assert!(self.0.load(Ordering::Relaxed), "a thread wakes the writer of an mm that is gone");
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

pub(crate) fn current_id() -> ThreadId {
    loom::thread::current().id()
}
