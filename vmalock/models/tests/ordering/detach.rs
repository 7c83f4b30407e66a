//! A VMA is taken out while readers come with stale references: 5 to 8, 12, 13, 32.

use crate::events;
use crate::lock::read::vma_refcount_put;
use crate::lock::{
    StartReadError, check_vma_attached, check_vma_detached, check_vma_locked, check_vma_stabilised,
    vma_end_read, vma_start_read,
};
use crate::model::{EVERY, Space, explore, spawn};
use crate::space::AddressSpace;

/// 5 to 7, the race of 16 December 2024. The reader's put may be the last one: the writer must not
/// think that its own was, and the reader must tell the tracker although its put gives 0.
#[test]
fn whoever_puts_last_detaches() {
    explore(4, || {
        let space = Space::one();
        let reader = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        let mut guard = space.mmap_write_lock();
        assert_eq!(space.unmap(&mut guard, 0), 0);
        assert_eq!(space.count(0), 0);
        space.map(&mut guard, 0, 0..1, 7);
        drop(guard);
        assert!(matches!(reader.join().unwrap(), None | Some(0 | 7)));
        assert_eq!((space.count(0), space.read(0)), (1, Some(7)));
    });
}

/// (8) Two readers are about to fail: the first wakes the detacher, for nothing.
#[test]
fn a_detacher_that_is_woken_early_sleeps_on() {
    explore(3, || {
        let space = Space::one();
        let mut guard = space.mmap_write_lock();
        let vma = &space.slots[0];
        guard.vma_start_write(vma);
        let readers = [(); 2].map(|()| {
            // Inside since before the detach, on the way to the second look at the sequences.
            vma.lock.vm_refcnt.inc_not_zero_limited_acquire().unwrap();
            let space = space.clone();
            spawn(move || {
                let lock = &space.slots[0].lock;
                events::vma_acquire_read(lock.map());
                vma_refcount_put(&space.mm, lock);
            })
        });
        assert_eq!(space.unmap(&mut guard, 0), 0);
        assert_eq!(space.count(0), 0);
        drop(guard);
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

/// (7 and 12) A stale reference to what is detached: the count is 0, and stays so.
#[test]
fn a_detached_vma_is_not_touched() {
    explore(EVERY, || {
        let space = Space::one();
        let reader = {
            let space = space.clone();
            spawn(move || {
                let lock = &space.slots[0].lock;
                let started = vma_start_read(&space.mm, lock);
                if started.is_ok() {
                    // SAFETY: Locked just now.
                    unsafe { vma_end_read(&space.mm, lock) };
                }
                started
            })
        };
        let mut guard = space.mmap_write_lock();
        space.unmap(&mut guard, 0);
        drop(guard);
        reader.join().unwrap().err();
        let late = vma_start_read(&space.mm, &space.slots[0].lock);
        assert_eq!(late, Err(StartReadError::Detached));
        assert_eq!(space.count(0), 0);
    });
}

/// (13) The slot was found for one range and is another by the time it is locked.
#[test]
fn bounds_are_checked_under_the_lock() {
    explore(4, || {
        let space = Space::new(2, 1);
        space.map(&mut space.mmap_write_lock(), 0, 0..1, 0);
        let reader = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        let mut guard = space.mmap_write_lock();
        space.unmap(&mut guard, 0);
        space.map(&mut guard, 0, 1..2, 1);
        drop(guard);
        assert!(matches!(reader.join().unwrap(), None | Some(0)));
        assert_eq!(space.read(1), Some(1));
    });
}

/// 32, the concern of 20 January 2026. A reader that is about to fail makes the count of a VMA
/// that is being detached look like a writer's own; what the writer asserts holds all the while,
/// because it is asked of the record and not of the count.
#[test]
fn a_passing_reader_does_not_break_the_writers_assertions() {
    explore(4, || {
        let space = Space::one();
        let reader = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        let mut guard = space.mmap_write_lock();
        let (mm, lock) = (&space.mm, &space.slots[0].lock);
        assert!(check_vma_locked(mm, lock).is_err());
        guard.vma_start_write(&space.slots[0]);
        assert_eq!(check_vma_locked(mm, lock), Ok(()));
        assert_eq!(check_vma_stabilised(mm, lock), Ok(()));
        assert_eq!(check_vma_attached(lock), Ok(()));
        space.unmap(&mut guard, 0);
        assert_eq!(check_vma_locked(mm, lock), Ok(()));
        assert_eq!(check_vma_stabilised(mm, lock), Ok(()));
        assert_eq!(check_vma_detached(lock), Ok(()));
        drop(guard);
        assert!(check_vma_locked(mm, lock).is_err());
        assert!(check_vma_stabilised(mm, lock).is_err());
        reader.join().unwrap();
    });
}
