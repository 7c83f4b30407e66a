//! What happens once: the part that all `Once`s share.
//!
//! While the initialiser runs, whoever else comes waits for it, and whoever runs it holds it. So it is
//! a lock, taken exclusively by each call that comes before it is done; once it is done nobody waits
//! and nothing is recorded. The call from inside an initialiser to itself is found before it blocks.

use core::panic::Location;

use lockdep::{Describe, How, Map, event};

/// The map of something that happens once.
pub(crate) struct Gate {
    map: Map,
}

impl Gate {
    /// The class is the place of the call.
    #[track_caller]
    pub(crate) const fn new() -> Gate {
        Gate { map: Map::new() }
    }

    #[allow(dead_code, reason = "a facade that shares this file asks for no map")]
    pub(crate) fn map(&self) -> &Map {
        &self.map
    }

    /// Checks that the current task may wait for the initialiser, or run it.
    ///
    /// # Panics
    ///
    /// If that breaks a rule and the tracker is told to panic.
    #[cold]
    pub(crate) fn before(&self, describe: Describe, site: &'static Location<'static>) {
        event::before_acquire(&self.map, How::EXCLUSIVE, describe, site);
    }

    /// The current task has begun the initialiser; it ends with the value.
    pub(crate) fn enter(&self, site: &'static Location<'static>) -> Inside<'_> {
        event::acquired(&self.map, How::EXCLUSIVE, site);
        Inside { gate: self }
    }
}

/// The initialiser runs.
pub(crate) struct Inside<'a> {
    gate: &'a Gate,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        event::released(&self.gate.map);
    }
}
