//! [`tokio`](::tokio) 1 with its locks replaced by tracked ones, and with tasks that say which is
//! which. All other names are the real ones.
//!
//! A program that names this module `tokio` changes nothing else:
//!
//! ```
//! use instrumented::tokio;
//! # #[cfg(all(feature = "macros", feature = "rt", feature = "sync"))]
//! use tokio::sync::Mutex;
//!
//! # #[cfg(all(feature = "macros", feature = "rt", feature = "sync"))]
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() {
//!     static COUNT: Mutex<u8> = Mutex::const_new(0);
//!     let task = tokio::spawn(async { *COUNT.lock().await += 1 });
//!     task.await.unwrap();
//!     assert_eq!(*COUNT.lock().await, 1);
//! }
//! # #[cfg(not(all(feature = "macros", feature = "rt", feature = "sync")))]
//! # fn main() {}
//! ```
//!
//! # Tracking
//!
//! What [`sync`] says of locks. A task that is spawned in any way, and what a runtime is given to
//! block on, is told apart from all others, so that what it holds is its own and goes with it from
//! thread to thread. What `join!`, `try_join!` and `select!` poll in turn are branches of their task:
//! what one of them holds is not in the way of the others' own. Where this crate makes a runtime, a set
//! of tasks or a handle, it is a wrapper around the real one, to which it can be dereferenced.
//!
//! Who awaits something that another task does, and holds a lock that this one takes before, can wait
//! for ever: a message or room in a channel, a change, a notification, an arrival at a barrier, the end
//! of a task (LD0019, LD0020; both are warnings).
//!
//! What is awaited in a timeout of `time` cannot be awaited for ever, and is judged accordingly.
//!
//! # What is not tracked
//!
//! What is spawned by way of the real types is polled like the tasks of an executor that nobody
//! knows. A wait for a channel to be closed, for a `SetOnce`, for a runtime to be shut down, and that
//! for tasks of a local set that was entered by `enter`.

#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod branch;
#[cfg(feature = "rt")]
pub mod runtime;
#[cfg(feature = "sync")]
pub mod sync;
#[cfg(feature = "rt")]
pub mod task;
#[cfg(feature = "time")]
pub mod time;

pub use ::tokio::*;

#[cfg(feature = "macros")]
pub use crate::{__tokio_join as join, __tokio_select as select, __tokio_try_join as try_join};
#[cfg(feature = "rt")]
pub use task::spawn;

/// The crate that is wrapped.
#[allow(unreachable_pub, reason = "with the feature `macros` some of it is exported again")]
mod real {
    pub use ::tokio::*;
}
