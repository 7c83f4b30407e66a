//! [`std::sync::OnceLock`], tracked.

use std::any::type_name;
use std::fmt;
use std::panic::Location;

use lockdep::{Description, Map, Tracked};

use crate::locks::gate::Gate;

/// What reports call a cell of `T`.
fn describe<T>() -> Description {
    Description::new("OnceLock", type_name::<T>())
}

/// [`std::sync::OnceLock`], tracked.
///
/// # Tracking
///
/// Until it is full every call that may wait is an exclusive acquire, checked before it blocks, and
/// the initialiser runs with the cell held. Once it is full nothing is recorded.
pub struct OnceLock<T> {
    gate: Gate,
    inner: std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    /// Creates an empty cell.
    ///
    /// # Tracking
    ///
    /// The place of this call is the cell's class, together with `T`.
    #[inline]
    #[must_use]
    #[track_caller]
    pub const fn new() -> OnceLock<T> {
        OnceLock { gate: Gate::new(), inner: std::sync::OnceLock::new() }
    }

    /// The value, if there is one. Never waits.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.inner.get()
    }

    /// The value, if there is one. Never waits.
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.inner.get_mut()
    }

    /// The value, waiting until there is one.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn wait(&self) -> &T {
        if let Some(value) = self.inner.get() {
            return value;
        }
        self.gate.before(describe::<T>, Location::caller());
        self.inner.wait()
    }

    /// Puts the value in; waits for an initialiser that runs.
    ///
    /// # Errors
    ///
    /// The value, if there was one already.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        if self.inner.get().is_none() {
            self.gate.before(describe::<T>, Location::caller());
        }
        self.inner.set(value)
    }

    /// The value, which `f` makes if there is none; waits for an initialiser that runs.
    ///
    /// # Panics
    ///
    /// If `f` does; or if the wait breaks a rule and the tracker is told to panic.
    #[inline]
    #[track_caller]
    pub fn get_or_init<F>(&self, f: F) -> &T
    where
        F: FnOnce() -> T,
    {
        match self.inner.get() {
            Some(value) => value,
            None => self.init(f, Location::caller()),
        }
    }

    #[cold]
    fn init<F>(&self, f: F, site: &'static Location<'static>) -> &T
    where
        F: FnOnce() -> T,
    {
        self.gate.before(describe::<T>, site);
        self.inner.get_or_init(|| {
            let _inside = self.gate.enter(site);
            f()
        })
    }

    /// The value, if there is one.
    #[inline]
    pub fn into_inner(self) -> Option<T> {
        self.inner.into_inner()
    }

    /// Takes the value out, if there is one.
    #[inline]
    pub fn take(&mut self) -> Option<T> {
        self.inner.take()
    }
}

impl<T> Tracked for OnceLock<T> {
    fn map(&self) -> Option<&Map> {
        Some(self.gate.map())
    }

    fn describe() -> Description {
        describe::<T>()
    }
}

impl<T> Default for OnceLock<T> {
    /// An empty cell; the class is the place of this call.
    #[inline(always)]
    #[track_caller]
    fn default() -> Self {
        lockdep::told_apart(OnceLock::new())
    }
}

impl<T> From<T> for OnceLock<T> {
    /// A full cell; the class is the place of this call.
    #[track_caller]
    fn from(value: T) -> Self {
        OnceLock { gate: Gate::new(), inner: std::sync::OnceLock::from(value) }
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    /// A cell of its own with a clone of the value; the class is the place of this call.
    #[track_caller]
    fn clone(&self) -> Self {
        OnceLock { gate: Gate::new(), inner: self.inner.clone() }
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl<T: Eq> Eq for OnceLock<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
