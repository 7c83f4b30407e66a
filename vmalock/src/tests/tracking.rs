//! What the tracker hears, and what it makes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockdep::violation::{Assertion, Dependency};
use lockdep::{BacktraceStyle, Level, Mode, Settings, Tracker, Violation};

use crate::events;
use crate::lock::read::vma_refcount_put;
use crate::lock::{
    Cancelled, Patience, VM_REFCNT_EXCLUDE_READERS_FLAG, check_vma_locked, vma_assert_locked,
    vma_assert_write_locked,
};
use crate::space::AddressSpace;
use crate::tests::toy::{Toy, elsewhere};

/// What a tracker of its own finds in `f`, each violation once.
fn violations(f: impl FnOnce()) -> Vec<Violation> {
    let settings = Settings { level: Level::Deadlock, backtrace: BacktraceStyle::Off };
    let ((), met) = Arc::new(Tracker::new(settings)).run(f);
    met.iter().filter(|met| met.times == 1).map(|met| Violation::clone(&met.violation)).collect()
}

fn soon() -> Patience {
    Patience::until(Instant::now() + Duration::from_millis(10))
}

/// What this thread holds, by the name of its class.
fn held() -> Vec<(String, Mode)> {
    let held = lockdep::held().into_iter();
    held.map(|lock| (lock.class.name.unwrap_or_default().into_owned(), lock.mode)).collect()
}

fn names(dependency: &Dependency) -> [&str; 2] {
    [&dependency.held, &dependency.wanted].map(|touch| touch.class.name.as_deref().unwrap())
}

fn write_section(toy: &Toy) {
    *toy.mmap_write_lock().payload_mut(&toy.slots[0]).unwrap() += 1;
}

fn read_then_mmap_lock(toy: &Toy) {
    let _vma = toy.lock_vma_under_rcu(0).unwrap();
    drop(toy.mmap_read_lock());
}

/// (26) One thread, one after the other, nothing ever hangs: the order alone tells.
#[test]
fn the_mmap_lock_must_not_be_wanted_under_a_vma_lock() {
    let toy = Toy::of(&[0]);
    let found = violations(|| {
        write_section(&toy);
        read_then_mmap_lock(&toy);
    });
    let [Violation::Inversion { cycle, .. }] = &found[..] else {
        panic!("{found:#?}");
    };
    let [first, second] = &cycle[..] else {
        panic!("{cycle:#?}");
    };
    let (writer, reader) =
        if names(first)[0] == "mmap_lock" { (first, second) } else { (second, first) };
    assert_eq!(
        (names(writer), names(reader)),
        (["mmap_lock", "vm_lock"], ["vm_lock", "mmap_lock"])
    );
    assert_eq!((writer.held.mode, writer.wanted.mode), (Mode::Exclusive, Mode::Exclusive));
    assert!(reader.held.mode.is_shared() && reader.held.trylock);
}

/// 26, whichever comes first, and for the write side too.
#[test]
fn the_forbidden_order_is_found_the_other_way_round() {
    let toy = Toy::of(&[0]);
    let found = violations(|| {
        let vma = toy.lock_vma_under_rcu(0).unwrap();
        drop(toy.mmap_write_lock());
        drop(vma);
        write_section(&toy);
    });
    assert!(matches!(&found[..], [Violation::Inversion { .. }]), "{found:#?}");
}

/// The allowed orders, and readers of two VMAs at once, are nobody's business.
#[test]
fn the_allowed_orders_are_silent() {
    let toy = Toy::of(&[0, 1]);
    let found = violations(|| {
        write_section(&toy);
        for (first, second) in [(0, 1), (1, 0), (0, 0)] {
            let _first = toy.lock_vma_under_rcu(first).unwrap();
            let _second = toy.lock_vma_under_rcu(second).unwrap();
        }
        let mmap = toy.mmap_read_lock();
        let first = mmap.vma_start_read_locked(&toy.slots[0]).unwrap();
        let second = mmap.vma_start_read_locked(&toy.slots[1]).unwrap();
        drop(mmap);
        drop((first, second));
        let mut guard = toy.mmap_write_lock();
        guard.vma_start_write(&toy.slots[1]);
        guard.vma_start_write(&toy.slots[0]);
        toy.unmap(&mut guard, 0);
        let guard = guard.downgrade();
        assert_eq!(held(), [("mmap_lock".to_owned(), Mode::Shared)]);
        drop(guard);
        // Two address spaces at once, the second at a level of its own.
        let other = Toy::of(&[0]);
        for (outer, inner) in [(&toy, &other), (&other, &toy)] {
            let _outer = outer.mmap_write_lock();
            let _inner = inner.mmap_write_lock_nested(1);
        }
    });
    assert_eq!(found, []);
}

