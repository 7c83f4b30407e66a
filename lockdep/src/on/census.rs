//! Which locks of a class can be told apart by a chain of classes alone.
//!
//! A chain that was seen once is not looked at again, and it names classes, not locks. So what a
//! lock was seen to keep apart holds for that lock only if another lock in its place would have made
//! another chain. For that a few locks of a class carry a *tag*, which is part of the chain key:
//!
//! | tag | held by |
//! |---|---|
//! | 0 | locks that were numbered before the class was first seen as a guard |
//! | 1 to 14 | one live lock each, among those numbered later |
//! | 15 | all others |
//!
//! A lock is *sole* if it has a tag of 1 to 14, or tag 0 and no other lock of the class got that one.
//! A class is a guard once one of its locks was held while another lock was wanted, so the usual
//! gate, a static or the first of its kind, is sole.
//!
//! The tag of a lock that is destroyed goes to a new one: the chains it made are then taken for
//! known, as they would be of a lock that was made to be a copy of it. Classes whose locks come and
//! go by the thousand are left alone after some time, and so are all once there are very many chains.
//!
//! One word a class, changed by single atomic operations:
//!
//! ```text
//! 31…20                19      18     17    16    15  14…1          0
//! tags given so far    FROZEN  GUARD  MANY  ONE   –   tags in use   –
//! ```
//!
//! All accesses are relaxed: the word says all there is to say, and a lock that is numbered while its
//! class becomes a guard is ordered with that by the word itself.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::on::map::{MAX_CLASS, Tag, Word};

static CLASSES: [AtomicU32; MAX_CLASS as usize + 1] =
    [const { AtomicU32::new(0) }; MAX_CLASS as usize + 1];

const TAGS_MASK: u32 = 0x7ffe;
/// A lock of tag 0 was numbered.
const ONE_BIT: u32 = 1 << 16;
/// A second lock of tag 0 was.
const MANY_BIT: u32 = 1 << 17;
const GUARD_BIT: u32 = 1 << 18;
/// No more tags are given.
const FROZEN_BIT: u32 = 1 << 19;
const GIVEN_ONE: u32 = 1 << 20;
const GIVEN_MASK: u32 = !0 << 20;

/// The tag for a new lock of a class.
///
/// Two loads for a class that is settled, which is every class after a while; else an atomic
/// operation on a word that is shared by the class's locks.
#[inline]
pub(crate) fn tag_for_new(class: u32) -> Tag {
    let state = CLASSES[class as usize].load(Relaxed);
    if state & (MANY_BIT | GUARD_BIT) == MANY_BIT {
        return Tag::COMMON;
    }
    if state & FROZEN_BIT != 0 { Tag::REST } else { tag_for_new_slow(class) }
}

#[cold]
fn tag_for_new_slow(class: u32) -> Tag {
    let word = &CLASSES[class as usize];
    let mut old = word.load(Relaxed);
    loop {
        let (tag, new) = if old & GUARD_BIT == 0 {
            (Tag::COMMON, old | if old & ONE_BIT == 0 { ONE_BIT } else { MANY_BIT })
        } else {
            let free = !old & TAGS_MASK;
            if old & FROZEN_BIT != 0 || free == 0 {
                return Tag::REST;
            }
            let tag = free.trailing_zeros();
            let given = if old & GIVEN_MASK == GIVEN_MASK { FROZEN_BIT } else { GIVEN_ONE };
            (Tag::new(tag as u8), (old | 1 << tag).wrapping_add(given))
        };
        match word.compare_exchange(old, new, Relaxed, Relaxed) {
            Ok(_) => return tag,
            Err(now) => old = now,
        }
    }
}

/// Notes that a lock of this class was held while another one was wanted.
pub(crate) fn add_guard(class: u32) {
    let word = &CLASSES[class as usize];
    if word.load(Relaxed) & GUARD_BIT == 0 {
        word.fetch_or(GUARD_BIT, Relaxed);
    }
}

/// Notes that a class makes too many chains.
pub(crate) fn freeze(class: u32) {
    CLASSES[class as usize].fetch_or(FROZEN_BIT, Relaxed);
}

/// Whether a lock can be told from all others of its class by the chains it is in, now and for
/// ever. To be asked after [`add_guard`].
pub(crate) fn is_sole(lock: Word) -> bool {
    if lock.tag() == Tag::COMMON {
        let state = CLASSES[lock.class() as usize].load(Relaxed);
        return state & (MANY_BIT | GUARD_BIT) == GUARD_BIT;
    }
    lock.tag() != Tag::REST
}

/// Gives the tag of a lock that is destroyed to whoever comes next.
#[inline]
pub(crate) fn forget(lock: Word) {
    if lock.tag() != Tag::COMMON && lock.tag() != Tag::REST {
        CLASSES[lock.class() as usize].fetch_and(!(1 << lock.tag().get()), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on::map::Map;
    use crate::on::registry::ClassId;

    /// A new lock of a class that no other test uses.
    fn lock(class: u32) -> Word {
        let class = ClassId::new(class).unwrap();
        let map = std::mem::ManuallyDrop::new(Map::new());
        map.resolve(class, tag_for_new(class.get()), 1)
    }

    #[test]
    fn the_first_lock_of_a_guard_is_sole_for_ever() {
        const CLASS: u32 = MAX_CLASS - 1;
        let first = lock(CLASS);
        assert!(!is_sole(first), "the class is no guard yet");
        add_guard(CLASS);
        let second = lock(CLASS);
        assert!(is_sole(first) && is_sole(second));
        assert_ne!(first.tag(), second.tag());
    }

    #[test]
    fn locks_from_before_are_not_sole_unless_there_is_one() {
        const CLASS: u32 = MAX_CLASS - 2;
        let (first, second) = (lock(CLASS), lock(CLASS));
        add_guard(CLASS);
        assert!(!is_sole(first) && !is_sole(second));
        assert!(is_sole(lock(CLASS)));
    }

    #[test]
    fn a_tag_is_given_on_and_no_more_than_fourteen_are_out() {
        const CLASS: u32 = MAX_CLASS - 3;
        add_guard(CLASS);
        let tags: Vec<Word> = (0..14).map(|_| lock(CLASS)).collect();
        assert!(tags.iter().all(|lock| is_sole(*lock)));
        assert!(!is_sole(lock(CLASS)));
        forget(tags[3]);
        assert_eq!(lock(CLASS).tag(), tags[3].tag());
        for _ in 0..5_000 {
            forget(tags[0]);
            lock(CLASS);
        }
        forget(tags[0]);
        assert!(!is_sole(lock(CLASS)), "a class whose locks come and go is left alone");
    }
}
