//! The address space once more, as a sorted vector and with the plainest code there is.

use std::ops::Range;

use vmalock::RangeError;

pub(crate) type Entry = (Range<usize>, u32);

#[derive(Debug, Default)]
pub(crate) struct Naive {
    pub(crate) entries: Vec<Entry>,
    pub(crate) page: usize,
}

impl Naive {
    fn check(&self, range: &Range<usize>) -> Result<(), RangeError> {
        let (start, end) = (range.start, range.end);
        if start > end {
            return Err(RangeError::OutOfOrder { start, end });
        }
        self.check_border(start)?;
        self.check_border(end)?;
        if start == end { Err(RangeError::Empty { at: start }) } else { Ok(()) }
    }

    fn check_border(&self, address: usize) -> Result<(), RangeError> {
        let page = self.page;
        let is_aligned = address.is_multiple_of(page);
        if is_aligned { Ok(()) } else { Err(RangeError::Unaligned { address, page }) }
    }

    fn overlap(&self, range: &Range<usize>, but: Option<usize>) -> Result<(), RangeError> {
        for (at, (other, _)) in self.entries.iter().enumerate() {
            if Some(at) != but && other.start < range.end && range.start < other.end {
                return Err(RangeError::Overlap { with: other.clone() });
            }
        }
        Ok(())
    }

    fn put_in(&mut self, range: Range<usize>, payload: u32) {
        self.entries.push((range, payload));
        self.entries.sort_by_key(|(range, _)| range.start);
    }

    pub(crate) fn at(&self, address: usize) -> Option<usize> {
        self.entries.iter().position(|(range, _)| range.contains(&address))
    }

    pub(crate) fn next(&self, address: usize) -> Option<&Entry> {
        self.entries.iter().find(|(range, _)| range.end > address)
    }

    pub(crate) fn insert(&mut self, range: Range<usize>, payload: u32) -> Result<(), RangeError> {
        self.check(&range)?;
        self.overlap(&range, None)?;
        self.put_in(range, payload);
        Ok(())
    }

    pub(crate) fn split(&mut self, vma: usize, at: usize, upper: u32) -> Result<(), RangeError> {
        self.check_border(at)?;
        let old = self.entries[vma].0.clone();
        if at <= old.start || at >= old.end {
            return Err(RangeError::NotInside { of: old });
        }
        self.entries[vma].0.end = at;
        self.put_in(at..old.end, upper);
        Ok(())
    }

    pub(crate) fn merge(&mut self, lower: usize, upper: usize) -> Result<u32, RangeError> {
        let (end, start) = (self.entries[lower].0.end, self.entries[upper].0.start);
        if end != start {
            return Err(RangeError::NotAdjacent { end, start });
        }
        let (range, payload) = self.entries.remove(upper);
        self.entries[lower].0.end = range.end;
        Ok(payload)
    }

    pub(crate) fn shrink(&mut self, vma: usize, to: Range<usize>) -> Result<(), RangeError> {
        self.check(&to)?;
        let old = self.entries[vma].0.clone();
        if to.start < old.start || to.end > old.end {
            return Err(RangeError::NotInside { of: old });
        }
        self.entries[vma].0 = to;
        Ok(())
    }

    pub(crate) fn expand(&mut self, vma: usize, to: Range<usize>) -> Result<(), RangeError> {
        self.check(&to)?;
        let old = self.entries[vma].0.clone();
        if to.start > old.start || to.end < old.end {
            return Err(RangeError::NotAround { of: old });
        }
        self.overlap(&to, Some(vma))?;
        self.entries[vma].0 = to;
        Ok(())
    }

    /// Cuts at an address, where there is something to cut.
    fn cut(&mut self, at: usize) {
        if let Some(vma) = self.at(at)
            && self.entries[vma].0.start < at
        {
            let (range, payload) = self.entries[vma].clone();
            self.entries[vma].0.end = at;
            self.put_in(at..range.end, payload);
        }
    }

    pub(crate) fn unmap(&mut self, range: Range<usize>) -> Result<Vec<Entry>, RangeError> {
        self.check(&range)?;
        self.cut(range.start);
        self.cut(range.end);
        let is_inside = |entry: &Entry| range.start <= entry.0.start && entry.0.end <= range.end;
        let (inside, outside) = self.entries.drain(..).partition(is_inside);
        self.entries = outside;
        Ok(inside)
    }

    pub(crate) fn update(&mut self, range: Range<usize>, payload: u32) -> Result<(), RangeError> {
        self.check(&range)?;
        for at in range.clone().step_by(self.page) {
            if self.at(at).is_none() {
                return Err(RangeError::Hole { at });
            }
        }
        self.cut(range.start);
        self.cut(range.end);
        for entry in &mut self.entries {
            if range.start <= entry.0.start && entry.0.end <= range.end {
                entry.1 = payload;
            }
        }
        Ok(())
    }
}
