//! Changes of where a VMA begins and ends.

use std::ops::Range;

use crate::guard::MmapWriteGuard;
use crate::mm::Mm;
use crate::range::{RangeError, contains};
use crate::vma::Vma;

/// Changes of bounds. Each waits for the readers of the VMAs that are named, and for no others;
/// to give up waiting, lock them first with [`MmapWriteGuard::start_write_range_killable`].
impl<'a, T: Send + Sync> MmapWriteGuard<'a, Mm<T>> {
    /// Cuts a VMA in two at `at`. The VMA keeps the lower part; the upper part is a new one, with
    /// a clone of the payload.
    ///
    /// # Errors
    ///
    /// If `at` is unaligned or not inside the VMA, or the VMA is detached.
    #[track_caller]
    pub fn split(&mut self, vma: &'a Vma<T>, at: usize) -> Result<&'a Vma<T>, RangeError>
    where
        T: Clone,
    {
        self.split_with(vma, at, |payload| payload.clone())
    }

    /// [`MmapWriteGuard::split`] with the upper part's payload made by `upper`, which may change
    /// the lower part's too. It is called before anything has changed.
    ///
    /// # Errors
    ///
    /// As [`MmapWriteGuard::split`].
    #[track_caller]
    pub fn split_with(
        &mut self,
        vma: &'a Vma<T>,
        at: usize,
        upper: impl FnOnce(&mut T) -> T,
    ) -> Result<&'a Vma<T>, RangeError> {
        let old = self.bounds(vma)?;
        self.space().check_border(at)?;
        if at <= old.start || at >= old.end {
            return Err(RangeError::NotInside { of: old });
        }
        let payload = upper(self.payload_mut(vma).ok_or(RangeError::Detached)?);
        Ok(self.cut(vma, at, payload))
    }

    /// Makes one VMA of two that touch: `lower` gets the bounds of both and keeps its payload. The
    /// payload of `upper`, which is removed, is given back.
    ///
    /// # Errors
    ///
    /// If `upper` does not begin where `lower` ends, or one of them is detached.
    #[track_caller]
    pub fn merge(&mut self, lower: &'a Vma<T>, upper: &'a Vma<T>) -> Result<T, RangeError> {
        let (low, high) = (self.bounds(lower)?, self.bounds(upper)?);
        if low.end != high.start {
            return Err(RangeError::NotAdjacent { end: low.end, start: high.start });
        }
        self.vma_start_write(lower);
        self.vma_start_write(upper);
        let payload = self.take_out(upper);
        self.set_range(lower, &low, low.start..high.end);
        Ok(payload)
    }

    /// Gives a VMA bounds inside those that it has.
    ///
    /// # Errors
    ///
    /// If `to` is empty, unaligned, out of order or not inside, or the VMA is detached.
    #[track_caller]
    pub fn shrink(&mut self, vma: &'a Vma<T>, to: Range<usize>) -> Result<(), RangeError> {
        let old = self.bounds(vma)?;
        self.space().check(&to)?;
        if !contains(&old, &to) {
            return Err(RangeError::NotInside { of: old });
        }
        self.set_range(vma, &old, to);
        Ok(())
    }

    /// Gives a VMA bounds around those that it has.
    ///
    /// # Errors
    ///
    /// If `to` is empty, unaligned, out of order, not around, or overlaps another VMA, or the VMA
    /// is detached.
    #[track_caller]
    pub fn expand(&mut self, vma: &'a Vma<T>, to: Range<usize>) -> Result<(), RangeError> {
        let old = self.bounds(vma)?;
        self.space().check(&to)?;
        if !contains(&to, &old) {
            return Err(RangeError::NotAround { of: old });
        }
        if let Some(other) = self.vmas(to.clone()).find(|other| !std::ptr::eq(*other, vma)) {
            return Err(RangeError::Overlap { with: other.start()..other.end() });
        }
        self.set_range(vma, &old, to);
        Ok(())
    }

    /// The bounds of a VMA of this address space.
    pub(super) fn bounds(&self, vma: &Vma<T>) -> Result<Range<usize>, RangeError> {
        self.payload(vma).map(|_| vma.start()..vma.end()).ok_or(RangeError::Detached)
    }

    /// Cuts at an address that was checked.
    #[track_caller]
    pub(super) fn cut(&mut self, vma: &'a Vma<T>, at: usize, payload: T) -> &'a Vma<T> {
        let old = vma.start()..vma.end();
        self.set_range(vma, &old, old.start..at);
        self.put_in(at..old.end, payload)
    }

    /// Changes bounds, checked ones, in the slot and in the index.
    #[track_caller]
    fn set_range(&mut self, vma: &Vma<T>, old: &Range<usize>, new: Range<usize>) {
        self.vma_set_bounds(vma, new.start, new.end);
        // SAFETY: we hold the mmap lock for writing.
        let mut index = unsafe { self.space().writer() };
        let is_there = index.move_bounds(old.end - 1, new.start, new.end - 1);
        debug_assert!(is_there, "the index lacks {old:#x?}");
    }
}
