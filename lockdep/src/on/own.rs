//! Where the locks of an allocator are made: locks that the tracker's own allocations take.
//!
//! While one of them is held the tracker must not allocate. That goes for all locks made at the
//! place: of an allocator's locks, one for each size or thread, the tracker sees only those that
//! its own allocations happen to take. A table of fixed size, because it is asked where nothing may
//! be locked or allocated.

use std::hash::BuildHasher;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustc_hash::FxBuildHasher;

/// Places by hash, 0 where there is none yet: an allocator has few.
static PLACES: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];

/// Notes that the locks made at `place` are an allocator's.
pub(crate) fn add(place: &Location<'_>) {
    let key = key(place);
    for slot in &PLACES {
        match slot.compare_exchange(0, key, Relaxed, Relaxed) {
            Ok(_) => return,
            Err(known) if known == key => return,
            Err(_) => {}
        }
    }
}

/// Whether the locks made at `place` are an allocator's.
pub(crate) fn has(place: &Location<'_>) -> bool {
    let mut keys = PLACES.iter().map(|slot| slot.load(Relaxed)).take_while(|&key| key != 0);
    keys.next().is_some_and(|first| {
        let key = key(place);
        first == key || keys.any(|known| known == key)
    })
}

/// By value: one place of the source may have several addresses.
fn key(place: &Location<'_>) -> u64 {
    FxBuildHasher.hash_one(place) | 1
}
