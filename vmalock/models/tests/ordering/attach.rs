//! A slot begins a new life while readers come with stale references: 14 to 16, 20.

use crate::lock::{vma_end_read, vma_start_read};
use crate::model::{EVERY, Space, explore, spawn};
use crate::space::AddressSpace;

/// (14 and 15) The same slot with the same range: a reader sees the old life or the new one.
#[test]
fn a_reader_sees_all_of_a_slots_new_life() {
    explore(EVERY, || {
        let space = Space::new(1, 1);
        let reader = {
            let space = space.clone();
            // The index has it from the start: a stale reference.
            spawn(move || {
                let vma = &space.slots[0];
                vma_start_read(&space.mm, &vma.lock).ok()?;
                // SAFETY: The VMA is read-locked.
                let payload = unsafe { *vma.payload.read() };
                let bounds = (vma.start(), vma.end());
                // SAFETY: Locked above.
                unsafe { vma_end_read(&space.mm, &vma.lock) };
                Some((payload, bounds))
            })
        };
        space.map(&mut space.mmap_write_lock(), 0, 0..1, 7);
        assert!(matches!(reader.join().unwrap(), None | Some((Some(7), (0, 1)))));
        assert_eq!(space.count(0), 1);
    });
}

/// (16) An attached VMA that no index has yet is write-locked until the section ends.
#[test]
fn nobody_reads_a_vma_before_the_section_that_attached_it_ends() {
    explore(EVERY, || {
        let space = Space::new(1, 1);
        let reader = {
            let space = space.clone();
            spawn(move || {
                let lock = &space.slots[0].lock;
                let started = vma_start_read(&space.mm, lock);
                if started.is_ok() {
                    // SAFETY: Locked just now.
                    unsafe { vma_end_read(&space.mm, lock) };
                }
                started.is_ok()
            })
        };
        let mut guard = space.mmap_write_lock();
        space.map(&mut guard, 0, 0..1, 7);
        // The section is still open.
        assert!(!reader.join().unwrap());
        drop(guard);
        assert_eq!(space.read(0), Some(7));
    });
}

/// (20) Taken out and put back in one section: write-locked until its end.
#[test]
fn a_vma_that_is_put_back_stays_locked() {
    explore(4, || {
        let space = Space::one();
        let reader = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        let mut guard = space.mmap_write_lock();
        space.unmap(&mut guard, 0);
        space.map(&mut guard, 0, 0..1, 7);
        assert!(matches!(reader.join().unwrap(), None | Some(0)));
        drop(guard);
        assert_eq!(space.read(0), Some(7));
    });
}
