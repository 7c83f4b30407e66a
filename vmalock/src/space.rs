//! [`AddressSpace`]: what the lock needs to know of the index, and what it gives on top.

use crate::guard::{MmapReadGuard, MmapWriteGuard, VmaReadGuard};
use crate::lock::{Cancelled, MmLock, Patience};
use crate::lookup::{self, NextError, ReadError};
use crate::sync::Arc;
use crate::vma::Vma;

/// An address space: an [`MmLock`] and an index of VMAs.
///
/// The index may answer wrongly while a writer is at work, since every answer is checked under the
/// lock of the VMA it names; so nothing here is unsafe to implement.
pub trait AddressSpace {
    /// What a range carries.
    type Payload: Send + Sync;

    /// The locking part.
    fn mm(&self) -> &Arc<MmLock>;

    /// The VMA that contains `address`. Exact while the caller holds the mmap lock, else a guess:
    /// while a writer is at work any VMA, or none. Never waits.
    ///
    /// Who finds a VMA should have seen it attached (publish with release, search with acquire):
    /// to be led to one that looks detached costs another search.
    fn find(&self, address: usize) -> Option<&Vma<Self::Payload>>;

    /// The first VMA that ends above `address`. As [`AddressSpace::find`] otherwise.
    fn find_next(&self, address: usize) -> Option<&Vma<Self::Payload>>;

    /// Waits for the mmap lock's read side.
    #[track_caller]
    fn mmap_read_lock(&self) -> MmapReadGuard<'_, Self>
    where
        Self: Sized,
    {
        MmapReadGuard::lock(self)
    }

    /// [`AddressSpace::mmap_read_lock`] that can be given up.
    ///
    /// # Errors
    ///
    /// If the patience is over first.
    #[track_caller]
    fn mmap_read_lock_killable(
        &self,
        patience: &Patience,
    ) -> Result<MmapReadGuard<'_, Self>, Cancelled>
    where
        Self: Sized,
    {
        MmapReadGuard::lock_killable(self, patience)
    }

    /// The mmap lock's read side, if that needs no waiting.
    #[track_caller]
    fn mmap_read_trylock(&self) -> Option<MmapReadGuard<'_, Self>>
    where
        Self: Sized,
    {
        MmapReadGuard::try_lock(self)
    }

    /// Waits for the mmap lock's write side.
    #[track_caller]
    fn mmap_write_lock(&self) -> MmapWriteGuard<'_, Self>
    where
        Self: Sized,
    {
        MmapWriteGuard::lock(self, 0)
    }

    /// [`AddressSpace::mmap_write_lock`] at a nesting level, for a second address space while the
    /// first is locked.
    #[track_caller]
    fn mmap_write_lock_nested(&self, subclass: u8) -> MmapWriteGuard<'_, Self>
    where
        Self: Sized,
    {
        MmapWriteGuard::lock(self, subclass)
    }

    /// [`AddressSpace::mmap_write_lock`] that can be given up.
    ///
    /// # Errors
    ///
    /// If the patience is over first.
    #[track_caller]
    fn mmap_write_lock_killable(
        &self,
        patience: &Patience,
    ) -> Result<MmapWriteGuard<'_, Self>, Cancelled>
    where
        Self: Sized,
    {
        MmapWriteGuard::lock_killable(self, patience)
    }

    /// The mmap lock's write side, if that needs no waiting.
    #[track_caller]
    fn mmap_write_trylock(&self) -> Option<MmapWriteGuard<'_, Self>>
    where
        Self: Sized,
    {
        MmapWriteGuard::try_lock(self)
    }

    /// The VMA that contains `address`, read-locked without waiting. None means: ask again under
    /// the mmap lock.
    #[track_caller]
    fn lock_vma_under_rcu(&self, address: usize) -> Option<VmaReadGuard<'_, Self::Payload>>
    where
        Self: Sized,
    {
        lookup::lock_vma_under_rcu(self, address)
    }

    /// The first VMA that ends above `from`, read-locked. Waits only if a writer is in the way.
    ///
    /// # Errors
    ///
    /// [`NextError`].
    #[track_caller]
    fn lock_next_vma(
        &self,
        from: usize,
        patience: &Patience,
    ) -> Result<Option<VmaReadGuard<'_, Self::Payload>>, NextError>
    where
        Self: Sized,
    {
        lookup::lock_next_vma(self, from, patience)
    }

    /// The VMA that contains `address`, read-locked, with no fallback left to the caller: waits
    /// out a writer that is in the way. The calling thread must hold no lock of this address
    /// space.
    ///
    /// # Errors
    ///
    /// [`ReadError`].
    #[track_caller]
    fn vma_start_read_unlocked(
        &self,
        address: usize,
    ) -> Result<VmaReadGuard<'_, Self::Payload>, ReadError>
    where
        Self: Sized,
    {
        lookup::vma_start_read_unlocked(self, address)
    }
}
