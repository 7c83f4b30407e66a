//! Finding a VMA and read-locking it, from the fastest way to the one that always succeeds.

use std::fmt;

use crate::guard::VmaReadGuard;
use crate::lock::read::{Refusal, back_out, retry_start_read, try_start_read};
use crate::lock::{
    Cancelled, MmLock, Patience, StartReadError, mmap_lock_speculate_retry,
    mmap_lock_speculate_try_begin, vma_start_read,
};
use crate::space::AddressSpace;
use crate::step::Step;
use crate::sync::taken;
use crate::vma::Vma;

/// Why there is no next VMA to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextError {
    /// The patience was over. The kernel's `-EINTR`.
    Cancelled,
    /// The VMA has too many readers. The kernel's `-EAGAIN`.
    Full,
}

impl fmt::Display for NextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NextError::Cancelled => Cancelled.fmt(f),
            NextError::Full => ReadError::Full.fmt(f),
        }
    }
}

impl std::error::Error for NextError {}

/// Why there is no VMA to read at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// No VMA contains the address.
    Unmapped,
    /// The VMA has too many readers.
    Full,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReadError::Unmapped => "no range contains the address",
            ReadError::Full => "the range has too many readers",
        })
    }
}

impl std::error::Error for ReadError {}

/// 1. Find. 2. Lock; detached: from the root again. 3. Check the bounds under the lock.
///
/// The loop ends: a VMA that is detached while the index still has it is write-locked. Who has seen
/// its count of 0 sees its stamp too, and falls back, until its remover unlocks; and who has seen
/// that sees an index without it.
#[inline]
#[track_caller]
pub(crate) fn lock_vma_under_rcu<M: AddressSpace>(
    space: &M,
    address: usize,
) -> Option<VmaReadGuard<'_, M::Payload>> {
    let mm = space.mm();
    let Some(vma) = space.find(address) else {
        return give_up(mm);
    };
    match try_start_read(mm, &vma.lock) {
        Ok(()) => confirm(VmaReadGuard::new(mm, vma), address),
        Err(refusal) => lock_again(space, address, vma, refusal),
    }
}

/// Step 3.
#[inline(always)]
#[track_caller]
fn confirm<T>(guard: VmaReadGuard<'_, T>, address: usize) -> Option<VmaReadGuard<'_, T>> {
    if !taken(Step::CompareBounds) || guard.vma().contains(address) {
        return Some(guard);
    }
    let_go(guard)
}

/// What follows a first try that failed: with another reader inside usually the lock all the same.
#[inline(never)]
#[track_caller]
fn lock_again<'a, M: AddressSpace>(
    space: &'a M,
    address: usize,
    mut vma: &'a Vma<M::Payload>,
    refusal: Refusal,
) -> Option<VmaReadGuard<'a, M::Payload>> {
    let mm = space.mm();
    let mut tried = Err(refusal);
    loop {
        let refusal = match tried.or_else(|refusal| retry_start_read(mm, &vma.lock, refusal)) {
            Ok(()) => return confirm(VmaReadGuard::new(mm, vma), address),
            Err(refusal) => refusal,
        };
        if back_out(mm, &vma.lock, refusal) == StartReadError::Busy {
            return give_up(mm);
        }
        mm.counters().count_miss();
        let Some(again) = space.find(address) else { return give_up(mm) };
        vma = again;
        tried = try_start_read(mm, &vma.lock);
    }
}

/// Gives back the lock of a VMA that does not contain the address.
#[cold]
#[track_caller]
fn let_go<T>(guard: VmaReadGuard<'_, T>) -> Option<VmaReadGuard<'_, T>> {
    let mm = guard.mm();
    drop(guard);
    give_up(mm)
}

/// Counts a lookup that leaves the caller to the mmap lock.
#[cold]
fn give_up<'a, T>(mm: &'a MmLock) -> Option<VmaReadGuard<'a, T>> {
    mm.counters().count_abort();
    None
}

/// The next VMA by speculation, or under the mmap lock if that fails.
///
/// A VMA that contains `from` is certainly the next. One that begins above it says that there is a
/// gap, and none that there is an end; a wrong answer of the index could say so too. Both are
/// believed only if no write section began since before the search.
#[track_caller]
pub(crate) fn lock_next_vma<'a, M: AddressSpace>(
    space: &'a M,
    from: usize,
    patience: &Patience,
) -> Result<Option<VmaReadGuard<'a, M::Payload>>, NextError> {
    match try_lock_next_vma(space, from) {
        Some(next) => Ok(next),
        None => lock_next_vma_under_mmap_lock(space, from, patience),
    }
}

/// None: the mmap lock must tell.
#[track_caller]
fn try_lock_next_vma<M: AddressSpace>(
    space: &M,
    from: usize,
) -> Option<Option<VmaReadGuard<'_, M::Payload>>> {
    let mm = space.mm();
    loop {
        let sequence = mmap_lock_speculate_try_begin(mm);
        let is_true = |sequence| !mmap_lock_speculate_retry(mm, sequence);
        let Some(vma) = space.find_next(from) else {
            return sequence.is_some_and(is_true).then_some(None);
        };
        match vma_start_read(mm, &vma.lock) {
            Ok(()) => {}
            Err(StartReadError::Detached) => {
                mm.counters().count_miss();
                continue;
            }
            Err(StartReadError::Busy) => return None,
        }
        let guard = VmaReadGuard::new(mm, vma);
        if from >= vma.end() {
            return None;
        }
        let is_gap = from < vma.start();
        if !is_gap || !taken(Step::CheckGap) || sequence.is_some_and(is_true) {
            return Some(Some(guard));
        }
        // A writer was at work. Is the gap true now? Our lock keeps the VMA's bounds as they are.
        let sequence = mmap_lock_speculate_try_begin(mm)?;
        let again = space.find_next(from);
        let is_same = again.is_some_and(|again| std::ptr::eq(again, vma));
        return (is_same && is_true(sequence)).then_some(Some(guard));
    }
}

#[cold]
#[track_caller]
fn lock_next_vma_under_mmap_lock<'a, M: AddressSpace>(
    space: &'a M,
    from: usize,
    patience: &Patience,
) -> Result<Option<VmaReadGuard<'a, M::Payload>>, NextError> {
    let mmap = space.mmap_read_lock_killable(patience).map_err(|Cancelled| NextError::Cancelled)?;
    match space.find_next(from) {
        None => Ok(None),
        Some(vma) => mmap.vma_start_read_locked(vma).map(Some).ok_or(NextError::Full),
    }
}

/// Without the mmap lock if possible; else it is held just long enough to lock the VMA.
#[track_caller]
pub(crate) fn vma_start_read_unlocked<M: AddressSpace>(
    space: &M,
    address: usize,
) -> Result<VmaReadGuard<'_, M::Payload>, ReadError> {
    if let Some(guard) = lock_vma_under_rcu(space, address) {
        return Ok(guard);
    }
    let mmap = space.mmap_read_lock();
    let vma = space.find(address).ok_or(ReadError::Unmapped)?;
    mmap.vma_start_read_locked(vma).ok_or(ReadError::Full)
}