/// One thread reads a VMA and wants to write it: it would wait for itself.
#[test]
fn reading_and_writing_one_vma_in_one_thread_is_recursion() {
    let toy = Toy::of(&[0]);
    let found = violations(|| {
        let _vma = toy.lock_vma_under_rcu(0).unwrap();
        let mut guard = toy.mmap_write_lock();
        let waited = guard.vma_start_write_killable(&toy.slots[0], &soon());
        assert_eq!(waited, Err(Cancelled));
    });
    let recursion = found.iter().find_map(|violation| match violation {
        Violation::Recursion(dependency) => Some(dependency),
        _ => None,
    });
    let recursion = recursion.unwrap_or_else(|| panic!("{found:#?}"));
    assert_eq!(names(recursion), ["vm_lock"; 2]);
    assert_eq!(recursion.held.instance, recursion.wanted.instance);
}

/// The race of 16 December 2024: the reader's put is the last. It must leave the reader's record
/// all the same.
#[test]
fn detach_race_of_16_december_2024() {
    let toy = Toy::of(&[0]);
    let mut guard = toy.mmap_write_lock();
    guard.vma_start_write(&toy.slots[0]);
    elsewhere(|| {
        // The reader, after its increment.
        toy.lock(0).vm_refcnt.inc_not_zero_limited_acquire().unwrap();
        events::vma_acquire_read(toy.lock(0).map());
        assert_eq!(held().len(), 1);
        // The writer's half of the detach: it expected 0.
        assert_eq!(toy.lock(0).vm_refcnt.dec_return(), 1);
        vma_refcount_put(&toy.mm, toy.lock(0));
        assert_eq!((toy.count(0), held()), (0, Vec::new()));
    });
    drop(guard);
}

/// The concern of 20 January 2026: with one reader passing through a VMA that is being detached
/// the count is that of a writer alone, so a verdict drawn from the count would be that the reader
/// holds nothing. The tracker knows better, for the reader and for the writer.
#[test]
fn false_negative_of_20_january_2026() {
    let toy = Toy::of(&[0]);
    let mut guard = toy.mmap_write_lock();
    guard.vma_start_write(&toy.slots[0]);
    let (mm, vma) = (&toy.mm, toy.lock(0));
    elsewhere(|| {
        vma.vm_refcnt.inc_not_zero_limited_acquire().unwrap();
        events::vma_acquire_read(vma.map());
        // The detach so far: its reference is gone, the flag is set.
        vma.vm_refcnt.dec_return();
        assert!(vma.vm_refcnt.add_flag_not_zero());
        assert_eq!(vma.vm_refcnt.read(), VM_REFCNT_EXCLUDE_READERS_FLAG + 1);
        assert_eq!(check_vma_locked(mm, vma), Ok(()));
    });
    assert_eq!(check_vma_locked(mm, vma), Ok(()));
    elsewhere(|| assert!(check_vma_locked(mm, vma).is_err()));
    events::vma_acquire_read(vma.map());
    vma_refcount_put(mm, vma);
    assert!(vma.vm_refcnt.sub_flag());
    drop(guard);
}

/// Whatever is taken is given back, also by waits that are given up.
#[test]
fn the_record_is_balanced() {
    let toy = Toy::of(&[0, 1]);
    let vma = toy.lock_vma_under_rcu(0).unwrap();
    assert_eq!(held(), [("vm_lock".to_owned(), Mode::Shared)]);
    elsewhere(|| {
        let mut guard = toy.mmap_write_lock();
        let waited = guard.vma_start_write_killable(&toy.slots[0], &soon());
        assert_eq!(waited, Err(Cancelled));
        assert_eq!(held(), [("mmap_lock".to_owned(), Mode::Exclusive)]);
        // A reader that backs out.
        assert!(toy.lock_vma_under_rcu(5).is_none());
        guard.vma_start_write(&toy.slots[1]);
        assert!(toy.lock_vma_under_rcu(1).is_none());
        assert_eq!(held().len(), 1);
        drop(guard);
        assert_eq!(held(), []);
        let read = toy.mmap_read_lock();
        assert!(toy.mmap_write_trylock().is_none());
        drop(read);
        assert_eq!(held(), []);
    });
    drop(vma);
    assert!(toy.mmap_write_lock_killable(&soon()).is_ok());
    assert_eq!(held(), []);
}

/// An assertion that does not hold is a violation that says what is held.
#[test]
fn a_broken_assertion_is_reported() {
    let toy = Toy::of(&[0, 1]);
    let found = violations(|| {
        let _other = toy.lock_vma_under_rcu(1).unwrap();
        vma_assert_locked(&toy.mm, toy.lock(0));
        vma_assert_write_locked(&toy.mm, toy.lock(0));
    });
    for violation in &found {
        let Violation::AssertionFailed { assertion, class, held, .. } = violation else {
            panic!("{violation:#?}");
        };
        assert_eq!(*assertion, Assertion::HeldWrite);
        assert_eq!(class.as_ref().unwrap().name.as_deref(), Some("mmap_lock"));
        assert_eq!(held.len(), 1);
    }
    assert_eq!(found.len(), 2);
}
