//! [`std::sync::Once`], tracked.

use std::fmt;
use std::panic::Location;
use std::sync::OnceState;

use lockdep::{Description, Map, Tracked};

use crate::locks::gate::Gate;

/// What reports call it.
fn describe() -> Description {
    Description::new("Once", "")
}

/// [`std::sync::Once`], tracked.
///
/// # Tracking
///
/// Until it is done every call is an exclusive acquire, checked before it blocks, and the
/// initialiser runs with the `Once` held. Once it is done nothing is recorded.
pub struct Once {
    gate: Gate,
    inner: std::sync::Once,
}

/// One that is not done.
#[deprecated(since = "0.1.0", note = "as in `std::sync`; use `Once::new`")]
#[allow(clippy::declare_interior_mutable_const, reason = "the real one is a constant too")]
pub const ONCE_INIT: Once = Once::new();

impl Once {
    /// Creates one that is not done; the place of this call is its class.
    #[inline]
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "the real one has no default")]
    pub const fn new() -> Once {
        Once { gate: Gate::new(), inner: std::sync::Once::new() }
    }

    /// Runs `f` if nothing was run here before, or waits for what runs.
    ///
    /// # Panics
    ///
    /// If this initialiser panics or an earlier one did; or if the wait breaks a rule and the
    /// tracker is told to panic.
    #[inline]
    #[track_caller]
    pub fn call_once<F>(&self, f: F)
    where
        F: FnOnce(),
    {
        if !self.inner.is_completed() {
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
        F: FnOnce(&OnceState),
    {
        if !self.inner.is_completed() {
            let site = Location::caller();
            self.gate.before(describe, site);
            self.inner.call_once_force(|state| {
                let _inside = self.gate.enter(site);
                f(state);
            });
        }
    }

    /// Whether an initialiser has returned.
    #[inline]
    pub fn is_completed(&self) -> bool {
        self.inner.is_completed()
    }

    /// Waits until an initialiser has returned.
    ///
    /// # Panics
    ///
    /// If an initialiser panicked; or if the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn wait(&self) {
        if !self.inner.is_completed() {
            self.gate.before(describe, Location::caller());
            self.inner.wait();
        }
    }

    /// Waits until an initialiser has returned, whatever became of earlier ones.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn wait_force(&self) {
        if !self.inner.is_completed() {
            self.gate.before(describe, Location::caller());
            self.inner.wait_force();
        }
    }
}

impl Tracked for Once {
    fn map(&self) -> Option<&Map> {
        Some(self.gate.map())
    }

    fn describe() -> Description {
        describe()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
