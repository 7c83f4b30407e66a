//! Chain keys: one 64-bit value for the sequence of (class, mode) that a task holds.
//!
//! The expensive rules run once per distinct chain. A key folds one more (class, mode) into the key
//! below it by one 64×64→128-bit multiplication. Two chains share a key with probability about 2⁻⁶⁴ a
//! pair; the tracker accepts that.

use std::cell::Cell;
use std::panic::Location;

use crate::how::Describe;
use crate::on::map::Word;

/// Key of the empty chain. Zero, so that a new task's memory is all zero.
pub(crate) const EMPTY: u64 = 0;

const CHAIN_MULTIPLIER: u64 = 0x9fb2_1c65_1e98_df25;
const SITE_MULTIPLIER: u64 = 0xd6e8_feb8_6659_fd93;

/// The key of the chain `key` with one more lock on top, held as `entry` says.
#[inline]
pub(crate) fn extend(key: u64, entry: Word) -> u64 {
    fold(key ^ entry.chain_bits(), CHAIN_MULTIPLIER)
}

/// The key that a new chain starts from, above what `below` is the key of; [`EMPTY`] if neither
/// says anything.
pub(crate) fn frame(below: u64, base: u64) -> u64 {
    fold(below.rotate_left(1) ^ base, SITE_MULTIPLIER)
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

/// The key that a wait without an acquire has in place of an acquire's.
#[inline]
pub(crate) fn of_sync(key: u64) -> u64 {
    key.rotate_left(16) ^ CHAIN_MULTIPLIER
}

/// The key of a wait for an event at one place, by a chain: for this very thing that is waited for.
pub(crate) fn of_event(key: u64, event: Word, site: &'static Location<'static>) -> u64 {
    at(fold(extend(key, event).rotate_left(8) ^ event.lock(), SITE_MULTIPLIER), site)
}

/// Spreads the number of a place, or of a class.
pub(crate) fn of_place(place: u64) -> u64 {
    fold(place, SITE_MULTIPLIER)
}

/// The key under which it is known that a task has made an event of this very thing.
pub(crate) fn of_maker(event: Word) -> u64 {
    fold(event.lock() ^ CHAIN_MULTIPLIER, SITE_MULTIPLIER)
}

/// The key under which it is known that code of this class takes the top lock of a chain.
pub(crate) fn of_code(key: u64, code: u32) -> u64 {
    fold(key ^ u64::from(code), SITE_MULTIPLIER)
}

/// The key that an acquire under a nest lock is known by: one without must not be taken for it.
pub(crate) fn nested(key: u64) -> u64 {
    key.rotate_left(48) ^ CHAIN_MULTIPLIER
}

/// The key that a pair has, of which nothing has to be said but that the one waits while it holds
/// the other.
pub(crate) fn settled(pair: u64) -> u64 {
    pair.rotate_left(16) ^ CHAIN_MULTIPLIER
}

/// The key of two locks of one class taken in this order and in these ways, by a chain: what else
/// it holds may keep others away.
pub(crate) fn pair(chain: u64, held: Word, wanted: Word) -> u64 {
    let bits = |entry: Word| entry.lock() | u64::from(entry.how().bits());
    chain ^ fold(fold(bits(held), SITE_MULTIPLIER) ^ bits(wanted), CHAIN_MULTIPLIER)
}

/// The key of a lock's constructor: its place and what it is.
pub(crate) fn constructor(place: &'static Location<'static>, describe: Describe) -> u64 {
    let place = std::ptr::from_ref(place).addr() as u64;
    fold(fold(place, SITE_MULTIPLIER) ^ describe as usize as u64, CHAIN_MULTIPLIER)
}

/// What keys start from in a situation: `context` says which context runs and what it allows, `shut`
/// which cannot run. Never [`EMPTY`].
pub(crate) fn situation(context: u64, shut: u64) -> u64 {
    fold(fold(context ^ CHAIN_MULTIPLIER, SITE_MULTIPLIER) ^ shut, CHAIN_MULTIPLIER) | 1
}

/// The key under which it is known that what a chain says of some contexts was judged.
pub(crate) fn marked(key: u64, contexts: u64) -> u64 {
    fold(key.rotate_left(16) ^ contexts, SITE_MULTIPLIER) ^ CHAIN_MULTIPLIER
}

#[inline]
fn fold(value: u64, multiplier: u64) -> u64 {
    let product = u128::from(value) * u128::from(multiplier);
    product as u64 ^ (product >> 64) as u64
}

/// The keys that one task knows to be validated. Each can be at any place of one cache line; the
/// warm path looks at the first two of them, the cold path at all eight.
///
/// So what a loop over dozens of locks needs finds room together, however its keys fall. With one
/// place for each key a nest of 32 locks nearly always had two that pushed each other out for ever;
/// with two places, in one process of fifty.
///
/// A forgotten key costs a second look at the process-wide set, never a wrong verdict.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct KeyCache {
    keys: [Cell<u64>; KeyCache::SIZE],
}

