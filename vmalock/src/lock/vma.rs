//! [`VmaLock`]: the locking part of a VMA.

use std::ptr;
use std::sync::atomic::Ordering::Relaxed;

use crate::events::Map;
use crate::lock::mm::MmLock;
use crate::lock::refcnt::VmRefcnt;
use crate::lock::sequence::{NEVER, VmLockSeq};
use crate::sync::{Arc, AtomicPtr};

/// The locking part of a VMA: `vm_refcnt`, `vm_lock_seq` and `vm_mm`.
///
/// Its memory stays a `VmaLock` while anybody has a reference, attached or not, whatever address
/// space it belongs to next: a reader may come late with a stale reference and must find a count
/// that is 0, or a count, an mm and a sequence that belong together.
#[derive(Debug)]
pub struct VmaLock {
    pub(crate) vm_refcnt: VmRefcnt,
    pub(crate) vm_lock_seq: VmLockSeq,
    /// Stored before the attach, and reliable after a successful increment (O3: relaxed, ordered
    /// by the increment).
    pub(crate) vm_mm: AtomicPtr<MmLock>,
    map: Map,
}

impl VmaLock {
    /// Detached, and of no mm.
    ///
    /// # Tracking
    ///
    /// All VMA locks are one class, `vm_lock`.
    #[must_use]
    pub fn new() -> VmaLock {
        VmaLock {
            vm_refcnt: VmRefcnt::new(),
            vm_lock_seq: VmLockSeq::new(),
            vm_mm: AtomicPtr::new(ptr::null_mut()),
            map: Map::named("vm_lock"),
        }
    }

    /// Whether the VMA is attached, to this mm. Exact while the caller holds the mm's mmap lock.
    #[must_use]
    pub fn is_attached_to(&self, mm: &MmLock) -> bool {
        self.vm_refcnt.read_acquire() != 0 && self.is_of(mm)
    }

    /// Whether `vm_mm` is this mm.
    #[inline]
    pub(crate) fn is_of(&self, mm: &MmLock) -> bool {
        ptr::eq(self.vm_mm.load(Relaxed), mm)
    }

    /// What ties the lock to its class.
    #[inline]
    pub(crate) fn map(&self) -> &Map {
        &self.map
    }
}

impl Default for VmaLock {
    fn default() -> VmaLock {
        VmaLock::new()
    }
}

/// Begins a VMA's life: of `mm`, detached, and never write-locked.
///
/// No ordering is needed: a reader with a stale reference cannot raise a count of 0. Unlike in the
/// kernel the count is not reset: it is 0 already.
///
/// # Safety
///
/// The caller is the only one who may begin a life of this VMA, and the last one is over: the VMA
/// was just made, or [`vma_mark_detached`](crate::lock::vma_mark_detached) has returned for it.
///
/// `mm` must outlive the life: it may be dropped after `vma_mark_detached`.
pub unsafe fn vma_lock_init(mm: &Arc<MmLock>, vma: &VmaLock) {
    assert_eq!(vma.vm_refcnt.read(), 0, "a VMA that is attached begins a new life");
    vma.vm_mm.store(Arc::as_ptr(mm).cast_mut(), Relaxed);
    vma.vm_lock_seq.write(NEVER);
}
