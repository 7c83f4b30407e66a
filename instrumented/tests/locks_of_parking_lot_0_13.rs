//! The suite over the real types: it must describe `parking_lot` and `lock_api` before it may judge
//! a stand-in.

#![cfg(all(feature = "parking_lot_0_13", feature = "arc_lock"))]

use lock_api_0_5 as lock_api;
use parking_lot_0_13 as parking_lot;

mod parity_locks_0_13;
