//! Tests of the lock with real threads, in both builds: with the tracker and without.

mod arena;
mod assertions;
mod guards;
mod lookups;
mod protocol;
mod toy;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod tracking;
