//! The end of an address space: 31, 11.

use crate::lock::{vma_end_read, vma_start_read};
use crate::model::{Space, explore, spawn};
use crate::space::AddressSpace;

/// (31) Readers of another address space, with stale references, while one ends: all of its slots
/// become free, and nobody wakes what is gone.
#[test]
fn an_address_space_ends_under_foreign_readers() {
    explore(|| {
        let slots = Space::slots(2);
        let theirs = Space::new(2, &slots);
        let ours = Space::new(2, &slots);
        let mut guard = theirs.mmap_write_lock();
        theirs.map(&mut guard, 0, 0..1, 0);
        theirs.map(&mut guard, 1, 1..2, 0);
        drop(guard);
        let readers = [(); 2].map(|()| {
            let ours = ours.clone();
            spawn(move || {
                for slot in [0, 1, 0] {
                    assert!(vma_start_read(&ours.mm, &ours.slots[slot].lock).is_err());
                }
            })
        });
        assert!(theirs.end());
        drop(theirs);
        for reader in readers {
            reader.join().unwrap();
        }
        for slot in slots.iter() {
            assert_eq!(slot.lock.vm_refcnt.read(), 0);
        }
        // The slots are as good as new.
        let mut guard = ours.mmap_write_lock();
        ours.map(&mut guard, 0, 0..1, 3);
        drop(guard);
        assert_eq!(ours.lock_vma_under_rcu(0).unwrap().get(), 3);
        assert!(ours.end());
    });
}

/// (31) Every reader is waited for when a range is taken out, and none comes in after.
#[test]
fn unmapping_waits_for_every_reader() {
    explore(|| {
        let space = Space::full(2);
        let readers = [(); 3].map(|()| {
            let space = space.clone();
            spawn(move || {
                let mut read = 0;
                for at in [0, 1] {
                    if let Some(guard) = space.lock_vma_under_rcu(at) {
                        guard.get();
                        read += 1;
                    }
                }
                read
            })
        });
        let mut guard = space.mmap_write_lock();
        for slot in 0..2 {
            space.unmap(&mut guard, slot).set(7);
            assert_eq!(space.slots[slot].lock.vm_refcnt.read(), 0);
        }
        drop(guard);
        for reader in readers {
            assert!(reader.join().unwrap() <= 2);
        }
        let lock = &space.slots[0].lock;
        if vma_start_read(&space.mm, lock).is_ok() {
            // SAFETY: Locked in the line above.
            unsafe { vma_end_read(&space.mm, lock) };
            unreachable!("a range that is gone was locked");
        }
    });
}
