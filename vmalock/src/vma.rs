//! [`Vma`]: the slot that holds a range, its lock and its payload.
//!
//! A slot is type-stable: its memory stays a `Vma<T>` as long as anybody may have a reference,
//! while the ranges in it, and the address spaces they belong to, come and go. So a reference is a
//! harmless thing, and may be stale: the bounds it shows may be another range's, and the payload
//! is reached only through guards, which know whose it is.

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;

use crate::lock::VmaLock;
use crate::sync::{AtomicUsize, Cell};

/// A range with its lock and its payload; 64 bytes if the payload is small.
///
/// What a reader needs, the lock and the bounds, is on one cache line, the first. The alignment
/// keeps the count, which every reader writes, off the lines of other slots; a [`Pool`](crate::Pool)
/// keeps it off the line beside, too, which some processors fetch along: its slots lie 128 bytes
/// apart.
#[repr(C, align(64))]
pub struct Vma<T> {
    pub(crate) lock: VmaLock,
    /// Changed under the VMA's write lock, or while detached. Relaxed: ordered by the lock.
    start: AtomicUsize,
    /// As `start`.
    end: AtomicUsize,
    /// Written under the VMA's write lock, or while detached; read under its read lock or the
    /// mmap lock. There is a payload while the VMA is attached.
    pub(crate) payload: Cell<Option<T>>,
}

// SAFETY: A slot is shared by threads that take its payload out and drop it (`Send`), and read it
// at once (`Sync`); the lock keeps changes apart from reads.
unsafe impl<T: Send + Sync> Sync for Vma<T> {}

impl<T> Vma<T> {
    /// A free slot.
    #[must_use]
    pub fn new() -> Vma<T> {
        Vma {
            lock: VmaLock::new(),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            payload: Cell::new(None),
        }
    }

    /// The first address; stable under the VMA's lock or the mmap lock.
    #[inline]
    #[must_use]
    pub fn start(&self) -> usize {
        self.start.load(Relaxed)
    }

    /// The address after the last; stable under the VMA's lock or the mmap lock.
    #[inline]
    #[must_use]
    pub fn end(&self) -> usize {
        self.end.load(Relaxed)
    }

    /// Whether `address` is inside.
    #[inline]
    pub(crate) fn contains(&self, address: usize) -> bool {
        self.start() <= address && address < self.end()
    }

    /// Where the bounds lie.
    #[cfg(test)]
    pub(crate) fn bounds_at(&self) -> [usize; 2] {
        [&self.start, &self.end].map(|bound| std::ptr::from_ref(bound).addr())
    }

    /// The caller has the slot write-locked, or it is detached and the caller's.
    pub(crate) fn set_bounds(&self, start: usize, end: usize) {
        self.start.store(start, Relaxed);
        self.end.store(end, Relaxed);
    }

    /// The slot's lock, for the functions of [`lock`](crate::lock).
    #[must_use]
    pub fn lock(&self) -> &VmaLock {
        &self.lock
    }
}

impl<T> Default for Vma<T> {
    fn default() -> Vma<T> {
        Vma::new()
    }
}

impl<T> fmt::Debug for Vma<T> {
    /// Bounds and lock. Not the payload, which needs a lock.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vma")
            .field("start", &format_args!("{:#x}", self.start()))
            .field("end", &format_args!("{:#x}", self.end()))
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}
