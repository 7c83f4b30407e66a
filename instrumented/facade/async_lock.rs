//! `async_lock` 3 with its locks replaced.
//!
//! `cargo lockdep` compiles this file in the place of an `async_lock` that a program depends on, as a
//! crate of that name with the same features and against that very crate, which is given as
//! `real_async_lock`. Without the feature `std` nothing is replaced.
//!
//! The sources are those of the module `async_lock` of `instrumented`.

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "std")]
#[path = "../src/awaited.rs"]
mod awaited;
#[cfg(feature = "std")]
#[path = "../src/async_lock/barrier.rs"]
mod barrier;
#[cfg(feature = "std")]
#[path = "../src/async_lock/core.rs"]
mod core;
#[cfg(feature = "std")]
#[path = "../src/async_lock/futures.rs"]
pub mod futures;
#[cfg(feature = "std")]
#[path = "../src/async_lock/mutex.rs"]
mod mutex;
#[cfg(feature = "std")]
#[path = "../src/async_lock/mutex_guard.rs"]
mod mutex_guard;
#[cfg(feature = "std")]
#[path = "../src/async_lock/once_cell.rs"]
mod once_cell;
#[cfg(feature = "std")]
#[path = "../src/tokio/sync/guard.rs"]
mod payload;
#[cfg(feature = "std")]
#[path = "../src/async_lock/rwlock.rs"]
mod rwlock;
#[cfg(feature = "std")]
#[path = "../src/async_lock/rwlock_guard.rs"]
mod rwlock_guard;
#[cfg(feature = "std")]
#[path = "../src/async_lock/semaphore.rs"]
mod semaphore;

/// The crate that is replaced.
#[cfg(feature = "std")]
mod real {
    pub(super) use real_async_lock::*;
}

pub use real_async_lock::*;

#[cfg(feature = "std")]
pub use {
    barrier::Barrier,
    mutex::Mutex,
    mutex_guard::{MutexGuard, MutexGuardArc},
    once_cell::OnceCell,
    rwlock::RwLock,
    rwlock_guard::{
        RwLockReadGuard, RwLockReadGuardArc, RwLockUpgradableReadGuard,
        RwLockUpgradableReadGuardArc, RwLockWriteGuard, RwLockWriteGuardArc,
    },
    semaphore::{Semaphore, SemaphoreGuard, SemaphoreGuardArc},
};
