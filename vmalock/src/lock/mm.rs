//! [`MmLock`]: the locking part of an address space.

use crate::events::Map;
use crate::lock::counters::Counters;
use crate::lock::rwsem::Rwsem;
use crate::lock::sequence::{MmLockSeq, PastSeq};
use crate::lock::writer_wait::WriterWait;
use crate::padded::Padded;
use crate::sync::Arc;

/// The locking part of an address space: `mmap_lock`, `mm_lock_seq`, `vma_writer_wait` and the
/// counters.
///
/// It is always behind an [`Arc`]: a reader that meets a VMA of another address space keeps that
/// one's alive while it backs out.
#[derive(Debug)]
pub struct MmLock {
    // Read by lookups of what has just changed, written twice a write section: on a line of its own.
    pub(crate) mm_lock_seq: Padded<MmLockSeq>,
    // Read by every lookup, written seldom: on another line.
    pub(crate) mm_past_seq: Padded<PastSeq>,
    pub(crate) vma_writer_wait: Padded<WriterWait>,
    pub(crate) mmap_lock: Padded<Rwsem>,
    map: Map,
    counters: Counters,
}

impl MmLock {
    /// Everything unlocked, sequence 0.
    ///
    /// # Tracking
    ///
    /// All mmap locks are one class, `mmap_lock`. To hold two of them at once, take the second
    /// with a subclass.
    #[must_use]
    pub fn new() -> Arc<MmLock> {
        Arc::new(MmLock {
            mm_lock_seq: Padded(MmLockSeq::new()),
            mm_past_seq: Padded(PastSeq::new()),
            vma_writer_wait: Padded(WriterWait::new()),
            mmap_lock: Padded(Rwsem::new()),
            map: Map::named("mmap_lock"),
            counters: Counters::default(),
        })
    }

    /// How often locks of VMAs of this mm were got, and why not.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What ties the mmap lock to its class.
    #[inline]
    pub(crate) fn map(&self) -> &Map {
        &self.map
    }
}
