//! A set of classes that is asked on every path: one bit a class, modulo the size.
//!
//! A bit too many costs whoever asks a closer look, a bit too few cannot be. Nothing is taken out.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const WORDS: usize = 64;

/// Which classes may be in the set.
#[derive(Debug)]
pub(crate) struct ClassFilter([AtomicU64; WORDS]);

impl ClassFilter {
    pub(crate) const fn new() -> ClassFilter {
        ClassFilter([const { AtomicU64::new(0) }; WORDS])
    }

    pub(crate) fn add(&self, class: u32) {
        let (word, bit) = self.position(class);
        word.fetch_or(bit, Relaxed);
    }

    /// False only if the class was never added.
    #[inline]
    pub(crate) fn has(&self, class: u32) -> bool {
        let (word, bit) = self.position(class);
        word.load(Relaxed) & bit != 0
    }

    #[inline]
    fn position(&self, class: u32) -> (&AtomicU64, u64) {
        (&self.0[class as usize / 64 % WORDS], 1 << (class % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_and_little_else() {
        let filter = ClassFilter::new();
        let added = [1, 64, 4095, 5000, 1 << 19];
        added.iter().for_each(|&class| filter.add(class));
        assert!(added.iter().all(|&class| filter.has(class)));
        assert_eq!((0..4096).filter(|&class| filter.has(class)).count(), added.len());
    }
}
