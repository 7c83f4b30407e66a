//! The suite over ours.

#![cfg(all(feature = "parking_lot", feature = "arc_lock"))]

use instrumented::{lock_api, parking_lot};

mod parity_locks;
