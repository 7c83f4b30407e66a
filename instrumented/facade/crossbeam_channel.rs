//! `crossbeam_channel` 0.3 to 0.5 with its channels replaced.
//!
//! `cargo lockdep` compiles this file in the place of a `crossbeam_channel` that a program depends on,
//! as a crate of that name with the same features and against that very crate, which is given as
//! `real_crossbeam_channel`. Without the feature `std`, which 0.5 was the first to have, it is empty,
//! and nothing is replaced.
//!
//! The sources are those of the module `crossbeam_channel` of `instrumented`.

#![cfg_attr(not(any(feature = "std", before = "0.5")), no_std)]

#[cfg(any(feature = "std", before = "0.5"))]
#[path = "../src/alone.rs"]
mod alone;
#[cfg(any(feature = "std", before = "0.5"))]
#[path = "../src/crossbeam_channel/arm.rs"]
mod arm;
#[cfg(any(feature = "std", before = "0.5"))]
#[path = "../src/crossbeam_channel/channel.rs"]
mod channel;
#[cfg(any(feature = "std", before = "0.5"))]
#[path = "../src/crossbeam_channel/ends.rs"]
mod ends;
#[cfg(any(feature = "std", before = "0.5"))]
#[path = "../src/crossbeam_channel/iter.rs"]
mod iter;
#[cfg(any(feature = "std", before = "0.5"))]
#[path = "../src/crossbeam_channel/macros.rs"]
mod macros;
#[cfg(any(feature = "std", before = "0.5"))]
#[path = "../src/crossbeam_channel/select.rs"]
mod select;

/// The crate that is replaced.
#[cfg(any(feature = "std", before = "0.5"))]
mod real {
    pub(super) use real_crossbeam_channel::*;
}

pub use real_crossbeam_channel::*;

#[cfg(any(feature = "std", before = "0.5"))]
pub use {
    channel::{Receiver, Sender, after, bounded, never, tick, unbounded},
    iter::{IntoIter, Iter, TryIter},
    select::{Select, SelectedOperation},
};

#[cfg(all(feature = "std", not(before = "0.5")))]
pub use channel::at;

/// What the macros call.
#[cfg(any(feature = "std", before = "0.5"))]
#[doc(hidden)]
pub mod __private {
    pub use super::arm::{choose, received, receives, selected, sending, sends};
    pub use real_crossbeam_channel::select;
    #[cfg(not(any(before = "0.5", before = "0.5.13")))]
    pub use real_crossbeam_channel::select_biased;
}

/// Selects one of several operations, waiting until one is ready.
#[cfg(any(feature = "std", before = "0.5"))]
#[macro_export]
macro_rules! select {
    ($($tokens:tt)*) => {
        $crate::__crossbeam_channel_select! { [$crate] select waits [] $($tokens)* }
    };
}

/// Selects the first of several operations that is ready.
#[cfg(all(feature = "std", not(any(before = "0.5", before = "0.5.13"))))]
#[macro_export]
macro_rules! select_biased {
    ($($tokens:tt)*) => {
        $crate::__crossbeam_channel_select! { [$crate] select_biased waits [] $($tokens)* }
    };
}
