//! `mm_lock_seq` and `vm_lock_seq`: one store frees every VMA of an mm.
//!
//! `mm_lock_seq` counts the mmap lock's write sections: it is odd inside one, even outside. A VMA
//! is write-locked if its `vm_lock_seq` equals it; a write section that ends makes all of them
//! unequal at once.
//!
//! | `mm_lock_seq` | meaning | who goes on |
//! |---|---|---|
//! | even | nobody holds the mmap lock for writing; no VMA is write-locked | + 1, at the lock |
//! | odd | somebody does; VMAs with this `vm_lock_seq` are write-locked | + 1, before the unlock or the downgrade |
//!
//! `vm_lock_seq` is odd at all times: [`NEVER`] or the number of a section. So outside write
//! sections no VMA looks locked. It is written by a holder of the mmap lock who also keeps readers
//! out (flag set, or count 0), and read reliably by that holder or under the VMA's own read lock;
//! elsewhere it is a hint.
//!
//! Outside write sections and inside most VMAs have an old stamp. A reader of one need not look at
//! `mm_lock_seq`, whose line is on the processor of a writer that is busy: `mm_past_seq` is the number
//! of a section that is over, as are all before it, stored once in [`PAST_EVERY`] sections. A VMA with
//! a stamp up to that is not write-locked. What is past stays past: an old value is as good.
//!
//! All have 64 bits. With 32 they would wrap: a writer would take a VMA that was last locked
//! 2³¹ sections ago for its own, wait for nobody, and meet a reader inside.

use std::sync::atomic::Ordering::Relaxed;

use crate::order::Order;
use crate::step::Step;
use crate::sync::{AtomicU64, fence, in_width, order, past_every, taken};

/// The `vm_lock_seq` of a VMA that was never write-locked.
pub(crate) const NEVER: u64 = u64::MAX;

/// One write section in so many is noted to be past.
pub(crate) const PAST_EVERY: u64 = 64;

/// The sequence of an mm.
#[derive(Debug)]
pub(crate) struct MmLockSeq(AtomicU64);

impl MmLockSeq {
    pub(crate) fn new() -> MmLockSeq {
        MmLockSeq(AtomicU64::new(0))
    }

    /// The value: exact for whoever holds the mmap lock for writing, else a hint (O1).
    #[inline]
    pub(crate) fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// The value for a reader's verdict (O4).
    #[inline]
    pub(crate) fn read_acquire(&self) -> u64 {
        self.0.load(order(Order::ReaderSequence))
    }

    /// Begins a write section (O10). The mmap lock must be held for writing.
    pub(crate) fn begin(&self, past: &PastSeq) {
        let odd = in_width(self.0.load(Relaxed) + 1);
        debug_assert!(odd & 1 == 1, "a write section began inside another");
        self.0.store(odd, order(Order::WriteBegin));
        fence(Order::WriteBeginFence);
        if !taken(Step::PastAfterEnd) {
            past.note(odd);
        }
    }

    /// Ends a write section (O9), and notes now and then that it is past. The mmap lock must be held
    /// for writing.
    pub(crate) fn end(&self, past: &PastSeq) {
        let odd = self.0.load(Relaxed);
        let even = in_width(odd + 1);
        debug_assert!(even & 1 == 0, "a write section ended that did not begin");
        self.0.store(even, order(Order::WriteEnd));
        if (even / 2).is_multiple_of(past_every()) {
            past.note(odd);
        }
    }

    /// Begins a speculation; none inside a write section.
    #[inline]
    pub(crate) fn speculate_try_begin(&self) -> Option<u64> {
        let sequence = self.0.load(order(Order::SpeculateBegin));
        (sequence & 1 == 0).then_some(sequence)
    }

    /// Whether a write section began since (O12).
    #[inline]
    pub(crate) fn speculate_retry(&self, sequence: u64) -> bool {
        fence(Order::SpeculateFence);
        self.0.load(Relaxed) != sequence
    }
}

/// `mm_past_seq`: a write section that is over, as are all before it; not always the last.
#[derive(Debug)]
pub(crate) struct PastSeq(AtomicU64);

impl PastSeq {
    /// None is over.
    pub(crate) fn new() -> PastSeq {
        PastSeq(AtomicU64::new(0))
    }

    /// The mmap lock must be held for writing.
    fn note(&self, section: u64) {
        self.0.store(section, order(Order::PastNote));
    }

    /// For a reader's verdict.
    #[inline]
    pub(crate) fn read_acquire(&self) -> u64 {
        self.0.load(order(Order::ReaderPast))
    }
}

/// The sequence of a VMA.
#[derive(Debug)]
pub(crate) struct VmLockSeq(AtomicU64);

impl VmLockSeq {
    pub(crate) fn new() -> VmLockSeq {
        VmLockSeq(AtomicU64::new(in_width(NEVER)))
    }

    #[inline]
    pub(crate) fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }

    #[inline]
    pub(crate) fn write(&self, sequence: u64) {
        self.0.store(in_width(sequence), Relaxed);
    }
}
