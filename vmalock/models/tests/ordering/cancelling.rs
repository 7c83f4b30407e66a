//! A writer's wait is given up: 17, 18.

use crate::lock::{CancelToken, Cancelled, Patience};
use crate::model::{EVERY, Space, explore, spawn};
use crate::space::AddressSpace;

/// (17) Given up with a reader inside, everything is as it was: the reader's put wakes nobody, new
/// readers come in, the writer may try again, and a detach works.
#[test]
fn a_wait_that_is_given_up_leaves_nothing_behind() {
    explore(EVERY, || {
        let space = Space::one();
        let token = CancelToken::new();
        let inside = space.lock_vma_under_rcu(0).unwrap();
        let writer = {
            let (space, token) = (space.clone(), token.clone());
            spawn(move || {
                let mut guard = space.mmap_write_lock();
                let vma = &space.slots[0];
                let stamp = vma.lock.vm_lock_seq.read();
                let waited = guard.vma_start_write_killable(vma, &Patience::token(&token));
                assert_eq!(waited, Err(Cancelled));
                assert_eq!((vma.lock.vm_lock_seq.read(), space.count(0)), (stamp, 2));
                // The section is open, and the VMA is not locked in it.
                assert_eq!(space.read(0), Some(0));
            })
        };
        token.cancel();
        // Joined with the reader inside: only the cancellation can end the wait.
        writer.join().unwrap();
        drop(inside);
        assert_eq!(space.count(0), 1);
        space.write(0, 1);
        assert_eq!(space.unmap(&mut space.mmap_write_lock(), 0), 1);
        assert_eq!(space.count(0), 0);
    });
}

/// (18) The cancellation and the last put come together: the wait ends either way, and whichever it
/// is the count is right.
#[test]
fn a_cancellation_may_meet_the_last_put() {
    explore(4, || {
        let space = Space::one();
        let token = CancelToken::new();
        let inside = space.lock_vma_under_rcu(0).unwrap();
        let canceller = {
            let token = token.clone();
            spawn(move || token.cancel())
        };
        let writer = {
            let space = space.clone();
            spawn(move || {
                let mut guard = space.mmap_write_lock();
                let patience = Patience::token(&token);
                let locked = guard.vma_start_write_killable(&space.slots[0], &patience).is_ok();
                if locked {
                    *guard.payload_mut(&space.slots[0]).unwrap() = 1;
                }
                locked
            })
        };
        drop(inside);
        canceller.join().unwrap();
        let locked = writer.join().unwrap();
        assert_eq!((space.count(0), space.read(0)), (1, Some(u32::from(locked))));
        space.unmap(&mut space.mmap_write_lock(), 0);
    });
}

/// (18) Nothing to wait for: that the patience is over does not matter.
#[test]
fn a_cancelled_wait_for_nothing_succeeds() {
    explore(EVERY, || {
        let space = Space::one();
        let token = CancelToken::new();
        token.cancel();
        let mut guard = space.mmap_write_lock();
        let patience = Patience::token(&token);
        assert_eq!(guard.vma_start_write_killable(&space.slots[0], &patience), Ok(()));
        drop(guard);
        assert_eq!(space.count(0), 1);
    });
}

/// The mmap lock's own wait, given up or not: whoever is still in the queue gets in.
#[test]
fn a_wait_for_the_mmap_lock_is_given_up() {
    explore(4, || {
        let space = Space::one();
        let token = CancelToken::new();
        let held = space.mmap_read_lock();
        let writer = {
            let (space, token) = (space.clone(), token.clone());
            spawn(move || {
                space.mmap_write_lock_killable(&Patience::token(&token)).map(drop).is_ok()
            })
        };
        let reader = {
            let space = space.clone();
            // Behind the writer, if that came first.
            spawn(move || drop(space.mmap_read_lock()))
        };
        token.cancel();
        // Joined with the lock held: only the cancellation can end the writer's wait, and then
        // nothing keeps the reader out.
        assert!(!writer.join().unwrap());
        reader.join().unwrap();
        drop(held);
        drop(space.mmap_write_trylock().unwrap());
    });
}
