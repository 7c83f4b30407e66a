//! Lock types with the names and methods of the ones they wrap, which tell [`lockdep`] what they
//! do.
//!
//! | module | wraps |
//! |---|---|
//! | [`sync`] | [`std::sync`] |
//! | `parking_lot` | `parking_lot` 0.12, with the feature of that name |
//! | `lock_api` | `lock_api` 0.4, with the feature of that name: any raw lock behind its types |
//! | `parking_lot_0_13`, `lock_api_0_5` | the later versions of the two, with features of those names |
//! | `async_lock` | `async-lock` 3, with the feature of that name |
//! | `crossbeam_channel` | `crossbeam-channel` 0.5, with the feature of that name |
//! | `futures` | `futures` 0.3, with the feature of that name: its mutex, and what joins futures |
//! | `lazy_static` | `lazy_static` 1, with the feature of that name |
//! | `once_cell` | `once_cell` 1, with the feature of that name |
//! | [`mod@io`] | [`mod@std::io`]: its standard output and standard error |
//! | [`mod@panic`] | [`mod@std::panic`]: its hook |
//! | `rayon` | `rayon` 1, with the feature of that name: its pools and jobs |
//! | `tokio` | `tokio` 1, with the feature of that name: its locks, and what starts its tasks |
//! | [`thread`] | [`std::thread`] |
//!
//! A program changes its imports and nothing else:
//!
//! ```
//! use instrumented::sync::{Arc, Condvar, Mutex, RwLock};
//!
//! static NAMES: RwLock<Vec<&str>> = RwLock::new(Vec::new());
//!
//! let ready = Arc::new((Mutex::new(false), Condvar::new()));
//! *ready.0.lock().unwrap() = true;
//! NAMES.write().unwrap().push("first");
//! assert_eq!(*NAMES.read().unwrap(), ["first"]);
//! ```
//!
//! # On and off
//!
//! With the feature `lockdep`, in builds with `debug_assertions`, every acquire and release is
//! reported to the tracker, which finds lock orders that could deadlock. With the feature
//! `lockdep-release` that holds for optimised builds too. In all other builds the modules *are*
//! the wrapped ones: [`sync::Mutex`] and `std::sync::Mutex` are one type, and the tracker is no
//! dependency.
//!
//! # What is not tracked
//!
//! Only locks made through these modules are seen: a lock inside the standard library or inside
//! another crate is not. The lock of the environment (`std::env::set_var`) need not be: nobody's code
//! runs under it, so whoever waits for it waits for nothing else.
//!
//! [`lockdep`]: https://docs.rs/lockdep

#![deny(unsafe_code)]

#[cfg(feature = "arc_lock")]
#[allow(unused_extern_crates, reason = "with tracking off nothing of ours needs it")]
extern crate alloc;

#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
#[path = "on.rs"]
mod locks;
#[cfg(not(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release"))))]
#[path = "off.rs"]
mod locks;

#[cfg(feature = "async_lock")]
pub use locks::async_lock;
#[cfg(feature = "crossbeam_channel")]
pub use locks::crossbeam_channel;
#[cfg(feature = "futures")]
pub use locks::futures;
/// What exported macros call.
#[cfg(all(
    feature = "futures",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]
#[doc(hidden)]
pub use locks::futures::macros as __futures;
#[cfg(feature = "lazy_static")]
pub use locks::lazy_static;
#[cfg(feature = "lock_api")]
pub use locks::lock_api;
#[cfg(feature = "lock_api_0_5")]
pub use locks::lock_api_0_5;
#[cfg(feature = "once_cell")]
pub use locks::once_cell;
#[cfg(feature = "parking_lot")]
pub use locks::parking_lot;
#[cfg(feature = "parking_lot_0_13")]
pub use locks::parking_lot_0_13;
#[cfg(feature = "rayon")]
pub use locks::rayon;
/// What the macros call that stand for those of `std`.
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
#[doc(hidden)]
pub use locks::stdio as __stdio;
#[cfg(feature = "tokio")]
pub use locks::tokio;
/// What exported macros call.
#[cfg(all(
    feature = "tokio",
    feature = "macros",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]
#[doc(hidden)]
pub use locks::tokio::branch as __tokio;
pub use locks::{io, nested, panic, sync, thread};
