//! `crossbeam_channel` 0.5 with its channels replaced.
//!
//! `cargo lockdep` compiles this file in the place of a `crossbeam_channel` that a program depends on,
//! as a crate of that name with the same features and against that very crate, which is given as
//! `real_crossbeam_channel`. Without the feature `std` it is empty, and nothing is replaced.
//!
//! The sources are those of the module `crossbeam_channel` of `instrumented`.

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "std")]
#[path = "../src/alone.rs"]
mod alone;
#[cfg(feature = "std")]
#[path = "../src/crossbeam_channel/arm.rs"]
mod arm;
#[cfg(feature = "std")]
#[path = "../src/crossbeam_channel/channel.rs"]
mod channel;
#[cfg(feature = "std")]
#[path = "../src/crossbeam_channel/ends.rs"]
mod ends;
#[cfg(feature = "std")]
#[path = "../src/crossbeam_channel/iter.rs"]
mod iter;
#[cfg(feature = "std")]
#[path = "../src/crossbeam_channel/macros.rs"]
mod macros;
#[cfg(feature = "std")]
#[path = "../src/crossbeam_channel/select.rs"]
mod select;

/// The crate that is replaced.
#[cfg(feature = "std")]
mod real {
    pub(super) use real_crossbeam_channel::*;
}

pub use real_crossbeam_channel::*;

#[cfg(feature = "std")]
pub use {
    channel::{Receiver, Sender, after, at, bounded, never, tick, unbounded},
    iter::{IntoIter, Iter, TryIter},
    select::{Select, SelectedOperation},
};

/// What the macros call.
#[cfg(feature = "std")]
#[doc(hidden)]
pub mod __private {
    pub use super::arm::{choose, received, receives, selected, sending, sends};
    pub use real_crossbeam_channel::select;
    #[cfg(not(before = "0.5.13"))]
    pub use real_crossbeam_channel::select_biased;
}

/// Selects one of several operations, waiting until one is ready.
#[cfg(feature = "std")]
#[macro_export]
macro_rules! select {
    ($($tokens:tt)*) => {
        $crate::__crossbeam_channel_select! { [$crate] select waits [] $($tokens)* }
    };
}

/// Selects the first of several operations that is ready.
#[cfg(all(feature = "std", not(before = "0.5.13")))]
#[macro_export]
macro_rules! select_biased {
    ($($tokens:tt)*) => {
        $crate::__crossbeam_channel_select! { [$crate] select_biased waits [] $($tokens)* }
    };
}
