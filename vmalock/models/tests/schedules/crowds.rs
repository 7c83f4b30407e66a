//! Many readers, several writers: 1, 7, 8, 11, 19, 21, 27, 28.

use std::sync::Arc;

use crate::limits;
use crate::lock::{
    Patience, VM_REFCNT_EXCLUDE_READERS_FLAG, vma_end_read, vma_start_read, vma_start_read_locked,
};
use crate::lookup::ReadError;
use crate::model::{Space, explore, spawn};
use crate::space::AddressSpace;
use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

/// Readers of three ranges, by all three lookups, while two writers write, unmap and map them.
#[test]
fn a_crowd_sees_whole_payloads() {
    explore(|| {
        let space = Space::full(3);
        let readers = (0..3).map(|reader| {
            let space = space.clone();
            spawn(move || {
                for round in 0..3 {
                    let at = (reader + round) % 3;
                    if let Some(guard) = space.lock_vma_under_rcu(at) {
                        assert_eq!((guard.start(), guard.get() % 3), (at, 0));
                    }
                    if let Ok(guard) = space.vma_start_read_unlocked(at) {
                        assert_eq!((guard.start(), guard.get() % 3), (at, 0));
                    }
                    let next = space.lock_next_vma(at, &Patience::forever()).unwrap();
                    if let Some(guard) = next {
                        assert!(guard.start() >= at);
                        assert_eq!(guard.get() % 3, 0);
                    }
                }
            })
        });
        let mut threads = readers.collect::<Vec<_>>();
        threads.extend((0..2).map(|writer| {
            let space = space.clone();
            spawn(move || {
                for round in 0..3 {
                    let slot = (writer + round) % 3;
                    let mut guard = space.mmap_write_lock();
                    guard.payload_mut(&space.slots[slot]).unwrap().set(3 * round);
                    let pair = space.unmap(&mut guard, slot);
                    assert_eq!(pair.get(), 3 * round);
                    space.map(&mut guard, slot, slot..slot + 1, 6);
                }
            })
        }));
        for thread in threads {
            thread.join().unwrap();
        }
        for slot in 0..3 {
            assert_eq!(space.slots[slot].lock.vm_refcnt.read(), 1);
        }
        assert!(space.end());
    });
}

/// (27) Readers come one after the other until the writer is done: once it has asked, only those
/// that are inside are waited for.
#[test]
fn a_stream_of_readers_does_not_starve_a_writer() {
    explore(|| {
        let space = Space::full(1);
        let done = Arc::new(AtomicBool::new(false));
        let late = Arc::new(AtomicUsize::new(0));
        let readers = [(); 3].map(|()| {
            let (space, done, late) = (space.clone(), done.clone(), late.clone());
            spawn(move || {
                while !done.load(SeqCst) {
                    let lock = &space.slots[0].lock;
                    let asked = lock.vm_refcnt.read() & VM_REFCNT_EXCLUDE_READERS_FLAG != 0;
                    if let Some(guard) = space.lock_vma_under_rcu(0) {
                        guard.get();
                        // Asked before we tried, and not answered since: nobody gets in.
                        if asked && lock.vm_refcnt.read() & VM_REFCNT_EXCLUDE_READERS_FLAG != 0 {
                            late.fetch_add(1, SeqCst);
                        }
                    }
                    shuttle::thread::yield_now();
                }
            })
        });
        space.write(0, 3);
        done.store(true, SeqCst);
        for reader in readers {
            reader.join().unwrap();
        }
        assert_eq!(late.load(SeqCst), 0);
        assert!(space.end());
    });
}

