//! Assertions about who holds what, under the kernel's names, and their `check_` twins.
//!
//! With the tracker they ask it what *this thread* holds, and are exact. Without it they read the
//! state of the locks, which says that *somebody* holds them: an assertion that holds may do so
//! for another thread's sake. One that fails is wrong in both builds.
//!
//! `vma_assert_locked`: the VMA is read-locked or write-locked, and not detached.
//!
//! | really | with the tracker | without |
//! |---|---|---|
//! | I hold a read lock on it | holds | holds: count above 1 |
//! | only others do | fails | holds |
//! | I hold the mmap lock for writing, and it is write-locked | holds | holds |
//! | another thread does | fails | holds |
//! | I hold the mmap lock for writing, it is not write-locked | fails | fails |
//! | write-locked by me, a reader is about to fail | holds | holds |
//! | I am waiting for its readers | holds | holds |
//! | somebody is | fails | holds |
//! | attached, nobody holds anything | fails | fails |
//! | detached, write-locked by me | holds | fails |
//! | detached, not write-locked | fails | fails |
//! | the tracker is off for now | holds | |
//!
//! `vma_assert_stabilised`: it cannot go away or change its bounds.
//!
//! | really | with the tracker | without |
//! |---|---|---|
//! | I hold the mmap lock in any mode | holds | holds |
//! | nobody does, I hold a read lock on the VMA | holds | holds |
//! | another thread holds the mmap lock, I hold nothing | fails | holds |
//! | another thread holds a read lock on the VMA, I hold nothing | fails | holds |
//! | nobody holds anything | fails | fails |
//!
//! The count says nothing about its holders, so where the tracker is, nothing is derived from it.
//!
//! Assertions are compiled in builds with `debug_assertions` and in those that track; in others
//! they load nothing. The twins are there in every build. A failed assertion panics; with the
//! tracker it is a violation like any other, and `LOCKDEP` says what follows.

use std::fmt;

use crate::events::{self, Map};
use crate::lock::mm::MmLock;
use crate::lock::rwsem::Side;
use crate::lock::vma::VmaLock;

/// Whether assertions are compiled.
pub const ASSERTS: bool = cfg!(debug_assertions) || events::ENABLED;

/// What an assertion found missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// The mmap lock is not held.
    MmapNotLocked,
    /// The mmap lock is not held for writing.
    MmapNotWriteLocked,
    /// The VMA is not locked in any way.
    VmaNotLocked,
    /// The VMA is not write-locked in the write section under way.
    VmaNotWriteLocked,
    /// The VMA is detached.
    Detached,
    /// The VMA is attached.
    Attached,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unmet::MmapNotLocked => "the mmap lock is not held",
            Unmet::MmapNotWriteLocked => "the mmap lock is not held for writing",
            Unmet::VmaNotLocked => "the VMA is not locked",
            Unmet::VmaNotWriteLocked => "the VMA is not write-locked",
            Unmet::Detached => "the VMA is detached",
            Unmet::Attached => "the VMA is attached",
        })
    }
}

impl std::error::Error for Unmet {}

/// A check's verdict.
pub type Verdict = Result<(), Unmet>;

fn demand(is_met: bool, unmet: Unmet) -> Verdict {
    if is_met { Ok(()) } else { Err(unmet) }
}

/// What this thread holds, or in a build that does not track what somebody does.
fn is_held(map: &Map, side: Option<Side>, by_anybody: impl FnOnce() -> bool) -> bool {
    if events::ENABLED { events::held(map, side) != Some(false) } else { by_anybody() }
}

/// Whether the mmap lock is held, in any mode.
///
/// # Errors
///
/// [`Unmet::MmapNotLocked`].
pub fn check_mmap_locked(mm: &MmLock) -> Verdict {
    demand(is_held(mm.map(), None, || mm.mmap_lock.is_locked()), Unmet::MmapNotLocked)
}

/// Whether the mmap lock is held for writing.
///
/// # Errors
///
/// [`Unmet::MmapNotWriteLocked`].
pub fn check_mmap_write_locked(mm: &MmLock) -> Verdict {
    let by_anybody = || mm.mmap_lock.is_write_locked();
    demand(is_held(mm.map(), Some(Side::Write), by_anybody), Unmet::MmapNotWriteLocked)
}

/// Whether the VMA is write-locked in the write section under way.
///
/// # Errors
///
/// [`Unmet::MmapNotWriteLocked`], [`Unmet::VmaNotWriteLocked`].
pub fn check_vma_write_locked(mm: &MmLock, vma: &VmaLock) -> Verdict {
    check_mmap_write_locked(mm)?;
    demand(vma.vm_lock_seq.read() == mm.mm_lock_seq.read(), Unmet::VmaNotWriteLocked)
}

