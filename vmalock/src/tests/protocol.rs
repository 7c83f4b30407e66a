//! The functions with the kernel's names, one by one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use crate::lock::sequence::PAST_EVERY;
use crate::lock::{
    CancelToken, Cancelled, MmLock, Patience, StartReadError, VM_REFCNT_EXCLUDE_READERS_FLAG,
    VM_REFCNT_LIMIT, VmaLock, mmap_lock_is_contended, mmap_lock_speculate_retry,
    mmap_lock_speculate_try_begin, mmap_read_disown, mmap_read_lock, mmap_read_lock_killable,
    mmap_read_trylock, mmap_read_unlock, mmap_read_unlock_non_owner, mmap_write_downgrade,
    mmap_write_lock, mmap_write_lock_killable, mmap_write_lock_nested, mmap_write_trylock,
    mmap_write_unlock, vma_end_read, vma_is_attached, vma_lock_init, vma_mark_attached,
    vma_mark_detached, vma_start_read, vma_start_read_locked, vma_start_read_locked_nested,
    vma_start_write, vma_start_write_killable,
};
use crate::sync::Arc;
use crate::tests::toy::{elsewhere, until};

const FLAG: u32 = VM_REFCNT_EXCLUDE_READERS_FLAG;

/// An mm, locked for writing, and a VMA of it, write-locked and attached.
fn attached() -> (Arc<MmLock>, VmaLock) {
    let (mm, vma) = (MmLock::new(), VmaLock::new());
    mmap_write_lock(&mm);
    // SAFETY: The VMA is new, and does not outlive the mm.
    unsafe { vma_lock_init(&mm, &vma) };
    // SAFETY: The mmap lock is held for writing.
    unsafe { vma_start_write(&mm, &vma) };
    // SAFETY: The mmap lock is held for writing, and there is nothing to look at.
    unsafe { vma_mark_attached(&mm, &vma) };
    (mm, vma)
}

/// The same, unlocked.
fn unlocked() -> (Arc<MmLock>, VmaLock) {
    let (mm, vma) = attached();
    unlock_write(&mm);
    (mm, vma)
}

fn unlock_write(mm: &MmLock) {
    // SAFETY: The tests unlock what they have locked.
    unsafe { mmap_write_unlock(mm) };
}

fn unlock_read(mm: &MmLock) {
    // SAFETY: The tests unlock what they have locked.
    unsafe { mmap_read_unlock(mm) };
}

fn end_read(mm: &MmLock, vma: &VmaLock) {
    // SAFETY: The tests put what they have locked.
    unsafe { vma_end_read(mm, vma) };
}

fn start_write(mm: &MmLock, vma: &VmaLock) {
    // SAFETY: The tests write-lock VMAs of an mm that they have locked for writing.
    unsafe { vma_start_write(mm, vma) };
}

fn start_write_killable(mm: &MmLock, vma: &VmaLock, patience: &Patience) -> Result<(), Cancelled> {
    // SAFETY: The tests write-lock VMAs of an mm that they have locked for writing.
    unsafe { vma_start_write_killable(mm, vma, patience) }
}

fn mark_detached(mm: &MmLock, vma: &VmaLock) {
    // SAFETY: The tests detach VMAs of an mm that they have locked for writing.
    unsafe { vma_mark_detached(mm, vma) };
}

fn count(vma: &VmaLock) -> u32 {
    vma.vm_refcnt.read()
}

fn soon() -> Patience {
    Patience::until(Instant::now() + Duration::from_millis(10))
}

#[test]
fn the_flag_fits_on_a_full_count() {
    assert_eq!(VM_REFCNT_LIMIT + FLAG, i32::MAX as u32);
}

#[test]
fn a_reader_adds_one_and_takes_it_away() {
    let (mm, vma) = unlocked();
    assert_eq!(count(&vma), 1);
    vma_start_read(&mm, &vma).unwrap();
    vma_start_read(&mm, &vma).unwrap();
    assert_eq!(count(&vma), 3);
    end_read(&mm, &vma);
    end_read(&mm, &vma);
    assert_eq!(count(&vma), 1);
}

#[test]
fn a_detached_vma_says_look_again_and_is_not_written() {
    let (mm, vma) = (MmLock::new(), VmaLock::new());
    assert_eq!(vma_start_read(&mm, &vma), Err(StartReadError::Detached));
    assert_eq!(count(&vma), 0);
    assert!(!vma_is_attached(&vma));
}

