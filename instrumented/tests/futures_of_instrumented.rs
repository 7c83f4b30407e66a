//! The suite over ours.

#![cfg(feature = "futures")]

use instrumented::futures;

mod parity_futures;
