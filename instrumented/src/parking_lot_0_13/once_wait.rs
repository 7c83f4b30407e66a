//! What the one-time initialisation can do since 0.13: be done from the start, and be waited for.

use std::panic::Location;

use super::gate::Gate;
use super::once::{Once, describe};
use super::real;

impl Once {
    /// Creates one that is done.
    #[inline]
    #[must_use]
    #[track_caller]
    pub const fn new_completed() -> Once {
        Once { gate: Gate::new(), inner: real::Once::new_completed() }
    }

    /// Whether it is done.
    #[inline]
    pub fn is_completed(&self) -> bool {
        self.inner.is_completed()
    }

    /// Waits until it is done.
    ///
    /// # Panics
    ///
    /// If an initialiser panicked or panics; or if the wait breaks a rule and the tracker is told to
    /// panic.
    #[inline]
    #[track_caller]
    pub fn wait(&self) {
        if !self.inner.is_completed() {
            self.gate.before(describe, Location::caller());
            self.inner.wait();
        }
    }

    /// Waits until it is done, however many initialisers panic before.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule and the tracker is told to panic.
    #[inline]
    #[track_caller]
    pub fn wait_force(&self) {
        if !self.inner.is_completed() {
            self.gate.before(describe, Location::caller());
            self.inner.wait_force();
        }
    }
}
