//! The build that tracks: every lock is a wrapper around the real one and a map.

mod alone;
#[cfg(any(feature = "async_lock", feature = "futures"))]
mod awaited;
mod gate;
mod held;
pub mod io;
pub mod nested;
pub mod panic;
pub mod stdio;
pub mod sync;
pub mod thread;

#[cfg(feature = "async_lock")]
#[allow(unsafe_code, reason = "its locks have a payload in an `UnsafeCell`")]
pub mod async_lock;
#[cfg(feature = "crossbeam_channel")]
pub mod crossbeam_channel;
#[cfg(feature = "futures")]
#[allow(unsafe_code, reason = "its mutex has a payload in an `UnsafeCell`")]
pub mod futures;
#[cfg(feature = "lazy_static")]
#[allow(unsafe_code, reason = "its values are in an `UnsafeCell`")]
pub mod lazy_static;
#[cfg(feature = "lock_api")]
#[allow(unsafe_code, reason = "the traits of raw locks are unsafe to call")]
pub mod lock_api;
#[cfg(feature = "lock_api_0_5")]
#[allow(unsafe_code, reason = "the traits of raw locks are unsafe to call")]
pub mod lock_api_0_5;
#[cfg(feature = "once_cell")]
#[allow(unsafe_code, reason = "one of its functions is unsafe, and one type shared by promise")]
pub mod once_cell;
#[cfg(feature = "parking_lot")]
#[allow(unsafe_code, reason = "a condition variable is given a guard made by hand")]
pub mod parking_lot;
#[cfg(feature = "parking_lot_0_13")]
pub mod parking_lot_0_13;
#[cfg(feature = "rayon")]
#[allow(unsafe_code, reason = "a scope's lifetime leaves no room for a value of our own")]
pub mod rayon;
#[cfg(feature = "tokio")]
#[allow(unsafe_code, reason = "its locks have a payload in an `UnsafeCell`")]
pub mod tokio;
