//! What a place in a program may wait for, and what the classes of locks need and provide.
//!
//! Not every place may wait in every way: a section under a spin lock must not block its thread, a
//! signal handler must not wait for anything that the thread it interrupted may hold, the poll of
//! an async task must not wait for what another task of the same executor has to do. Each class
//! says which way of waiting taking its locks *needs*, and the most that is allowed while one of
//! them is held: what it *provides*. A context says the same of all that runs in it.
//!
//! The rule: what is needed must not exceed the least of what the context and the held locks
//! provide. The levels and the rule are those of Linux, with names and two more levels for user
//! space.

use std::fmt;

/// A way of waiting, the most harmless first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lockdep", serde(rename_all = "snake_case"))]
pub enum WaitType {
    /// None at all: what is allowed in a signal handler.
    Free,
    /// Turning on the spot with preemption held off.
    Spin,
    /// Turning on the spot, or a short sleep where the system prefers that.
    Config,
    /// Blocking the thread until a lock is released.
    Blocking,
    /// Blocking the thread until somebody else has done something: a join, a channel, a condition.
    Waiting,
    /// Giving the thread up until the executor comes back: an await point.
    Async,
}

impl fmt::Display for WaitType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WaitType::Free => "no wait at all",
            WaitType::Spin => "a spin that holds off preemption",
            WaitType::Config => "a spin",
            WaitType::Blocking => "a blocking lock",
            WaitType::Waiting => "a blocking wait",
            WaitType::Async => "an await",
        })
    }
}

/// What holds for all locks of a class besides what they are called.
///
/// A lock that speaks to the tracker in events says it in its [`Description`](crate::Description),
/// which is asked once for each class; one that uses the macros is made by
/// [`Map::named_with`](crate::Map::named_with).
///
/// ```
/// use std::panic::Location;
///
/// use lockdep::{Description, How, Map, Traits, event};
///
/// struct SpinLock {
///     map: Map,
/// }
///
/// impl SpinLock {
///     #[track_caller]
///     fn lock(&self) {
///         let describe = || Description::new("SpinLock", "").with_traits(Traits::SPIN);
///         event::before_acquire(&self.map, How::EXCLUSIVE, describe, Location::caller());
///         // … turn on the spot until the lock is free …
///         event::acquired(&self.map, How::EXCLUSIVE, Location::caller());
///     }
/// }
/// # let lock = SpinLock { map: Map::new() };
/// # lock.lock();
/// # event::released(&lock.map);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Traits {
    /// What taking it needs; none if that is not checked.
    pub(crate) needs: Option<WaitType>,
    /// The most that is allowed while it is held.
    pub(crate) provides: WaitType,
    /// Whether holding it allows what was forbidden.
    pub(crate) allows: bool,
    /// Whether it is never shared with another task.
    pub(crate) local: bool,
}

impl Traits {
    /// A lock that blocks the thread; what every lock is unless something else is said. Under it
    /// the thread may take others and wait, but not await.
    pub const BLOCKING: Traits = Traits::of(WaitType::Blocking, WaitType::Waiting);
    /// A spin lock whose holder may be preempted.
    pub const SPIN: Traits = Traits::of(WaitType::Config, WaitType::Config);
    /// A spin lock whose holder must not be preempted.
    pub const RAW_SPIN: Traits = Traits::of(WaitType::Spin, WaitType::Spin);
    /// An async lock: whoever waits for it gives its thread up meanwhile, and so may whoever holds
    /// it. Every other lock must not be held across an await.
    pub const AWAITED: Traits =
        Traits { needs: None, provides: WaitType::Async, allows: false, local: false };
    /// A section that takes no waiting to enter and allows none but spin locks: the read section of
    /// a scheme that reclaims memory late.
    pub const SECTION: Traits = Traits::of(WaitType::Free, WaitType::Config);

    /// A class whose locks need `needs` to be taken and allow at most `provides` while held.
    #[must_use]
    pub const fn of(needs: WaitType, provides: WaitType) -> Traits {
        Traits { needs: Some(needs), provides, allows: false, local: false }
    }

    /// Something that needs nothing, and while it is held allows `provides` whatever else is held
    /// or runs: for code that knows better.
    #[must_use]
    pub const fn allowing(provides: WaitType) -> Traits {
        Traits { needs: None, provides, allows: true, local: false }
    }

    /// Whether whoever waits for it, or holds it, may give its thread up meanwhile.
    #[cfg_attr(not(feature = "lockdep"), allow(dead_code, reason = "only the tracker asks"))]
    pub(crate) const fn is_awaited(self) -> bool {
        matches!(self.provides, WaitType::Async) && !self.allows
    }

    /// The same, allowing at most `provides` while held.
    #[must_use]
    pub const fn provides(self, provides: WaitType) -> Traits {
        Traits { provides, ..self }
    }

    /// The same for a lock that each task has its own of: it keeps out only what interrupts the
    /// task, so no order through it leads from a context to another task's lock.
    #[must_use]
    pub const fn local(self) -> Traits {
        Traits { local: true, ..self }
    }
}

impl Default for Traits {
    fn default() -> Traits {
        Traits::BLOCKING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_are_ordered_from_the_most_harmless() {
        let levels = [
            WaitType::Free,
            WaitType::Spin,
            WaitType::Config,
            WaitType::Blocking,
            WaitType::Waiting,
            WaitType::Async,
        ];
        assert!(levels.is_sorted());
    }
}
