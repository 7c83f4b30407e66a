//! The writer's side: excluding a VMA's readers, and taking a VMA in and out.
//!
//! All of it needs the mmap lock held for writing, so it is one thread's at a time per mm.

use crate::events::macros::{
    __vma_lockdep_acquire_exclusive, __vma_lockdep_contended, __vma_lockdep_release_exclusive,
    __vma_lockdep_stat_mark_acquired,
};
use crate::lock::asserts::{mmap_assert_write_locked, vma_assert_attached, vma_assert_detached};
use crate::lock::cancel::{Cancelled, Patience};
use crate::lock::mm::MmLock;
use crate::lock::refcnt::VM_REFCNT_EXCLUDE_READERS_FLAG;
use crate::lock::vma::VmaLock;
use crate::step::Step;
use crate::sync::taken;

/// What the two halves of an exclusion share; the kernel's `vma_exclude_readers_state`.
///
/// Dropped while exclusive, or while the flag is set, it lets the readers in again: an error or a
/// panic on the way leaves the count as it was.
#[derive(Debug)]
struct VmaExcludeReadersState<'a> {
    mm: &'a MmLock,
    vma: &'a VmaLock,
    /// Whether the attach reference is gone already, so that no reader means a count of FLAG.
    detaching: bool,
    /// Whether the VMA turned out to be detached.
    detached: bool,
    /// Whether the flag is set, and the tracker told.
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Readers come and go.
    Open,
    /// The flag is set, the tracker does not know.
    Flagged,
    /// The flag is set, and this thread holds the VMA exclusively as far as the tracker knows.
    Exclusive,
}

impl<'a> VmaExcludeReadersState<'a> {
    fn new(mm: &'a MmLock, vma: &'a VmaLock, detaching: bool) -> Self {
        VmaExcludeReadersState { mm, vma, detaching, detached: false, stage: Stage::Open }
    }

    /// `__vma_start_exclude_readers`: sets the flag and waits for the readers that are inside. On
    /// a detached VMA there is nothing to exclude, and nobody but the caller could attach it.
    ///
    /// # Errors
    ///
    /// If the patience is over first. The flag is taken away then: readers may come again.
    #[track_caller]
    fn start(&mut self, patience: &Patience) -> Result<(), Cancelled> {
        mmap_assert_write_locked(self.mm);
        if !self.vma.vm_refcnt.add_flag_not_zero() {
            self.detached = true;
            return Ok(());
        }
        self.stage = Stage::Flagged;
        __vma_lockdep_acquire_exclusive!(self.vma);
        self.stage = Stage::Exclusive;
        let target = VM_REFCNT_EXCLUDE_READERS_FLAG | u32::from(!self.detaching);
        let is_alone = || self.vma.vm_refcnt.is(target);
        if taken(Step::CountBeforePatience) && is_alone() {
            return Ok(());
        }
        __vma_lockdep_contended!(self.vma);
        self.stage = Stage::Flagged;
        let waited = self.mm.vma_writer_wait.wait(is_alone, patience);
        if waited.is_err() {
            self.end();
            return waited;
        }
        __vma_lockdep_stat_mark_acquired!(self.vma);
        self.stage = Stage::Exclusive;
        Ok(())
    }

    /// `__vma_end_exclude_readers`: lets readers increment again. Notes if the VMA is detached now.
    #[track_caller]
    fn end(&mut self) {
        let stage = std::mem::replace(&mut self.stage, Stage::Open);
        if stage == Stage::Open {
            return;
        }
        if taken(Step::AbortClears) || stage == Stage::Exclusive {
            self.detached = self.vma.vm_refcnt.sub_flag();
        }
        if stage == Stage::Exclusive {
            __vma_lockdep_release_exclusive!(self.vma);
        }
    }
}

impl Drop for VmaExcludeReadersState<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// The sequence of the write section under way. The caller holds the mmap lock for writing.
#[track_caller]
fn __vma_raw_mm_seqnum(mm: &MmLock) -> u64 {
    mmap_assert_write_locked(mm);
    mm.mm_lock_seq.read()
}

/// Whether the VMA is write-locked in the section under way. The caller holds the mmap lock for
/// writing, so neither sequence can change.
#[track_caller]
pub(crate) fn __is_vma_write_locked(mm: &MmLock, vma: &VmaLock) -> bool {
    vma.vm_lock_seq.read() == __vma_raw_mm_seqnum(mm)
}

