//! A lock that is awaited: what is told of an acquire, and of the hold that it ends with.
//!
//! The acquire is checked when its future is first polled, the hold begins when the future is ready,
//! and a future that is dropped before has taken nothing. A guard can be sent, so a release is believed
//! whoever makes it.

use std::panic::Location;
use std::task::{Context, Poll};

use lockdep::task::{polled_by, wanted};
use lockdep::{Describe, How, Map, Until, event};

/// A place in the program; every event has one.
pub(crate) type Site = &'static Location<'static>;

/// One acquire.
pub(crate) struct Acquire {
    how: How,
    describe: Describe,
    site: Site,
    /// Whether the guard keeps the lock alive, so that it can be given to any task.
    is_owned: bool,
    /// As what it was checked.
    announced: Option<How>,
    is_counted: bool,
}

impl Acquire {
    pub(crate) fn new(how: How, describe: Describe, site: Site) -> Acquire {
        Acquire { how, describe, site, is_owned: false, announced: None, is_counted: false }
    }

    /// The same for a guard that keeps the lock alive.
    #[allow(dead_code, reason = "a facade that shares this file has no such guards")]
    pub(crate) fn owned(self) -> Acquire {
        Acquire { is_owned: true, ..self }
    }

    /// Polls the lock's future by `real`; checks the acquire before the first time.
    pub(crate) fn poll<'a, G>(
        &mut self,
        map: &'a Map,
        cx: &mut Context<'_>,
        real: impl FnOnce(&mut Context<'_>) -> Poll<G>,
    ) -> Poll<Hold<'a, G>> {
        let _polled = polled_by(cx);
        let wanted = wanted(self.how, self.announced);
        if self.announced.replace(wanted) != Some(wanted) {
            event::before_acquire(map, wanted, self.describe, self.site);
        }
        match real(cx) {
            Poll::Ready(real) => Poll::Ready(self.obtained(map, wanted, real)),
            Poll::Pending => {
                if !std::mem::replace(&mut self.is_counted, true) {
                    event::waits(map);
                }
                Poll::Pending
            }
        }
    }

    /// Takes the lock by `attempt`, or else by `wait`, which blocks the thread.
    ///
    /// # Panics
    ///
    /// If the acquire breaks a rule and the tracker is told to panic.
    #[allow(dead_code, reason = "a facade that shares this file has no such calls")]
    pub(crate) fn block<'a, G>(
        self,
        map: &'a Map,
        attempt: impl FnOnce() -> Option<G>,
        wait: impl FnOnce() -> G,
    ) -> Hold<'a, G> {
        event::before_acquire(map, self.how, self.describe, self.site);
        let real = attempt().unwrap_or_else(|| {
            let _waiting = event::waiting(map, self.how, self.site, Until::Free);
            wait()
        });
        self.obtained(map, self.how, real)
    }

    /// Takes the lock by `attempt`, which does not wait, if it can.
    pub(crate) fn attempt<'a, G>(
        self,
        map: &'a Map,
        attempt: impl FnOnce() -> Option<G>,
    ) -> Option<Hold<'a, G>> {
        let how = self.how.trylock();
        event::before_try(map, how, self.describe, self.site);
        Some(self.obtained(map, how, attempt()?))
    }

    fn obtained<'a, G>(&self, map: &'a Map, how: How, real: G) -> Hold<'a, G> {
        event::acquired(map, how, self.site);
        event::can_be_sent(map);
        if self.is_owned {
            event::can_be_given(self.site);
        }
        Hold { held: Held { map, is_lost: false }, real }
    }
}

/// What a guard is made of besides the payload's place: a lock on the held stack of its task and the
/// real guard. Dropped in this order.
pub(crate) struct Hold<'a, G> {
    held: Held<'a>,
    real: G,
}

impl<'a, G> Hold<'a, G> {
    /// The same hold by another real guard.
    #[allow(dead_code, reason = "a facade that shares this file has one kind of guard")]
    pub(crate) fn new(held: Held<'a>, real: G) -> Hold<'a, G> {
        Hold { held, real }
    }

    #[allow(dead_code, reason = "as above")]
    pub(crate) fn into_parts(self) -> (Held<'a>, G) {
        (self.held, self.real)
    }

    #[allow(dead_code, reason = "as above")]
    pub(crate) fn held(&mut self) -> &mut Held<'a> {
        &mut self.held
    }
}

/// A lock on the held stack of its task; dropping it takes it off, wherever that is by then.
pub(crate) struct Held<'a> {
    map: &'a Map,
    is_lost: bool,
}

impl<'a> Held<'a> {
    #[allow(dead_code, reason = "as above")]
    pub(crate) fn map(&self) -> &'a Map {
        self.map
    }

    /// Takes the lock off the held stack ahead, because nobody can say how it is held from now on: a
    /// deadlock may be missed, but none is made up.
    #[allow(dead_code, reason = "as above")]
    #[cold]
    pub(crate) fn lose(&mut self) {
        if !std::mem::replace(&mut self.is_lost, true) {
            event::released_anywhere(self.map);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !self.is_lost {
            event::released_anywhere(self.map);
        }
    }
}
