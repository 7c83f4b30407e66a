//! The suite over the real types: it must describe `futures` before it may judge a stand-in.

#![cfg(feature = "futures")]

use ::futures;

mod parity_futures;