#[test]
fn a_write_locked_vma_says_fall_back_and_is_not_written() {
    let (mm, vma) = attached();
    assert_eq!(vma_start_read(&mm, &vma), Err(StartReadError::Busy));
    assert_eq!(count(&vma), 1);
    unlock_write(&mm);
    vma_start_read(&mm, &vma).unwrap();
    end_read(&mm, &vma);
}

#[test]
fn another_mms_vma_says_fall_back() {
    let (mm, vma) = unlocked();
    let other = MmLock::new();
    assert_eq!(vma_start_read(&other, &vma), Err(StartReadError::Busy));
    assert_eq!((count(&vma), Arc::strong_count(&mm)), (1, 1));
}

/// The flag is set while the writer waits, and a reader that comes then is refused.
#[test]
fn a_waiting_writer_refuses_new_readers() {
    let (mm, vma) = unlocked();
    vma_start_read(&mm, &vma).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            mmap_write_lock(&mm);
            start_write(&mm, &vma);
            assert_eq!(count(&vma), 1);
            unlock_write(&mm);
        });
        until(|| count(&vma) == FLAG + 2);
        assert_eq!(vma_start_read(&mm, &vma), Err(StartReadError::Busy));
        assert_eq!(count(&vma), FLAG + 2);
        end_read(&mm, &vma);
    });
    assert_eq!(count(&vma), 1);
}

#[test]
fn a_second_write_lock_in_a_section_does_nothing() {
    let (mm, vma) = attached();
    let stamp = vma.vm_lock_seq.read();
    assert_eq!(stamp, mm.mm_lock_seq.read());
    start_write(&mm, &vma);
    assert_eq!((vma.vm_lock_seq.read(), count(&vma)), (stamp, 1));
    unlock_write(&mm);
    assert_ne!(stamp, mm.mm_lock_seq.read());
}

/// The section under way is never past, and some that are over are; either way a VMA is free.
#[test]
fn sections_are_noted_once_they_are_past() {
    let (mm, vma) = attached();
    unlock_write(&mm);
    let mut noted = 0;
    for _ in 0..3 * PAST_EVERY {
        mmap_write_lock(&mm);
        start_write(&mm, &vma);
        assert!(mm.mm_past_seq.read_acquire() < vma.vm_lock_seq.read());
        unlock_write(&mm);
        let past = mm.mm_past_seq.read_acquire();
        assert!(noted <= past && past <= vma.vm_lock_seq.read());
        noted = past;
        assert_eq!(vma_start_read(&mm, &vma), Ok(()));
        end_read(&mm, &vma);
    }
    assert!(noted > 4 * PAST_EVERY, "{noted}");
    for _ in 0..PAST_EVERY {
        mmap_write_lock(&mm);
        unlock_write(&mm);
    }
    assert!(mm.mm_past_seq.read_acquire() > vma.vm_lock_seq.read());
    assert_eq!(vma_start_read(&mm, &vma), Ok(()));
    end_read(&mm, &vma);
    // Write-locked anew, it refuses readers all the same.
    mmap_write_lock(&mm);
    start_write(&mm, &vma);
    elsewhere(|| assert_eq!(vma_start_read(&mm, &vma), Err(StartReadError::Busy)));
    unlock_write(&mm);
    assert_eq!(vma_start_read(&mm, &vma), Ok(()));
    end_read(&mm, &vma);
}

/// (20) Nobody is inside a detached VMA: it is stamped at once and stays detached.
#[test]
fn a_detached_vma_is_write_locked_at_once() {
    let (mm, vma) = (MmLock::new(), VmaLock::new());
    mmap_write_lock(&mm);
    // SAFETY: The VMA is new, and does not outlive the mm.
    unsafe { vma_lock_init(&mm, &vma) };
    start_write(&mm, &vma);
    assert_eq!((count(&vma), vma.vm_lock_seq.read()), (0, mm.mm_lock_seq.read()));
    // SAFETY: The mmap lock is held for writing, and there is nothing to look at.
    unsafe { vma_mark_attached(&mm, &vma) };
    assert_eq!(count(&vma), 1);
    unlock_write(&mm);
}

/// (20) Detached is not final.
#[test]
fn a_vma_that_is_put_back_stays_write_locked() {
    let (mm, vma) = attached();
    mark_detached(&mm, &vma);
    assert_eq!(count(&vma), 0);
    // SAFETY: The mmap lock is held for writing, and there is nothing to look at.
    unsafe { vma_mark_attached(&mm, &vma) };
    assert_eq!(vma_start_read(&mm, &vma), Err(StartReadError::Busy));
    unlock_write(&mm);
    vma_start_read(&mm, &vma).unwrap();
    end_read(&mm, &vma);
}

