//! The guards: what they give, and that dropping, forgetting or panicking leaves nothing behind.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use crate::lock::{Cancelled, Patience, Teardown};
use crate::space::AddressSpace;
use crate::sync::Arc;
use crate::tests::toy::{Toy, elsewhere};
use crate::vma::Vma;

fn soon() -> Patience {
    Patience::until(Instant::now() + Duration::from_millis(10))
}

#[test]
fn a_slot_with_a_small_payload_is_one_cache_line() {
    assert_eq!((size_of::<Vma<u32>>(), align_of::<Vma<u32>>()), (64, 64));
}

#[test]
fn what_a_reader_needs_is_on_one_cache_line() {
    let vma = Vma::<[u64; 100]>::new();
    let begin = std::ptr::from_ref(&vma).addr();
    let line = |field: usize, size: usize| (field - begin) / 64 + (field + size - 1 - begin) / 64;
    assert_eq!(line(std::ptr::from_ref(vma.lock()).addr(), size_of_val(vma.lock())), 0);
    assert_eq!(vma.bounds_at().map(|bound| line(bound, size_of::<usize>())), [0, 0]);
}

#[test]
fn a_vma_guard_keeps_its_vma_and_no_other() {
    let toy = Toy::of(&[10, 11]);
    let kept = toy.lock_vma_under_rcu(0).unwrap();
    elsewhere(|| {
        let mut guard = toy.mmap_write_lock();
        *guard.payload_mut(&toy.slots[1]).unwrap() = 21;
        let waited = guard.vma_start_write_killable(&toy.slots[0], &soon());
        assert_eq!(waited, Err(Cancelled));
    });
    assert_eq!(*kept, 10);
    drop(kept);
    assert_eq!(toy.mmap_read_lock().payload(&toy.slots[1]), Some(&21));
}

#[test]
fn a_slot_of_another_address_space_has_no_payload_here() {
    let toy = Toy::of(&[10]);
    let other = Toy::with_slots(&toy.slots);
    assert_eq!(other.mmap_read_lock().payload(&toy.slots[0]), None);
    let mut guard = other.mmap_write_lock();
    assert_eq!(guard.payload(&toy.slots[0]), None);
    assert_eq!(guard.payload_mut(&toy.slots[0]), None);
    let locked = catch_unwind(AssertUnwindSafe(|| guard.vma_start_write(&toy.slots[0])));
    assert!(locked.is_err());
    drop(guard);
    assert!(other.mmap_read_lock().vma_start_read_locked(&other.slots[0]).is_none());
}

#[test]
fn a_slot_that_is_free_has_no_payload() {
    let toy = Toy::of(&[10]);
    let mut guard = toy.mmap_write_lock();
    assert_eq!(toy.unmap(&mut guard, 0), 10);
    assert_eq!(guard.payload(&toy.slots[0]), None);
    assert_eq!(guard.payload_mut(&toy.slots[0]), None);
    let guard = guard.downgrade();
    assert_eq!(guard.payload(&toy.slots[0]), None);
    assert!(guard.vma_start_read_locked(&toy.slots[0]).is_none());
}

#[test]
fn a_downgraded_guard_reads_what_it_wrote() {
    let toy = Toy::of(&[10]);
    let mut guard = toy.mmap_write_lock();
    *guard.payload_mut(&toy.slots[0]).unwrap() = 20;
    let guard = guard.downgrade();
    assert_eq!(guard.payload(&toy.slots[0]), Some(&20));
    elsewhere(|| {
        assert_eq!(*toy.lock_vma_under_rcu(0).unwrap(), 20);
        assert!(toy.mmap_write_trylock().is_none());
        drop(toy.mmap_read_trylock().unwrap());
    });
    drop(guard);
    drop(toy.mmap_write_trylock().unwrap());
}

#[test]
fn a_panic_ends_the_write_section() {
    let toy = Toy::of(&[10]);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = toy.mmap_write_lock();
        *guard.payload_mut(&toy.slots[0]).unwrap() = 20;
        resume_unwind(Box::new("given up"));
    }));
    assert!(panicked.is_err());
    assert_eq!(*toy.lock_vma_under_rcu(0).unwrap(), 20);
    drop(toy.mmap_write_trylock().unwrap());
}

#[test]
fn a_panic_gives_a_read_lock_back() {
    let toy = Toy::of(&[10]);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guard = toy.lock_vma_under_rcu(0).unwrap();
        resume_unwind(Box::new("given up"));
    }));
    assert!(panicked.is_err());
    assert_eq!(toy.count(0), 1);
    let mut guard = toy.mmap_write_lock();
    assert_eq!(toy.unmap(&mut guard, 0), 10);
}

