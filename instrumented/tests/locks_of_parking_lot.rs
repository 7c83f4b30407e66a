//! The suite over the real types: it must describe `parking_lot` and `lock_api` before it may judge
//! a stand-in.

#![cfg(all(feature = "parking_lot", feature = "arc_lock"))]

use ::lock_api;
use ::parking_lot;

mod parity_locks;
