//! [`lazy_static`](::lazy_static) 1 with its values replaced by tracked ones.
//!
//! # Tracking
//!
//! Each static is a class of its own. Until its value is there every use is an exclusive acquire, and
//! the initialiser runs with the lock held. Once the value is there nothing is recorded.

#[doc(hidden)]
pub mod lazy;
mod macros;

use crate::locks::gate;

#[doc(hidden)]
pub use ::lazy_static::__Deref;
pub use ::lazy_static::{LazyStatic, initialize};

pub use crate::__lazy_static as lazy_static;

/// Declares values that are made when they are first used; as the macro of the real crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __lazy_static {
    ($($tokens:tt)*) => {
        $crate::__lazy_static_values! { [$crate::lazy_static] $($tokens)* }
    };
}