/// 25, as it was in 6.4: published without being locked.
#[test]
fn a_vma_that_is_not_write_locked_cannot_be_attached() {
    let (mm, vma) = (MmLock::new(), VmaLock::new());
    mmap_write_lock(&mm);
    // SAFETY: The VMA is new, and does not outlive the mm.
    unsafe { vma_lock_init(&mm, &vma) };
    // SAFETY: The mmap lock is held for writing; that the VMA is not locked is the test.
    let attached = catch_unwind(AssertUnwindSafe(|| unsafe { vma_mark_attached(&mm, &vma) }));
    assert!(attached.is_err());
    assert_eq!(count(&vma), 0);
    unlock_write(&mm);
}

#[test]
fn a_vma_that_is_not_write_locked_cannot_be_detached() {
    let (mm, vma) = unlocked();
    mmap_write_lock(&mm);
    assert!(catch_unwind(AssertUnwindSafe(|| mark_detached(&mm, &vma))).is_err());
    assert_eq!(count(&vma), 1);
    unlock_write(&mm);
}

#[test]
fn an_attached_vma_cannot_begin_a_new_life() {
    let (mm, vma) = unlocked();
    // SAFETY: It must panic, and does nothing then.
    let init = catch_unwind(AssertUnwindSafe(|| unsafe { vma_lock_init(&mm, &vma) }));
    assert!(init.is_err());
    assert_eq!(count(&vma), 1);
}

/// (17) The deadline passes with a reader inside.
#[test]
fn a_wait_that_is_given_up_leaves_the_vma_as_it_was() {
    let (mm, vma) = unlocked();
    vma_start_read(&mm, &vma).unwrap();
    let stamp = vma.vm_lock_seq.read();
    elsewhere(|| {
        mmap_write_lock(&mm);
        assert_eq!(start_write_killable(&mm, &vma, &soon()), Err(Cancelled));
        assert_eq!((count(&vma), vma.vm_lock_seq.read()), (2, stamp));
        vma_start_read(&mm, &vma).unwrap();
        end_read(&mm, &vma);
        unlock_write(&mm);
    });
    end_read(&mm, &vma);
    mmap_write_lock(&mm);
    start_write(&mm, &vma);
    mark_detached(&mm, &vma);
    unlock_write(&mm);
    assert_eq!(count(&vma), 0);
}

/// (17) Somebody cancels while the writer sleeps.
#[test]
fn a_cancellation_wakes_a_writer() {
    let (mm, vma) = unlocked();
    let token = CancelToken::new();
    vma_start_read(&mm, &vma).unwrap();
    thread::scope(|scope| {
        let waits = scope.spawn(|| {
            mmap_write_lock(&mm);
            let waited = start_write_killable(&mm, &vma, &Patience::token(&token));
            unlock_write(&mm);
            waited
        });
        until(|| count(&vma) == FLAG + 2);
        token.cancel();
        assert_eq!(waits.join().unwrap(), Err(Cancelled));
    });
    assert_eq!(count(&vma), 2);
    end_read(&mm, &vma);
}

/// (18) There is nothing to wait for.
#[test]
fn a_patience_that_is_over_does_not_matter_if_nobody_is_inside() {
    let (mm, vma) = unlocked();
    mmap_write_lock(&mm);
    let over = Patience::until(Instant::now());
    assert!(over.is_over());
    assert_eq!(start_write_killable(&mm, &vma, &over), Ok(()));
    unlock_write(&mm);
    let token = CancelToken::new();
    token.cancel();
    assert!(token.is_cancelled());
    assert_eq!(mmap_write_lock_killable(&mm, &Patience::token(&token)), Ok(()));
    unlock_write(&mm);
}

#[test]
fn one_store_frees_all_vmas_of_a_section() {
    let (mm, vma) = unlocked();
    mmap_write_lock(&mm);
    let second = VmaLock::new();
    // SAFETY: The VMA is new, and does not outlive the mm.
    unsafe { vma_lock_init(&mm, &second) };
    start_write(&mm, &second);
    // SAFETY: The mmap lock is held for writing, and there is nothing to look at.
    unsafe { vma_mark_attached(&mm, &second) };
    start_write(&mm, &vma);
    assert!(vma_start_read(&mm, &vma).is_err() && vma_start_read(&mm, &second).is_err());
    // SAFETY: The mmap lock is held for writing.
    unsafe { mmap_write_downgrade(&mm) };
    for vma in [&vma, &second] {
        vma_start_read(&mm, vma).unwrap();
        end_read(&mm, vma);
    }
    assert!(!elsewhere(|| mmap_write_trylock(&mm)));
    unlock_read(&mm);
}

