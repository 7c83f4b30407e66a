//! `lazy_static` 1 with its values replaced.
//!
//! `cargo lockdep` compiles this file in the place of a `lazy_static` that a program depends on, as a
//! crate of that name with the same features and against that very crate, which is given as
//! `real_lazy_static`.
//!
//! The real crate makes the lock of every value in one place, so all of them would be one class. Here
//! each has a class of its own. With the feature `spin_no_std` nothing is replaced.
//!
//! The sources are those of the module `lazy_static` of `instrumented`.

#![no_std]

#[cfg(not(feature = "spin_no_std"))]
extern crate std;

pub use real_lazy_static::*;

#[cfg(not(feature = "spin_no_std"))]
#[path = "../src/gate.rs"]
mod gate;

#[cfg(not(feature = "spin_no_std"))]
#[doc(hidden)]
#[path = "../src/lazy_static/lazy.rs"]
pub mod lazy;
#[cfg(not(feature = "spin_no_std"))]
#[path = "../src/lazy_static/macros.rs"]
mod macros;

/// Declares values that are made when they are first used.
#[cfg(not(feature = "spin_no_std"))]
#[macro_export]
macro_rules! lazy_static {
    ($($tokens:tt)*) => {
        $crate::__lazy_static_values! { [$crate] $($tokens)* }
    };
}
