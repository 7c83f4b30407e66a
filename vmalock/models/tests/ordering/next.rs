//! The next VMA: 28, 24.

use crate::lock::Patience;
use crate::model::{Space, explore, spawn};
use crate::space::AddressSpace;

/// (28) A VMA is shrunk and its beginning mapped anew, in one section: at no time is there a gap.
#[test]
fn a_gap_is_not_made_up() {
    explore(3, || {
        let space = Space::new(2, 2);
        space.map(&mut space.mmap_write_lock(), 0, 0..2, 0);
        let reader = {
            let space = space.clone();
            spawn(move || {
                let next = space.lock_next_vma(0, &Patience::forever()).unwrap().unwrap();
                (next.start(), next.end())
            })
        };
        let mut guard = space.mmap_write_lock();
        guard.vma_set_bounds(&space.slots[0], 1, 2);
        space.show(0..1, 0);
        space.map(&mut guard, 1, 0..1, 1);
        drop(guard);
        assert!(matches!(reader.join().unwrap(), (0, 1 | 2)));
    });
}

/// (28) The last VMA moves up while a reader looks for it: at no time is there none.
#[test]
fn an_end_is_not_made_up() {
    explore(3, || {
        let space = Space::new(2, 2);
        space.map(&mut space.mmap_write_lock(), 0, 0..1, 0);
        let reader = {
            let space = space.clone();
            spawn(move || {
                let next = space.lock_next_vma(0, &Patience::forever()).unwrap();
                next.map(|next| next.start())
            })
        };
        let mut guard = space.mmap_write_lock();
        space.unmap(&mut guard, 0);
        space.map(&mut guard, 1, 1..2, 1);
        drop(guard);
        assert!(matches!(reader.join().unwrap(), Some(0 | 1)));
    });
}

/// The lookup that leaves no fallback to its caller always has an answer.
#[test]
fn a_read_without_fallback_waits_the_writer_out() {
    explore(4, || {
        let space = Space::one();
        let reader = {
            let space = space.clone();
            spawn(move || space.vma_start_read_unlocked(0).map(|guard| *guard))
        };
        space.write(0, 1);
        assert!(matches!(reader.join().unwrap(), Ok(0 | 1)));
    });
}
