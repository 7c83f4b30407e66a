//! `parking_lot` 0.13 with what it has besides the locks of `lock_api` replaced.
//!
//! `cargo lockdep` compiles this file in the place of a `parking_lot` that a program depends on, as
//! a crate of that name and against that very crate, which is given as `real_parking_lot`. That one
//! is built on the replaced `lock_api`, so its locks and its condition variable are tracked already;
//! what is left is the one-time initialisation.
//!
//! The sources are those of the module `parking_lot_0_13` of `instrumented`.

#[path = "../src/gate.rs"]
mod gate;
#[path = "../src/parking_lot/once.rs"]
mod once;
#[path = "../src/parking_lot_0_13/once_wait.rs"]
mod once_wait;

/// The crate that is replaced.
mod real {
    pub(super) use real_parking_lot::{Once, OnceState};
}

pub use real_parking_lot::*;

pub use once::Once;