/// A forgotten read lock stays: writers of that VMA wait, as long as they please; all others do
/// not.
#[test]
fn a_forgotten_vma_guard_holds_up_writers_of_its_vma_only() {
    let toy = Toy::of(&[10, 11]);
    elsewhere(|| mem::forget(toy.lock_vma_under_rcu(0).unwrap()));
    let mut guard = toy.mmap_write_lock();
    *guard.payload_mut(&toy.slots[1]).unwrap() = 21;
    let waited = guard.vma_start_write_killable(&toy.slots[0], &soon());
    assert_eq!(waited, Err(Cancelled));
    drop(guard);
    assert_eq!(*toy.lock_vma_under_rcu(0).unwrap(), 10);
}

/// A forgotten write guard stays: nobody gets the mmap lock, readers get what was not write-locked.
#[test]
fn a_forgotten_write_guard_keeps_the_mmap_lock() {
    let toy = Toy::of(&[10, 11]);
    elsewhere(|| {
        let mut guard = toy.mmap_write_lock();
        guard.vma_start_write(&toy.slots[0]);
        mem::forget(guard);
    });
    assert!(toy.mmap_read_lock_killable(&soon()).is_err());
    assert!(toy.mmap_write_lock_killable(&soon()).is_err());
    assert!(toy.lock_vma_under_rcu(0).is_none());
    assert_eq!(*toy.lock_vma_under_rcu(1).unwrap(), 11);
}

/// The end of an address space takes a moment, not for ever, if a guard was forgotten; that slot
/// is not free then.
#[test]
fn an_address_space_ends_in_spite_of_forgotten_guards() {
    let toy = Toy::of(&[10, 11]);
    elsewhere(|| mem::forget(toy.lock_vma_under_rcu(0).unwrap()));
    elsewhere(|| mem::forget(toy.mmap_write_lock()));
    // SAFETY: All guards are forgotten.
    let mut teardown = unsafe { Teardown::begin(&toy.mm) };
    assert!(!teardown.detach(toy.lock(0)));
    assert!(teardown.detach(toy.lock(1)));
    assert_eq!((toy.count(0), toy.count(1)), (1, 0));
    assert_eq!(Arc::strong_count(&toy.mm), 2);
    // SAFETY: One of the two is the one that the teardown gave up, and here nobody comes late.
    unsafe { Arc::decrement_strong_count(Arc::as_ptr(&toy.mm)) };
}

/// The payload that is taken out is dropped once, by who took it.
#[test]
fn a_payload_is_dropped_once() {
    #[derive(Debug)]
    struct Counted<'a>(&'a AtomicUsize);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let dropped = AtomicUsize::new(0);
    let toy = Toy::new(1);
    let mut guard = toy.mmap_write_lock();
    toy.map(&mut guard, 0, 0..1, Counted(&dropped));
    let payload = toy.unmap(&mut guard, 0);
    assert_eq!(dropped.load(SeqCst), 0);
    drop(payload);
    assert_eq!(dropped.load(SeqCst), 1);
    toy.map(&mut guard, 0, 1..2, Counted(&dropped));
    drop(guard);
    drop(toy);
    assert_eq!(dropped.load(SeqCst), 2);
}

/// Readers and writers of a few ranges that come and go, for a while.
#[test]
fn readers_see_whole_payloads_while_ranges_come_and_go() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 20_000 };
    let toy: Toy<[usize; 4]> = Toy::new(3);
    let mut guard = toy.mmap_write_lock();
    for slot in 0..3 {
        toy.map(&mut guard, slot, slot..slot + 1, [slot; 4]);
    }
    drop(guard);
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for reader in 0..2 {
            let (toy, done) = (&toy, &done);
            scope.spawn(move || {
                let mut at = reader;
                while done.load(SeqCst) == 0 {
                    at += 1;
                    if let Some(guard) = toy.lock_vma_under_rcu(at % 3) {
                        assert_eq!(guard.start(), at % 3);
                        assert!(guard.iter().all(|&part| part == guard[0]));
                    }
                }
            });
        }
        for round in 0..ROUNDS {
            let slot = round % 3;
            let mut guard = toy.mmap_write_lock();
            if round % 2 == 0 {
                guard.payload_mut(&toy.slots[slot]).unwrap().fill(round);
            } else {
                toy.unmap(&mut guard, slot);
                toy.map(&mut guard, slot, slot..slot + 1, [round; 4]);
            }
        }
        done.store(1, SeqCst);
    });
    assert_eq!([0, 1, 2].map(|slot| toy.count(slot)), [1; 3]);
}

/// A guard's text shows what it guards, and reads no payload that may change.
#[test]
fn everything_has_a_text() {
    let toy = Toy::of(&[10]);
    let guard = toy.lock_vma_under_rcu(0).unwrap();
    assert_eq!(format!("{guard:?}"), "VmaReadGuard { start: 0x0, end: 0x1, payload: 10 }");
    drop(guard);
    assert!(format!("{:?}", toy.mmap_read_lock()).starts_with("MmapReadGuard { mm: MmLock"));
    assert!(format!("{:?}", toy.mmap_write_lock()).starts_with("MmapWriteGuard { mm: MmLock"));
    assert!(format!("{:?}", toy.slots[0]).starts_with("Vma { start: 0x0, end: 0x1, lock: VmaLock"));
}