/// Whether the VMA is locked, for reading or writing, as the module's first table says.
///
/// # Errors
///
/// As [`check_vma_write_locked`] if it is not read-locked; [`Unmet::Detached`] without the tracker.
pub fn check_vma_locked(mm: &MmLock, vma: &VmaLock) -> Verdict {
    if events::ENABLED {
        return match events::held(vma.map(), None) {
            Some(true) | None => Ok(()),
            Some(false) => check_vma_write_locked(mm, vma),
        };
    }
    match vma.vm_refcnt.read() {
        0 => Err(Unmet::Detached),
        1 => check_vma_write_locked(mm, vma),
        _ => Ok(()),
    }
}

/// Whether the VMA cannot go away, as the module's second table says.
///
/// # Errors
///
/// [`Unmet::VmaNotLocked`]; [`Unmet::Detached`] without the tracker.
pub fn check_vma_stabilised(mm: &MmLock, vma: &VmaLock) -> Verdict {
    // The mmap lock first: its holder may look at VMAs that others have read-locked.
    if check_mmap_locked(mm).is_ok() {
        return Ok(());
    }
    check_vma_locked(mm, vma).map_err(|unmet| match unmet {
        Unmet::Detached => Unmet::Detached,
        _ => Unmet::VmaNotLocked,
    })
}

/// Whether the VMA is attached: exact under the mmap lock.
#[must_use]
pub fn vma_is_attached(vma: &VmaLock) -> bool {
    vma.vm_refcnt.read() != 0
}

/// Whether the VMA is attached, as a verdict.
///
/// # Errors
///
/// [`Unmet::Detached`].
pub fn check_vma_attached(vma: &VmaLock) -> Verdict {
    demand(vma_is_attached(vma), Unmet::Detached)
}

/// Whether the VMA is detached, as a verdict.
///
/// # Errors
///
/// [`Unmet::Attached`].
pub fn check_vma_detached(vma: &VmaLock) -> Verdict {
    demand(!vma_is_attached(vma), Unmet::Attached)
}

/// Whether the VMA may be changed: it is detached, or write-locked.
///
/// # Errors
///
/// As [`check_vma_write_locked`].
pub fn check_vma_can_modify(mm: &MmLock, vma: &VmaLock) -> Verdict {
    if vma_is_attached(vma) { check_vma_write_locked(mm, vma) } else { Ok(()) }
}

/// Asserts [`check_mmap_locked`].
#[inline]
#[track_caller]
pub fn mmap_assert_locked(mm: &MmLock) {
    if ASSERTS {
        require(check_mmap_locked(mm), mm.map());
    }
}

/// Asserts [`check_mmap_write_locked`].
#[inline]
#[track_caller]
pub fn mmap_assert_write_locked(mm: &MmLock) {
    if ASSERTS {
        require(check_mmap_write_locked(mm), mm.map());
    }
}

/// Asserts [`check_vma_write_locked`].
#[inline]
#[track_caller]
pub fn vma_assert_write_locked(mm: &MmLock, vma: &VmaLock) {
    if ASSERTS {
        require_of(check_vma_write_locked(mm, vma), mm, vma);
    }
}

/// Asserts [`check_vma_locked`].
#[inline]
#[track_caller]
pub fn vma_assert_locked(mm: &MmLock, vma: &VmaLock) {
    if ASSERTS {
        require_of(check_vma_locked(mm, vma), mm, vma);
    }
}

/// Asserts [`check_vma_stabilised`].
#[inline]
#[track_caller]
pub fn vma_assert_stabilised(mm: &MmLock, vma: &VmaLock) {
    if ASSERTS {
        require_of(check_vma_stabilised(mm, vma), mm, vma);
    }
}

/// Asserts [`check_vma_attached`].
#[inline]
#[track_caller]
pub fn vma_assert_attached(vma: &VmaLock) {
    if ASSERTS {
        require(check_vma_attached(vma), vma.map());
    }
}

/// Asserts [`check_vma_detached`].
#[inline]
#[track_caller]
pub fn vma_assert_detached(vma: &VmaLock) {
    if ASSERTS {
        require(check_vma_detached(vma), vma.map());
    }
}

/// Asserts [`check_vma_can_modify`].
#[inline]
#[track_caller]
pub fn vma_assert_can_modify(mm: &MmLock, vma: &VmaLock) {
    if ASSERTS {
        require_of(check_vma_can_modify(mm, vma), mm, vma);
    }
}

#[track_caller]
fn require_of(verdict: Verdict, mm: &MmLock, vma: &VmaLock) {
    let is_about_mm = matches!(verdict, Err(Unmet::MmapNotLocked) | Err(Unmet::MmapNotWriteLocked));
    require(verdict, if is_about_mm { mm.map() } else { vma.map() });
}

/// Leaves a broken assertion to the tracker, or panics.
#[inline]
#[track_caller]
fn require(verdict: Verdict, map: &Map) {
    if let Err(unmet) = verdict {
        fail(unmet, map);
    }
}

#[cold]
#[track_caller]
fn fail(unmet: Unmet, map: &Map) {
    if !events::assertion_failed(map, unmet) {
        panic!("assertion failed: {unmet}");
    }
}
