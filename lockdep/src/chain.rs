//! Chain keys: one 64-bit value for the sequence of (class, mode) that a task holds.
//!
//! The expensive rules run once per distinct chain. A key folds one more (class, mode) into the key
//! below it by one 64×64→128-bit multiplication. Two chains share a key with probability 2⁻⁶⁴ a
//! pair; the tracker accepts that.

use std::cell::Cell;
use std::panic::Location;

use crate::how::Describe;
use crate::map::Word;

/// Key of the empty chain. Zero, so that a new task's memory is all zero.
pub(crate) const EMPTY: u64 = 0;

const CHAIN_MULTIPLIER: u64 = 0x9fb2_1c65_1e98_df25;
const SITE_MULTIPLIER: u64 = 0xd6e8_feb8_6659_fd93;

/// The key of the chain `key` with one more lock on top, held as `entry` says.
#[inline]
pub(crate) fn extend(key: u64, entry: Word) -> u64 {
    fold(key ^ entry.chain_bits(), CHAIN_MULTIPLIER)
}

/// The key of a chain whose top lock was taken at one place: what a backtrace is kept for, and
/// what a task knows to be validated.
#[inline]
pub(crate) fn at(chain: u64, site: &'static Location<'static>) -> u64 {
    chain ^ (std::ptr::from_ref(site).addr() as u64).wrapping_mul(SITE_MULTIPLIER)
}

/// The key under which [`at`]'s is known if a lock of the same class is held too: the warm path
/// must not find it, because the instances have to be looked at.
#[inline]
pub(crate) fn with_siblings(key: u64) -> u64 {
    key.rotate_left(32) ^ SITE_MULTIPLIER
}

/// The key of two locks of one class taken in this order and in these ways.
pub(crate) fn pair(held: Word, wanted: Word) -> u64 {
    let bits = |entry: Word| entry.lock() | u64::from(entry.how().bits());
    fold(fold(bits(held), SITE_MULTIPLIER) ^ bits(wanted), CHAIN_MULTIPLIER)
}

/// The key of a lock's constructor: its place and what it is.
pub(crate) fn constructor(place: &'static Location<'static>, describe: Describe) -> u64 {
    let place = std::ptr::from_ref(place).addr() as u64;
    fold(fold(place, SITE_MULTIPLIER) ^ describe as usize as u64, CHAIN_MULTIPLIER)
}

#[inline]
fn fold(value: u64, multiplier: u64) -> u64 {
    let product = u128::from(value) * u128::from(multiplier);
    product as u64 ^ (product >> 64) as u64
}

/// The keys that one task knows to be validated: two places for each, the first of which costs one
/// load to look at.
///
/// With one place a nest of 32 locks would nearly always have two keys that push each other out.
/// A forgotten key costs a second look at the process-wide set, never a wrong verdict.
#[derive(Debug)]
pub(crate) struct KeyCache {
    keys: [Cell<u64>; KeyCache::SIZE],
}

impl KeyCache {
    const BITS: u32 = 10;
    const SIZE: usize = 1 << KeyCache::BITS;

    pub(crate) const fn new() -> KeyCache {
        KeyCache { keys: [const { Cell::new(0) }; KeyCache::SIZE] }
    }

    #[inline]
    pub(crate) fn contains(&self, key: u64) -> bool {
        let (first, second) = self.places(key);
        first.get() == key || second.get() == key
    }

    /// Puts a key into its first place; what was there moves to the second, and what was there is
    /// forgotten.
    pub(crate) fn insert(&self, key: u64) {
        let (first, second) = self.places(key);
        second.set(first.replace(key));
    }

    #[inline]
    fn places(&self, key: u64) -> (&Cell<u64>, &Cell<u64>) {
        let index = (key >> (u64::BITS - KeyCache::BITS)) as usize;
        (&self.keys[index], &self.keys[index ^ 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::how::How;
    use crate::map::Map;
    use crate::registry::ClassId;

    #[test]
    fn the_key_tells_mode_and_order_apart() {
        let word = |class| Map::new().resolve(ClassId::new(class).unwrap(), 1);
        let (a, b) = (word(1).held(How::EXCLUSIVE), word(2).held(How::EXCLUSIVE));
        let read_b = word(2).held(How::SHARED);
        let a_b = extend(extend(EMPTY, a), b);
        assert_ne!(a_b, extend(extend(EMPTY, b), a));
        assert_ne!(a_b, extend(extend(EMPTY, a), read_b));
        let nested = word(1).held(How::EXCLUSIVE.subclass(1));
        assert_ne!(extend(EMPTY, nested), extend(EMPTY, a));
        assert_ne!(pair(a, b), pair(b, a));
        assert_ne!(pair(a, b), pair(a, read_b));
    }

    #[test]
    fn a_cache_forgets_but_never_invents() {
        let cache = KeyCache::new();
        let [one, two, three] = [1, 2, 3].map(|low| 3 << 56 | low);
        cache.insert(one);
        assert!(cache.contains(one) && !cache.contains(two));
        cache.insert(two);
        assert!(cache.contains(one) && cache.contains(two));
        cache.insert(three);
        assert!(!cache.contains(one) && cache.contains(two) && cache.contains(three));
    }
}
