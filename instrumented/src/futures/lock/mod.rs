//! The asynchronous mutex, tracked. All other names are the real ones.

mod guard;
mod mutex;
mod wait;

#[allow(
    unreachable_pub,
    unused_imports,
    reason = "with more features of the real crate there are more names"
)]
pub use super::real::lock::*;

pub use guard::{MappedMutexGuard, MutexGuard, OwnedMutexGuard};
pub use mutex::Mutex;
pub use wait::{MutexLockFuture, OwnedMutexLockFuture};
