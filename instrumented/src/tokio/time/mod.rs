//! [`tokio::time`](::tokio::time) with its timeouts replaced by ones that say so. All other names are
//! the real ones.
//!
//! # Tracking
//!
//! A lock that is awaited in a timeout cannot be awaited for ever: it is an attempt that may fail, as
//! for a `try_lock_for`. No order is learnt from what is held to it, and who holds it already is not
//! told. What is taken while it is held is judged like all else. A wait for what another task does is
//! none in a timeout.

mod timeout;

use super::real;

pub use super::real::time::*;

pub use timeout::{Timeout, timeout, timeout_at};
