//! The suite over the real types: it must describe `crossbeam_channel` before it may judge a stand-in.

#![cfg(feature = "crossbeam_channel")]

use crossbeam_channel as channels;

mod parity_channels;
