//! A runtime lock-dependency validator in the spirit of the Linux kernel's lockdep.
//!
//! The tracker records every acquire and release of an instrumented lock in a stack per task and a
//! graph of lock classes, and reports the order that could deadlock before it ever does, with the
//! backtraces of both sides.
//!
//! Most users never name this crate: they run `cargo lockdep test`, or use the lock types of the
//! `instrumented` crate. It is for those who instrument a lock of their own (the `lock_…!` macros),
//! assert what is held (the `lockdep_assert_…!` macros), ask ([`held`], [`is_held`]) or judge
//! events with a tracker of their own (`Tracker`).
//!
//! # Features
//!
//! * `lockdep`: tracks in builds with `debug_assertions`. Off, or in other builds, what code under
//!   test calls is still there and does nothing: the macros, the events, the queries, the hook.
//!   The tracker as a value, the graph, the reports and the record format are not.
//! * `lockdep-release`: tracks in every build.

#![deny(unsafe_code)]

pub mod class;
mod held_lock;
mod how;
mod macros;
mod mode;
pub mod place;
mod state;
mod tracked;
pub mod violation;

#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod chain;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub mod event;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod fork;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod found;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub mod frames;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub mod graph;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub mod hook;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod knowledge;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod list;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod loss;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod map;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod modules;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod nested;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod order;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod own;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
#[doc(hidden)]
pub mod private;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod process;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub mod query;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub mod record;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod recorder;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod registry;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub mod report;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod rules;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub mod settings;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod task;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod thread;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod trace;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub mod tracker;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod witness;

#[cfg(not(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release"))))]
mod off;
#[cfg(not(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release"))))]
#[doc(hidden)]
pub use off::private as __private;
#[cfg(not(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release"))))]
pub use off::{Map, event, losses, query, set_hook, take_hook};

#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
#[doc(hidden)]
pub use private as __private;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub use {
    found::Met,
    hook::{set_hook, take_hook},
    loss::losses,
    map::Map,
    settings::{BacktraceStyle, Level, Reaction, Settings},
    task::Task,
    tracker::Tracker,
};

pub use how::{Describe, Description, How};
pub use mode::Mode;
pub use query::{HeldLock, held, is_held};
pub use state::LockState;
pub use tracked::Tracked;
pub use violation::Violation;

/// Whether this build tracks anything.
pub const ENABLED: bool =
    cfg!(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")));
