//! The few bytes inside one lock that tie it to its class.
//!
//! ```text
//! place   the Location of the lock's constructor (8 bytes)
//! word    63      62…40   39…0
//!         OWN     class   instance                 (8 bytes)
//! ```
//!
//! | part | meaning | set |
//! |---|---|---|
//! | class | index in the registry, 0 before the first acquire | once, by the first acquire |
//! | instance | number of this lock, never used again, 0 before the first acquire | with the class |
//! | OWN | the tracker's own allocations take this lock: an allocator's lock | at any time |
//!
//! All accesses are relaxed: the word carries no other data, the class it names is found behind
//! the registry's own locks, and two threads that meet a new lock agree by compare-exchange.
//!
//! `Drop` sits here and not on the lock around it: on a generic lock it would change drop check for
//! the user's payload.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::registry::{self, ClassId, Node};

const INSTANCE_BITS: u32 = 40;
const CLASS_BITS: u32 = 23;
const INSTANCE_MASK: u64 = (1 << INSTANCE_BITS) - 1;
const CLASS_MASK: u64 = ((1 << CLASS_BITS) - 1) << INSTANCE_BITS;
const OWN_BIT: u64 = 1 << 63;

/// The largest class a map can name.
pub(crate) const MAX_CLASS: u32 = (1 << CLASS_BITS) - 1;
/// The largest instance number a map can carry; locks beyond share it.
pub(crate) const MAX_INSTANCE: u64 = INSTANCE_MASK;

/// Ties one lock to its class. Lives inside the lock; 16 bytes.
pub struct Map {
    place: &'static Location<'static>,
    word: AtomicU64,
}

/// What a map's word said at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MapWord(u64);

impl Map {
    /// The map of a new lock. Its class is the caller's place together with the payload's type,
    /// which the first acquire names.
    #[track_caller]
    #[must_use]
    pub const fn new() -> Map {
        Map { place: Location::caller(), word: AtomicU64::new(0) }
    }

    /// The map of a new lock whose class is made by hand: all maps of one `name` are one class.
    ///
    /// Looks the name up in the process's class registry.
    #[track_caller]
    #[must_use]
    pub fn named(name: &'static str) -> Map {
        let class = registry::named(name);
        Map {
            place: Location::caller(),
            word: AtomicU64::new(u64::from(class.get()) << INSTANCE_BITS),
        }
    }

    /// Where the lock was constructed.
    pub(crate) fn place(&self) -> &'static Location<'static> {
        self.place
    }

    #[inline]
    pub(crate) fn word(&self) -> MapWord {
        MapWord(self.word.load(Relaxed))
    }

    /// Gives the lock its class and number unless another thread was first; returns what holds.
    pub(crate) fn resolve(&self, class: ClassId, instance: u64) -> MapWord {
        let mut old = self.word.load(Relaxed);
        loop {
            if MapWord(old).is_resolved() {
                return MapWord(old);
            }
            let flags = old & OWN_BIT;
            let new = flags | (u64::from(class.get()) << INSTANCE_BITS) | instance;
            match self.word.compare_exchange(old, new, Relaxed, Relaxed) {
                Ok(_) => return MapWord(new),
                Err(now) => old = now,
            }
        }
    }

    /// Notes that the tracker's own allocations take this lock.
    pub(crate) fn set_own(&self) {
        self.word.fetch_or(OWN_BIT, Relaxed);
    }
}

impl MapWord {
    /// Whether the lock has its class and number.
    #[inline]
    pub(crate) fn is_resolved(self) -> bool {
        self.0 & INSTANCE_MASK != 0
    }

    /// Class and instance as one value: what tells this lock from all others.
    #[inline]
    pub(crate) fn lock(self) -> u64 {
        self.0 & (CLASS_MASK | INSTANCE_MASK)
    }

    /// The class, 0 if there is none yet.
    #[inline]
    pub(crate) fn class(self) -> u32 {
        class_of(self.0)
    }

    /// The class at one nesting level.
    #[inline]
    pub(crate) fn node(self, subclass: u8) -> Node {
        Node::new(self.class(), subclass)
    }

    #[inline]
    pub(crate) fn instance(self) -> u64 {
        instance_of(self.0)
    }

    #[inline]
    pub(crate) fn is_own(self) -> bool {
        self.0 & OWN_BIT != 0
    }
}

/// The class in a value that [`MapWord::lock`] gave.
#[inline]
pub(crate) fn class_of(lock: u64) -> u32 {
    ((lock & CLASS_MASK) >> INSTANCE_BITS) as u32
}

/// The instance in a value that [`MapWord::lock`] gave.
#[inline]
pub(crate) fn instance_of(lock: u64) -> u64 {
    lock & INSTANCE_MASK
}

impl Drop for Map {
    #[inline]
    fn drop(&mut self) {
        let word = MapWord(*self.word.get_mut());
        if word.is_resolved() {
            crate::event::destroyed(self);
        }
    }
}

impl Default for Map {
    #[track_caller]
    fn default() -> Map {
        Map::new()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        f.debug_struct("Map")
            .field("place", &format_args!("{}", self.place))
            .field("class", &word.class())
            .field("instance", &word.instance())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_sixteen_bytes() {
        assert_eq!(size_of::<Map>(), 16);
    }

    #[test]
    fn the_first_resolution_wins() {
        let map = Map::new();
        assert!(!map.word().is_resolved());
        map.set_own();
        let first = map.resolve(ClassId::new(7).unwrap(), 9);
        let second = map.resolve(ClassId::new(8).unwrap(), 10);
        assert_eq!(first, second);
        assert_eq!((first.class(), first.instance()), (7, 9));
        assert!(first.is_own());
    }
}
