//! Locks that are made at one place, and are told apart by what calls there.
//!
//! Derived code gives all fields of a type one place, that of the `derive`; and a lock that is made
//! by a `Default` of the standard library, as that of an `Arc`, has its place there, for the whole
//! program. As one class, two fields would be taken for one lock wherever a third lock comes between
//! them: an order that is none would be an inversion. What does set the fields apart is the call of
//! the constructor: each has one of its own, and it returns to an address of its own.
//!
//! The classes of one place are numbered in the order in which they are first made, which is that of
//! the fields. An address is never part of a class: it differs from one process to the next.
//!
//! A constructor that is called by its address, as in `LazyLock::new(Default::default)`, has no place
//! of a caller's at all. If what calls it is an initialiser, the lock is that of what is initialised,
//! and made where that is.
//!
//! It costs a walk of the stack, about a microsecond, for each lock that is made so. A place that
//! made [`PATIENCE`] locks by one call alone is believed to have no other.

use std::panic::Location;

use dashmap::DashMap;
use once_cell::race::OnceBox;

use crate::class::Class;
use crate::how::{Describe, Description};
use crate::on::class_key;
use crate::on::fork;
use crate::on::map::Map;
use crate::on::process;
use crate::on::query;
use crate::on::registry;
use crate::on::report::is_own;
use crate::on::task::{State, Task};
use crate::on::thread::with_task;
use crate::place::Place;
use crate::tracked::Tracked;

/// After how many locks a place of one call is not looked at any more.
const PATIENCE: u32 = 64;

/// The most classes of one place; whatever else is made there is of the last one.
const MOST: usize = 64;

/// What makes locks at one place.
#[derive(Debug, Default)]
struct Calls {
    /// Where they return to, in the order in which they were first seen.
    returns: Vec<usize>,
    made: u32,
}

impl Calls {
    /// Whether all locks are made by one call.
    fn is_one(&self) -> bool {
        self.made >= PATIENCE && self.returns.len() == 1
    }

    /// The number of the call that returns there.
    fn number(&mut self, returns_to: usize) -> u32 {
        self.made = self.made.saturating_add(1);
        let known = self.returns.iter().position(|&known| known == returns_to);
        let number = known.unwrap_or_else(|| {
            if self.returns.len() < MOST {
                self.returns.push(returns_to);
            }
            self.returns.len() - 1
        });
        number as u32
    }
}

type Key = (Place, &'static str, &'static str);

fn calls() -> &'static DashMap<Key, Calls> {
    static CALLS: OnceBox<DashMap<Key, Calls>> = OnceBox::new();
    CALLS.get_or_init(Box::default)
}

/// A new lock, told apart from others that are made at its place by the call that this stands in.
///
/// For the `Default::default` of a lock: the constructor that fields of one place share. It must be
/// inlined into its caller, as this is.
///
/// # Examples
///
/// ```
/// # struct Lock(lockdep::Map);
/// # impl lockdep::Tracked for Lock {
/// #     fn map(&self) -> Option<&lockdep::Map> { Some(&self.0) }
/// # }
/// impl Default for Lock {
///     #[inline(always)]
///     #[track_caller]
///     fn default() -> Lock {
///         lockdep::told_apart(Lock(lockdep::Map::new()))
///     }
/// }
/// ```
#[inline(always)]
#[must_use]
pub fn told_apart<L: Tracked>(lock: L) -> L {
    if let Some(map) = lock.map() {
        tell_apart(map, L::describe);
    }
    lock
}

/// Gives the lock the class of the call that the caller was inlined into.
#[cold]
#[inline(never)]
fn tell_apart(map: &Map, describe: Describe) {
    // A thread that has had no event yet is as good as one that has.
    let may = |task: &Task| {
        let is_deaf = matches!(task.state(), State::Working | State::Reporting | State::Off);
        !is_deaf && !task.holds_own()
    };
    if map.word().is_resolved() || !with_task(may) {
        return;
    }
    let place = map.place();
    if is_own(place.file()) {
        let class = initialised().map(|of| process::quietly(|| registry::made_in(&of, describe())));
        if let Some(class) = class.flatten() {
            class_key::resolve(map, class);
        }
        return;
    }
    let class = process::quietly(|| {
        let Description { kind, payload, .. } = describe();
        let key = (Place::from(place), kind, payload);
        if calls().get(&key).is_some_and(|calls| calls.is_one()) {
            return None;
        }
        // The standard library's own code is the same for all who call it.
        let returns_to = return_address(1 + usize::from(is_in_std(place)))?;
        let number = calls().entry(key).or_default().number(returns_to);
        registry::made_by(place, describe(), number)
    });
    if let Some(class) = class {
        class_key::resolve(map, class);
    }
}

/// Where the function that called [`tell_apart`] goes on, or one further up.
fn return_address(levels: usize) -> Option<usize> {
    let _pass = fork::pass();
    let start = (tell_apart as fn(&Map, Describe) as *const ()).addr();
    let (mut above, mut found) = (None, None);
    backtrace::trace(|frame| {
        if let Some(left) = above {
            found = (left == 1).then(|| frame.ip().addr());
            above = Some(left - 1);
        } else if frame.symbol_address().addr() == start {
            above = Some(levels);
        }
        found.is_none()
    });
    found
}

/// What the current task initialises.
fn initialised() -> Option<Class> {
    let newest = query::held().pop()?.class;
    let is_once = matches!(&*newest.kind, "Lazy" | "LazyLock" | "OnceCell" | "OnceLock");
    (is_once && !is_own(&newest.place.file)).then_some(newest)
}

/// Whether the place is one of the standard library.
fn is_in_std(place: &Location<'_>) -> bool {
    place.file().starts_with("/rustc/") || place.file().contains("/rustlib/src/rust/library/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_numbered_as_they_come_up_to_a_limit() {
        let mut calls = Calls::default();
        assert_eq!([calls.number(7), calls.number(9), calls.number(7)], [0, 1, 0]);
        for other in 100..100 + MOST {
            calls.number(other);
        }
        assert_eq!(calls.number(1), MOST as u32 - 1);
        assert_eq!(calls.number(9), 1);
    }

    #[test]
    fn one_call_is_believed_to_be_alone_after_a_while() {
        let mut calls = Calls::default();
        (0..PATIENCE - 1).for_each(|_| {
            calls.number(7);
        });
        assert!(!calls.is_one());
        calls.number(7);
        assert!(calls.is_one());
        calls.number(9);
        assert!(!calls.is_one());
    }
}
