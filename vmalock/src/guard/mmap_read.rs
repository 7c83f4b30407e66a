//! [`MmapReadGuard`]: the whole address space, kept as it is.

use std::fmt;
use std::marker::PhantomData;

use crate::guard::VmaReadGuard;
use crate::lock::{
    self, Cancelled, MmLock, Patience, mmap_read_lock, mmap_read_lock_killable, mmap_read_trylock,
    mmap_read_unlock,
};
use crate::space::AddressSpace;
use crate::sync::Arc;
use crate::vma::Vma;

/// The mmap lock held for reading: no range of this address space comes, goes or changes.
///
/// Forgotten, the lock stays: no writer ever gets in again.
#[must_use = "a guard that is dropped at once leaves the mmap lock unlocked"]
#[clippy::has_significant_drop]
pub struct MmapReadGuard<'a, M: AddressSpace> {
    space: &'a M,
    /// What `space` said at the lock: what is locked is what is unlocked.
    mm: &'a Arc<MmLock>,
    not_send: PhantomData<*const ()>,
}

// SAFETY: A shared guard gives shared access to the address space, and nothing more.
unsafe impl<M: AddressSpace + Sync> Sync for MmapReadGuard<'_, M> {}

impl<'a, M: AddressSpace> MmapReadGuard<'a, M> {
    #[track_caller]
    pub(crate) fn lock(space: &'a M) -> Self {
        let mm = space.mm();
        mmap_read_lock(mm);
        MmapReadGuard::new(space, mm)
    }

    #[track_caller]
    pub(crate) fn lock_killable(space: &'a M, patience: &Patience) -> Result<Self, Cancelled> {
        let mm = space.mm();
        mmap_read_lock_killable(mm, patience)?;
        Ok(MmapReadGuard::new(space, mm))
    }

    #[track_caller]
    pub(crate) fn try_lock(space: &'a M) -> Option<Self> {
        let mm = space.mm();
        mmap_read_trylock(mm).then(|| MmapReadGuard::new(space, mm))
    }

    /// The caller has just read-locked the mmap lock and gives it to the guard.
    pub(super) fn new(space: &'a M, mm: &'a Arc<MmLock>) -> Self {
        MmapReadGuard { space, mm, not_send: PhantomData }
    }

    /// The address space.
    #[must_use]
    pub fn space(&self) -> &'a M {
        self.space
    }

    /// The payload of a VMA; none if it is not attached to this address space.
    #[must_use]
    pub fn payload<'b>(&'b self, vma: &'b Vma<M::Payload>) -> Option<&'b M::Payload> {
        if !vma.lock.is_attached_to(self.mm) {
            return None;
        }
        // SAFETY: The VMA is attached to an mm whose mmap lock we hold: while `self` is borrowed
        // nobody write-locks it.
        unsafe { &*vma.payload.read() }.as_ref()
    }

    /// Read-locks a VMA, to keep it when the mmap lock is given up. None if it is not attached to
    /// this address space or has too many readers.
    #[track_caller]
    pub fn vma_start_read_locked(
        &self,
        vma: &'a Vma<M::Payload>,
    ) -> Option<VmaReadGuard<'a, M::Payload>> {
        let mm = self.mm;
        let is_locked = vma.lock.is_attached_to(mm) && lock::vma_start_read_locked(mm, &vma.lock);
        is_locked.then(|| VmaReadGuard::new(mm, vma))
    }
}

impl<M: AddressSpace> Drop for MmapReadGuard<'_, M> {
    #[track_caller]
    fn drop(&mut self) {
        // SAFETY: The lock is the guard's, on this thread, since the guard does not travel.
        unsafe { mmap_read_unlock(self.mm) };
    }
}

impl<M: AddressSpace> fmt::Debug for MmapReadGuard<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MmapReadGuard").field("mm", self.mm).finish()
    }
}
