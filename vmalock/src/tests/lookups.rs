//! The lookups: what they answer, and what they count.

use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::Instant;

use crate::lock::{Counts, Patience};
use crate::lookup::{NextError, ReadError};
use crate::space::AddressSpace;
use crate::tests::toy::{Toy, elsewhere, until};

#[test]
fn an_address_finds_its_vma() {
    let toy = Toy::of(&[10, 11]);
    let guard = toy.lock_vma_under_rcu(1).unwrap();
    assert_eq!((*guard, guard.start(), guard.end()), (11, 1, 2));
    drop(guard);
    assert!(toy.lock_vma_under_rcu(5).is_none());
    let counts = Counts { abort: 1, ..Counts::default() };
    assert_eq!(toy.mm.counters().counts(), counts);
    toy.mm.counters().count_success();
    toy.mm.counters().count_retry();
    assert_eq!(toy.mm.counters().counts(), Counts { success: 1, retry: 1, ..counts });
}

/// (24) A slot that is detached is looked for again, from the root.
#[test]
fn a_detached_vma_is_searched_for_again() {
    let toy: Toy = Toy::new(2);
    toy.map(&mut toy.mmap_write_lock(), 1, 0..1, 7);
    // The index still names a slot that is free, until it has been asked a few times.
    toy.show(0..1, 1);
    thread::scope(|scope| {
        scope.spawn(|| {
            until(|| toy.searches.load(SeqCst) >= 3);
            toy.show(0..1, 2);
        });
        assert_eq!(*toy.lock_vma_under_rcu(0).unwrap(), 7);
    });
    let counts = toy.mm.counters().counts();
    assert_eq!(counts.miss + 1, toy.searches.load(SeqCst) as u64);
    assert_eq!(counts.abort, 0);
}

/// (13) A wrong answer of the index is found out under the lock.
#[test]
fn an_address_outside_the_bounds_falls_back() {
    let toy = Toy::of(&[10, 11]);
    toy.show(0..1, 2);
    assert!(toy.lock_vma_under_rcu(0).is_none());
    assert_eq!((toy.count(1), toy.mm.counters().counts().abort), (1, 1));
}

#[test]
fn a_write_locked_vma_falls_back() {
    let toy = Toy::of(&[10]);
    let mut guard = toy.mmap_write_lock();
    guard.vma_start_write(&toy.slots[0]);
    elsewhere(|| assert!(toy.lock_vma_under_rcu(0).is_none()));
    drop(guard);
    assert_eq!(*toy.lock_vma_under_rcu(0).unwrap(), 10);
}

#[test]
fn the_next_vma_contains_the_address_or_comes_after_it() {
    let toy: Toy = Toy::new(2);
    let mut guard = toy.mmap_write_lock();
    toy.map(&mut guard, 0, 1..3, 10);
    toy.map(&mut guard, 1, 5..6, 11);
    drop(guard);
    let forever = Patience::forever();
    let next = |from| toy.lock_next_vma(from, &forever).unwrap().map(|guard| guard.start());
    assert_eq!([0, 1, 2, 3, 5].map(next), [1, 1, 1, 5, 5].map(Some));
    assert_eq!(next(6), None);
}

/// With a writer at work the next VMA comes from under the mmap lock.
#[test]
fn the_next_vma_waits_a_writer_out() {
    let toy = Toy::of(&[10]);
    let mut guard = toy.mmap_write_lock();
    guard.vma_start_write(&toy.slots[0]);
    elsewhere(|| {
        let over = Patience::until(Instant::now());
        let next = toy.lock_next_vma(0, &over).map(|next| next.map(|next| *next));
        assert_eq!(next, Err(NextError::Cancelled));
    });
    thread::scope(|scope| {
        let next =
            scope.spawn(|| toy.lock_next_vma(0, &Patience::forever()).unwrap().map(|guard| *guard));
        until(|| toy.mm.mmap_lock.is_contended());
        *guard.payload_mut(&toy.slots[0]).unwrap() = 20;
        drop(guard);
        assert_eq!(next.join().unwrap(), Some(20));
    });
}

#[test]
fn a_read_without_fallback_waits_a_writer_out() {
    let toy = Toy::of(&[10]);
    assert_eq!(*toy.vma_start_read_unlocked(0).unwrap(), 10);
    assert_eq!(toy.vma_start_read_unlocked(3).err(), Some(ReadError::Unmapped));
    let mut guard = toy.mmap_write_lock();
    guard.vma_start_write(&toy.slots[0]);
    thread::scope(|scope| {
        let read = scope.spawn(|| *toy.vma_start_read_unlocked(0).unwrap());
        until(|| toy.mm.mmap_lock.is_contended());
        *guard.payload_mut(&toy.slots[0]).unwrap() = 20;
        drop(guard);
        assert_eq!(read.join().unwrap(), 20);
    });
    assert_eq!(toy.count(0), 1);
}
