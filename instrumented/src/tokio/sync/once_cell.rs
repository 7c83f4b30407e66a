//! The cell of tokio that is filled once, tracked.

use std::any::type_name;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::panic::Location;
use std::pin::pin;

use lockdep::{Description, How, Map, Tracked, Traits, event, task};

use super::core::Site;
use super::real::sync::{OnceCell as RealCell, SetError};

/// What reports call a cell of `T`.
fn describe<T>() -> Description {
    Description::new("OnceCell", type_name::<T>()).with_traits(Traits::AWAITED)
}

/// [`tokio::sync::OnceCell`](::tokio::sync::OnceCell), tracked.
///
/// # Tracking
///
/// While the initialiser runs, whoever else comes waits for it, and the task that runs it holds it.
/// So until the cell is full, [`get_or_init`](Self::get_or_init) is an exclusive acquire. A full cell
/// records nothing, and neither does what never waits.
pub struct OnceCell<T> {
    map: Map,
    inner: RealCell<T>,
}

impl<T> OnceCell<T> {
    /// Creates an empty cell; the place of this call is its class, together with `T`.
    #[track_caller]
    pub fn new() -> Self {
        OnceCell { map: Map::new(), inner: RealCell::new() }
    }

    /// [`new`](Self::new) in constants.
    #[cfg(any(not(before = "1.30"), feature = "parking_lot"))]
    #[track_caller]
    pub const fn const_new() -> Self {
        OnceCell { map: Map::new(), inner: RealCell::const_new() }
    }

    /// Creates a cell with a value or without; the place of this call is its class.
    #[track_caller]
    pub fn new_with(value: Option<T>) -> Self {
        OnceCell { map: Map::new(), inner: RealCell::new_with(value) }
    }

    /// Creates a full cell in constants; the place of this call is its class.
    #[cfg(not(before = "1.37"))]
    #[track_caller]
    pub const fn const_new_with(value: T) -> Self {
        OnceCell { map: Map::new(), inner: RealCell::const_new_with(value) }
    }

    /// Whether the cell is full.
    pub fn initialized(&self) -> bool {
        self.inner.initialized()
    }

    /// The value, if there is one. Never waits.
    pub fn get(&self) -> Option<&T> {
        self.inner.get()
    }

    /// The value, if there is one. Never waits.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.inner.get_mut()
    }

    /// Fills the cell. Never waits.
    ///
    /// # Errors
    ///
    /// The value, if the cell is full or an initialiser runs.
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        self.inner.set(value)
    }

    /// The value, which `f` makes if there is none; waits for an initialiser that runs.
    ///
    /// # Panics
    ///
    /// The future panics if `f` does, or if the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn get_or_init<F, Fut>(&self, f: F) -> impl Future<Output = &T>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        let site = Location::caller();
        async move {
            let init = self.inner.get_or_init(|| self.inside(site, f));
            self.announced(site, init).await
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
    /// As [`get_or_init`](Self::get_or_init).
    #[track_caller]
    pub fn get_or_try_init<E, F, Fut>(&self, f: F) -> impl Future<Output = Result<&T, E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let site = Location::caller();
        async move {
            let init = self.inner.get_or_try_init(|| self.inside(site, f));
            self.announced(site, init).await
        }
    }

    /// The value, if there is one.
    pub fn into_inner(self) -> Option<T> {
        self.inner.into_inner()
    }

    /// Takes the value out, if there is one.
    pub fn take(&mut self) -> Option<T> {
        self.inner.take()
    }

    /// Waits as `init` does; says so, unless the cell is full.
    async fn announced<I: Future>(&self, site: Site, init: I) -> I::Output {
        let mut init = pin!(init);
        let mut is_announced = self.initialized();
        let polled = poll_fn(|context| {
            let _polled = task::polled_by(context);
            if !mem::replace(&mut is_announced, true) {
                event::before_acquire(&self.map, How::EXCLUSIVE, describe::<T>, site);
            }
            init.as_mut().poll(context)
        });
        polled.await
    }

    /// What `f` makes; the cell is held meanwhile.
    async fn inside<F: FnOnce() -> Fut, Fut: Future>(&self, site: Site, f: F) -> Fut::Output {
        /// The initialiser runs.
        struct Inside<'a>(&'a Map);
        impl Drop for Inside<'_> {
            fn drop(&mut self) {
                event::released_anywhere(self.0);
            }
        }
        event::acquired(&self.map, How::EXCLUSIVE, site);
        event::can_be_sent(&self.map);
        let _inside = Inside(&self.map);
        f().await
    }
}

impl<T> Tracked for OnceCell<T> {
    fn map(&self) -> Option<&Map> {
        Some(&self.map)
    }

    fn describe() -> Description {
        describe::<T>()
    }
}

impl<T> Default for OnceCell<T> {
    /// An empty cell; the class is the place of this call.
    #[track_caller]
    fn default() -> Self {
        OnceCell::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    /// A full cell; the class is the place of this call.
    #[track_caller]
    fn from(value: T) -> Self {
        OnceCell::new_with(Some(value))
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    /// A cell of its own with a clone of the value; the class is the place of this call.
    #[track_caller]
    fn clone(&self) -> Self {
        OnceCell { map: Map::new(), inner: self.inner.clone() }
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
