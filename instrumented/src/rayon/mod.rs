//! [`rayon`](::rayon) 1 with its pools and jobs replaced by tracked ones.
//!
//! # Tracking
//!
//! Who waits for a job waits for its pool, and what any job of the pool takes is needed for that: if a
//! lock is held meanwhile that a job takes, the two can wait for each other (LD0019, a warning). A
//! pool's class is the place that built it; the global pool is one of its own.
//!
//! # What is not tracked
//!
//! The jobs of parallel iterators, which the real crate makes; under `cargo lockdep` they are tracked
//! too.

mod builder;
mod jobs;
mod pool;
mod scope;
mod thread_pool;

/// The crate that is wrapped.
mod real {
    pub(super) use ::rayon::*;
}

pub use ::rayon::*;

pub use builder::ThreadPoolBuilder;
pub use jobs::{broadcast, join, join_context, spawn, spawn_broadcast, spawn_fifo};
pub use scope::{Scope, ScopeFifo, in_place_scope, in_place_scope_fifo, scope, scope_fifo};
pub use thread_pool::ThreadPool;
