//! [`lock_api`](::lock_api_0_5) 0.5 with its locks replaced by tracked ones, over the same raw locks.
//!
//! As the module [`lock_api`](super::lock_api), which is for 0.4; what a raw lock hands out for a hold
//! is kept in the guard. The generic condition variable is tracked too.
//!
//! # Tracking
//!
//! As there. A wait on a [`Condvar`] gives its mutex up and takes it again.
//!
//! # What differs
//!
//! As there.

#![allow(clippy::duplicate_mod, reason = "most of it is as in the module for 0.4")]

#[path = "../lock_api/acquires.rs"]
mod acquires;
mod by_hand;
mod condvar;
mod exchange;
#[path = "../lock_api/guard.rs"]
mod guard;
#[path = "../lock_api/mapped.rs"]
mod mapped;
#[path = "../lock_api/mutex.rs"]
mod mutex;
#[path = "../lock_api/owner.rs"]
mod owner;
#[path = "../lock_api/policy.rs"]
mod policy;
#[allow(unreachable_pub, reason = "it is reachable in the module for 0.4")]
#[path = "../lock_api/private.rs"]
mod private;
#[path = "../lock_api/raw.rs"]
mod raw;
#[path = "../lock_api/remutex.rs"]
mod remutex;
#[path = "../lock_api/rwlock.rs"]
mod rwlock;
#[path = "../lock_api/side.rs"]
mod side;
mod sides;

/// The crate whose raw locks are used.
mod real {
    pub(super) use ::lock_api_0_5::*;
}

pub use ::lock_api_0_5::*;

pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard};
pub use remutex::{MappedReentrantMutexGuard, ReentrantMutex, ReentrantMutexGuard};
pub use rwlock::{
    MappedRwLockReadGuard, MappedRwLockWriteGuard, RwLock, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard,
};

#[cfg(feature = "arc_lock")]
pub use {
    mutex::ArcMutexGuard,
    remutex::ArcReentrantMutexGuard,
    rwlock::{ArcRwLockReadGuard, ArcRwLockUpgradableReadGuard, ArcRwLockWriteGuard},
};
