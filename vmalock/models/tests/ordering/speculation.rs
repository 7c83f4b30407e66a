//! Reading without a lock what only write sections change (O10, O12).

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::lock::{mmap_lock_speculate_retry, mmap_lock_speculate_try_begin};
use crate::model::{EVERY, Space, explore, spawn};
use crate::space::AddressSpace;
use crate::sync::AtomicUsize;

/// A speculation that need not be retried has seen one section's end, and nothing of the next.
#[test]
fn a_speculation_sees_whole_sections() {
    explore(EVERY, || {
        let space = Space::new(1, 0);
        let pair = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let writer = {
            let (space, pair) = (space.clone(), pair.clone());
            spawn(move || {
                let guard = space.mmap_write_lock();
                pair.0.store(1, Relaxed);
                pair.1.store(1, Relaxed);
                drop(guard);
            })
        };
        if let Some(sequence) = mmap_lock_speculate_try_begin(&space.mm) {
            let seen = (pair.1.load(Relaxed), pair.0.load(Relaxed));
            if !mmap_lock_speculate_retry(&space.mm, sequence) {
                assert_eq!(seen.0, seen.1);
                assert_eq!(seen.0, usize::from(sequence != 0));
            }
        }
        writer.join().unwrap();
    });
}
