//! The suite over ours.

#![cfg(all(feature = "tokio", feature = "full", feature = "test-util"))]

use instrumented::tokio;

mod parity_tokio;
