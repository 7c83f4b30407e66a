//! The suite over ours.

#![cfg(feature = "crossbeam_channel")]

use instrumented::crossbeam_channel as channels;

mod parity_channels;
