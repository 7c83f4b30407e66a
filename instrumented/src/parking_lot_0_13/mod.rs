//! [`parking_lot`](::parking_lot_0_13) 0.13 with its locks replaced by tracked ones.
//!
//! The types are those of [`lock_api`](super::lock_api_0_5) 0.5 over parking_lot's raw locks, as the
//! real ones are those of the real `lock_api`. So are their methods; how they lock is parking_lot's
//! own. Names that are no locks are the real ones.
//!
//! # Tracking
//!
//! As in [`lock_api`](super::lock_api_0_5). Readers of a [`RecursiveRwLock`] pass waiting writers, those
//! of an [`RwLock`] do not. A wait on a [`Condvar`] gives its mutex up and takes it again; the
//! initialiser of a [`Once`] runs with the `Once` held.

#![allow(clippy::duplicate_mod, reason = "some of it is as in the module for 0.12")]

#[path = "../parking_lot/once.rs"]
mod once;
mod once_wait;

pub use ::parking_lot_0_13::*;

use crate::locks::gate;
pub use crate::locks::lock_api_0_5 as lock_api;

pub use lock_api::WaitTimeoutResult;
pub use once::Once;

/// The crate that is wrapped.
mod real {
    pub(super) use ::parking_lot_0_13::{Once, OnceState};
}

/// A condition variable without spurious wakeups.
pub type Condvar = lock_api::Condvar<RawCondvar>;

/// A mutual exclusion lock.
pub type Mutex<T> = lock_api::Mutex<RawMutex, T>;
/// The guard of a [`Mutex`].
pub type MutexGuard<'a, T> = lock_api::MutexGuard<'a, RawMutex, T>;
/// The guard of a part of a [`Mutex`]'s payload.
pub type MappedMutexGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawMutex, T>;

/// A mutual exclusion lock that always serves those who wait in their order.
pub type FairMutex<T> = lock_api::Mutex<RawFairMutex, T>;
/// The guard of a [`FairMutex`].
pub type FairMutexGuard<'a, T> = lock_api::MutexGuard<'a, RawFairMutex, T>;
/// The guard of a part of a [`FairMutex`]'s payload.
pub type MappedFairMutexGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawFairMutex, T>;

/// A mutual exclusion lock that its holder can take again.
pub type ReentrantMutex<T> = lock_api::ReentrantMutex<RawMutex, RawThreadId, T>;
/// The guard of a [`ReentrantMutex`].
pub type ReentrantMutexGuard<'a, T> = lock_api::ReentrantMutexGuard<'a, RawMutex, RawThreadId, T>;
/// The guard of a part of a [`ReentrantMutex`]'s payload.
pub type MappedReentrantMutexGuard<'a, T> =
    lock_api::MappedReentrantMutexGuard<'a, RawMutex, RawThreadId, T>;

/// A reader-writer lock whose readers queue behind waiting writers.
pub type RwLock<T> = lock_api::RwLock<RawRwLock, T>;
/// The guard of a reader.
pub type RwLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwLock, T>;
/// The guard of a writer.
pub type RwLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwLock, T>;
/// The guard of a reader who may go on to write.
pub type RwLockUpgradableReadGuard<'a, T> = lock_api::RwLockUpgradableReadGuard<'a, RawRwLock, T>;
/// The guard of a reader of a part of the payload.
pub type MappedRwLockReadGuard<'a, T> = lock_api::MappedRwLockReadGuard<'a, RawRwLock, T>;
/// The guard of a writer of a part of the payload.
pub type MappedRwLockWriteGuard<'a, T> = lock_api::MappedRwLockWriteGuard<'a, RawRwLock, T>;

#[cfg(feature = "arc_lock")]
pub use lock_api::{
    ArcMutexGuard, ArcReentrantMutexGuard, ArcRwLockReadGuard, ArcRwLockUpgradableReadGuard,
    ArcRwLockWriteGuard,
};

/// A reader-writer lock whose readers pass waiting writers.
pub type RecursiveRwLock<T> = lock_api::RwLock<RawRwLockRecursive, T>;
/// The guard of a reader.
pub type RecursiveRwLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwLockRecursive, T>;
/// The guard of a writer.
pub type RecursiveRwLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwLockRecursive, T>;
/// The guard of a reader who may go on to write.
pub type RecursiveRwLockUpgradableReadGuard<'a, T> =
    lock_api::RwLockUpgradableReadGuard<'a, RawRwLockRecursive, T>;
/// The guard of a reader of a part of the payload.
pub type MappedRecursiveRwLockReadGuard<'a, T> =
    lock_api::MappedRwLockReadGuard<'a, RawRwLockRecursive, T>;
/// The guard of a writer of a part of the payload.
pub type MappedRecursiveRwLockWriteGuard<'a, T> =
    lock_api::MappedRwLockWriteGuard<'a, RawRwLockRecursive, T>;
