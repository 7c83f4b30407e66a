//! `mmap_lock`, and the write section that its write side is.
//!
//! A write section lasts from the acquire of the write side to its unlock or downgrade. Every VMA
//! that is write-locked in it stays so until its end, and then all are free at once.

use crate::events::macros::{
    __rwsem_acquire, __rwsem_acquired, __rwsem_contended, __rwsem_downgrade, __rwsem_release,
    __rwsem_try_acquired,
};
use crate::lock::asserts::mmap_assert_write_locked;
use crate::lock::cancel::{Cancelled, Patience};
use crate::lock::mm::MmLock;
use crate::lock::rwsem::Side;
use crate::step::Step;
use crate::sync::taken;

#[track_caller]
fn lock(mm: &MmLock, side: Side, subclass: u8, patience: &Patience) -> Result<(), Cancelled> {
    __rwsem_acquire!(mm, side, subclass);
    if !mm.mmap_lock.try_lock(side) {
        __rwsem_contended!(mm);
        mm.mmap_lock.lock_slow(side, patience)?;
        __rwsem_acquired!(mm, side, subclass);
    }
    if side == Side::Write {
        mm.mm_lock_seq.begin(&mm.mm_past_seq);
    }
    Ok(())
}

#[track_caller]
fn try_lock(mm: &MmLock, side: Side) -> bool {
    let locked = mm.mmap_lock.try_lock(side);
    if locked {
        __rwsem_try_acquired!(mm, side);
        if side == Side::Write {
            mm.mm_lock_seq.begin(&mm.mm_past_seq);
        }
    }
    locked
}

/// Waits for a lock that nothing can cancel.
#[track_caller]
fn lock_patiently(mm: &MmLock, side: Side, subclass: u8) {
    let locked = lock(mm, side, subclass, &Patience::forever());
    debug_assert!(locked.is_ok(), "a wait for ever was cancelled");
}

/// Waits for the mmap lock's write side and begins a write section.
#[track_caller]
pub fn mmap_write_lock(mm: &MmLock) {
    lock_patiently(mm, Side::Write, 0);
}

/// [`mmap_write_lock`] at a nesting level, for a second mm while the first is locked.
///
/// # Panics
///
/// If `subclass` is more than 7 and the build tracks.
#[track_caller]
pub fn mmap_write_lock_nested(mm: &MmLock, subclass: u8) {
    lock_patiently(mm, Side::Write, subclass);
}

/// [`mmap_write_lock`] that can be given up.
///
/// # Errors
///
/// If the patience is over before the lock is free.
#[track_caller]
pub fn mmap_write_lock_killable(mm: &MmLock, patience: &Patience) -> Result<(), Cancelled> {
    lock(mm, Side::Write, 0, patience)
}

/// [`mmap_write_lock`] if that needs no waiting; the kernel has none.
#[must_use]
#[track_caller]
pub fn mmap_write_trylock(mm: &MmLock) -> bool {
    try_lock(mm, Side::Write)
}

/// Waits for the mmap lock's read side. Readers and writers are served in the order they came.
#[track_caller]
pub fn mmap_read_lock(mm: &MmLock) {
    lock_patiently(mm, Side::Read, 0);
}

/// [`mmap_read_lock`] that can be given up.
///
/// # Errors
///
/// If the patience is over before the lock is free.
#[track_caller]
pub fn mmap_read_lock_killable(mm: &MmLock, patience: &Patience) -> Result<(), Cancelled> {
    lock(mm, Side::Read, 0, patience)
}

/// [`mmap_read_lock`] if that needs no waiting.
#[must_use]
#[track_caller]
pub fn mmap_read_trylock(mm: &MmLock) -> bool {
    try_lock(mm, Side::Read)
}

/// Whether somebody waits for the mmap lock.
#[must_use]
pub fn mmap_lock_is_contended(mm: &MmLock) -> bool {
    mm.mmap_lock.is_contended()
}

/// Ends the write section: no VMA is write-locked any more. [`mmap_write_unlock`] and
/// [`mmap_write_downgrade`] do it; it is not for anybody else, since it also frees what callers
/// further up have locked.
///
/// # Safety
///
/// The caller holds the mmap lock for writing, does nothing more under the write locks of its
/// VMAs, and unlocks or downgrades next.
pub unsafe fn vma_end_write_all(mm: &MmLock) {
    mmap_assert_write_locked(mm);
    mm.mm_lock_seq.end(&mm.mm_past_seq);
}

/// Ends the write section, then unlocks: the other way round the next writer could begin before
/// this one has ended.
///
/// # Safety
///
/// The caller holds the mmap lock for writing.
#[track_caller]
pub unsafe fn mmap_write_unlock(mm: &MmLock) {
    if taken(Step::EndBeforeUnlock) {
        // SAFETY: The caller holds the lock, and unlocks next.
        unsafe { vma_end_write_all(mm) };
    }
    __rwsem_release!(mm);
    mm.mmap_lock.unlock(Side::Write);
    if !taken(Step::EndBeforeUnlock) {
        mm.mm_lock_seq.end(&mm.mm_past_seq);
    }
}

/// Ends the write section, then makes the writer a reader, with nobody in between.
///
/// # Safety
///
/// The caller holds the mmap lock for writing; afterwards for reading.
#[track_caller]
pub unsafe fn mmap_write_downgrade(mm: &MmLock) {
    // SAFETY: The caller holds the lock, and downgrades next.
    unsafe { vma_end_write_all(mm) };
    __rwsem_downgrade!(mm);
    mm.mmap_lock.downgrade();
}

/// Unlocks the read side.
///
/// # Safety
///
/// The calling thread holds the mmap lock for reading.
#[track_caller]
pub unsafe fn mmap_read_unlock(mm: &MmLock) {
    __rwsem_release!(mm);
    mm.mmap_lock.unlock(Side::Read);
}

/// Takes the read side off the calling thread's record, for another thread to unlock it by
/// [`mmap_read_unlock_non_owner`].
///
/// # Safety
///
/// The calling thread holds the mmap lock for reading, and says so to the tracker no more.
#[track_caller]
pub unsafe fn mmap_read_disown(mm: &MmLock) {
    __rwsem_release!(mm);
}

/// Unlocks a read side that another thread has taken and given up by [`mmap_read_disown`].
///
/// # Safety
///
/// The mmap lock is held for reading, on the caller's behalf.
pub unsafe fn mmap_read_unlock_non_owner(mm: &MmLock) {
    mm.mmap_lock.unlock(Side::Read);
}

/// Begins to read without a lock what only write sections change; none if one is under way.
///
/// Read, then ask [`mmap_lock_speculate_retry`]. What is read meanwhile must be atomics.
#[must_use]
pub fn mmap_lock_speculate_try_begin(mm: &MmLock) -> Option<u64> {
    mm.mm_lock_seq.speculate_try_begin()
}

/// Whether a write section began since [`mmap_lock_speculate_try_begin`] gave `sequence`, and what
/// was read may be wrong. True for any section, even if it changed nothing.
#[must_use]
pub fn mmap_lock_speculate_retry(mm: &MmLock, sequence: u64) -> bool {
    mm.mm_lock_seq.speculate_retry(sequence)
}
