//! What the program said of a class: that its locks are not checked, how they are ordered, that it
//! lives for a time only.
//!
//! Like the class itself these are facts of the process and mean the same to every tracker. They
//! are looked up on cold paths, and most classes have none.
//!
//! A chain that was validated is never validated again. So whether a class is checked never
//! changes; a lock that is to be exempt goes to another class instead. A comparison function may
//! come at any time, because it is asked outside the chain cache.
//!
//! They are read between the host's own steps, where a signal handler may come and register a
//! class. So reading takes no lock: a class has a number, and what it stands for never changes.
//! Equal properties have one number; there are as many as the program says different things.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release};

use once_cell::race::OnceBox;
use parking_lot::Mutex;

use crate::compare::Compare;
use crate::on::fork;
use crate::on::map::MAX_CLASS;
use crate::wait_type::Traits;

/// How many sets of properties the first block has; each later one has twice as many.
const FIRST: usize = 16;
/// How many blocks there can be; together they have more room than there are classes.
const BLOCKS: usize = 20;

/// Under which number the properties of each class are, 0 if nothing was said of it.
///
/// Only [`change`] writes, Release: whoever loads a number with Acquire finds what it stands for.
static NUMBERS: [AtomicU32; MAX_CLASS as usize + 1] =
    [const { AtomicU32::new(0) }; MAX_CLASS as usize + 1];
/// What the numbers from 1 on stand for.
static KNOWN: [OnceBox<Block>; BLOCKS] = [const { OnceBox::new() }; BLOCKS];
/// How many there are. Held while anything changes.
static COUNT: Mutex<u32> = Mutex::new(0);

type Block = Box<[OnceBox<Properties>]>;

/// Properties of one class.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Properties {
    /// Its locks are held and shown like others, but no rule looks at them.
    pub(crate) unchecked: bool,
    /// How long it lives.
    pub(crate) life: Life,
    /// What holds for all its locks.
    pub(crate) traits: Traits,
    /// The order among its locks.
    pub(crate) compare: Option<Compare>,
}

/// How long a class lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Life {
    /// As long as the process.
    #[default]
    Static,
    /// Until its owner drops it.
    Dynamic,
    /// It is over.
    Dropped,
}

impl Properties {
    /// Whether the rules look at locks of the class.
    pub(crate) fn is_checked(self) -> bool {
        !self.unchecked && self.life != Life::Dropped
    }

    /// Whether every acquire has to be looked at outside the warm path.
    pub(crate) fn is_watched(self) -> bool {
        self.life != Life::Static
    }

    fn is_same(self, other: Properties) -> bool {
        let Properties { unchecked, life, traits, compare } = self;
        let functions = (compare, other.compare);
        (unchecked, life, traits) == (other.unchecked, other.life, other.traits)
            && match functions {
                (Some(one), Some(other)) => std::ptr::fn_addr_eq(one, other),
                (one, other) => one.is_none() && other.is_none(),
            }
    }
}

/// What was said of a class. Takes no lock.
pub(crate) fn of(class: u32) -> Properties {
    let number = NUMBERS.get(class as usize).map_or(0, |number| number.load(Acquire));
    known(number).unwrap_or_default()
}

/// Says something of a class.
pub(crate) fn change(class: u32, f: impl FnOnce(&mut Properties)) {
    let _pass = fork::pass();
    let mut count = COUNT.lock();
    let mut properties = of(class);
    f(&mut properties);
    let is_same = |&number: &u32| known(number).is_some_and(|known| known.is_same(properties));
    let number = (1..=*count).find(is_same).unwrap_or_else(|| {
        *count += 1;
        let (block, at) = position(*count);
        KNOWN[block].get_or_init(|| Box::new(empty(block)))[at].get_or_init(|| properties.into());
        *count
    });
    NUMBERS[class as usize].store(number, Release);
}

fn known(number: u32) -> Option<Properties> {
    if number == 0 {
        return None;
    }
    let (block, at) = position(number);
    KNOWN[block].get()?[at].get().copied()
}

fn empty(block: usize) -> Block {
    (0..FIRST << block).map(|_| OnceBox::new()).collect()
}

/// In which block a number is, and where in it.
fn position(number: u32) -> (usize, usize) {
    let index = number as usize - 1;
    let block = (index / FIRST + 1).ilog2() as usize;
    (block, index - FIRST * ((1 << block) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait_type::WaitType;

    #[test]
    fn properties_are_read_while_they_are_being_changed() {
        const CLASS: u32 = MAX_CLASS - 4;
        change(CLASS, |properties| properties.unchecked = true);
        let _changing = COUNT.lock();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(of(CLASS).unchecked));
        let read = receiver.recv_timeout(std::time::Duration::from_secs(10));
        assert_eq!(read, Ok(true));
    }

    #[test]
    fn what_is_said_again_and_again_needs_no_more_memory() {
        const CLASS: u32 = MAX_CLASS - 5;
        let compares: [Compare; 2] = [|one, other| one.cmp(&other), |one, other| other.cmp(&one)];
        let say = |compare| change(CLASS, |properties| properties.compare = Some(compare));
        compares.into_iter().for_each(say);
        let numbers = || {
            compares.map(|compare| {
                say(compare);
                NUMBERS[CLASS as usize].load(Acquire)
            })
        };
        let first = numbers();
        assert_ne!(first[0], first[1]);
        assert!((0..100).all(|_| numbers() == first));
        assert!(std::ptr::fn_addr_eq(of(CLASS).compare.unwrap(), compares[1]));
        change(CLASS, |properties| *properties = Properties::default());
        assert!(of(CLASS).compare.is_none());
    }

    #[test]
    fn many_different_properties_are_all_found_again() {
        const TYPES: [WaitType; 3] = [WaitType::Free, WaitType::Spin, WaitType::Blocking];
        let traits = |index: usize| {
            let mut traits = Traits::of(TYPES[index % 3], TYPES[index / 3 % 3]);
            traits.local = index / 9 % 2 == 1;
            traits.allows = index / 18 == 1;
            traits
        };
        let class = |index: usize| MAX_CLASS - 100 + index as u32;
        (0..36).for_each(|index| change(class(index), |known| known.traits = traits(index)));
        assert!((0..36).all(|index| of(class(index)).traits == traits(index)));
    }

    #[test]
    fn blocks_follow_each_other() {
        let positions = [1, 16, 17, 48, 49, MAX_CLASS].map(position);
        assert_eq!(positions[..5], [(0, 0), (0, 15), (1, 0), (1, 31), (2, 0)]);
        assert!(positions[5].0 < BLOCKS);
    }
}
