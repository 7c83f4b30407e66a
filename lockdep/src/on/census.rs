//! Which locks of a class can be told apart by a chain of classes alone.
//!
//! A chain that was seen once is not looked at again, and it names classes, not locks. So what a
//! lock was seen to keep apart holds for that lock only if another lock in its place would have made
//! another chain. For that a few live locks of each class carry a *tag*, which is part of the chain
//! key:
//!
//! | tag | held by |
//! |---|---|
//! | 1 to 14 | one live lock each: it is *sole* |
//! | 15 | all others |
//!
//! The first fourteen locks of a class get a tag each. From then on, in a class of which a lock was
//! held while another lock was wanted (a *guard*), the tag of a lock that is destroyed goes to a new
//! one: the chains it made are then taken for known, as they would be of a lock that was made to be a
//! copy of it. No more tags are given once there are very many chains.
//!
//! A program that makes and destroys locks all the time must not pay for it with two atomic
//! operations each, on a word that all threads share. So a thread keeps the tag of the lock it
//! destroyed last for the next one of the class, and gives it back when it ends.
//!
//! All accesses are relaxed: the word of a class says all there is to say.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::on::map::{MAX_CLASS, Tag, Word};
use crate::on::task::{State, Task};
use crate::on::thread;

/// Of each class the tags in use, whether no more are given, and the tags that were given once:
///
/// ```text
/// 31      30…17        16   15       14…1          0
/// GUARD   given once   –    FROZEN   tags in use   –
/// ```
static CLASSES: [AtomicU32; MAX_CLASS as usize + 1] =
    [const { AtomicU32::new(0) }; MAX_CLASS as usize + 1];

const TAGS_MASK: u32 = 0x7ffe;
const FROZEN_BIT: u32 = 1 << 15;
const GIVEN_SHIFT: u32 = 16;
/// A lock of the class was held while another one was wanted.
const GUARD_BIT: u32 = 1 << 31;
/// For how many classes a thread keeps a tag.
const SPARES: usize = 32;

thread_local! {
    /// Tags that the thread has, by class: class and tag in one word, or 0.
    static KEPT: [Cell<u32>; SPARES] = const { [const { Cell::new(0) }; SPARES] };
}

/// The tag for a new lock of a class.
///
/// Costs two loads, unless the class has tags to give: then an atomic operation on a word that is
/// shared by all threads.
#[inline]
pub(crate) fn tag_for_new(class: u32) -> Tag {
    let state = CLASSES[class as usize].load(Relaxed);
    let is_all_given = state >> GIVEN_SHIFT & TAGS_MASK == TAGS_MASK;
    if is_all_given || state & FROZEN_BIT != 0 {
        if state & GUARD_BIT == 0 {
            return Tag::REST;
        }
        let kept = KEPT.with(|kept| {
            let slot = &kept[class as usize % SPARES];
            if slot.get() / TAGS == class { slot.replace(0) } else { 0 }
        });
        if kept != 0 {
            return Tag::new((kept % TAGS) as u8);
        }
        if state & TAGS_MASK == TAGS_MASK || state & FROZEN_BIT != 0 {
            return Tag::REST;
        }
    }
    take(class)
}

const TAGS: u32 = Tag::REST.get() as u32 + 1;

#[cold]
fn take(class: u32) -> Tag {
    let word = &CLASSES[class as usize];
    let mut old = word.load(Relaxed);
    loop {
        let (never_given, free) = (!(old >> GIVEN_SHIFT) & TAGS_MASK, !old & TAGS_MASK);
        let free = if never_given != 0 { never_given } else { free };
        if free == 0 {
            return Tag::REST;
        }
        let tag = free.trailing_zeros();
        let new = old | 1 << tag | 1 << (tag + GIVEN_SHIFT);
        match word.compare_exchange(old, new, Relaxed, Relaxed) {
            Ok(_) => return Tag::new(tag as u8),
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

/// Whether a lock can be told from all others of its class by the chains it is in, as long as it
/// lives.
pub(crate) fn is_sole(lock: Word) -> bool {
    lock.tag() != Tag::REST && lock.tag() != Tag::NONE
}

/// Gives the tag of a lock that is destroyed to whoever comes next.
#[inline]
pub(crate) fn forget(lock: Word) {
    if is_sole(lock) {
        let (class, tag) = (lock.class(), lock.tag());
        // Of a thread that has seen no event the end is not heard of.
        let is_started = thread::with_task(Task::state) == State::Active;
        let keeps = KEPT.with(|kept| {
            let slot = &kept[class as usize % SPARES];
            let is_free = is_started && slot.get() == 0;
            if is_free {
                slot.set(class * TAGS + u32::from(tag.get()));
            }
            is_free
        });
        if !keeps {
            give_back(class, tag.get());
        }
    }
}

/// Gives the tags back that the thread has kept.
pub(crate) fn end_thread() {
    KEPT.with(|kept| {
        for kept in kept.iter().map(|slot| slot.replace(0)).filter(|kept| *kept != 0) {
            give_back(kept / TAGS, (kept % TAGS) as u8);
        }
    });
}

fn give_back(class: u32, tag: u8) {
    CLASSES[class as usize].fetch_and(!(1 << tag), Relaxed);
}

#[cfg(test)]
mod tests {
    use std::mem::ManuallyDrop;

    use super::*;
    use crate::on::map::Map;
    use crate::on::registry::ClassId;

    /// A new lock of a class that no other test uses.
    fn lock(class: u32) -> Word {
        let map = ManuallyDrop::new(Map::new());
        map.resolve(ClassId::new(class).unwrap(), tag_for_new(class), 1)
    }

    #[test]
    fn fourteen_live_locks_of_a_class_are_sole() {
        const CLASS: u32 = MAX_CLASS - 1;
        add_guard(CLASS);
        let locks: Vec<Word> = (0..14).map(|_| lock(CLASS)).collect();
        assert!(locks.iter().all(|lock| is_sole(*lock)));
        assert!((1..14).all(|at| locks[at].tag() != locks[at - 1].tag()));
        assert!(!is_sole(lock(CLASS)));
        for _ in 0..100_000 {
            forget(locks[3]);
            assert_eq!(lock(CLASS).tag(), locks[3].tag());
        }
        forget(locks[3]);
        forget(locks[5]);
        assert!(is_sole(lock(CLASS)) && is_sole(lock(CLASS)));
        assert!(!is_sole(lock(CLASS)));
    }

    #[test]
    fn a_thread_gives_back_what_it_kept() {
        const CLASS: u32 = MAX_CLASS - 2;
        add_guard(CLASS);
        for _ in 0..100 {
            let end = || {
                forget(lock(CLASS));
                end_thread();
            };
            std::thread::spawn(end).join().unwrap();
        }
        assert!(is_sole(lock(CLASS)));
    }

    #[test]
    fn a_class_without_guards_has_only_its_first_locks_told_apart() {
        const CLASS: u32 = MAX_CLASS - 4;
        for number in 1..=100 {
            let lock = lock(CLASS);
            assert_eq!(is_sole(lock), number <= 14);
            forget(lock);
        }
        add_guard(CLASS);
        assert!(is_sole(lock(CLASS)));
    }

    #[test]
    fn a_class_that_is_left_alone_gives_no_tags() {
        const CLASS: u32 = MAX_CLASS - 3;
        let first = lock(CLASS);
        freeze(CLASS);
        assert!(is_sole(first) && !is_sole(lock(CLASS)));
    }
}
