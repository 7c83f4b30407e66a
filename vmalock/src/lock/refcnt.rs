//! `vm_refcnt`: who keeps a VMA, in one word.
//!
//! ```text
//! bit   31       30        29…0
//!       unused   X: flag   A + r: attach reference and readers
//! ```
//!
//! | value | meaning | may a reader increment? |
//! |---|---|---|
//! | 0 | detached: free, not attached yet, or taken out | never |
//! | 1 | attached, no reader; write-locked if the sequences are equal. Or, while a detach waits, one reader | yes |
//! | 2 … LIMIT − 1 | readers; those that came to a write-locked VMA go at once | yes |
//! | LIMIT | full | no |
//! | FLAG | a detach has seen the last reader go and is about to finish | no |
//! | FLAG + 1 | the writer is alone; or a detach waits for one reader | no |
//! | FLAG + 2 … | a writer or a detach waits for readers | no |
//!
//! | transition | by | ordering |
//! |---|---|---|
//! | T1 0 → 1 | attach, mmap lock held for writing | [`Order::Attach`] |
//! | T2 n → n + 1, 1 ≤ n < LIMIT | any reader | [`Order::ReaderIncrement`] |
//! | T3 n → n − 1, and T11 1 → 0 after T9 | a reader's put | [`Order::ReaderDecrement`] |
//! | T4 n → n + FLAG, n ≥ 1 | mmap lock held for writing | relaxed |
//! | T5 FLAG + n → FLAG + n − 1 | a reader's put; wakes if the result is at most FLAG + 1 | [`Order::ReaderDecrement`] |
//! | T6 FLAG + 1 → 1, T7 FLAG + n → n, T10 FLAG → 0 | who did T4 | [`Order::ExcludeEnd`] |
//! | T8 1 → 0, T9 n → n − 1 | detach, mmap lock held for writing | [`Order::ReaderDecrement`] |
//!
//! LIMIT + FLAG is `i32::MAX`: the flag fits on a full count.

use std::sync::atomic::Ordering::Relaxed;

use crate::order::Order;
use crate::sync::{AtomicU32, fence, limit, order};

/// The bit that keeps readers from incrementing.
pub const VM_REFCNT_EXCLUDE_READERS_BIT: u32 = 30;
/// The same as a value.
pub const VM_REFCNT_EXCLUDE_READERS_FLAG: u32 = 1 << VM_REFCNT_EXCLUDE_READERS_BIT;
/// The largest count without the flag: the attach reference and all readers.
pub const VM_REFCNT_LIMIT: u32 = VM_REFCNT_EXCLUDE_READERS_FLAG - 1;

const FLAG: u32 = VM_REFCNT_EXCLUDE_READERS_FLAG;
/// Attached, and nobody inside.
const ALONE: u32 = 1;

/// The word. All its orderings are in [`Order`].
#[derive(Debug)]
pub(crate) struct VmRefcnt(AtomicU32);

impl VmRefcnt {
    /// Detached.
    pub(crate) fn new() -> VmRefcnt {
        VmRefcnt(AtomicU32::new(0))
    }

    /// The value at some moment.
    #[inline]
    pub(crate) fn read(&self) -> u32 {
        self.0.load(Relaxed)
    }

    /// The value, and with it what was stored before it became that.
    #[inline]
    pub(crate) fn read_acquire(&self) -> u32 {
        self.0.load(order(Order::ReaderIncrement))
    }

    /// T2 from the count that is usual, that of nobody inside. Fails, and writes nothing, on any
    /// other; the error is the count that was met, for [`VmRefcnt::inc_from`].
    ///
    /// The count is put into the compare-exchange as a constant, behind a branch: so the processor
    /// guesses it, and the exchange does not wait for the load.
    #[inline(always)]
    pub(crate) fn inc_alone(&self) -> Result<(), u32> {
        let now = self.0.load(Relaxed);
        if now != ALONE {
            return Err(now);
        }
        let acquire = order(Order::ReaderIncrement);
        self.0.compare_exchange_weak(ALONE, ALONE + 1, acquire, Relaxed).map(|_| ())
    }

    /// T2, on from a count that was met. Fails, and writes nothing, on 0, on a full count and while
    /// the flag is set; the error is the count that was met last.
    #[inline]
    pub(crate) fn inc_from(&self, mut old: u32) -> Result<(), u32> {
        loop {
            // The flag alone is more than the limit.
            if old == 0 || old >= limit(VM_REFCNT_LIMIT) {
                return Err(old);
            }
            let acquire = order(Order::ReaderIncrement);
            match self.0.compare_exchange_weak(old, old + 1, acquire, Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => old = now,
            }
        }
    }

    /// T2 from any count.
    pub(crate) fn inc_not_zero_limited_acquire(&self) -> Result<(), u32> {
        self.inc_from(self.0.load(Relaxed))
    }

    /// T3, T5 and T11: gives the count right after, out of date at once. A count that is not
    /// [`is_plain`] wants more done.
    #[inline]
    pub(crate) fn dec(&self) -> u32 {
        let new = self.0.fetch_sub(1, order(Order::ReaderDecrement)).wrapping_sub(1);
        debug_assert!(new & !FLAG < VM_REFCNT_LIMIT, "a VMA was put that nobody held");
        new
    }

    /// T8 and T9: the same for the detacher, who may use the VMA anew if the count is 0.
    pub(crate) fn dec_return(&self) -> u32 {
        let new = self.dec();
        if new == 0 {
            fence(Order::DetachFence);
        }
        new
    }

    /// T4. False, and nothing is written, if the count is 0.
    pub(crate) fn add_flag_not_zero(&self) -> bool {
        let mut old = self.0.load(Relaxed);
        loop {
            debug_assert!(old & FLAG == 0, "two writers exclude the readers of one VMA");
            if old == 0 {
                return false;
            }
            match self.0.compare_exchange_weak(old, old + FLAG, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(now) => old = now,
            }
        }
    }

    /// Whether the wait after T4 is over.
    pub(crate) fn is(&self, target: u32) -> bool {
        self.0.load(order(Order::ExcludedLoad)) == target
    }

    /// T6, T7 and T10: true if that leaves the VMA detached.
    pub(crate) fn sub_flag(&self) -> bool {
        let old = self.0.fetch_sub(FLAG, order(Order::ExcludeEnd));
        debug_assert!(old & FLAG != 0, "the flag was taken away that nobody set");
        old == FLAG
    }

    /// T1. The count must be 0, and nobody else may attach.
    pub(crate) fn set_attached(&self) {
        self.0.store(1, order(Order::Attach));
    }
}

/// Whether a decrement to this count is of no consequence: the VMA is attached, and nobody waits.
#[inline]
pub(crate) fn is_plain(count: u32) -> bool {
    count.wrapping_sub(1) < FLAG - 1
}

/// Whether a writer or a detacher may have been waiting for the decrement that gave this count.
///
/// True at FLAG + 1 for a writer and at FLAG for a detacher; at FLAG + 1 it is a false alarm for a
/// detacher with one reader left, which then looks again and sleeps on.
#[inline]
pub(crate) fn are_readers_excluded(count: u32) -> bool {
    count & FLAG != 0 && count <= FLAG + 1
}
