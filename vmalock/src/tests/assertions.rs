//! Both tables of the assertions, row by row, in both builds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crate::events::ENABLED;
use crate::guard::MmapWriteGuard;
use crate::lock::{
    Unmet, VM_REFCNT_EXCLUDE_READERS_FLAG, Verdict, check_mmap_locked, check_mmap_write_locked,
    check_vma_attached, check_vma_can_modify, check_vma_detached, check_vma_locked,
    check_vma_stabilised, check_vma_write_locked, mmap_assert_locked, mmap_assert_write_locked,
    vma_assert_attached, vma_assert_can_modify, vma_assert_detached, vma_assert_locked,
    vma_assert_stabilised, vma_assert_write_locked,
};
use crate::space::AddressSpace;
use crate::tests::toy::{Toy, elsewhere, until};

const FLAG: u32 = VM_REFCNT_EXCLUDE_READERS_FLAG;

/// What a row says: with the tracker, without.
fn row(with: Verdict, without: Verdict) -> Verdict {
    if ENABLED { with } else { without }
}

fn locked(toy: &Toy) -> Verdict {
    check_vma_locked(&toy.mm, toy.lock(0))
}

fn stabilised(toy: &Toy) -> Verdict {
    check_vma_stabilised(&toy.mm, toy.lock(0))
}

fn write(toy: &Toy) -> MmapWriteGuard<'_, Toy> {
    let mut guard = toy.mmap_write_lock();
    guard.vma_start_write(&toy.slots[0]);
    guard
}

const NOT_MINE: Verdict = Err(Unmet::MmapNotWriteLocked);

#[test]
fn locked_i_hold_a_read_lock() {
    let toy = Toy::of(&[0]);
    let _guard = toy.lock_vma_under_rcu(0).unwrap();
    assert_eq!(locked(&toy), Ok(()));
}

#[test]
fn locked_only_others_hold_a_read_lock() {
    let toy = Toy::of(&[0]);
    let _guard = toy.lock_vma_under_rcu(0).unwrap();
    assert_eq!(elsewhere(|| locked(&toy)), row(NOT_MINE, Ok(())));
}

#[test]
fn locked_i_have_it_write_locked() {
    let toy = Toy::of(&[0]);
    let _guard = write(&toy);
    assert_eq!(toy.count(0), 1);
    assert_eq!(locked(&toy), Ok(()));
}

#[test]
fn locked_another_thread_has_it_write_locked() {
    let toy = Toy::of(&[0]);
    let _guard = write(&toy);
    assert_eq!(elsewhere(|| locked(&toy)), row(NOT_MINE, Ok(())));
}

#[test]
fn locked_i_hold_the_mmap_lock_but_it_is_not_write_locked() {
    let toy = Toy::of(&[0]);
    let _guard = toy.mmap_write_lock();
    assert_eq!(locked(&toy), Err(Unmet::VmaNotWriteLocked));
}

#[test]
fn locked_i_have_it_write_locked_and_a_reader_is_about_to_fail() {
    let toy = Toy::of(&[0]);
    let _guard = write(&toy);
    // What a reader does between its two looks at the sequences.
    toy.lock(0).vm_refcnt.inc_not_zero_limited_acquire().unwrap();
    assert_eq!((toy.count(0), locked(&toy)), (2, Ok(())));
    toy.lock(0).vm_refcnt.dec_return();
}

#[test]
fn locked_somebody_waits_for_its_readers() {
    let toy = Toy::of(&[0]);
    let guard = toy.lock_vma_under_rcu(0).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| drop(write(&toy)));
        until(|| toy.count(0) == FLAG + 2);
        // A bystander.
        assert_eq!(elsewhere(|| locked(&toy)), row(NOT_MINE, Ok(())));
        // The reader that is waited for.
        assert_eq!(locked(&toy), Ok(()));
        drop(guard);
    });
}

/// The writer itself, inside the exclusion, where only the protocol's own code runs.
#[test]
fn locked_i_exclude_its_readers() {
    let toy = Toy::of(&[0]);
    let guard = toy.mmap_write_lock();
    assert!(toy.lock(0).vm_refcnt.add_flag_not_zero());
    if ENABLED {
        crate::events::vma_acquire_exclusive(toy.lock(0).map());
    }
    assert_eq!((toy.count(0), locked(&toy)), (FLAG + 1, Ok(())));
    toy.lock(0).vm_refcnt.sub_flag();
    if ENABLED {
        crate::events::released(toy.lock(0).map());
    }
    drop(guard);
}

#[test]
fn locked_nobody_holds_anything() {
    let toy = Toy::of(&[0]);
    assert_eq!(toy.count(0), 1);
    assert_eq!(locked(&toy), NOT_MINE);
}

#[test]
fn locked_detached_in_my_section() {
    let toy = Toy::of(&[0]);
    let mut guard = toy.mmap_write_lock();
    toy.unmap(&mut guard, 0);
    assert_eq!(locked(&toy), row(Ok(()), Err(Unmet::Detached)));
    assert_eq!(check_vma_write_locked(&toy.mm, toy.lock(0)), Ok(()));
}

#[test]
fn locked_detached_and_not_write_locked() {
    let toy = Toy::of(&[0]);
    toy.unmap(&mut toy.mmap_write_lock(), 0);
    assert_eq!(locked(&toy), row(NOT_MINE, Err(Unmet::Detached)));
}

