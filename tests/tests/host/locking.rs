//! A global allocator that takes instrumented locks around the system's own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use instrumented::sync::{Mutex, RwLock};

/// Which locks are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Discipline {
    /// One, from the first allocation of the process on.
    One,
    /// Two, always in the same order.
    Nested,
    /// One, by trying until it is free.
    Spinning,
    /// One of several, by thread.
    ByThread,
    /// One of several, by size.
    BySize,
    /// One of several, by size, and below it a common one.
    Central,
    /// One, shared to allocate, alone to free.
    Readers,
    /// One, but not for what is allocated by the allocator itself or by whom it calls.
    Guarded,
}

use Discipline::{BySize, ByThread, Central, Guarded, Nested, One, Readers, Spinning};

const ALL: [Discipline; 8] = [One, Nested, Spinning, ByThread, BySize, Central, Readers, Guarded];

static CHOSEN: AtomicUsize = AtomicUsize::new(One as usize);
static THREADS: AtomicUsize = AtomicUsize::new(0);

static ONE: Mutex<()> = Mutex::new(());
static OUTER: Mutex<()> = Mutex::new(());
static INNER: Mutex<()> = Mutex::new(());
static TRIED: Mutex<()> = Mutex::new(());
static OF_THREAD: [Mutex<()>; 4] = [const { Mutex::new(()) }; 4];
static OF_SIZE: [Mutex<()>; 64] = [const { Mutex::new(()) }; 64];
static READ: RwLock<()> = RwLock::new(());

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Takes other locks from now on.
pub(crate) fn set(discipline: Discipline) {
    CHOSEN.store(discipline as usize, Relaxed);
}

/// The system's allocator behind locks.
pub(crate) struct Locking;

fn locked<R>(size: usize, free: bool, f: impl FnOnce() -> R) -> R {
    let of_size = || OF_SIZE[size.next_power_of_two().trailing_zeros() as usize].lock();
    match ALL[CHOSEN.load(Relaxed)] {
        One => {
            let _guard = ONE.lock();
            f()
        }
        Nested => {
            let _outer = OUTER.lock();
            let _inner = INNER.lock();
            f()
        }
        Spinning => {
            let _guard = loop {
                match TRIED.try_lock() {
                    Ok(guard) => break guard,
                    Err(_) => spin_loop(),
                }
            };
            f()
        }
        ByThread => {
            if NUMBER.get() == usize::MAX {
                NUMBER.set(THREADS.fetch_add(1, Relaxed) % OF_THREAD.len());
            }
            let _guard = OF_THREAD[NUMBER.get()].lock();
            f()
        }
        BySize => {
            let _guard = of_size();
            f()
        }
        Central => {
            let _guard = of_size();
            let _central = INNER.lock();
            f()
        }
        Readers if free => {
            let _guard = READ.write();
            f()
        }
        Readers => {
            let _guard = READ.read();
            f()
        }
        Guarded => {
            if INSIDE.replace(true) {
                return f();
            }
            let guard = OUTER.lock();
            let inner = INNER.lock();
            let result = f();
            drop(inner);
            drop(guard);
            INSIDE.set(false);
            result
        }
    }
}

// SAFETY: every call is passed on unchanged; the locks around it neither allocate nor unwind.
unsafe impl GlobalAlloc for Locking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise about `layout` is passed on.
        locked(layout.size(), false, || unsafe { System.alloc(layout) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: `memory` came from `System` with this layout, as the caller promises.
        locked(layout.size(), true, || unsafe { System.dealloc(memory, layout) });
    }
}
