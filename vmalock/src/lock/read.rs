//! The reader's side: getting a VMA's lock without waiting, and giving it back.

use std::sync::atomic::Ordering::Relaxed;

use std::fmt;

use crate::events::macros::{__vma_lockdep_acquire_read, __vma_lockdep_release_read};
use crate::lock::asserts::mmap_assert_locked;
use crate::lock::mm::MmLock;
use crate::lock::refcnt::{are_readers_excluded, is_plain};
use crate::lock::vma::VmaLock;
use crate::order::Order;
use crate::step::Step;
use crate::sync::{Arc, fence, taken};

/// Why a VMA was not read-locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartReadError {
    /// It is detached: what the index said is out of date. Look again. The kernel's `-EAGAIN`.
    Detached,
    /// A writer has it or wants it, it has too many readers, or it is another mm's by now. Fall
    /// back to the mmap lock. The kernel's `NULL`.
    Busy,
}

impl fmt::Display for StartReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StartReadError::Detached => "the VMA is detached: look again",
            StartReadError::Busy => "the VMA is busy: fall back to the mmap lock",
        })
    }
}

impl std::error::Error for StartReadError {}

/// Tries to read-lock `vma`, which a search of `mm` has found. Never waits.
///
/// 1. A look at the sequences, to leave the count's cache line alone if a writer has the VMA. If the
///    VMA's is one that is past, `mm_lock_seq` is not looked at, here and in step 4.
/// 2. The increment, which fails on a count of 0, a full one and one with the flag.
/// 3. Is the VMA still this mm's? If not, back out without letting the other mm die.
/// 4. The sequences again, now for the verdict.
///
/// The verdict "busy" may be false, at most with a false alarm's cost; the verdict "locked" never.
/// The bounds are the caller's to check, under the lock: the slot may be another range by now.
/// On success, [`vma_end_read`] gives the lock back.
///
/// # Errors
///
/// [`StartReadError::Detached`] and [`StartReadError::Busy`], as they say.
///
/// # Tracking
///
/// A trylock's shared acquire after step 2, its release if a later step fails.
#[inline]
#[track_caller]
pub fn vma_start_read(mm: &MmLock, vma: &VmaLock) -> Result<(), StartReadError> {
    try_start_read(mm, vma).or_else(|refusal| start_read_slow(mm, vma, refusal))
}

/// The rest of [`vma_start_read`] where the usual way has failed.
#[inline(never)]
#[track_caller]
fn start_read_slow(mm: &MmLock, vma: &VmaLock, refusal: Refusal) -> Result<(), StartReadError> {
    retry_start_read(mm, vma, refusal).map_err(|refusal| back_out(mm, vma, refusal))
}

/// At which step [`vma_start_read`] has failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// The first look: the VMA is write-locked.
    Sequence,
    /// Somebody is inside, or a writer wants the VMA, or it is detached: this count was met. Not
    /// final, [`retry_start_read`] goes on from it.
    NotAlone(u32),
    /// The increment, of this count.
    Count(u32),
    /// The VMA is another mm's. Its count is incremented.
    Foreign,
    /// The second look: the VMA is write-locked. Its count is incremented.
    SequenceInside,
}

/// [`vma_start_read`] of a VMA without readers, up to where it fails; [`retry_start_read`] and
/// [`back_out`] do the rest then. Apart, so that what is not usual costs the usual way not even a
/// register.
#[inline(always)]
#[track_caller]
pub(crate) fn try_start_read(mm: &MmLock, vma: &VmaLock) -> Result<(), Refusal> {
    let past = mm.mm_past_seq.read_acquire();
    let stamp = vma.vm_lock_seq.read();
    if stamp > past && stamp == mm.mm_lock_seq.read() {
        return Err(Refusal::Sequence);
    }
    vma.vm_refcnt.inc_alone().map_err(Refusal::NotAlone)?;
    validate(mm, vma, past)
}

/// Goes on where [`try_start_read`] found that the VMA is not as usual; any other refusal stays.
#[inline]
#[track_caller]
pub(crate) fn retry_start_read(
    mm: &MmLock,
    vma: &VmaLock,
    refusal: Refusal,
) -> Result<(), Refusal> {
    let Refusal::NotAlone(count) = refusal else { return Err(refusal) };
    vma.vm_refcnt.inc_from(count).map_err(Refusal::Count)?;
    validate(mm, vma, mm.mm_past_seq.read_acquire())
}

