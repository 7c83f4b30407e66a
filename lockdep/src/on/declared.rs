//! The declared order among locks of one class: a comparison function over the locks' ranks.
//!
//! Functions belong to classes and are kept with them; ranks belong to locks and are kept here,
//! from [`set_rank`] until the lock is destroyed. A lock without a rank is not compared: for it the
//! order is learned.
//!
//! What is declared is asked at every acquire of a lock whose class is already held, never through
//! the chain cache: functions and ranks may change at any time.

use std::cmp::Ordering;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use dashmap::DashMap;
use once_cell::race::OnceBox;
use rustc_hash::FxBuildHasher;

use crate::compare::Compare;
use crate::on::class_key;
use crate::on::map::{self, Word};
use crate::on::nested;
use crate::on::process;
use crate::on::registry;
use crate::on::task::{State, Task};
use crate::tracked::Tracked;

/// Ranks by the locks' numbers.
type Ranks = DashMap<u64, u64, FxBuildHasher>;

/// Whether any lock has a rank.
static ANY: AtomicBool = AtomicBool::new(false);

fn ranks() -> &'static Ranks {
    static RANKS: OnceBox<Ranks> = OnceBox::new();
    RANKS.get_or_init(Box::default)
}

/// Declares the order in which locks of `lock`'s class may be taken while others of the class are
/// held: `compare` is given the rank of one that is held and of the one that is wanted, and says
/// [`Less`](Ordering::Less) if they are in order.
///
/// Anything else is LD0009, at every level and whatever was seen before. What is in order is
/// neither an unordered nesting nor an order that is learned. Two readers that do not wait for each
/// other need no order, nor does a try-lock. Locks without a rank ([`set_rank`]) are not compared.
///
/// Locks taken at different subclasses are of different classes and not compared. A second function
/// takes the place of the first. Does nothing if `lock` is not tracked.
///
/// # Cost
///
/// An acquire of a lock while another of the class is held, a microsecond or less: it never takes
/// the warm path.
///
/// # Examples
///
/// ```
/// use lockdep::Map;
///
/// let (low, high) = (Map::named("shard"), Map::named("shard"));
/// lockdep::set_rank(&low, 1);
/// lockdep::set_rank(&high, 2);
/// lockdep::set_cmp_fn(&low, |held, wanted| held.cmp(&wanted));
/// ```
#[track_caller]
pub fn set_cmp_fn<L: Tracked + ?Sized>(lock: &L, compare: Compare) {
    if let Some(class) = lock.map().and_then(|map| class_key::class_of(map, L::describe)) {
        process::quietly(|| registry::set_compare(class, compare));
    }
}

/// Gives a lock its place in the declared order of its class ([`set_cmp_fn`]): a number that the
/// class's comparison function understands, such as an index, a key or an address.
///
/// Kept until the lock is destroyed, in a table of the process, 16 bytes a lock. Does nothing if
/// `lock` is not tracked.
#[track_caller]
pub fn set_rank<L: Tracked + ?Sized>(lock: &L, rank: u64) {
    let Some(map) = lock.map() else { return };
    if class_key::class_of(map, L::describe).is_none() {
        return;
    }
    let word = map.word();
    nested::add(word.class());
    ANY.store(true, Relaxed);
    process::quietly(|| ranks().insert(map::instance_of(word.lock()), rank));
}

/// Whether any lock has a rank.
pub(crate) fn any_rank() -> bool {
    ANY.load(Relaxed)
}

/// Forgets a lock that is destroyed.
pub(crate) fn forget(word: Word) {
    ranks().remove(&map::instance_of(word.lock()));
}

/// What the comparison function of two locks' class says of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Declared {
    /// Nothing: there is no function, or a lock has no rank.
    Nothing,
    InOrder,
    /// They are not in order; their ranks.
    Against(u64, u64),
}

/// Asks the comparison function of two locks of one class. It is the program's own: it runs like a
/// hook of `task`, with no lock of the tracker held.
pub(crate) fn order(task: &Task, held: Word, wanted: Word) -> Declared {
    let Some(compare) = registry::properties(wanted.class()).compare else {
        return Declared::Nothing;
    };
    let rank = |word: Word| ranks().get(&map::instance_of(word.lock())).map(|rank| *rank);
    let (Some(held), Some(wanted)) = (rank(held), rank(wanted)) else {
        return Declared::Nothing;
    };
    let state = task.set_state(State::Reporting);
    let ordering = catch_unwind(|| compare(held, wanted));
    task.set_state(state);
    match ordering {
        Ok(Ordering::Less) => Declared::InOrder,
        Ok(Ordering::Equal | Ordering::Greater) => Declared::Against(held, wanted),
        // Said by the panic hook; a tracker panics for reasons of its own alone.
        Err(_) => Declared::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on::map::Map;

    #[test]
    fn a_rank_goes_with_its_lock() {
        let maps = [(); 3].map(|()| Map::named("ranks that go"));
        maps.iter().for_each(|map| set_rank(map, 3));
        let numbers = maps.each_ref().map(|map| map::instance_of(map.word().lock()));
        assert!(numbers.iter().all(|number| ranks().contains_key(number)));
        let [moved, untracked, plain] = maps;
        crate::on::set_class(&moved, "ranks that go on");
        crate::on::set_notrack(&untracked);
        drop((moved, plain));
        assert!(!numbers.iter().any(|number| ranks().contains_key(number)));
    }
}
