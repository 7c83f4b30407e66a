//! [`MmapWriteGuard`]: the one who may change the address space.

use std::fmt;
use std::marker::PhantomData;
use std::mem;

use crate::guard::MmapReadGuard;
use crate::lock::{
    self, Cancelled, MmLock, Patience, mmap_write_downgrade, mmap_write_lock_killable,
    mmap_write_lock_nested, mmap_write_trylock, mmap_write_unlock, vma_lock_init,
    vma_mark_attached, vma_mark_detached,
};
use crate::space::AddressSpace;
use crate::step::Step;
use crate::sync::{Arc, taken};
use crate::vma::Vma;

/// The mmap lock held for writing.
///
/// Readers of VMAs go on until the one they use is write-locked; then all VMAs that are
/// write-locked stay so until the guard is dropped or downgraded, by a panic too. There is no
/// poison: whatever can panic is done before the first change.
///
/// A payload is changed through `&mut` of the guard, so there are never two who change.
///
/// Forgotten, the lock stays: nobody gets the mmap lock again, and readers get the VMAs that were
/// not write-locked.
#[must_use = "a guard that is dropped at once leaves the mmap lock unlocked"]
#[clippy::has_significant_drop]
pub struct MmapWriteGuard<'a, M: AddressSpace> {
    space: &'a M,
    /// What `space` said at the lock: what is locked is what is unlocked.
    mm: &'a Arc<MmLock>,
    not_send: PhantomData<*const ()>,
}

// SAFETY: What a shared guard gives reads payloads, and changes nothing.
unsafe impl<M: AddressSpace + Sync> Sync for MmapWriteGuard<'_, M> {}

impl<'a, M: AddressSpace> MmapWriteGuard<'a, M> {
    #[track_caller]
    pub(crate) fn lock(space: &'a M, subclass: u8) -> Self {
        let mm = space.mm();
        mmap_write_lock_nested(mm, subclass);
        MmapWriteGuard::new(space, mm)
    }

    #[track_caller]
    pub(crate) fn lock_killable(space: &'a M, patience: &Patience) -> Result<Self, Cancelled> {
        let mm = space.mm();
        mmap_write_lock_killable(mm, patience)?;
        Ok(MmapWriteGuard::new(space, mm))
    }

    #[track_caller]
    pub(crate) fn try_lock(space: &'a M) -> Option<Self> {
        let mm = space.mm();
        mmap_write_trylock(mm).then(|| MmapWriteGuard::new(space, mm))
    }

    fn new(space: &'a M, mm: &'a Arc<MmLock>) -> Self {
        MmapWriteGuard { space, mm, not_send: PhantomData }
    }

