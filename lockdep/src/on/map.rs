//! The few bytes inside one lock that tie it to its class.
//!
//! ```text
//! place   the Location of the lock's constructor (8 bytes)
//! word    63    62…45   44…41   40…7       6…0
//!         OWN   class   tag     instance   0       (8 bytes)
//! ```
//!
//! | part | meaning | set |
//! |---|---|---|
//! | class | index in the registry, 0 before the first acquire | by the first acquire; again by hand |
//! | tag | sets a few locks of a class apart in chain keys (`census`) | with the class |
//! | instance | number of this lock, never used again, 0 before the first acquire | with the class |
//! | OWN | the tracker's own allocations take this lock: an allocator's lock | at any time |
//!
//! Two more things happen to a word: a lock may be given another class by hand, and keeps its number
//! then; and it may be told never to be tracked, for which OWN goes with a class that no lock has.
//!
//! So a word that is positive as a signed number names a lock that needs no special care, which is
//! the one test of the warm path. The low bits are free for what a held stack adds: how it is held.
//!
//! All accesses are relaxed: the word carries no other data, the class it names is found behind
//! the registry's own locks, and two threads that meet a new lock agree by compare-exchange.
//!
//! `Drop` sits here and not on the lock around it: on a generic lock it would change drop check for
//! the user's payload.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::how::How;
use crate::on::census;
use crate::on::class_key;
use crate::on::dynamic::DynamicClass;
use crate::on::process;
use crate::on::registry::{self, ClassId, Node};
use crate::wait_type::Traits;

const INSTANCE_SHIFT: u32 = How::BITS;
const TAG_SHIFT: u32 = 41;
const CLASS_SHIFT: u32 = TAG_SHIFT + Tag::BITS;
const OWN_BIT: u64 = 1 << 63;
/// Class and tag: what a chain key knows of a lock.
const KIND_MASK: u64 = !OWN_BIT & !((1 << TAG_SHIFT) - 1);
const HOW_MASK: u64 = (1 << How::BITS) - 1;

/// The largest class a map can name, and a class that no lock has.
pub(crate) const MAX_CLASS: u32 = (1 << (63 - CLASS_SHIFT)) - 1;
/// The largest number a lock can have.
pub(crate) const MAX_INSTANCE: u64 = (1 << (TAG_SHIFT - INSTANCE_SHIFT)) - 1;

/// Sets a lock apart from others of its class in chain keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag(u8);

impl Tag {
    const BITS: u32 = 4;
    /// Of a lock that has no class yet.
    pub(crate) const NONE: Tag = Tag(0);
    /// Of the locks for which no tag was left.
    pub(crate) const REST: Tag = Tag((1 << Tag::BITS) - 1);

    pub(crate) const fn new(tag: u8) -> Tag {
        assert!(tag <= Tag::REST.0, "a tag has four bits");
        Tag(tag)
    }

    pub(crate) const fn get(self) -> u8 {
        self.0
    }
}

/// Ties one lock to its class. Lives inside the lock; 16 bytes.
pub struct Map {
    place: &'static Location<'static>,
    word: AtomicU64,
}