/// Steps 3 and 4 of [`vma_start_read`]. What was past at any time is past.
#[inline(always)]
#[track_caller]
fn validate(mm: &MmLock, vma: &VmaLock, past: u64) -> Result<(), Refusal> {
    __vma_lockdep_acquire_read!(vma);
    if taken(Step::CompareMm) && !vma.is_of(mm) {
        return Err(Refusal::Foreign);
    }
    let stamp = vma.vm_lock_seq.read();
    if taken(Step::CompareAfterIncrement) && stamp > past && stamp == mm.mm_lock_seq.read_acquire()
    {
        return Err(Refusal::SequenceInside);
    }
    Ok(())
}

/// Undoes what [`try_start_read`] has done before it failed, and tells what that means.
#[cold]
#[track_caller]
pub(crate) fn back_out(mm: &MmLock, vma: &VmaLock, refusal: Refusal) -> StartReadError {
    match refusal {
        Refusal::Sequence | Refusal::NotAlone(_) => {}
        Refusal::Count(0) => {
            fence(Order::MissFence);
            return StartReadError::Detached;
        }
        Refusal::Count(_) => {}
        Refusal::Foreign => back_out_of_foreign(vma),
        Refusal::SequenceInside => vma_refcount_put(mm, vma),
    }
    StartReadError::Busy
}

/// Puts a VMA that was another mm's when it was locked.
///
/// That mm's owner may be waiting for this very put, and once it is done may drop the mm. Our
/// count keeps the VMA attached, or its detach waiting, so until the put the mm is alive, and its
/// strong count may be raised; the wake then works on an mm that is kept alive by us.
#[track_caller]
fn back_out_of_foreign(vma: &VmaLock) {
    let other: *const MmLock = vma.vm_mm.load(Relaxed);
    if taken(Step::PinForeignMm) {
        // SAFETY: `vma_lock_init` stored a pointer that `Arc::as_ptr` gave, and promises that the
        // mm outlives the VMA's life, which our count prolongs.
        unsafe { Arc::increment_strong_count(other) };
    }
    // SAFETY: As above; the strong count is now ours.
    let other = unsafe { Arc::from_raw(other) };
    vma_refcount_put(&other, vma);
    if !taken(Step::PinForeignMm) {
        std::mem::forget(other);
    }
}

/// Read-locks `vma` while the mmap lock is held, so that the mmap lock can be given up and the VMA
/// kept. False if it has too many readers; nothing else can be in the way.
///
/// # Tracking
///
/// As [`vma_start_read`].
#[must_use]
#[track_caller]
pub fn vma_start_read_locked(mm: &MmLock, vma: &VmaLock) -> bool {
    vma_start_read_locked_nested(mm, vma, 0)
}

/// [`vma_start_read_locked`] for a second VMA. The subclass is ignored, as in the kernel: a lock
/// that is got by trying needs no order among its class.
#[must_use]
#[track_caller]
pub fn vma_start_read_locked_nested(mm: &MmLock, vma: &VmaLock, _subclass: u8) -> bool {
    mmap_assert_locked(mm);
    debug_assert!(vma.is_of(mm), "a VMA was looked up in another mm");
    if vma.vm_refcnt.inc_not_zero_limited_acquire().is_err() {
        return false;
    }
    __vma_lockdep_acquire_read!(vma);
    true
}

/// Gives a read lock back.
///
/// # Safety
///
/// The calling thread holds a read lock on `vma`, got by [`vma_start_read`] or
/// [`vma_start_read_locked`] with the same `mm`, which stays alive during the call.
#[inline]
#[track_caller]
pub unsafe fn vma_end_read(mm: &MmLock, vma: &VmaLock) {
    vma_refcount_put(mm, vma);
}

/// Decrements, and wakes the writer of `mm` if it may have waited for that.
///
/// After the decrement the VMA may be detached, freed and another mm's: it is not touched again.
/// For the same reason the tracker hears of the release before, and whatever the result is: of
/// two who put a VMA either may be the last.
#[inline]
#[track_caller]
pub(crate) fn vma_refcount_put(mm: &MmLock, vma: &VmaLock) {
    if taken(Step::ReleaseBeforeDecrement) {
        __vma_lockdep_release_read!(vma);
    }
    let count = vma.vm_refcnt.dec();
    if !taken(Step::ReleaseBeforeDecrement) && count != 0 {
        __vma_lockdep_release_read!(vma);
    }
    if !is_plain(count) {
        put_slow(mm, count);
    }
}

/// What follows a decrement that may be awaited. One that was the last detaches the VMA, for who
/// detaches it to see; nothing is left to do here.
#[cold]
fn put_slow(mm: &MmLock, count: u32) {
    let is_awaited = taken(Step::WakeDetacher) || count & 1 != 0;
    if are_readers_excluded(count) && is_awaited {
        mm.vma_writer_wait.wake();
    }
}
