//! The cell of `async_lock` that is filled once, tracked.

use std::any::type_name;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::panic::Location;
use std::pin::pin;

use lockdep::{Description, How, Map, Tracked, Traits, event, task};

use super::awaited::Site;
use super::real::OnceCell as RealCell;

/// What reports call a cell of `T`.
fn describe<T>() -> Description {
    Description::new("OnceCell", type_name::<T>()).with_traits(Traits::AWAITED)
}

/// The cell of `async_lock` that is filled once, tracked.
///
/// # Tracking
///
/// While the initialiser runs, whoever else comes waits for it, and the task that runs it holds it.
/// So until the cell is full, every call that may wait is an exclusive acquire. A full cell records
/// nothing, and neither does what never waits.
pub struct OnceCell<T> {
    map: Map,
    inner: RealCell<T>,
}

impl<T> OnceCell<T> {
    /// Creates an empty cell; the place of this call is its class, together with `T`.
    #[track_caller]
    pub const fn new() -> Self {
        OnceCell { map: Map::new(), inner: RealCell::new() }
    }

    /// Whether the cell is full.
    pub fn is_initialized(&self) -> bool {
        self.inner.is_initialized()
    }

    /// The value, if there is one. Never waits.
    pub fn get(&self) -> Option<&T> {
        self.inner.get()
    }

    /// The value, if there is one. Never waits.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.inner.get_mut()
    }

    /// Takes the value out, if there is one.
    pub fn take(&mut self) -> Option<T> {
        self.inner.take()
    }

    /// The value, if there is one.
    pub fn into_inner(self) -> Option<T> {
        self.inner.into_inner()
    }

    /// The value, waiting until somebody has filled the cell.
    ///
    /// # Panics
    ///
    /// The future panics if the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = &T> {
        self.announced(Location::caller(), self.inner.wait())
    }

    /// [`wait`](Self::wait), blocking the thread.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn wait_blocking(&self) -> &T {
        self.before(Location::caller());
        self.inner.wait_blocking()
    }

    /// The value, which `closure` may make if there is none; waits for an initialiser that runs.
    ///
    /// # Errors
    ///
    /// That of `closure`; the cell is as empty as before.
    ///
    /// # Panics
    ///
    /// The future panics if `closure` does, or if the wait breaks a rule and the tracker is told to
    /// panic.
    #[track_caller]
    pub fn get_or_try_init<E, Fut: Future<Output = Result<T, E>>>(
        &self,
        closure: impl FnOnce() -> Fut,
    ) -> impl Future<Output = Result<&T, E>> {
        let site = Location::caller();
        async move {
            let init = self.inner.get_or_try_init(|| self.inside(site, closure));
            self.announced(site, init).await
        }
    }

    /// [`get_or_try_init`](Self::get_or_try_init), blocking the thread.
    ///
    /// # Errors
    ///
    /// That of `closure`; the cell is as empty as before.
    ///
    /// # Panics
    ///
    /// If `closure` does, or if the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn get_or_try_init_blocking<E>(
        &self,
        closure: impl FnOnce() -> Result<T, E>,
    ) -> Result<&T, E> {
        let site = Location::caller();
        self.before(site);
        self.inner.get_or_try_init_blocking(|| {
            let _inside = self.enter(site);
            closure()
        })
    }

    /// The value, which `closure` makes if there is none; waits for an initialiser that runs.
    ///
    /// # Panics
    ///
    /// As [`get_or_try_init`](Self::get_or_try_init).
    #[track_caller]
    pub fn get_or_init<Fut: Future<Output = T>>(
        &self,
        closure: impl FnOnce() -> Fut,
    ) -> impl Future<Output = &T> {
        let site = Location::caller();
        async move {
            let init = self.inner.get_or_init(|| self.inside(site, closure));
            self.announced(site, init).await
        }
    }

    /// [`get_or_init`](Self::get_or_init), blocking the thread.
    ///
    /// # Panics
    ///
    /// As [`get_or_try_init_blocking`](Self::get_or_try_init_blocking).
    #[track_caller]
    pub fn get_or_init_blocking(&self, closure: impl FnOnce() -> T + Unpin) -> &T {
        let site = Location::caller();
        self.before(site);
        self.inner.get_or_init_blocking(|| {
            let _inside = self.enter(site);
            closure()
        })
    }

    /// Fills the cell; waits for an initialiser that runs.
    ///
    /// # Errors
    ///
    /// The value, if there was one already.
    ///
    /// # Panics
    ///
    /// The future panics if the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn set(&self, value: T) -> impl Future<Output = Result<&T, T>> {
        self.announced(Location::caller(), self.inner.set(value))
    }

    /// Fills the cell. Never waits.
    ///
    /// # Errors
    ///
    /// The value, if the cell is full or an initialiser runs.
    #[cfg(not(before = "3.5"))]
    pub fn try_set(&self, value: T) -> Result<(), T> {
        self.inner.try_set(value)
    }

    /// [`set`](Self::set), blocking the thread.
    ///
    /// # Errors
    ///
    /// The value, if there was one already.
    ///
    /// # Panics
    ///
    /// If the wait breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub fn set_blocking(&self, value: T) -> Result<&T, T> {
        self.before(Location::caller());
        self.inner.set_blocking(value)
    }

    /// The value, which there must be.
    ///
    /// # Safety
    ///
    /// The cell is full.
    pub unsafe fn get_unchecked(&self) -> &T {
        // SAFETY: the caller says so.
        unsafe { self.inner.get_unchecked() }
    }

    /// Checks that the current task may wait for an initialiser, unless the cell is full.
    fn before(&self, site: Site) {
        if !self.is_initialized() {
            event::before_acquire(&self.map, How::EXCLUSIVE, describe::<T>, site);
        }
    }

    /// The current task has begun the initialiser; it ends with the value.
    fn enter(&self, site: Site) -> Inside<'_> {
        event::acquired(&self.map, How::EXCLUSIVE, site);
        event::can_be_sent(&self.map);
        Inside(&self.map)
    }

    /// Waits as `init` does; says so, unless the cell is full.
    async fn announced<I: Future>(&self, site: Site, init: I) -> I::Output {
        let mut init = pin!(init);
        let mut is_announced = false;
        let polled = poll_fn(|context| {
            let _polled = task::polled_by(context);
            if !mem::replace(&mut is_announced, true) {
                self.before(site);
            }
            init.as_mut().poll(context)
        });
        polled.await
    }

    /// What `closure` makes; the cell is held meanwhile.
    async fn inside<F: FnOnce() -> Fut, Fut: Future>(&self, site: Site, closure: F) -> Fut::Output {
        let _inside = self.enter(site);
        closure().await
    }
}

/// The initialiser runs.
struct Inside<'a>(&'a Map);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        event::released_anywhere(self.0);
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
        OnceCell { map: Map::new(), inner: RealCell::from(value) }
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
