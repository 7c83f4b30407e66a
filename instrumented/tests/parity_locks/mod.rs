//! Every public function of `lock_api` and every public name of `parking_lot`, called over
//! `crate::lock_api` and `crate::parking_lot`: each test crate that includes this module says which
//! ones those are. What is missing or has another signature does not compile; that the list is
//! whole, `names` checks against the sources of the real crates.

mod guards;
mod locks;
mod names;
mod parking_lot_itself;

use crate::parking_lot as pl;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the modules here call, as text.
const CALLED: &str = concat!(
    include_str!("locks.rs"),
    include_str!("guards.rs"),
    include_str!("parking_lot_itself.rs")
);
/// The packages, and the files whose functions are called.
const LOCK_API: &str = "lock_api-0.4.";
const LOCK_API_FILES: &[&str] = &["mutex.rs", "remutex.rs", "rwlock.rs"];
const PARKING_LOT: &str = "parking_lot-0.12.";
const PARKING_LOT_FILES: &[&str] = &["condvar.rs", "once.rs"];

/// No time at all, in both ways to say it.
fn now() -> (Duration, Instant) {
    (Duration::ZERO, Instant::now())
}

/// A mutex that nobody holds.
fn mutex() -> Arc<pl::Mutex<(u8, u8)>> {
    Arc::new(pl::Mutex::new((1, 2)))
}

/// A reentrant mutex that nobody holds.
fn remutex() -> Arc<pl::ReentrantMutex<(u8, u8)>> {
    Arc::new(pl::ReentrantMutex::new((1, 2)))
}

/// A reader-writer lock that nobody holds.
fn rwlock() -> Arc<pl::RwLock<(u8, u8)>> {
    Arc::new(pl::RwLock::new((1, 2)))
}
