//! `futures_util` 0.3 with its mutex replaced, and with what polls several futures in turn telling them
//! apart.
//!
//! `cargo lockdep` compiles this file in the place of a `futures_util` that a program depends on, as a
//! crate of that name with the same features and against that very crate, which is given as
//! `real_futures_util`. Without the feature `std` nothing is replaced. All that `futures` gives on of it
//! goes through it.
//!
//! The sources are those of the module `futures` of `instrumented`.

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(all(feature = "std", feature = "async-await-macro"))]
#[doc(hidden)]
#[path = "../src/futures/macros.rs"]
pub mod __futures;
#[cfg(feature = "std")]
#[path = "../src/awaited.rs"]
mod awaited;
#[cfg(feature = "std")]
#[path = "../src/futures/chosen.rs"]
mod chosen;
#[cfg(feature = "std")]
#[path = "../src/futures/future.rs"]
pub mod future;
#[cfg(feature = "std")]
#[path = "../src/futures/lock/mod.rs"]
pub mod lock;
#[cfg(feature = "std")]
#[path = "../src/futures/select.rs"]
mod select;

pub use real_futures_util::*;

#[cfg(all(feature = "std", feature = "async-await-macro"))]
pub use crate::{
    __futures_join as join, __futures_select as select, __futures_select_biased as select_biased,
    __futures_try_join as try_join,
};

/// The crate that is replaced.
#[cfg(feature = "std")]
mod real {
    pub use real_futures_util::*;
}
