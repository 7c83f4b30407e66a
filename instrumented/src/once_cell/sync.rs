//! The cells that are initialised once, by whichever thread comes first.
//!
//! Until a cell is full it is a lock (see `gate`): a call that may wait for the initialiser is checked
//! before it does, and the initialiser runs with the cell held. Once it is full nothing is recorded.

use core::any::type_name;
use core::cell::Cell;
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::panic::{Location, RefUnwindSafe};

use lockdep::{Describe, Description, Map, Tracked};

use super::gate::Gate;
use super::real;

/// What reports call a cell of `T`.
fn cell<T>() -> Description {
    Description::new("OnceCell", type_name::<T>())
}

/// What reports call a lazy value of `T`.
fn lazy<T>() -> Description {
    Description::new("Lazy", type_name::<T>())
}

/// A cell that is filled once.
///
/// # Tracking
///
/// Until it is full every call that may wait is an exclusive acquire, and the initialiser runs with
/// the cell held.
pub struct OnceCell<T> {
    gate: Gate,
    inner: real::OnceCell<T>,
}

impl<T> OnceCell<T> {
    /// Creates an empty cell; the place of this call is its class, together with `T`.
    #[inline]
    #[track_caller]
    pub const fn new() -> OnceCell<T> {
        OnceCell { gate: Gate::new(), inner: real::OnceCell::new() }
    }

    /// Creates a full cell; the place of this call is its class, together with `T`.
    #[cfg(not(before = "1.11"))]
    #[inline]
    #[track_caller]
    pub const fn with_value(value: T) -> OnceCell<T> {
        OnceCell { gate: Gate::new(), inner: real::OnceCell::with_value(value) }
    }

    /// The value, if there is one. Never waits.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.inner.get()
    }

    /// The value, waiting until there is one.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule and the tracker is told to panic.
    #[cfg(not(before = "1.12"))]
    #[track_caller]
    pub fn wait(&self) -> &T {
        self.check(cell::<T>, Location::caller());
        self.inner.wait()
    }

    /// The value, if there is one. Never waits.
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.inner.get_mut()
    }

    /// The value, which must be there.
    ///
    /// # Safety
    ///
    /// The cell is full, and this thread knows it by an order of events.
    #[inline]
    pub unsafe fn get_unchecked(&self) -> &T {
        // SAFETY: the caller promises the same.
        unsafe { self.inner.get_unchecked() }
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
        self.check(cell::<T>, Location::caller());
        self.inner.set(value)
    }

    /// Puts the value in and gives it back; waits for an initialiser that runs.
    ///
    /// # Errors
    ///
    /// The value that was there already, and this one.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule and the tracker is told to panic.
    #[cfg(not(before = "1.8"))]
    #[track_caller]
    pub fn try_insert(&self, value: T) -> Result<&T, (&T, T)> {
        self.check(cell::<T>, Location::caller());
        self.inner.try_insert(value)
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
            None => self.init(f, cell::<T>, Location::caller()),
        }
    }

    /// The value, which `f` may make if there is none; waits for an initialiser that runs.
    ///
    /// # Errors
    ///
    /// That of `f`; the cell is as empty as before.
    ///
    /// # Panics
    ///
    /// If `f` does; or if the wait breaks a rule and the tracker is told to panic.
    #[inline]
    #[track_caller]
    pub fn get_or_try_init<F, E>(&self, f: F) -> Result<&T, E>
    where
        F: FnOnce() -> Result<T, E>,
    {
        if let Some(value) = self.inner.get() {
            return Ok(value);
        }
        let site = Location::caller();
        self.gate.before(cell::<T>, site);
        self.inner.get_or_try_init(|| {
            let _inside = self.gate.enter(site);
            f()
        })
    }

    /// Takes the value out, if there is one.
    #[cfg(not(before = "1.4"))]
    #[inline]
    pub fn take(&mut self) -> Option<T> {
        self.inner.take()
    }

    /// The value, if there is one.
    #[inline]
    pub fn into_inner(self) -> Option<T> {
        self.inner.into_inner()
    }

    /// Checks that the current task may wait, if the cell is not full.
    fn check(&self, describe: Describe, site: &'static Location<'static>) {
        if self.inner.get().is_none() {
            self.gate.before(describe, site);
        }
    }

    #[cold]
    fn init(
        &self,
        f: impl FnOnce() -> T,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> &T {
        self.gate.before(describe, site);
        self.inner.get_or_init(|| {
            let _inside = self.gate.enter(site);
            f()
        })
    }
}

