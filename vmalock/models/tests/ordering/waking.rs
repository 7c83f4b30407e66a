//! The writer sleeps and a reader wakes it: 9, 10.

use crate::model::{EVERY, Space, explore, spawn};
use crate::space::AddressSpace;

/// (9) The writer announces and looks at the count; the reader decrements and looks for a writer.
/// One of them sees the other, or both hang.
#[test]
fn a_wake_is_not_lost() {
    explore(EVERY, || {
        let space = Space::one();
        let guard = space.lock_vma_under_rcu(0).unwrap();
        let writer = {
            let space = space.clone();
            spawn(move || space.write(0, 1))
        };
        drop(guard);
        writer.join().unwrap();
        assert_eq!(space.count(0), 1);
    });
}

/// 9, with two readers: the last wakes.
#[test]
fn the_last_reader_wakes() {
    explore(3, || {
        let space = Space::one();
        let guard = space.lock_vma_under_rcu(0).unwrap();
        let other = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        let writer = {
            let space = space.clone();
            spawn(move || space.write(0, 1))
        };
        drop(guard);
        other.join().unwrap();
        writer.join().unwrap();
        assert_eq!(space.count(0), 1);
    });
}

/// (10) A reader's wake is late: the writer has seen the count without it, and waits for another
/// VMA by now. It must look, and sleep on.
#[test]
fn a_late_wake_is_for_nothing() {
    explore(4, || {
        let space = Space::two();
        let first = space.lock_vma_under_rcu(0).unwrap();
        let second = space.lock_vma_under_rcu(1).unwrap();
        let writer = {
            let space = space.clone();
            spawn(move || {
                space.write(0, 1);
                space.write(1, 1);
            })
        };
        drop(first);
        assert_eq!(*second, 0);
        drop(second);
        writer.join().unwrap();
        assert_eq!((space.count(0), space.count(1)), (1, 1));
    });
}

/// A detacher's last reader wakes it too, at a count that is one less.
#[test]
fn a_detacher_is_woken() {
    explore(4, || {
        let space = Space::one();
        let reader = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        space.unmap(&mut space.mmap_write_lock(), 0);
        reader.join().unwrap();
        assert_eq!(space.count(0), 0);
    });
}
