//! The warm path: an order of locks that the thread knows allocates nothing and writes nothing that
//! another thread could read.
//!
//! Both are counted in the strictest way there is. Allocations by an allocator that counts; writes
//! by taking the right to write from all memory of the process but the stack, the thread's own
//! storage, the pages of its held stack and the locks, which are on the stack. A write to any static or to the heap then ends
//! the scene with a segmentation fault. Two scenes show that it would.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use instrumented::sync::Mutex;

use crate::shapes::{Locks, SHAPES, Shape};
use crate::stage::{Played, Scene, scene};
use crate::{counting, frozen};

/// How often a warm shape is repeated: none of the rare events of a thread stays out of it.
const ROUNDS: usize = 5_000;

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("a_warm_path_allocates_nothing", allocates_nothing),
        scene("a_warm_path_writes_nothing_shared", writes_nothing_shared),
        scene("a_write_to_a_static_would_be_seen", write_to_a_static).ends(faulted),
        scene("a_write_to_the_heap_would_be_seen", write_to_the_heap).ends(faulted),
        scene("an_allocation_would_be_seen", allocate).ends(faulted),
        scene("a_new_lock_of_a_known_class_allocates_nothing", new_locks_allocate_nothing),
    ]
}

fn allocates_nothing() {
    let locks = Locks::new();
    for (name, shape) in SHAPES {
        warm_up(*shape, &locks);
        let before = counting::allocations();
        repeat(*shape, &locks);
        assert_eq!(counting::allocations() - before, 0, "{name}");
    }
}

fn writes_nothing_shared() {
    let locks = Locks::new();
    for (_, shape) in SHAPES {
        warm_up(*shape, &locks);
        frozen::frozen(|| repeat(*shape, &locks));
    }
}

/// The lock is new each time, its order is not: what a lock per request costs.
fn new_locks_allocate_nothing() {
    let outer = Mutex::new('a');
    let round = || {
        let inner = Mutex::new(0_u8);
        let _outer = outer.lock().unwrap();
        *inner.lock().unwrap() += 1;
    };
    // The first fourteen locks of a class are told apart, each by chains of its own.
    (0..20).for_each(|_| round());
    let before = counting::allocations();
    (0..ROUNDS).for_each(|_| round());
    assert_eq!(counting::allocations() - before, 0);
}

fn warm_up(shape: Shape, locks: &Locks) {
    shape(locks);
    shape(locks);
}

fn repeat(shape: Shape, locks: &Locks) {
    for _ in 0..ROUNDS {
        shape(black_box(locks));
    }
}

fn write_to_a_static() {
    static SHARED: AtomicU64 = AtomicU64::new(0);
    frozen::frozen(|| SHARED.fetch_add(1, Relaxed));
}

fn write_to_the_heap() {
    let shared = Box::new(AtomicU64::new(0));
    frozen::frozen(|| black_box(&shared).fetch_add(1, Relaxed));
}

fn allocate() {
    frozen::frozen(|| black_box(Box::new(0_u64)));
}

fn faulted(played: &Played) -> Result<(), String> {
    played.killed_by(libc::SIGSEGV)
}
