//! The suite over the real crate: it must describe `tokio` before it may judge a stand-in.

#![cfg(all(feature = "tokio", feature = "full", feature = "test-util"))]

use ::tokio;

mod parity_tokio;
