//! The suite over ours.

#![cfg(all(feature = "parking_lot_0_13", feature = "arc_lock"))]

use instrumented::{lock_api_0_5 as lock_api, parking_lot_0_13 as parking_lot};

mod parity_locks_0_13;
