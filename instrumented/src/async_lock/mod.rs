//! [`async_lock`](::async_lock) 3 with its locks replaced by tracked ones.
//!
//! # Tracking
//!
//! A lock's class is the place that called its constructor, together with its payload's type. The
//! place of an acquire is the call that makes the future, as in `mutex.lock()`; what is recorded is
//! recorded where it is polled: that the lock is wanted at the first poll, that it is held when the
//! future is ready. A future that is dropped before that has taken nothing. The same locks can be
//! taken by blocking the thread.
//!
//! A guard can be sent, so a release is believed whoever makes it. One that keeps its lock alive
//! (`lock_arc`, `acquire_arc` …) may be moved into any task that is started: once its task has started
//! another one or a thread, nobody is taken to hold it.
//!
//! A writer that waits for readers to leave keeps later readers out, so readers queue. It waits for
//! other writers and for an upgradable reader before that, and then does not.

#![allow(clippy::duplicate_mod, reason = "some of it is as in the module for tokio")]

mod barrier;
mod core;
pub mod futures;
mod mutex;
mod mutex_guard;
mod once_cell;
#[path = "../tokio/sync/guard.rs"]
mod payload;
mod rwlock;
mod rwlock_guard;
mod semaphore;

use super::awaited;

/// The crate that is wrapped.
mod real {
    pub(super) use ::async_lock::*;
}

pub use ::async_lock::BarrierWaitResult;
pub use barrier::Barrier;
pub use mutex::Mutex;
pub use mutex_guard::{MutexGuard, MutexGuardArc};
pub use once_cell::OnceCell;
pub use rwlock::RwLock;
pub use rwlock_guard::{
    RwLockReadGuard, RwLockReadGuardArc, RwLockUpgradableReadGuard, RwLockUpgradableReadGuardArc,
    RwLockWriteGuard, RwLockWriteGuardArc,
};
pub use semaphore::{Semaphore, SemaphoreGuard, SemaphoreGuardArc};
