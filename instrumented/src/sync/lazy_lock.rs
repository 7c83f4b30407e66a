//! [`std::sync::LazyLock`], tracked.
//!
//! The real one gives no room to record between the wait and the initialiser, so this one is made of
//! the real parts: a cell for the value, and the initialiser until somebody has taken it. As there, a
//! panic of the initialiser leaves nothing to try again with.

use std::any::type_name;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{Mutex, OnceLock, PoisonError};

use lockdep::{Description, Map, Tracked};

use crate::locks::gate::Gate;

/// What reports call a value of `T`.
fn describe<T>() -> Description {
    Description::new("LazyLock", type_name::<T>())
}

/// [`std::sync::LazyLock`], tracked.
///
/// # Tracking
///
/// Until the value is there every access is an exclusive acquire, checked before it blocks, and the
/// initialiser runs with the lock held. Once it is there nothing is recorded.
pub struct LazyLock<T, F = fn() -> T> {
    gate: Gate,
    cell: OnceLock<T>,
    /// Locked for the time it takes to take it.
    init: Mutex<Option<F>>,
}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// Creates a value that `f` will make.
    ///
    /// # Tracking
    ///
    /// The place of this call is its class, together with `T`.
    #[inline]
    #[track_caller]
    pub const fn new(f: F) -> LazyLock<T, F> {
        LazyLock { gate: Gate::new(), cell: OnceLock::new(), init: Mutex::new(Some(f)) }
    }

    /// The value, made if need be; waits for an initialiser that runs.
    ///
    /// # Panics
    ///
    /// If the initialiser does or did; or if the wait breaks a rule and the tracker is told to panic.
    #[inline]
    #[track_caller]
    pub fn force(this: &LazyLock<T, F>) -> &T {
        match this.cell.get() {
            Some(value) => value,
            None => this.init(Location::caller()),
        }
    }

    #[cold]
    fn init(&self, site: &'static Location<'static>) -> &T {
        self.gate.before(describe::<T>, site);
        self.cell.get_or_init(|| {
            let init = self.init.lock().unwrap_or_else(PoisonError::into_inner).take();
            let init = init.unwrap_or_else(poisoned);
            let _inside = self.gate.enter(site);
            init()
        })
    }

    /// The value, made if need be. Records nothing: nobody else can want it.
    ///
    /// # Panics
    ///
    /// If the initialiser does or did.
    #[inline]
    pub fn force_mut(this: &mut LazyLock<T, F>) -> &mut T {
        if this.cell.get().is_none() {
            let init = this.init.get_mut().unwrap_or_else(PoisonError::into_inner).take();
            let value = init.unwrap_or_else(poisoned)();
            this.cell = OnceLock::from(value);
        }
        this.cell.get_mut().expect("the cell was filled above")
    }
}

impl<T, F> LazyLock<T, F> {
    /// The value, if it is there. Never waits.
    #[inline]
    pub fn get(this: &LazyLock<T, F>) -> Option<&T> {
        this.cell.get()
    }

    /// The value, if it is there. Never waits.
    #[inline]
    pub fn get_mut(this: &mut LazyLock<T, F>) -> Option<&mut T> {
        this.cell.get_mut()
    }
}

/// An earlier initialiser has panicked.
#[cold]
fn poisoned<F>() -> F {
    panic!("LazyLock instance has previously been poisoned")
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        LazyLock::force_mut(self)
    }
}

impl<T, F> Tracked for LazyLock<T, F> {
    fn map(&self) -> Option<&Map> {
        Some(self.gate.map())
    }

    fn describe() -> Description {
        describe::<T>()
    }
}

impl<T: Default> Default for LazyLock<T> {
    /// The payload's default, later; the class is the place of this call.
    #[track_caller]
    fn default() -> Self {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_tuple("LazyLock");
        match self.cell.get() {
            Some(value) => text.field(value),
            None => text.field(&format_args!("<uninit>")),
        };
        text.finish()
    }
}
