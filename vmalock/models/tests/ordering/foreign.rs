//! A slot that is another address space's by now: 11, 16, 30, 31.

use crate::lock::{StartReadError, vma_start_read};
use crate::model::{EVERY, Space, explore, spawn};
use crate::space::AddressSpace;

/// Two address spaces over one slot, which is the second's.
fn two_spaces() -> (std::sync::Arc<Space>, std::sync::Arc<Space>) {
    let ours = Space::new(1, 1);
    let theirs = Space::with_slots(1, ours.slots.clone());
    // Ours had it once, as its index still says.
    ours.show(0..1, 1);
    theirs.map(&mut theirs.mmap_write_lock(), 0, 0..1, 7);
    (ours, theirs)
}

/// 11, found in July 2025. A reader of one mm has locked a slot of another by mistake. The other's
/// owner needs just the reader's put to go on, and then lets its mm go: the reader's wake comes
/// after that.
#[test]
fn a_recycled_vma_does_not_wake_a_dead_mm() {
    explore(EVERY, || {
        let (ours, theirs) = two_spaces();
        let reader = spawn(move || vma_start_read(&ours.mm, &ours.slots[0].lock));
        let mut guard = theirs.mmap_write_lock();
        assert_eq!(theirs.unmap(&mut guard, 0), 7);
        drop(guard);
        drop(theirs);
        assert!(reader.join().unwrap().is_err());
    });
}

/// 11 and 31, without a writer: the answer is to fall back, and the count is as it was.
#[test]
fn a_foreign_vma_is_busy() {
    explore(EVERY, || {
        let (ours, theirs) = two_spaces();
        let mm = ours.mm.clone();
        let busy = vma_start_read(&mm, &ours.slots[0].lock);
        assert_eq!(busy, Err(StartReadError::Busy));
        assert_eq!(theirs.count(0), 1);
        theirs.unmap(&mut theirs.mmap_write_lock(), 0);
    });
}

/// (16) The slot moves from one mm to another under a reader of the first.
#[test]
fn a_slot_that_changes_its_mm_is_read_by_nobody_else() {
    explore(4, || {
        let ours = Space::new(1, 1);
        ours.map(&mut ours.mmap_write_lock(), 0, 0..1, 0);
        let theirs = Space::with_slots(1, ours.slots.clone());
        let reader = {
            let ours = ours.clone();
            spawn(move || ours.read(0))
        };
        assert_eq!(ours.unmap(&mut ours.mmap_write_lock(), 0), 0);
        theirs.map(&mut theirs.mmap_write_lock(), 0, 0..1, 7);
        assert!(matches!(reader.join().unwrap(), None | Some(0)));
        assert_eq!(theirs.read(0), Some(7));
        theirs.unmap(&mut theirs.mmap_write_lock(), 0);
    });
}

/// (30) The moment a reader has put the VMA, its writer may free it and another mm may have it: the
/// reader's wake goes to the mm it read, which its own borrow keeps.
#[test]
fn a_put_vma_is_not_touched_again() {
    explore(EVERY, || {
        let ours = Space::new(1, 1);
        ours.map(&mut ours.mmap_write_lock(), 0, 0..1, 0);
        let theirs = Space::with_slots(1, ours.slots.clone());
        let guard = ours.lock_vma_under_rcu(0).unwrap();
        let writer = {
            let (ours, theirs) = (ours.clone(), theirs.clone());
            spawn(move || {
                ours.unmap(&mut ours.mmap_write_lock(), 0);
                theirs.map(&mut theirs.mmap_write_lock(), 0, 0..1, 7);
            })
        };
        assert_eq!(*guard, 0);
        drop(guard);
        writer.join().unwrap();
        assert_eq!(theirs.read(0), Some(7));
        theirs.unmap(&mut theirs.mmap_write_lock(), 0);
    });
}

/// (31) The end of an address space waits for who is still backing out of its VMA.
#[test]
fn the_end_of_an_mm_waits_for_its_readers() {
    explore(EVERY, || {
        let space = Space::one();
        let guard = space.lock_vma_under_rcu(0).unwrap();
        let end = {
            let space = space.clone();
            spawn(move || {
                let mut guard = space.mmap_write_lock();
                assert_eq!(space.unmap(&mut guard, 0), 0);
                assert_eq!(space.count(0), 0);
            })
        };
        assert_eq!(*guard, 0);
        drop(guard);
        drop(space);
        end.join().unwrap();
    });
}
