//! The suite over the real crate: it must describe `async_lock` before it may judge a stand-in.

#![cfg(feature = "async_lock")]

use ::async_lock;

mod parity_async_lock;
