//! [`lock_api`](::lock_api) with its locks replaced by tracked ones, over the same raw locks.
//!
//! The traits of raw locks are the real ones, so every raw lock there is can be used: that of
//! `parking_lot`, dashmap's, spin's, one's own. The lock types and their guards have every method of
//! the real ones.
//!
//! # Tracking
//!
//! A lock's class is the place that called its constructor, together with its payload's type. A
//! blocking acquire is checked before it blocks; an attempt is recorded once it succeeded.
//!
//! # What differs
//!
//! A lock is up to 24 bytes larger, and has something to drop even if its payload has not. A guard
//! of part of a payload is one word larger where the lock is. Guards are names for two generic
//! types, so an error message of the compiler shows those.

mod acquires;
mod by_hand;
mod exchange;
mod guard;
mod mapped;
mod mutex;
mod owner;
mod policy;
#[doc(hidden)]
pub mod private;
mod raw;
mod remutex;
mod rwlock;
mod side;
mod sides;
mod superseded;

/// The crate whose raw locks are used.
mod real {
    pub(super) use ::lock_api::*;
}

pub use ::lock_api::*;

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
