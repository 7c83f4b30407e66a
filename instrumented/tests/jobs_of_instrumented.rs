//! The suite over ours.

#![cfg(feature = "rayon")]

use instrumented::rayon as jobs;

mod parity_rayon;
