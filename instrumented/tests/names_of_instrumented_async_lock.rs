//! The suite over ours.

#![cfg(feature = "async_lock")]

use instrumented::async_lock;

mod parity_async_lock;
