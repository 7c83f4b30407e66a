//! `once_cell` with the cells of its `sync` replaced.
//!
//! `cargo lockdep` compiles this file in the place of a `once_cell` that a program depends on, as a
//! crate of that name with the same features and against that very crate, which is given as
//! `real_once_cell`. Without the feature `std` there is nothing in it that waits as a thread does,
//! and nothing is replaced.
//!
//! The sources are those of the module `once_cell` of `instrumented`.

#![no_std]

pub use real_once_cell::*;

#[cfg(feature = "std")]
#[path = "../src/gate.rs"]
mod gate;
#[cfg(feature = "std")]
#[path = "../src/once_cell/sync.rs"]
pub mod sync;

/// The cells that are replaced.
#[cfg(feature = "std")]
mod real {
    pub(super) use real_once_cell::sync::*;
}
