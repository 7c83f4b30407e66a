//! `rayon_core` 1 with its pools and jobs replaced.
//!
//! `cargo lockdep` compiles this file in the place of a `rayon_core` that a program depends on, as a
//! crate of that name with the same features and against that very crate, which is given as
//! `real_rayon_core`. All that `rayon` does goes through it, so parallel iterators are tracked.
//!
//! The sources are those of the module `rayon` of `instrumented`.

#[path = "../src/rayon/builder.rs"]
mod builder;
#[path = "../src/rayon/jobs.rs"]
mod jobs;
#[path = "../src/rayon/pool.rs"]
mod pool;
#[path = "../src/rayon/scope.rs"]
mod scope;
#[path = "../src/rayon/thread_pool.rs"]
mod thread_pool;

/// The crate that is replaced.
mod real {
    pub(super) use real_rayon_core::*;
}

pub use real_rayon_core::*;

pub use builder::ThreadPoolBuilder;
#[cfg(not(before = "1.10"))]
pub use jobs::{broadcast, spawn_broadcast};
pub use jobs::{join, join_context, spawn, spawn_fifo};
pub use scope::{Scope, ScopeFifo, scope, scope_fifo};
#[cfg(not(before = "1.9"))]
pub use scope::{in_place_scope, in_place_scope_fifo};
pub use thread_pool::ThreadPool;
