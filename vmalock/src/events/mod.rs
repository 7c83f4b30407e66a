//! The one place that knows the tracker.
//!
//! Two modules with equal names: one that tells lockdep, one that has nothing to tell. The macros
//! in front of them are what the lock uses.

pub(crate) mod macros;

#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod on;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub(crate) use on::*;

#[cfg(not(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release"))))]
mod off;
#[cfg(not(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release"))))]
pub(crate) use off::*;
