//! [`futures`](::futures) 0.3 with its mutex replaced by a tracked one, and with what polls several
//! futures in turn telling them apart.
//!
//! # Tracking
//!
//! A task that polls its futures as its own says so by [`lockdep::task`]; other executors are known by
//! their wakers. The futures of `join!`, `try_join!`, `select!` and of the functions of these kinds are
//! branches of their task: none waits for another one to let go of a lock.
//!
//! # What is not tracked
//!
//! When one of several futures is done, what the others hold is taken for held by nobody from then on:
//! they may be given away. A deadlock with that may be missed.

mod chosen;
pub mod future;
pub mod lock;
#[doc(hidden)]
pub mod macros;
mod select;

use super::awaited;

/// The crate that is wrapped.
mod real {
    pub use ::futures::*;
}

pub use ::futures::*;

pub use crate::{
    __futures_join as join, __futures_select as select, __futures_select_biased as select_biased,
    __futures_try_join as try_join,
};
pub use future::{Future, TryFuture};