#[test]
fn stabilised_i_hold_the_mmap_lock() {
    let toy = Toy::of(&[0]);
    let guard = toy.mmap_write_lock();
    assert_eq!(stabilised(&toy), Ok(()));
    let guard = guard.downgrade();
    assert_eq!(stabilised(&toy), Ok(()));
    drop(guard);
}

/// Others may have read-locked the neighbours that a merge looks at.
#[test]
fn stabilised_i_hold_the_mmap_lock_and_others_read_the_vma() {
    let toy = Toy::of(&[0]);
    let _guard = toy.lock_vma_under_rcu(0).unwrap();
    elsewhere(|| {
        let _guard = toy.mmap_write_lock();
        assert_eq!(stabilised(&toy), Ok(()));
    });
}

#[test]
fn stabilised_i_hold_a_read_lock() {
    let toy = Toy::of(&[0]);
    let _guard = toy.lock_vma_under_rcu(0).unwrap();
    assert_eq!(stabilised(&toy), Ok(()));
}

#[test]
fn stabilised_another_thread_holds_the_mmap_lock() {
    let toy = Toy::of(&[0]);
    let _guard = toy.mmap_read_lock();
    assert_eq!(elsewhere(|| stabilised(&toy)), row(Err(Unmet::VmaNotLocked), Ok(())));
}

#[test]
fn stabilised_another_thread_holds_a_read_lock() {
    let toy = Toy::of(&[0]);
    let _guard = toy.lock_vma_under_rcu(0).unwrap();
    assert_eq!(elsewhere(|| stabilised(&toy)), row(Err(Unmet::VmaNotLocked), Ok(())));
}

#[test]
fn stabilised_nobody_holds_anything() {
    let toy = Toy::of(&[0]);
    assert_eq!(stabilised(&toy), Err(Unmet::VmaNotLocked));
}

#[test]
fn write_locked_is_about_this_section() {
    let toy = Toy::of(&[0]);
    let check = || check_vma_write_locked(&toy.mm, toy.lock(0));
    assert_eq!(check(), NOT_MINE);
    let mut guard = toy.mmap_write_lock();
    assert_eq!(check(), Err(Unmet::VmaNotWriteLocked));
    guard.vma_start_write(&toy.slots[0]);
    assert_eq!(check(), Ok(()));
    assert_eq!(elsewhere(check), row(NOT_MINE, Ok(())));
    let guard = guard.downgrade();
    assert_eq!(check(), NOT_MINE);
    drop(guard);
}

#[test]
fn the_mmap_lock_is_mine_or_somebodys() {
    let toy = Toy::of(&[0]);
    assert_eq!(check_mmap_locked(&toy.mm), Err(Unmet::MmapNotLocked));
    assert_eq!(check_mmap_write_locked(&toy.mm), NOT_MINE);
    let guard = toy.mmap_read_lock();
    assert_eq!(check_mmap_locked(&toy.mm), Ok(()));
    assert_eq!(check_mmap_write_locked(&toy.mm), NOT_MINE);
    let theirs = elsewhere(|| check_mmap_locked(&toy.mm));
    assert_eq!(theirs, row(Err(Unmet::MmapNotLocked), Ok(())));
    drop(guard);
    let _guard = toy.mmap_write_lock();
    assert_eq!(check_mmap_write_locked(&toy.mm), Ok(()));
    let theirs = elsewhere(|| check_mmap_write_locked(&toy.mm));
    assert_eq!(theirs, row(NOT_MINE, Ok(())));
}

#[test]
fn attached_and_detached_are_about_the_count() {
    let toy = Toy::of(&[0]);
    let mut guard = toy.mmap_write_lock();
    let (mm, vma) = (&toy.mm, toy.lock(0));
    assert_eq!((check_vma_attached(vma), check_vma_detached(vma)), (Ok(()), Err(Unmet::Attached)));
    assert_eq!(check_vma_can_modify(mm, vma), Err(Unmet::VmaNotWriteLocked));
    guard.vma_start_write(&toy.slots[0]);
    assert_eq!(check_vma_can_modify(mm, vma), Ok(()));
    toy.unmap(&mut guard, 0);
    assert_eq!((check_vma_attached(vma), check_vma_detached(vma)), (Err(Unmet::Detached), Ok(())));
    drop(guard);
    assert_eq!(check_vma_can_modify(mm, vma), Ok(()));
}

/// The assertions themselves: silent where the check holds, loud where it fails.
#[test]
fn an_assertion_follows_its_check() {
    let toy = Toy::of(&[0]);
    let (mm, vma) = (&toy.mm, toy.lock(0));
    let fails = |f: &dyn Fn()| {
        assert!(catch_unwind(AssertUnwindSafe(f)).is_err());
    };
    fails(&|| mmap_assert_locked(mm));
    fails(&|| mmap_assert_write_locked(mm));
    fails(&|| vma_assert_locked(mm, vma));
    fails(&|| vma_assert_write_locked(mm, vma));
    fails(&|| vma_assert_stabilised(mm, vma));
    fails(&|| vma_assert_can_modify(mm, vma));
    fails(&|| vma_assert_detached(vma));
    let mut guard = write(&toy);
    fails(&|| vma_assert_detached(vma));
    mmap_assert_locked(mm);
    mmap_assert_write_locked(mm);
    vma_assert_locked(mm, vma);
    vma_assert_write_locked(mm, vma);
    vma_assert_stabilised(mm, vma);
    vma_assert_can_modify(mm, vma);
    vma_assert_attached(vma);
    toy.unmap(&mut guard, 0);
    vma_assert_detached(vma);
    fails(&|| vma_assert_attached(vma));
}
