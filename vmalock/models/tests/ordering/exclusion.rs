//! Readers and a writer of one VMA: 1 to 4, 23.

use crate::model::{EVERY, Space, explore, spawn};
use crate::space::AddressSpace;

/// (1) A reader inside is waited for, and one that comes later backs out or sees all.
#[test]
fn a_reader_and_a_writer_do_not_overlap() {
    explore(EVERY, || {
        let space = Space::one();
        let reader = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        space.write(0, 1);
        assert!(matches!(reader.join().unwrap(), None | Some(0 | 1)));
        assert_eq!(space.count(0), 1);
    });
}

/// (2) The writer has stamped the VMA and let readers try again, and is at work. A reader whose
/// increment comes then must not have looked at the sequences before it.
#[test]
fn sequences_are_read_after_the_increment() {
    explore(EVERY, || {
        let space = Space::one();
        let reader = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        let mut guard = space.mmap_write_lock();
        *guard.payload_mut(&space.slots[0]).unwrap() = 1;
        // The section is still open.
        assert_ne!(reader.join().unwrap(), Some(1));
        drop(guard);
        assert_eq!(space.read(0), Some(1));
    });
}

/// (3) A reader that finds the section over sees all that was done in it.
#[test]
fn the_end_of_a_section_shows_what_was_done_in_it() {
    explore(4, || {
        let space = Space::one();
        let writer = {
            let space = space.clone();
            spawn(move || space.write(0, 1))
        };
        let first = space.read(0);
        let second = space.read(0);
        if first == Some(1) {
            assert_eq!(second, Some(1));
        }
        writer.join().unwrap();
        assert_eq!(space.read(0), Some(1));
    });
}

/// (3) The reader's second look may meet the beginning of a later section, in which its VMA is not
/// locked: it must see what was done to it before all the same.
#[test]
fn the_beginning_of_a_section_shows_what_was_done_before() {
    explore(4, || {
        let space = Space::one();
        let reader = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        space.write(0, 1);
        let guard = space.mmap_write_lock();
        assert!(matches!(reader.join().unwrap(), None | Some(0 | 1)));
        drop(guard);
    });
}

/// (4 and 23) However old the sequences are that a reader looks at first, it backs out of a VMA
/// that is write-locked, and leaves the count as it was.
#[test]
fn a_late_increment_is_taken_back() {
    explore(EVERY, || {
        let space = Space::one();
        let mut guard = space.mmap_write_lock();
        let reader = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        guard.vma_start_write(&space.slots[0]);
        let read = reader.join().unwrap();
        assert!(matches!(read, None | Some(0)));
        assert_eq!(space.count(0), 1);
        *guard.payload_mut(&space.slots[0]).unwrap() = 1;
        drop(guard);
        assert_eq!(space.read(0), Some(1));
    });
}

/// Two readers and a writer.
#[test]
fn two_readers_and_a_writer_do_not_overlap() {
    explore(2, || {
        let space = Space::one();
        let readers = [(); 2].map(|()| {
            let space = space.clone();
            spawn(move || space.read(0))
        });
        space.write(0, 1);
        for reader in readers {
            assert!(matches!(reader.join().unwrap(), None | Some(0 | 1)));
        }
        assert_eq!(space.count(0), 1);
    });
}

/// 26, the part that is no deadlock: a reader keeps its VMA, and another is written meanwhile.
#[test]
fn a_writer_waits_for_readers_of_its_vma_only() {
    explore(EVERY, || {
        let space = Space::two();
        let kept = space.lock_vma_under_rcu(0).unwrap();
        let writer = {
            let space = space.clone();
            spawn(move || space.write(1, 1))
        };
        // Joined while the other VMA is read-locked.
        writer.join().unwrap();
        assert_eq!((*kept, space.read(1)), (0, Some(1)));
        drop(kept);
    });
}