#[test]
fn a_vma_is_read_locked_under_the_mmap_lock() {
    let (mm, vma) = unlocked();
    mmap_read_lock(&mm);
    assert!(vma_start_read_locked(&mm, &vma));
    assert!(vma_start_read_locked_nested(&mm, &vma, 1));
    unlock_read(&mm);
    assert_eq!(count(&vma), 3);
    end_read(&mm, &vma);
    end_read(&mm, &vma);
}

#[test]
fn the_mmap_lock_is_shared_by_readers_and_not_by_writers() {
    let mm = MmLock::new();
    mmap_read_lock(&mm);
    elsewhere(|| {
        assert!(mmap_read_trylock(&mm));
        unlock_read(&mm);
        assert!(!mmap_write_trylock(&mm));
        assert_eq!(mmap_write_lock_killable(&mm, &soon()), Err(Cancelled));
        // The writer that gave up is in nobody's way.
        assert!(mmap_read_trylock(&mm));
        unlock_read(&mm);
    });
    unlock_read(&mm);
    mmap_write_lock_nested(&mm, 1);
    elsewhere(|| {
        assert!(!mmap_read_trylock(&mm));
        assert_eq!(mmap_read_lock_killable(&mm, &soon()), Err(Cancelled));
    });
    assert!(!mmap_lock_is_contended(&mm));
    unlock_write(&mm);
}

/// A writer waits in front of later readers, and gives up: they are let in.
#[test]
fn readers_behind_a_writer_that_gives_up_are_let_in() {
    let mm = MmLock::new();
    let token = CancelToken::new();
    mmap_read_lock(&mm);
    thread::scope(|scope| {
        let writer = scope.spawn(|| mmap_write_lock_killable(&mm, &Patience::token(&token)));
        until(|| mmap_lock_is_contended(&mm));
        assert!(!elsewhere(|| mmap_read_trylock(&mm)));
        let reader = scope.spawn(|| {
            mmap_read_lock(&mm);
            unlock_read(&mm);
        });
        token.cancel();
        assert_eq!(writer.join().unwrap(), Err(Cancelled));
        reader.join().unwrap();
    });
    unlock_read(&mm);
    assert!(mmap_write_trylock(&mm));
    unlock_write(&mm);
}

#[test]
fn a_read_side_may_be_unlocked_by_another_thread() {
    let mm = MmLock::new();
    mmap_read_lock(&mm);
    // SAFETY: Locked in the line above.
    unsafe { mmap_read_disown(&mm) };
    // SAFETY: Held on behalf of the other thread.
    elsewhere(|| unsafe { mmap_read_unlock_non_owner(&mm) });
    assert!(mmap_write_trylock(&mm));
    unlock_write(&mm);
}

#[test]
fn a_speculation_notices_any_write_section() {
    let mm = MmLock::new();
    let begun = mmap_lock_speculate_try_begin(&mm).unwrap();
    assert!(!mmap_lock_speculate_retry(&mm, begun));
    mmap_write_lock(&mm);
    assert_eq!(mmap_lock_speculate_try_begin(&mm), None);
    assert!(mmap_lock_speculate_retry(&mm, begun));
    unlock_write(&mm);
    assert!(mmap_lock_speculate_retry(&mm, begun));
    let again = mmap_lock_speculate_try_begin(&mm).unwrap();
    assert_eq!(again, begun + 2);
    assert!(!mmap_lock_speculate_retry(&mm, again));
}

/// The queue is served in order and nothing is lost, with many threads.
#[test]
fn everybody_gets_the_mmap_lock() {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = if cfg!(miri) { 10 } else { 500 };
    let mm = MmLock::new();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let mm = &mm;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    if (thread + round).is_multiple_of(3) {
                        mmap_read_lock(mm);
                        assert_eq!(mm.mm_lock_seq.read() % 2, 0);
                        unlock_read(mm);
                    } else {
                        mmap_write_lock(mm);
                        assert_eq!(mm.mm_lock_seq.read() % 2, 1);
                        unlock_write(mm);
                    }
                }
            });
        }
    });
    let sections =
        (0..THREADS * ROUNDS).filter(|at| !(at / ROUNDS + at % ROUNDS).is_multiple_of(3));
    assert_eq!(mm.mm_lock_seq.read(), 2 * sections.count() as u64);
    assert!(!mm.mmap_lock.is_locked() && !mm.mmap_lock.is_contended());
}
