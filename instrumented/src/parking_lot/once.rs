//! The one-time initialisation.

use std::fmt;
use std::panic::Location;

use lockdep::Description;

use super::gate::Gate;
use super::real::{self, OnceState};

/// What reports call it.
pub(super) fn describe() -> Description {
    Description::new("Once", "")
}

/// `parking_lot`'s one-time initialisation.
///
/// # Tracking
///
/// Until it is done every call is an exclusive acquire, and the initialiser runs with the `Once`
/// held. Once it is done nothing is recorded.
pub struct Once {
    pub(super) gate: Gate,
    pub(super) inner: real::Once,
}

impl Once {
    /// Creates one that is not done; the place of this call is its class.
    #[inline]
    #[must_use]
    #[track_caller]
    pub const fn new() -> Once {
        Once { gate: Gate::new(), inner: real::Once::new() }
    }

    /// How far it is.
    #[inline]
    pub fn state(&self) -> OnceState {
        self.inner.state()
    }

    /// Runs `f` if nothing was run here before, or waits for what runs.
    ///
    /// # Panics
    ///
    /// If an earlier initialiser panicked, or this one does; or if the wait breaks a rule and the
    /// tracker is told to panic.
    #[inline]
    #[track_caller]
    pub fn call_once<F>(&self, f: F)
    where
        F: FnOnce(),
    {
        if !self.inner.state().done() {
            let site = Location::caller();
            self.gate.before(describe, site);
            self.inner.call_once(|| {
                let _inside = self.gate.enter(site);
                f();
            });
        }
    }

    /// As [`call_once`](Self::call_once), but runs `f` after an earlier initialiser's panic too.
    ///
    /// # Panics
    ///
    /// If this initialiser does; or if the wait breaks a rule and the tracker is told to panic.
    #[inline]
    #[track_caller]
    pub fn call_once_force<F>(&self, f: F)
    where
        F: FnOnce(OnceState),
    {
        if !self.inner.state().done() {
            let site = Location::caller();
            self.gate.before(describe, site);
            self.inner.call_once_force(|state| {
                let _inside = self.gate.enter(site);
                f(state);
            });
        }
    }
}

impl Default for Once {
    #[track_caller]
    fn default() -> Once {
        Once::new()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
