//! `tokio` with its locks replaced, and with tasks that say which is which.
//!
//! `cargo lockdep` compiles this file in the place of a `tokio` that a program depends on, as a crate
//! of that name with the same features and against that very crate, which is given as `real_tokio`.
//! That one is itself compiled against the replaced `std`, so its own locks are tracked too.
//!
//! The sources are those of the module `tokio` of `instrumented`.

#[cfg(feature = "macros")]
#[doc(hidden)]
#[path = "../src/tokio/branch.rs"]
pub mod __tokio;
#[cfg(feature = "rt")]
#[path = "../src/tokio/runtime/mod.rs"]
pub mod runtime;
#[cfg(feature = "sync")]
#[path = "../src/tokio/sync/mod.rs"]
pub mod sync;
#[cfg(feature = "rt")]
#[path = "../src/tokio/task/mod.rs"]
pub mod task;
#[cfg(feature = "time")]
#[path = "../src/tokio/time/mod.rs"]
pub mod time;

pub use real_tokio::*;

#[cfg(feature = "macros")]
pub use crate::{__tokio_join as join, __tokio_select as select, __tokio_try_join as try_join};
#[cfg(feature = "rt")]
pub use task::spawn;

/// The crate that is replaced.
mod real {
    pub use real_tokio::*;
}
