//! VMAs that come and go, and changes of whole ranges.

use std::ops::Range;
use std::ptr::NonNull;

use crate::guard::MmapWriteGuard;
use crate::lock::{Cancelled, Patience};
use crate::mm::Mm;
use crate::range::{InsertError, RangeError};
use crate::vma::Vma;

/// Changes of what is there. Each waits for the readers of the VMAs in question, and for no
/// others; to give up waiting, lock them first with
/// [`MmapWriteGuard::start_write_range_killable`].
impl<'a, T: Send + Sync> MmapWriteGuard<'a, Mm<T>> {
    /// Makes a VMA. Readers find it once this guard is dropped or downgraded.
    ///
    /// # Errors
    ///
    /// If the range is empty, unaligned, out of order or overlaps a VMA: with the payload.
    #[track_caller]
    pub fn insert(
        &mut self,
        range: Range<usize>,
        payload: T,
    ) -> Result<&'a Vma<T>, InsertError<T>> {
        match self.check_free(&range) {
            Ok(()) => Ok(self.put_in(range, payload)),
            Err(reason) => Err(InsertError { reason, payload }),
        }
    }

    /// Removes a VMA and gives its payload.
    ///
    /// # Errors
    ///
    /// If it is detached.
    #[track_caller]
    pub fn remove(&mut self, vma: &'a Vma<T>) -> Result<T, RangeError> {
        self.bounds(vma)?;
        self.vma_start_write(vma);
        Ok(self.take_out(vma))
    }

    /// Removes all that lies in a range, holes or not, and gives what was there. A VMA that reaches
    /// beyond it is cut at the border; the part outside stays, with the payload or a clone of it.
    ///
    /// # Errors
    ///
    /// If the range is empty, unaligned or out of order.
    #[track_caller]
    pub fn unmap(&mut self, range: Range<usize>) -> Result<Vec<(Range<usize>, T)>, RangeError>
    where
        T: Clone,
    {
        self.space().check(&range)?;
        let inside = self.isolate(&range);
        let removed = inside.into_iter();
        Ok(removed.map(|vma| (vma.start()..vma.end(), self.take_out(vma))).collect())
    }

    /// Changes the payloads of all VMAs in a range that has no holes. A VMA that reaches beyond it
    /// is cut at the border, and the part outside keeps the old payload. Like `mprotect`.
    ///
    /// If `change` panics, the cuts and the changes that were made stay.
    ///
    /// # Errors
    ///
    /// If the range is empty, unaligned, out of order or has a hole.
    #[track_caller]
    pub fn update(
        &mut self,
        range: Range<usize>,
        mut change: impl FnMut(Range<usize>, &mut T),
    ) -> Result<(), RangeError>
    where
        T: Clone,
    {
        self.space().check(&range)?;
        let mut covered = range.start;
        for vma in self.vmas(range.clone()) {
            if vma.start() > covered {
                break;
            }
            covered = vma.end();
        }
        if covered < range.end {
            return Err(RangeError::Hole { at: covered });
        }
        for vma in self.isolate(&range) {
            if let Some(payload) = self.payload_mut(vma) {
                change(vma.start()..vma.end(), payload);
            }
        }
        Ok(())
    }

    /// Write-locks all VMAs that overlap a range: waits for their readers. No change of them in this
    /// write section waits any more.
    #[track_caller]
    pub fn start_write_range(&mut self, range: Range<usize>) {
        self.for_each_in(range, |writer, vma| {
            writer.vma_start_write(vma);
            true
        });
    }

    /// [`MmapWriteGuard::start_write_range`] that can be given up.
    ///
    /// # Errors
    ///
    /// If the patience is over first. The VMAs that were locked by then stay so until the end of
    /// the section; nothing has changed.
    #[track_caller]
    pub fn start_write_range_killable(
        &mut self,
        range: Range<usize>,
        patience: &Patience,
    ) -> Result<(), Cancelled> {
        let mut locked = Ok(());
        self.for_each_in(range, |writer, vma| {
            locked = writer.vma_start_write_killable(vma, patience);
            locked.is_ok()
        });
        locked
    }

    /// How many bytes the index takes, the part that is out of use included.
    #[must_use]
    pub fn index_bytes(&mut self) -> usize {
        // SAFETY: we hold the mmap lock for writing.
        unsafe { self.space().writer() }.bytes()
    }

    /// Calls `visit`, which changes no range, for each VMA that overlaps a range, in order, until it
    /// answers false. In one walk through the index: cheaper than [`MmapWriteGuard::vmas`].
    #[track_caller]
    fn for_each_in(
        &mut self,
        range: Range<usize>,
        mut visit: impl FnMut(&mut Self, &'a Vma<T>) -> bool,
    ) {
        let space = self.space();
        space.index.visit(range.start, |slot| {
            let vma = space.slot(slot);
            vma.start() < range.end && visit(self, vma)
        });
    }

    fn check_free(&self, range: &Range<usize>) -> Result<(), RangeError> {
        self.space().check(range)?;
        match self.vmas(range.clone()).next() {
            Some(vma) => Err(RangeError::Overlap { with: vma.start()..vma.end() }),
            None => Ok(()),
        }
    }

    /// Write-locks all VMAs that overlap a range, cuts those that reach beyond it, and gives those
    /// inside. Clones payloads before it changes anything.
    #[track_caller]
    fn isolate(&mut self, range: &Range<usize>) -> Vec<&'a Vma<T>>
    where
        T: Clone,
    {
        self.start_write_range(range.clone());
        let mut inside: Vec<&'a Vma<T>> = self.vmas(range.clone()).collect();
        let cuts = |at: usize| move |vma: &&&'a Vma<T>| vma.start() < at && at < vma.end();
        let copy = |vma: &&'a Vma<T>| Some((*vma, self.payload(vma)?.clone()));
        let low = inside.first().filter(cuts(range.start)).and_then(copy);
        let high = inside.last().filter(cuts(range.end)).and_then(copy);
        // From above, since one VMA may be cut at both borders.
        if let Some((vma, payload)) = high {
            self.cut(vma, range.end, payload);
        }
        if let Some((vma, payload)) = low {
            inside[0] = self.cut(vma, range.start, payload);
        }
        inside
    }

    /// Makes a VMA of a range that was checked.
    #[track_caller]
    pub(super) fn put_in(&mut self, range: Range<usize>, payload: T) -> &'a Vma<T> {
        let space = self.space();
        let vma = space.pool.take();
        // SAFETY: the slot is fresh from the pool, and nobody else's.
        unsafe { self.vma_attach(vma, range.start, range.end, payload) };
        // SAFETY: we hold the mmap lock for writing.
        let mut index = unsafe { space.writer() };
        index.insert(range.start, range.end - 1, NonNull::from(vma));
        space.count(1);
        vma
    }

    /// Removes a VMA that is write-locked.
    #[track_caller]
    pub(super) fn take_out(&mut self, vma: &'a Vma<T>) -> T {
        let space = self.space();
        // SAFETY: we hold the mmap lock for writing.
        let is_there = unsafe { space.writer() }.remove(vma.end() - 1);
        debug_assert!(is_there, "the index lacks a VMA");
        space.count(-1);
        let payload = self.vma_detach(vma);
        // SAFETY: it is detached, was taken from this pool, and was in the index once.
        unsafe { space.pool.give_back(vma) };
        payload
    }
}