    /// The address space.
    #[must_use]
    pub fn space(&self) -> &'a M {
        self.space
    }

    /// Ends the write section and keeps the mmap lock for reading, with no writer in between.
    #[track_caller]
    pub fn downgrade(self) -> MmapReadGuard<'a, M> {
        let (space, mm) = (self.space, self.mm);
        mem::forget(self);
        // SAFETY: The lock was the forgotten guard's, and is the new one's now.
        unsafe { mmap_write_downgrade(mm) };
        MmapReadGuard::new(space, mm)
    }

    #[track_caller]
    fn require(&self, vma: &Vma<M::Payload>) {
        assert!(vma.lock.is_attached_to(self.mm), "the VMA is not of this address space");
    }

    /// Write-locks a VMA until the guard is dropped: waits for its readers, and for nobody else.
    /// A second call does nothing.
    ///
    /// # Panics
    ///
    /// If the VMA is not attached to this address space. With the tracker's report if this thread
    /// reads the VMA, or if the order could deadlock.
    #[track_caller]
    pub fn vma_start_write(&mut self, vma: &Vma<M::Payload>) {
        self.require(vma);
        // SAFETY: The guard holds the mmap lock, and the VMA is of its mm.
        unsafe { lock::vma_start_write(self.mm, &vma.lock) };
    }

    /// [`MmapWriteGuard::vma_start_write`] that can be given up.
    ///
    /// # Errors
    ///
    /// If the patience is over first; the VMA is as it was.
    ///
    /// # Panics
    ///
    /// As [`MmapWriteGuard::vma_start_write`].
    #[track_caller]
    pub fn vma_start_write_killable(
        &mut self,
        vma: &Vma<M::Payload>,
        patience: &Patience,
    ) -> Result<(), Cancelled> {
        self.require(vma);
        // SAFETY: The guard holds the mmap lock, and the VMA is of its mm.
        unsafe { lock::vma_start_write_killable(self.mm, &vma.lock, patience) }
    }

    /// The payload of a VMA; none if it is not attached to this address space. Does not wait: the
    /// VMA's readers may read on.
    #[must_use]
    pub fn payload<'b>(&'b self, vma: &'b Vma<M::Payload>) -> Option<&'b M::Payload> {
        if !vma.lock.is_attached_to(self.mm) {
            return None;
        }
        // SAFETY: The VMA is attached to an mm whose mmap lock we hold for writing, and whoever
        // writes borrows the guard mutably.
        unsafe { &*vma.payload.read() }.as_ref()
    }

    /// The payload of a VMA, to change; none if it is not attached to this address space.
    /// Write-locks the VMA.
    #[track_caller]
    pub fn payload_mut<'b>(&'b mut self, vma: &'b Vma<M::Payload>) -> Option<&'b mut M::Payload> {
        if !vma.lock.is_attached_to(self.mm) {
            return None;
        }
        self.vma_start_write(vma);
        // SAFETY: The VMA is write-locked, so it has no reader; and there is one guard, which is
        // borrowed mutably.
        unsafe { &mut *vma.payload.write() }.as_mut()
    }

    /// Changes a VMA's bounds. Write-locks it. The index is the caller's to change.
    #[track_caller]
    pub(crate) fn vma_set_bounds(&mut self, vma: &Vma<M::Payload>, start: usize, end: usize) {
        self.vma_start_write(vma);
        vma.set_bounds(start, end);
    }

    /// Begins a life of a free slot: attached and write-locked. For the index to publish next.
    ///
    /// # Safety
    ///
    /// The slot is free, and nobody else begins a life of it.
    #[track_caller]
    pub(crate) unsafe fn vma_attach(
        &mut self,
        vma: &Vma<M::Payload>,
        start: usize,
        end: usize,
        payload: M::Payload,
    ) {
        let mm = self.mm;
        // SAFETY: The slot is free and ours. The space detaches it before it lets its mm go.
        unsafe { vma_lock_init(mm, &vma.lock) };
        if taken(Step::LockBeforeAttach) {
            // SAFETY: The guard holds the mmap lock, and the VMA is of its mm.
            unsafe { lock::vma_start_write(mm, &vma.lock) };
        }
        vma.set_bounds(start, end);
        // SAFETY: The slot is detached and ours.
        unsafe { *vma.payload.write() = Some(payload) };
        // SAFETY: The guard holds the mmap lock, and bounds and payload are in place.
        unsafe { vma_mark_attached(mm, &vma.lock) };
    }

    /// Ends a slot's life: waits for its readers, and gives the payload back. The slot is free
    /// then.
    ///
    /// # Panics
    ///
    /// As [`MmapWriteGuard::vma_start_write`].
    #[track_caller]
    pub(crate) fn vma_detach(&mut self, vma: &Vma<M::Payload>) -> M::Payload {
        self.vma_start_write(vma);
        // SAFETY: The guard holds the mmap lock, and the VMA is of its mm.
        unsafe { vma_mark_detached(self.mm, &vma.lock) };
        // SAFETY: The slot is detached, and nobody attaches it before the caller frees it.
        let payload = unsafe { &mut *vma.payload.write() };
        payload.take().expect("an attached VMA has a payload")
    }
}

impl<M: AddressSpace> Drop for MmapWriteGuard<'_, M> {
    #[track_caller]
    fn drop(&mut self) {
        // SAFETY: The lock is the guard's, on this thread, since the guard does not travel.
        unsafe { mmap_write_unlock(self.mm) };
    }
}

impl<M: AddressSpace> fmt::Debug for MmapWriteGuard<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MmapWriteGuard").field("mm", self.mm).finish()
    }
}