/// What a map's word said at one moment, or an entry of a held stack: the word and how it is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word(u64);

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
        Map::named_with(name, Traits::default())
    }

    /// As [`Map::named`], for a class of which `traits` holds. What was said where a name was first
    /// used counts everywhere.
    #[track_caller]
    #[must_use]
    pub fn named_with(name: &'static str, traits: Traits) -> Map {
        let place = Location::caller();
        let class = process::quietly(|| registry::named(name, traits, place));
        let map = Map::new();
        let instance = crate::on::thread::with_task(crate::on::task::Task::next_instance);
        if let (Some(class), Some(instance)) = (class, instance) {
            map.resolve(class, census::tag_for_new(class.get()), instance);
        }
        map
    }

    /// The map of a new lock of a class that was made at run time.
    #[track_caller]
    #[must_use]
    pub fn of_class(class: &DynamicClass) -> Map {
        let map = Map::new();
        if let Some(class) = class.id() {
            class_key::resolve(&map, class);
        }
        map
    }

    /// Where the lock was constructed.
    pub(crate) fn place(&self) -> &'static Location<'static> {
        self.place
    }

    #[inline]
    pub(crate) fn word(&self) -> Word {
        Word(self.word.load(Relaxed))
    }

    /// Gives the lock its class and number unless another thread was first; returns what holds.
    pub(crate) fn resolve(&self, class: ClassId, tag: Tag, instance: u64) -> Word {
        let (class, tag) = (u64::from(class.get()), u64::from(tag.0));
        let given = class << CLASS_SHIFT | tag << TAG_SHIFT | instance << INSTANCE_SHIFT;
        let mut old = self.word.load(Relaxed);
        loop {
            if Word(old).is_resolved() {
                // Nobody else will use the tag that came with this call.
                census::forget(Word(given));
                return Word(old);
            }
            let new = old & OWN_BIT | given;
            match self.word.compare_exchange(old, new, Relaxed, Relaxed) {
                Ok(_) => return Word(new),
                Err(now) => old = now,
            }
        }
    }

    /// Gives a lock that has a number another class; returns what held before and what holds now.
    pub(crate) fn set_class(&self, class: ClassId) -> (Word, Word) {
        let tag = u64::from(census::tag_for_new(class.get()).0);
        let given = u64::from(class.get()) << CLASS_SHIFT | tag << TAG_SHIFT;
        self.change(|word| word & !KIND_MASK | given)
    }

    /// Notes that the lock is never tracked; returns what held before.
    pub(crate) fn set_untracked(&self) -> Word {
        self.change(|word| word | OWN_BIT | KIND_MASK).0
    }

    fn change(&self, f: impl Fn(u64) -> u64) -> (Word, Word) {
        // An untracked lock stays one.
        let change = |word| if Word(word).is_untracked() { word } else { f(word) };
        let mut old = self.word.load(Relaxed);
        loop {
            let new = change(old);
            match self.word.compare_exchange(old, new, Relaxed, Relaxed) {
                Ok(_) => {
                    census::forget(Word(old));
                    return (Word(old), Word(new));
                }
                Err(now) => old = now,
            }
        }
    }

    /// Notes that the tracker's own allocations take this lock.
    pub(crate) fn set_own(&self) {
        self.word.fetch_or(OWN_BIT, Relaxed);
    }
}

impl Word {
    /// No lock: an entry in the making.
    pub(crate) const NONE: Word = Word(0);
    /// No lock: an entry at which a new chain begins. A map's word can be equal to it only before
    /// the lock has its class, and then nothing is pushed.
    pub(crate) const FRAME: Word = Word(OWN_BIT);
    /// No lock: what is above is an async task's, which is polled by whoever holds what is below.
    pub(crate) const SPAWNED: Word = Word(OWN_BIT | 1);
    /// The same of an async task that is waited for by whoever polls it.
    pub(crate) const ROOT: Word = Word(OWN_BIT | 2);

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    /// From what [`Word::bits`] gave.
    pub(crate) const fn from_bits(bits: u64) -> Word {
        Word(bits)
    }

    /// Whether the lock has its class and number.
    #[inline]
    pub(crate) fn is_resolved(self) -> bool {
        self.lock() != 0
    }

    /// Whether the lock has its class and number and is no allocator's.
    #[inline]
    pub(crate) fn is_plain(self) -> bool {
        self.0.cast_signed() > 0
    }

    /// What stands for all locks of the class where a lock is expected, and is none.
    pub(crate) fn class_alone(self) -> u64 {
        OWN_BIT | u64::from(self.class()) << CLASS_SHIFT
    }

    /// Whether the lock is never tracked.
    #[inline]
    pub(crate) fn is_untracked(self) -> bool {
        self.0 & (OWN_BIT | KIND_MASK) == OWN_BIT | KIND_MASK
    }

    /// Whether both are the same lock, whose class may have changed meanwhile.
    #[inline]
    pub(crate) fn is_same(self, other: Word) -> bool {
        is_same(self.lock(), other.lock())
    }

    /// Class, tag and instance as one value: what tells this lock from all others.
    #[inline]
    pub(crate) fn lock(self) -> u64 {
        self.0 & !OWN_BIT & !HOW_MASK
    }

    /// The entry of a held stack for this lock.
    #[inline]
    pub(crate) fn held(self, how: How) -> Word {
        Word(self.0 | u64::from(how.bits()))
    }

