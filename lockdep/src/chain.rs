//! Chain keys: one 64-bit value for the sequence of (class, mode) that a task holds.
//!
//! The expensive rules run once per distinct chain. A key folds one more (class, mode) into the key
//! below it by one 64×64→128-bit multiplication. Two chains share a key with probability 2⁻⁶⁴ a
//! pair; the tracker accepts that.

use std::cell::Cell;

use crate::registry::Node;
use crate::mode::Mode;

/// Key of the empty chain. Zero, so that a new task's memory is all zero.
pub(crate) const EMPTY: u64 = 0;

const CHAIN_MULTIPLIER: u64 = 0x9fb2_1c65_1e98_df25;
const SITE_MULTIPLIER: u64 = 0xd6e8_feb8_6659_fd93;

/// The key of the chain `key` with one more lock on top.
#[inline]
pub(crate) fn extend(key: u64, node: Node, mode: Mode) -> u64 {
    fold(key ^ (u64::from(node.bits()) << 2 | mode as u64), CHAIN_MULTIPLIER)
}

/// The key of a chain whose top lock was taken at one place: what a backtrace is kept for.
#[inline]
pub(crate) fn at(chain: u64, site: usize) -> u64 {
    fold(chain ^ site as u64, SITE_MULTIPLIER)
}

/// The key of a pair of locks of one class, taken in this order and in these modes.
#[inline]
pub(crate) fn pair(held: u64, held_mode: Mode, wanted: u64, wanted_mode: Mode) -> u64 {
    let first = fold(EMPTY ^ held, SITE_MULTIPLIER);
    let modes = (held_mode as u64) << 2 | wanted_mode as u64;
    fold(first ^ wanted.rotate_left(8) ^ modes, CHAIN_MULTIPLIER)
}

#[inline]
fn fold(value: u64, multiplier: u64) -> u64 {
    let product = u128::from(value) * u128::from(multiplier);
    product as u64 ^ (product >> 64) as u64
}

/// The keys that one task knows to be validated: direct-mapped, so that a look costs one load.
///
/// A forgotten key costs a second look at the process-wide set, never a wrong verdict.
#[derive(Debug)]
pub(crate) struct KeyCache {
    keys: [Cell<u64>; KeyCache::SIZE],
}

impl KeyCache {
    const SIZE: usize = 256;

    pub(crate) const fn new() -> KeyCache {
        KeyCache { keys: [const { Cell::new(0) }; KeyCache::SIZE] }
    }

    #[inline]
    pub(crate) fn contains(&self, key: u64) -> bool {
        self.slot(key).get() == key
    }

    #[inline]
    pub(crate) fn insert(&self, key: u64) {
        self.slot(key).set(key);
    }

    #[inline]
    fn slot(&self, key: u64) -> &Cell<u64> {
        &self.keys[(key >> 56) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_tells_mode_and_order_apart() {
        let (a, b) = (Node::new(1, 0), Node::new(2, 0));
        let a_b = extend(extend(EMPTY, a, Mode::Exclusive), b, Mode::Exclusive);
        let b_a = extend(extend(EMPTY, b, Mode::Exclusive), a, Mode::Exclusive);
        let a_read_b = extend(extend(EMPTY, a, Mode::Exclusive), b, Mode::Shared);
        assert_ne!(a_b, b_a);
        assert_ne!(a_b, a_read_b);
        assert_ne!(extend(EMPTY, Node::new(1, 1), Mode::Exclusive), extend(EMPTY, a, Mode::Exclusive));
    }

    #[test]
    fn a_cache_forgets_but_never_invents() {
        let cache = KeyCache::new();
        cache.insert(3 << 56 | 1);
        assert!(cache.contains(3 << 56 | 1));
        assert!(!cache.contains(3 << 56 | 2));
        cache.insert(3 << 56 | 2);
        assert!(!cache.contains(3 << 56 | 1));
    }
}
