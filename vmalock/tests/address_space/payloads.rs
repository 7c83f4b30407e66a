//! Payloads are dropped once, and panics of theirs leave the address space whole.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use vmalock::{AddressSpace, Mm, Pool};

/// Counts its copies; cloning or dropping it panics if told so.
#[derive(Debug)]
struct Counted {
    alive: Arc<()>,
    clone_panics: bool,
    drop_panics: bool,
}

impl Clone for Counted {
    fn clone(&self) -> Counted {
        assert!(!self.clone_panics, "cloned");
        let Counted { clone_panics, drop_panics, .. } = *self;
        Counted { alive: Arc::clone(&self.alive), clone_panics, drop_panics }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        assert!(!self.drop_panics || std::thread::panicking(), "dropped");
    }
}

fn counted(alive: &Arc<()>) -> Counted {
    Counted { alive: Arc::clone(alive), clone_panics: false, drop_panics: false }
}

#[test]
fn every_payload_is_dropped_once() {
    let alive = Arc::new(());
    let count = || Arc::strong_count(&alive) - 1;
    let pool = Pool::new();
    let mm = Mm::with_pool(&pool);
    let mut writer = mm.mmap_write_lock();
    for at in 0..20 {
        writer.insert(at * 10..at * 10 + 10, counted(&alive)).expect("nothing is there yet");
    }
    assert!(writer.insert(5..6, counted(&alive)).is_err());
    assert_eq!(count(), 20);
    let vma = writer.find(0).expect("it was put in");
    let upper = writer.split(vma, 5).expect("5 is inside");
    assert_eq!(count(), 21);
    drop(writer.merge(vma, upper).expect("they touch"));
    assert_eq!(count(), 20);
    drop(writer.unmap(5..95).expect("the range is good"));
    assert_eq!(count(), 12);
    drop(writer);
    drop(mm);
    assert_eq!(count(), 0);
    assert_eq!(pool.free(), pool.slots());
}

#[test]
fn a_clone_that_panics_changes_nothing_and_unlocks() {
    let alive = Arc::new(());
    let mm = Mm::new();
    let mut payload = counted(&alive);
    payload.clone_panics = true;
    mm.mmap_write_lock().insert(0..10, payload).expect("nothing is there yet");
    let unmap = || drop(mm.mmap_write_lock().unmap(2..4));
    assert!(catch_unwind(AssertUnwindSafe(unmap)).is_err());
    let update = || drop(mm.mmap_write_lock().update(2..4, |_, _| ()));
    assert!(catch_unwind(AssertUnwindSafe(update)).is_err());
    let split = || {
        let mut writer = mm.mmap_write_lock();
        let vma = writer.find(0).expect("it was put in");
        drop(writer.split(vma, 5));
    };
    assert!(catch_unwind(AssertUnwindSafe(split)).is_err());
    let vma = mm.lock_vma_under_rcu(9).expect("it is there and unlocked");
    assert_eq!((vma.start(), vma.end(), mm.len()), (0, 10, 1));
}

#[test]
fn a_payload_that_panics_when_it_is_dropped_leaves_the_pool_whole() {
    let alive = Arc::new(());
    let pool = Pool::new();
    let mm = Mm::with_pool(&pool);
    for at in 0..5 {
        let mut payload = counted(&alive);
        payload.drop_panics = at == 2;
        mm.mmap_write_lock().insert(at..at + 1, payload).expect("nothing is there yet");
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(mm))).is_err());
    assert_eq!(Arc::strong_count(&alive), 1);
    assert_eq!(pool.free(), pool.slots());
}

#[test]
fn a_forgotten_guard_leaks_its_slot_and_no_more() {
    let pool = Pool::new();
    let mm = Mm::with_pool(&pool);
    mm.mmap_write_lock().insert(0..1, 'a').expect("nothing is there yet");
    mm.mmap_write_lock().insert(1..2, 'b').expect("nothing is there yet");
    let forget = || std::mem::forget(mm.lock_vma_under_rcu(0).expect("it was put in"));
    // In a thread of its own: as far as the tracker knows that one holds the VMA for ever.
    std::thread::scope(|scope| scope.spawn(forget).join()).expect("nothing panics");
    drop(mm);
    assert_eq!(pool.free(), pool.slots() - 1);
    // The pool serves others as before.
    let mm = Mm::with_pool(&pool);
    for at in 0..pool.slots() * 2 {
        mm.mmap_write_lock().insert(at..at + 1, 'c').expect("nothing is there yet");
        assert!(mm.lock_vma_under_rcu(at).is_some());
    }
}

#[test]
fn a_forgotten_writer_does_not_hang_the_drop() {
    let mm = Mm::new();
    let mut writer = mm.mmap_write_lock();
    writer.insert(0..1, String::from("payload")).expect("nothing is there yet");
    std::mem::forget(writer);
    drop(mm);
}
