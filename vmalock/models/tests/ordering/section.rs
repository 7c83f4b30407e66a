//! Write sections: 19, 22, 29.

use crate::lock::{mmap_write_lock, mmap_write_unlock};
use crate::model::{EVERY, Space, explore, spawn};
use crate::space::AddressSpace;

/// (19) One store frees all VMAs of a section.
#[test]
fn the_end_of_a_section_frees_all_its_vmas() {
    explore(3, || {
        let space = Space::two();
        let reader = {
            let space = space.clone();
            spawn(move || (space.read(0), space.read(1)))
        };
        let mut guard = space.mmap_write_lock();
        *guard.payload_mut(&space.slots[0]).unwrap() = 1;
        *guard.payload_mut(&space.slots[1]).unwrap() = 1;
        guard.vma_start_write(&space.slots[0]);
        drop(guard);
        let (first, second) = reader.join().unwrap();
        assert!(matches!(first, None | Some(0 | 1)));
        assert!(matches!(second, None | Some(0 | 1)));
        assert!(first != Some(1) || second == Some(1));
        assert_eq!((space.read(0), space.read(1)), (Some(1), Some(1)));
    });
}

/// (19) A downgrade frees them too, while other writers still wait.
#[test]
fn a_downgrade_frees_the_vmas_and_keeps_writers_out() {
    explore(EVERY, || {
        let space = Space::one();
        let writer = {
            let space = space.clone();
            spawn(move || space.write(0, 2))
        };
        let mut guard = space.mmap_write_lock();
        let before = *guard.payload(&space.slots[0]).unwrap();
        *guard.payload_mut(&space.slots[0]).unwrap() = before + 1;
        let guard = guard.downgrade();
        assert_eq!(space.read(0), Some(before + 1));
        assert_eq!(guard.payload(&space.slots[0]), Some(&(before + 1)));
        drop(guard);
        writer.join().unwrap();
        assert_eq!(space.read(0), Some(if before == 0 { 2 } else { 3 }));
    });
}

/// (22) A VMA that was write-locked long ago is not taken for locked now, with a reader inside.
#[test]
fn an_old_stamp_is_not_a_new_one() {
    explore(EVERY, || {
        let space = Space::one();
        // Another section: with two bits the next has the number of the first.
        mmap_write_lock(&space.mm);
        // SAFETY: Locked in the line above.
        unsafe { mmap_write_unlock(&space.mm) };
        let reader = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        space.write(0, 1);
        reader.join().unwrap();
        assert_eq!(space.read(0), Some(1));
    });
}

/// (29) Two writers, one after the other: the first section has ended when the second begins.
#[test]
fn sections_do_not_run_into_each_other() {
    explore(4, || {
        let space = Space::one();
        let other = {
            let space = space.clone();
            spawn(move || space.write(0, 1))
        };
        space.write(0, 2);
        assert!(matches!(space.read(0), None | Some(1 | 2)));
        other.join().unwrap();
        assert!(matches!(space.read(0), Some(1 | 2)));
        assert_eq!(space.mm.mm_lock_seq.read(), 6);
    });
}