impl<T> Tracked for OnceCell<T> {
    fn map(&self) -> Option<&Map> {
        Some(self.gate.map())
    }

    fn describe() -> Description {
        cell::<T>()
    }
}

impl<T> Default for OnceCell<T> {
    /// An empty cell; the class is the place of this call.
    #[inline(always)]
    #[track_caller]
    fn default() -> Self {
        lockdep::told_apart(OnceCell::new())
    }
}

impl<T> From<T> for OnceCell<T> {
    /// A full cell; the class is the place of this call.
    #[track_caller]
    fn from(value: T) -> Self {
        OnceCell { gate: Gate::new(), inner: real::OnceCell::from(value) }
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    /// A cell of its own with a clone of the value; the class is the place of this call.
    #[track_caller]
    fn clone(&self) -> Self {
        OnceCell { gate: Gate::new(), inner: self.inner.clone() }
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// A value that is made when it is first wanted.
///
/// # Tracking
///
/// Until the value is there every access is an exclusive acquire, and the initialiser runs with the
/// lock held.
pub struct Lazy<T, F = fn() -> T> {
    cell: OnceCell<T>,
    init: Cell<Option<F>>,
}

// SAFETY: the initialiser is only taken inside the cell's own initialisation, by one thread.
unsafe impl<T, F: Send> Sync for Lazy<T, F> where OnceCell<T>: Sync {}

impl<T, F: RefUnwindSafe> RefUnwindSafe for Lazy<T, F> where OnceCell<T>: RefUnwindSafe {}

impl<T, F> Lazy<T, F> {
    /// Creates a value that `f` will make; the place of this call is its class, together with `T`.
    #[inline]
    #[track_caller]
    pub const fn new(f: F) -> Lazy<T, F> {
        Lazy { cell: OnceCell::new(), init: Cell::new(Some(f)) }
    }

    /// The value, or what would make it.
    ///
    /// # Errors
    ///
    /// The initialiser, if it did not run.
    ///
    /// # Panics
    ///
    /// If the initialiser panicked.
    pub fn into_value(this: Lazy<T, F>) -> Result<T, F> {
        let Lazy { cell, init } = this;
        cell.into_inner().ok_or_else(|| init.take().unwrap_or_else(poisoned))
    }
}

impl<T, F: FnOnce() -> T> Lazy<T, F> {
    /// The value, made if need be; waits for an initialiser that runs.
    ///
    /// # Panics
    ///
    /// If the initialiser does or did; or if the wait breaks a rule and the tracker is told to panic.
    #[inline]
    #[track_caller]
    pub fn force(this: &Lazy<T, F>) -> &T {
        match this.cell.get() {
            Some(value) => value,
            None => {
                let init = || this.init.take().unwrap_or_else(poisoned)();
                this.cell.init(init, lazy::<T>, Location::caller())
            }
        }
    }

    /// The value, made if need be. Records nothing: nobody else can want it.
    ///
    /// # Panics
    ///
    /// If the initialiser does or did.
    pub fn force_mut(this: &mut Lazy<T, F>) -> &mut T {
        if this.cell.get().is_none() {
            let value = this.init.take().unwrap_or_else(poisoned)();
            this.cell.inner = real::OnceCell::from(value);
        }
        this.cell.get_mut().expect("the cell was filled above")
    }

    /// The value, if it is there. Never waits.
    #[inline]
    pub fn get(this: &Lazy<T, F>) -> Option<&T> {
        this.cell.get()
    }

    /// The value, if it is there. Never waits.
    #[inline]
    pub fn get_mut(this: &mut Lazy<T, F>) -> Option<&mut T> {
        this.cell.get_mut()
    }
}

/// An earlier initialiser has panicked.
#[cold]
fn poisoned<F>() -> F {
    panic!("Lazy instance has previously been poisoned")
}

impl<T, F: FnOnce() -> T> Deref for Lazy<T, F> {
    type Target = T;

    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        Lazy::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for Lazy<T, F> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        Lazy::force_mut(self)
    }
}

impl<T: Default> Default for Lazy<T> {
    /// The payload's default, later; the class is the place of this call.
    #[track_caller]
    fn default() -> Self {
        Lazy::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for Lazy<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy").field("cell", &self.cell).field("init", &"..").finish()
    }
}
