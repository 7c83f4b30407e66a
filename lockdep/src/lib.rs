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
//! # What is declared by hand
//!
//! What the tracker cannot see it can be told: a nesting level or a nest lock at an acquire, an
//! order among the locks of a class ([`set_cmp_fn`], [`set_rank`]), another class for a lock
//! ([`set_class`], [`DynamicClass`]), that a lock is exempt ([`set_novalidate`], [`set_notrack`]),
//! that a held lock stays held ([`pin_lock`]); that code runs in the middle of other code of its
//! thread ([`Context`]: a signal handler, a logger, an allocator), and in which ways a place may wait
//! ([`Traits`], [`might_wait!`], [`might_await!`]). Each is there in every build.
//!
//! # Features
//!
//! * `lockdep`: tracks in builds with `debug_assertions`. Off, or in other builds, what code under
//!   test calls is still there and does nothing: the macros, the events, the queries, the hook.
//!   The tracker as a value, the graph, the reports and the record format are not.
//! * `lockdep-release`: tracks in every build.

#![deny(unsafe_code)]

pub mod class;
mod compare;
pub mod held_back;
mod held_lock;
pub mod held_locks;
mod how;
mod macros;
mod mode;
mod patience;
mod pin_cookie;
pub mod place;
mod severity;
mod state;
mod tracked;
mod until;
pub mod violation;
mod wait_type;

#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod on;
#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
pub use on::*;

#[cfg(not(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release"))))]
mod off;
#[cfg(not(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release"))))]
pub use off::*;

pub use compare::Compare;
pub use held_back::{HeldBack, Reason};
pub use how::{Describe, Description, How};
pub use mode::Mode;
pub use pin_cookie::PinCookie;
pub use query::{HeldLock, held, is_held};
pub use severity::Severity;
pub use state::LockState;
pub use tracked::Tracked;
pub use until::Until;
pub use violation::Violation;
pub use wait_type::{Traits, WaitType};

/// Whether this build tracks anything.
pub const ENABLED: bool =
    cfg!(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")));
