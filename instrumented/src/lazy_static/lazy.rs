//! What the values of `lazy_static!` are made of.
//!
//! Until a value is there it is a lock (see `gate`), of a class of its own: that of the type which the
//! macro makes for the static. Once it is there nothing is recorded.

use core::any::type_name;
use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;
use std::sync::Once;

use lockdep::Description;

use super::gate::Gate;

/// The value of the static whose type is `N`.
pub struct Lazy<N, T: Sync> {
    gate: Gate,
    once: Once,
    /// Written by the initialiser alone, and read once that is done.
    value: UnsafeCell<Option<T>>,
    _name: PhantomData<fn() -> N>,
}

impl<N, T: Sync> fmt::Debug for Lazy<N, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy").finish_non_exhaustive()
    }
}

// SAFETY: the value is written by the one initialiser, which all readers come after.
unsafe impl<N, T: Sync> Sync for Lazy<N, T> {}

impl<N, T: Sync> Lazy<N, T> {
    /// One whose value is not there.
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "its place is its class")]
    pub const fn new() -> Self {
        Lazy {
            gate: Gate::new(),
            once: Once::new(),
            value: UnsafeCell::new(None),
            _name: PhantomData,
        }
    }

    /// The value, which `make` makes if it is not there; waits for one who does.
    ///
    /// # Panics
    ///
    /// If `make` does or did; or if the wait breaks a rule and the tracker is told to panic.
    #[inline]
    #[track_caller]
    pub fn get(&'static self, make: fn() -> T) -> &'static T {
        if !self.once.is_completed() {
            self.make(make, Location::caller());
        }
        // SAFETY: the initialiser is done, and nobody writes after it.
        let value = unsafe { &*self.value.get() };
        value.as_ref().expect("the initialiser is done")
    }

    #[cold]
    fn make(&'static self, make: fn() -> T, site: &'static Location<'static>) {
        self.gate.before(|| Description::new("lazy_static", type_name::<N>()), site);
        self.once.call_once(|| {
            let _inside = self.gate.enter(site);
            let value = make();
            // SAFETY: this runs once, and all others wait for it.
            unsafe { *self.value.get() = Some(value) };
        });
    }
}