/// (21) The count is full: one reader more is refused, by both ways in; the flag fits on top, and
/// the writer gets its turn.
#[test]
fn a_full_count_refuses_and_drains() {
    limits::set(4);
    explore(|| {
        limits::set(4);
        let space = Space::full(1);
        let guards = [0; 3].map(|at| space.lock_vma_under_rcu(at).unwrap());
        assert_eq!(space.slots[0].lock.vm_refcnt.read(), 4);
        assert!(space.lock_vma_under_rcu(0).is_none());
        {
            let mmap = space.mmap_read_lock();
            assert!(mmap.vma_start_read_locked(&space.slots[0]).is_none());
        }
        assert!(matches!(space.vma_start_read_unlocked(0), Err(ReadError::Full)));
        let writer = {
            let space = space.clone();
            spawn(move || space.write(0, 3))
        };
        for guard in guards {
            guard.get();
        }
        writer.join().unwrap();
        assert_eq!(space.lock_vma_under_rcu(0).unwrap().get(), 3);
        assert!(space.end());
    });
}

/// (28) A range is cut in two, and made whole again, all the time: it has no gap.
#[test]
fn a_range_that_is_cut_has_no_gap() {
    explore(|| {
        let space = Space::new(2, &Space::slots(2));
        space.map(&mut space.mmap_write_lock(), 0, 0..2, 0);
        let readers = [(); 2].map(|()| {
            let space = space.clone();
            spawn(move || {
                for from in [0, 1, 0] {
                    let next = space.lock_next_vma(from, &Patience::forever()).unwrap().unwrap();
                    assert!(next.start() <= from && from < next.end());
                    next.get();
                }
            })
        });
        for _ in 0..2 {
            let mut guard = space.mmap_write_lock();
            guard.vma_set_bounds(&space.slots[0], 1, 2);
            space.map(&mut guard, 1, 0..1, 0);
            drop(guard);
            let mut guard = space.mmap_write_lock();
            space.unmap(&mut guard, 1);
            guard.vma_set_bounds(&space.slots[0], 0, 2);
            space.show(0..2, 1);
        }
        for reader in readers {
            reader.join().unwrap();
        }
        assert!(space.end());
    });
}

/// 11 and 13 at large: two address spaces trade the slots of one pool, with readers of both.
#[test]
fn two_spaces_trade_slots() {
    explore(|| {
        let slots = Space::slots(2);
        let spaces = [Space::new(1, &slots), Space::new(1, &slots)];
        for (slot, space) in spaces.iter().enumerate() {
            space.map(&mut space.mmap_write_lock(), slot, 0..1, slot);
        }
        let readers = spaces.clone().map(|space| {
            spawn(move || {
                for slot in [0, 1, 0, 1] {
                    let lock = &space.slots[slot].lock;
                    if vma_start_read(&space.mm, lock).is_ok() {
                        assert!(lock.is_attached_to(&space.mm));
                        // SAFETY: Locked above.
                        unsafe { vma_end_read(&space.mm, lock) };
                    }
                    if let Some(guard) = space.lock_vma_under_rcu(0) {
                        guard.get();
                    }
                }
            })
        });
        // Each gives its slot away and takes the other's.
        for round in 0..2 {
            for (at, space) in spaces.iter().enumerate() {
                space.unmap(&mut space.mmap_write_lock(), (at + round) % 2);
            }
            for (at, space) in spaces.iter().enumerate() {
                let slot = (at + round + 1) % 2;
                space.map(&mut space.mmap_write_lock(), slot, 0..1, slot);
            }
        }
        for reader in readers {
            reader.join().unwrap();
        }
        for space in &spaces {
            assert!(space.end());
        }
    });
}

/// The mmap lock is given up for the VMA's, as user-fault handlers do.
#[test]
fn a_vma_outlasts_the_mmap_lock_it_was_found_under() {
    explore(|| {
        let space = Space::full(1);
        let reader = {
            let space = space.clone();
            spawn(move || {
                let mmap = space.mmap_read_lock();
                let guard = mmap.vma_start_read_locked(&space.slots[0]).unwrap();
                drop(mmap);
                guard.get()
            })
        };
        space.write(0, 3);
        assert!(matches!(reader.join().unwrap(), 0 | 3));
        let mmap = space.mmap_read_lock();
        assert!(vma_start_read_locked(&space.mm, &space.slots[0].lock));
        // SAFETY: Locked in the line above.
        unsafe { vma_end_read(&space.mm, &space.slots[0].lock) };
        drop(mmap);
        assert!(space.end());
    });
}
