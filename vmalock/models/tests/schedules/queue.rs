//! The lock under the mmap lock, with more threads, and waits that are given up: 17, 18.

use crate::lock::{CancelToken, Patience};
use crate::model::{Space, explore, spawn};
use crate::space::AddressSpace;

/// Readers, writers, tries, downgrades and cancellations; in the end nobody waits and the lock is
/// free.
#[test]
fn everybody_gets_the_mmap_lock_or_gives_up() {
    explore(|| {
        let space = Space::full(1);
        let token = CancelToken::new();
        let mut threads = Vec::new();
        for _ in 0..2 {
            let (space, token) = (space.clone(), token.clone());
            threads.push(spawn(move || {
                if let Ok(mut guard) = space.mmap_write_lock_killable(&Patience::token(&token)) {
                    guard.payload_mut(&space.slots[0]).unwrap().set(3);
                    let guard = guard.downgrade();
                    assert_eq!(guard.payload(&space.slots[0]).unwrap().get(), 3);
                }
            }));
        }
        for _ in 0..2 {
            let (space, token) = (space.clone(), token.clone());
            threads.push(spawn(move || {
                if let Ok(guard) = space.mmap_read_lock_killable(&Patience::token(&token)) {
                    guard.payload(&space.slots[0]).unwrap().get();
                }
                if let Some(guard) = space.mmap_read_trylock() {
                    guard.payload(&space.slots[0]).unwrap().get();
                }
                space.write(0, 6);
                if let Some(mut guard) = space.mmap_write_trylock() {
                    guard.payload_mut(&space.slots[0]).unwrap().set(9);
                }
            }));
        }
        token.cancel();
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(!space.mm.mmap_lock.is_locked() && !space.mm.mmap_lock.is_contended());
        drop(space.mmap_write_trylock().unwrap());
        assert!(space.end());
    });
}

/// 17 and 18 at large: a writer waits for readers and may be told to stop at any point. Whatever
/// comes of it, the count is right and the next writer gets its turn.
#[test]
fn a_wait_may_be_given_up_at_any_point() {
    explore(|| {
        let space = Space::full(1);
        let token = CancelToken::new();
        let readers = [(); 2].map(|()| {
            let space = space.clone();
            spawn(move || space.lock_vma_under_rcu(0).map(|guard| guard.get()))
        });
        let canceller = {
            let token = token.clone();
            spawn(move || token.cancel())
        };
        let mut guard = space.mmap_write_lock();
        let patience = Patience::token(&token);
        for _ in 0..2 {
            if guard.vma_start_write_killable(&space.slots[0], &patience).is_ok() {
                guard.payload_mut(&space.slots[0]).unwrap().set(3);
            }
        }
        drop(guard);
        canceller.join().unwrap();
        for reader in readers {
            assert!(matches!(reader.join().unwrap(), None | Some(0 | 3)));
        }
        assert_eq!(space.slots[0].lock.vm_refcnt.read(), 1);
        space.write(0, 6);
        assert_eq!(space.lock_vma_under_rcu(0).unwrap().get(), 6);
        assert!(space.end());
    });
}
