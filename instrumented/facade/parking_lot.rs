//! `parking_lot` 0.8 to 0.12 with what it has besides the locks of `lock_api` replaced.
//!
//! `cargo lockdep` compiles this file in the place of a `parking_lot` that a program depends on, as
//! a crate of that name and against that very crate, which is given as `real_parking_lot`. That one
//! is built on the replaced `lock_api`, so its locks are tracked already; what is left are the
//! condition variable, the one-time initialisation, and the constructors that would hide the place
//! they are called from.
//!
//! The sources are those of the module `parking_lot` of `instrumented`.

#[path = "../src/parking_lot/condvar.rs"]
mod condvar;
#[cfg(not(before = "0.10"))]
#[path = "../src/parking_lot/constructors.rs"]
mod constructors;
#[path = "../src/gate.rs"]
mod gate;
#[path = "../src/parking_lot/once.rs"]
mod once;

/// The crate that is replaced.
mod real {
    pub(super) use real_parking_lot::*;
}

pub use real_parking_lot::*;

#[cfg(before = "0.9")]
use ::lock_api;

pub use condvar::Condvar;
#[cfg(not(before = "0.10"))]
pub use constructors::{const_fair_mutex, const_mutex, const_reentrant_mutex, const_rwlock};
pub use once::Once;

/// The guard of a hold, for what the real crate does with one: here it is the real crate's too.
fn with_real_guard<T: ?Sized, U>(
    guard: &mut MutexGuard<'_, T>,
    f: impl FnOnce(&mut MutexGuard<'_, T>) -> U,
) -> U {
    f(guard)
}
