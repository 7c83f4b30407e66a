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
pub use jobs::{broadcast, join, join_context, spawn, spawn_broadcast, spawn_fifo};
pub use scope::{Scope, ScopeFifo, in_place_scope, in_place_scope_fifo, scope, scope_fifo};
pub use thread_pool::ThreadPool;
