//! The suite over the real types: it must describe `rayon` before it may judge a stand-in.

#![cfg(feature = "rayon")]

use rayon as jobs;

mod parity_rayon;