/// `__vma_start_write`: 1. done already? 2. exclude the readers; 3. stamp; 4. let them try again,
/// now to fail at the stamp.
#[track_caller]
fn __vma_start_write(mm: &MmLock, vma: &VmaLock, patience: &Patience) -> Result<(), Cancelled> {
    debug_assert!(vma.is_of(mm), "a VMA of another mm is write-locked");
    if __is_vma_write_locked(mm, vma) {
        return Ok(());
    }
    let sequence = __vma_raw_mm_seqnum(mm);
    let mut excluded = VmaExcludeReadersState::new(mm, vma, false);
    excluded.start(patience)?;
    if !taken(Step::StampBeforeClear) {
        excluded.end();
    }
    vma.vm_lock_seq.write(sequence);
    excluded.end();
    Ok(())
}

/// Write-locks a VMA until the end of the write section: waits for the readers that are inside,
/// and lets no other in. A second call in one section does nothing. A detached VMA has no readers,
/// and is stamped at once.
///
/// # Panics
///
/// With the tracker's report, if it says that this could deadlock; the VMA is not locked then.
///
/// # Safety
///
/// The calling thread holds the mmap lock of `mm` for writing, and `mm` is the VMA's.
#[track_caller]
pub unsafe fn vma_start_write(mm: &MmLock, vma: &VmaLock) {
    let locked = __vma_start_write(mm, vma, &Patience::forever());
    debug_assert!(locked.is_ok(), "a wait for ever was cancelled");
}

/// [`vma_start_write`] that can be given up. A VMA whose readers are gone is locked even if the
/// patience is over. If it is given up, the mmap lock and the VMAs that are write-locked already
/// stay so.
///
/// # Errors
///
/// If the patience is over first; the VMA is as it was.
///
/// # Safety
///
/// As [`vma_start_write`].
#[track_caller]
pub unsafe fn vma_start_write_killable(
    mm: &MmLock,
    vma: &VmaLock,
    patience: &Patience,
) -> Result<(), Cancelled> {
    __vma_start_write(mm, vma, patience)
}

/// Attaches a VMA: from now on readers may increment its count, and fail at its stamp until the
/// end of the write section.
///
/// # Panics
///
/// If the VMA is not write-locked: a reader could get in before the section ends. If it is
/// attached.
///
/// # Safety
///
/// The calling thread holds the mmap lock of `mm` for writing, `mm` is the VMA's, and everything
/// that a reader looks at is in place.
#[track_caller]
pub unsafe fn vma_mark_attached(mm: &MmLock, vma: &VmaLock) {
    assert!(
        !taken(Step::LockBeforeAttach) || __is_vma_write_locked(mm, vma),
        "a VMA is published that is not write-locked"
    );
    vma_assert_detached(vma);
    vma.vm_refcnt.set_attached();
}

/// Detaches a VMA and waits until nobody uses it: who comes with a stale reference from now on
/// finds a count of 0. Only readers that are about to fail at the stamp can be inside, so the wait
/// is short. Detached is not final: [`vma_mark_attached`] may follow in the same section.
///
/// # Panics
///
/// If the VMA is not write-locked or not attached.
///
/// # Safety
///
/// The calling thread holds the mmap lock of `mm` for writing, and `mm` is the VMA's.
#[track_caller]
pub unsafe fn vma_mark_detached(mm: &MmLock, vma: &VmaLock) {
    assert!(__is_vma_write_locked(mm, vma), "a VMA is detached that is not write-locked");
    vma_assert_attached(vma);
    // The attach reference; usually the last.
    if vma.vm_refcnt.dec_return() != 0 && taken(Step::DetachWaits) {
        __vma_exclude_readers_for_detach(mm, vma);
    }
}

/// The slow half of a detach. A reader may put its count, the last, before the flag is set: then
/// the VMA is detached and there is nothing to wait for.
#[cold]
#[track_caller]
fn __vma_exclude_readers_for_detach(mm: &MmLock, vma: &VmaLock) {
    let mut excluded = VmaExcludeReadersState::new(mm, vma, true);
    let waited = excluded.start(&Patience::forever());
    debug_assert!(waited.is_ok(), "a wait for ever was cancelled");
    excluded.end();
    debug_assert!(excluded.detached, "a VMA has a reader that a detach did not wait for");
}
