//! Random numbers that a seed repeats.

use std::ops::Range;

/// xorshift64*.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }

    /// A range on multiples of `page` below `space`; now and then one that is empty, out of order or
    /// beside the multiples.
    pub(crate) fn range(&mut self, space: usize, page: usize) -> Range<usize> {
        let start = self.below(space / page) * page;
        let len = (1 + self.below(8)) * page;
        match self.below(24) {
            0 => start..start,
            1 => start + len..start,
            2 => start + 1..start + len,
            3 => start..start + len + 1,
            _ => start..start + len,
        }
    }
}
