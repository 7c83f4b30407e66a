//! [`VmaReadGuard`]: one range, kept as it is.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::lock::{MmLock, vma_end_read};
use crate::vma::Vma;

/// A read lock on one VMA: its bounds and its payload stay as they are, and no writer gets it,
/// until the guard is dropped. Writers of other VMAs go on.
///
/// Forgotten (`mem::forget`), the lock stays: nobody can ever write-lock this VMA again.
///
/// While it is held the thread must not wait for the mmap lock: the mmap lock's holder may be
/// waiting for this guard. The tracker finds that order out before it hangs.
#[must_use = "a guard that is dropped at once leaves the VMA unlocked"]
#[clippy::has_significant_drop]
pub struct VmaReadGuard<'a, T> {
    mm: &'a MmLock,
    vma: &'a Vma<T>,
    // The tracker wants to hear of the release from the thread that acquired.
    not_send: PhantomData<*const ()>,
}

// SAFETY: A shared guard gives shared access to the payload, and nothing more.
unsafe impl<T: Sync> Sync for VmaReadGuard<'_, T> {}

impl<'a, T> VmaReadGuard<'a, T> {
    /// The caller has just read-locked `vma`, which is `mm`'s, and gives the lock to the guard.
    #[inline]
    pub(crate) fn new(mm: &'a MmLock, vma: &'a Vma<T>) -> Self {
        VmaReadGuard { mm, vma, not_send: PhantomData }
    }

    /// The mm that the lock was got with.
    pub(crate) fn mm(&self) -> &'a MmLock {
        self.mm
    }

    /// The first address of the range.
    #[inline]
    #[must_use]
    pub fn start(&self) -> usize {
        self.vma.start()
    }

    /// The address after the last of the range.
    #[inline]
    #[must_use]
    pub fn end(&self) -> usize {
        self.vma.end()
    }

    /// The slot.
    #[must_use]
    pub fn vma(&self) -> &'a Vma<T> {
        self.vma
    }
}

impl<T> Deref for VmaReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: The read lock, got before the guard was made, keeps writers away while `self` is
        // borrowed.
        let payload = unsafe { &*self.vma.payload.read() };
        // Bounds that matched were stored with a payload.
        payload.as_ref().expect("an attached VMA has a payload")
    }
}

impl<T> Drop for VmaReadGuard<'_, T> {
    #[inline]
    #[track_caller]
    fn drop(&mut self) {
        // SAFETY: The lock was got with this `mm`, and is the guard's; the borrow keeps `mm`.
        unsafe { vma_end_read(self.mm, &self.vma.lock) };
    }
}

impl<T: fmt::Debug> fmt::Debug for VmaReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VmaReadGuard")
            .field("start", &format_args!("{:#x}", self.start()))
            .field("end", &format_args!("{:#x}", self.end()))
            .field("payload", &**self)
            .finish()
    }
}
