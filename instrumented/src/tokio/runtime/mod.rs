//! [`tokio::runtime`](::tokio::runtime) with its runtimes replaced by ones that say which task is
//! which. All other names are the real ones.
//!
//! What a runtime blocks on is a task on top of what its thread holds; what it is given to spawn is a
//! task of its own.

mod builder;
mod handle;
#[cfg(not(before = "1.51"))]
mod local_runtime;
mod own;

use super::real;
use super::task;

pub use super::real::runtime::*;

pub use builder::Builder;
pub use handle::Handle;
#[cfg(not(before = "1.51"))]
pub use local_runtime::LocalRuntime;
pub use own::Runtime;