impl KeyCache {
    const BITS: u32 = 10;
    const SIZE: usize = 1 << KeyCache::BITS;
    const LINE: usize = 8;

    pub(crate) const fn new() -> KeyCache {
        KeyCache { keys: [const { Cell::new(0) }; KeyCache::SIZE] }
    }

    /// Whether a key is where the warm path looks.
    #[inline]
    pub(crate) fn has_at_hand(&self, key: u64) -> bool {
        self.place(key, 0).get() == key || self.place(key, 1).get() == key
    }

    pub(crate) fn contains(&self, key: u64) -> bool {
        (0..KeyCache::LINE).any(|step| self.place(key, step).get() == key)
    }

    /// Forgets all keys.
    pub(crate) fn clear(&self) {
        self.keys.iter().for_each(|key| key.set(0));
    }

    /// Puts a key into its first place. The keys on the way move one place on, up to a free one; if
    /// there is none, the last is forgotten.
    pub(crate) fn insert(&self, key: u64) {
        if self.contains(key) {
            return;
        }
        let mut moving = key;
        for step in 0..KeyCache::LINE {
            moving = self.place(key, step).replace(moving);
            if moving == 0 {
                return;
            }
        }
    }

    /// A key's places, by how far they are from the first: all of one line.
    #[inline]
    fn place(&self, key: u64, step: usize) -> &Cell<u64> {
        &self.keys[(key >> (u64::BITS - KeyCache::BITS)) as usize ^ step]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::how::How;
    use crate::on::map::{Map, Tag};
    use crate::on::registry::ClassId;

    #[test]
    fn the_key_tells_mode_and_order_apart() {
        let word = |class| Map::new().resolve(ClassId::new(class).unwrap(), Tag::REST, 1);
        let (a, b) = (word(1).held(How::EXCLUSIVE), word(2).held(How::EXCLUSIVE));
        let read_b = word(2).held(How::SHARED);
        let a_b = extend(extend(EMPTY, a), b);
        assert_ne!(a_b, extend(extend(EMPTY, b), a));
        assert_ne!(a_b, extend(extend(EMPTY, a), read_b));
        let nested = word(1).held(How::EXCLUSIVE.subclass(1));
        assert_ne!(extend(EMPTY, nested), extend(EMPTY, a));
        assert_ne!(pair(0, a, b), pair(0, b, a));
        assert_ne!(pair(0, a, b), pair(0, a, read_b));
        assert_ne!(pair(0, a, b), pair(a_b, a, b));
    }

    #[test]
    fn a_cache_holds_eight_keys_a_line_and_never_invents_one() {
        let cache = KeyCache::new();
        // All want the same place.
        let key = |low: u64| 13 << 54 | low;
        for low in 1..=8 {
            assert!(!cache.contains(key(low)));
            cache.insert(key(low));
            cache.insert(key(low));
            assert!((1..=low).all(|low| cache.contains(key(low))));
            assert_eq!(
                (1..=8).filter(|&low| cache.has_at_hand(key(low))).count(),
                low.min(2) as usize
            );
        }
        cache.insert(key(9));
        assert!(cache.has_at_hand(key(9)) && !cache.contains(key(1)));
        assert!((2..=9).all(|low| cache.contains(key(low))));
    }
}