    /// How an entry of a held stack is held.
    #[inline]
    pub(crate) fn how(self) -> How {
        How::from_bits((self.0 & HOW_MASK) as u8)
    }

    /// An entry of the same lock, held in another way.
    pub(crate) fn with_how(self, how: How) -> Word {
        Word(self.0 & !HOW_MASK).held(how)
    }

    /// Whether an entry of a held stack is of the lock `word`, and neither is an allocator's.
    #[inline]
    pub(crate) fn is_plainly(self, word: Word) -> bool {
        self.0 ^ word.0 <= HOW_MASK && word.is_plain()
    }

    /// The class, the tag and how an entry is held: what a chain key is made of.
    #[inline]
    pub(crate) fn chain_bits(self) -> u64 {
        self.0 & (KIND_MASK | HOW_MASK)
    }

    /// What sets the lock apart from others of its class.
    #[inline]
    pub(crate) fn tag(self) -> Tag {
        Tag((self.0 >> TAG_SHIFT) as u8 & Tag::REST.0)
    }

    /// The class, 0 if there is none yet.
    #[inline]
    pub(crate) fn class(self) -> u32 {
        class_of(self.0)
    }

    /// The class at the nesting level of an entry.
    pub(crate) fn node(self) -> Node {
        Node::new(self.class(), self.how().level())
    }

    #[inline]
    pub(crate) fn is_own(self) -> bool {
        self.0 & OWN_BIT != 0
    }
}

/// The class in a value that [`Word::lock`] gave.
#[inline]
pub(crate) fn class_of(lock: u64) -> u32 {
    ((lock & !OWN_BIT) >> CLASS_SHIFT) as u32
}

/// Whether two values that [`Word::lock`] gave are of one lock, which a frame or an entry in the
/// making never is.
#[inline]
pub(crate) fn is_same(one: u64, other: u64) -> bool {
    instance_of(one) == instance_of(other) && instance_of(one) != 0
}

/// The instance in a value that [`Word::lock`] gave.
#[inline]
pub(crate) fn instance_of(lock: u64) -> u64 {
    lock >> INSTANCE_SHIFT & MAX_INSTANCE
}

impl Drop for Map {
    #[inline]
    fn drop(&mut self) {
        let word = Word(*self.word.get_mut());
        if word.is_resolved() {
            crate::on::event::destroyed(self);
            census::forget(word);
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
            .field("instance", &instance_of(word.lock()))
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
        assert!(!map.word().is_resolved());
        let first = map.resolve(ClassId::new(7).unwrap(), Tag::new(3), 9);
        let second = map.resolve(ClassId::new(8).unwrap(), Tag::REST, 10);
        assert_eq!(first, second);
        assert_eq!((first.class(), first.tag(), instance_of(first.lock())), (7, Tag::new(3), 9));
        assert!(first.is_own() && !first.is_plain());
    }

    #[test]
    fn a_lock_keeps_its_number_when_its_class_changes() {
        let map = Map::new();
        let first = map.resolve(ClassId::new(7).unwrap(), Tag::REST, 9);
        let (before, second) = map.set_class(ClassId::new(8).unwrap());
        assert_eq!((before, second), (first, map.word()));
        assert_eq!((second.class(), instance_of(second.lock())), (8, 9));
        assert!(second.is_same(first) && second.is_plain() && !second.is_untracked());
        map.set_untracked();
        map.set_class(ClassId::new(9).unwrap());
        assert!(map.word().is_untracked() && map.word().is_same(first) && !map.word().is_plain());
    }

    #[test]
    fn an_entry_is_told_from_its_neighbours() {
        let (map, next) = (Map::new(), Map::new());
        let word = map.resolve(ClassId::new(MAX_CLASS).unwrap(), Tag::REST, MAX_INSTANCE);
        let other = next.resolve(ClassId::new(MAX_CLASS).unwrap(), Tag::REST, MAX_INSTANCE - 1);
        let how = How::SHARED_RECURSIVE.trylock().subclass(7);
        let entry = word.held(how);
        assert!(entry.is_plainly(word) && !entry.is_plainly(other));
        assert_eq!((entry.how(), entry.lock(), entry.class()), (how, word.lock(), MAX_CLASS));
        assert_eq!(instance_of(entry.lock()), MAX_INSTANCE);
    }
}
