//! Which classes have locks that were held together.
//!
//! A lock's destruction must take it out of the learned order between instances, or that order
//! would grow for ever; but most locks are not in it. One bit a class, modulo the size, spares
//! those the look: a bit too many costs a look, a bit too few cannot be.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const WORDS: usize = 64;

static CLASSES: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

/// Notes that two locks of a class were held together.
pub(crate) fn add(class: u32) {
    let (word, bit) = position(class);
    word.fetch_or(bit, Relaxed);
}

/// Whether two locks of a class may have been held together.
#[inline]
pub(crate) fn has(class: u32) -> bool {
    let (word, bit) = position(class);
    word.load(Relaxed) & bit != 0
}

#[inline]
fn position(class: u32) -> (&'static AtomicU64, u64) {
    (&CLASSES[class as usize / 64 % WORDS], 1 << (class % 64))
}
