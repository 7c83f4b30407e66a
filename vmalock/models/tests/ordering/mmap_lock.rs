//! The lock under the mmap lock: exclusion, hand-over, no lost wake.

use crate::lock::cancel::Patience;
use crate::lock::rwsem::{Rwsem, Side};
use crate::model::{EVERY, explore, spawn};
use crate::sync::Cell;
use std::sync::Arc;

struct Guarded {
    lock: Rwsem,
    value: Cell<u32>,
}

// SAFETY: The lock guards the value; loom fails if it does not.
unsafe impl Sync for Guarded {}

impl Guarded {
    fn new() -> Arc<Guarded> {
        Arc::new(Guarded { lock: Rwsem::new(), value: Cell::new(0) })
    }

    fn lock(&self, side: Side) {
        if !self.lock.try_lock(side) {
            self.lock.lock_slow(side, &Patience::forever()).unwrap();
        }
    }

    fn add(&self) {
        self.lock(Side::Write);
        // SAFETY: Write-locked.
        unsafe { *self.value.write() += 1 };
        self.lock.unlock(Side::Write);
    }

    fn get(&self) -> u32 {
        self.lock(Side::Read);
        // SAFETY: Read-locked.
        let value = unsafe { *self.value.read() };
        self.lock.unlock(Side::Read);
        value
    }
}

#[test]
fn writers_take_turns() {
    explore(EVERY, || {
        let guarded = Guarded::new();
        let other = {
            let guarded = guarded.clone();
            spawn(move || guarded.add())
        };
        guarded.add();
        other.join().unwrap();
        assert_eq!(guarded.get(), 2);
        assert!(!guarded.lock.is_locked() && !guarded.lock.is_contended());
    });
}

#[test]
fn three_take_turns() {
    explore(2, || {
        let guarded = Guarded::new();
        let reader = {
            let guarded = guarded.clone();
            spawn(move || guarded.get())
        };
        let other = {
            let guarded = guarded.clone();
            spawn(move || guarded.add())
        };
        guarded.add();
        assert!(reader.join().unwrap() <= 2);
        other.join().unwrap();
        assert_eq!(guarded.get(), 2);
        assert!(!guarded.lock.is_locked() && !guarded.lock.is_contended());
    });
}

#[test]
fn a_downgraded_writer_lets_readers_in_and_writers_wait() {
    explore(EVERY, || {
        let guarded = Guarded::new();
        guarded.lock(Side::Write);
        let reader = {
            let guarded = guarded.clone();
            spawn(move || guarded.get())
        };
        // SAFETY: Write-locked.
        unsafe { *guarded.value.write() = 5 };
        guarded.lock.downgrade();
        // Joined with the lock held for reading.
        assert_eq!(reader.join().unwrap(), 5);
        assert!(!guarded.lock.try_lock(Side::Write));
        guarded.lock.unlock(Side::Read);
        guarded.add();
        assert_eq!(guarded.get(), 6);
    });
}
