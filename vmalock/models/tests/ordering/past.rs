//! A reader that learns from `mm_past_seq` that its VMA is not write-locked: 1 to 3 once more, with
//! every section noted.

use crate::limits;
use crate::model::{EVERY, Space, explore, spawn};
use crate::space::AddressSpace;

/// (1, 3) The note of a section comes with all that was done in it.
#[test]
fn a_past_section_shows_what_was_done_in_it() {
    limits::set_past_every(1);
    explore(EVERY, || {
        let space = Space::one();
        let reader = {
            let space = space.clone();
            spawn(move || space.read(0))
        };
        space.write(0, 1);
        assert!(matches!(reader.join().unwrap(), None | Some(0 | 1)));
        assert_eq!(space.read(0), Some(1));
    });
}

/// (2) A reader that comes while the VMA is written backs out, whatever sections are past.
#[test]
fn a_section_under_way_is_not_past() {
    limits::set_past_every(1);
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

/// A look at what is past that is older than the VMA's stamp is no reason to refuse, or to admit:
/// two sections, of which the reader may know neither, the first or both.
#[test]
fn an_old_note_is_as_good() {
    limits::set_past_every(1);
    explore(2, || {
        let space = Space::two();
        let reader = {
            let space = space.clone();
            spawn(move || (space.read(0), space.read(1)))
        };
        space.write(0, 1);
        space.write(1, 1);
        let (first, second) = reader.join().unwrap();
        assert!(matches!(first, None | Some(0 | 1)) && matches!(second, None | Some(0 | 1)));
        assert_eq!((space.read(0), space.read(1)), (Some(1), Some(1)));
    });
}
