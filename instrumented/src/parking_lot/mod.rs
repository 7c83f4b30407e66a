//! [`parking_lot`](::parking_lot) 0.12 with its locks replaced by tracked ones.
//!
//! The types are those of [`lock_api`](super::lock_api) over parking_lot's raw locks, as the real
//! ones are those of the real `lock_api`. So are their methods; fairness, elision and the rest of how
//! they lock is parking_lot's own. Names that are no locks are the real ones.
//!
//! # Tracking
//!
//! As in [`lock_api`](super::lock_api). A wait on a [`Condvar`] gives its mutex up and takes it
//! again; the initialiser of a [`Once`] runs with the `Once` held.

mod condvar;
mod constructors;
mod once;

pub use ::parking_lot::*;

use crate::locks::gate;
pub use crate::locks::lock_api;

pub use condvar::Condvar;
pub use constructors::{const_fair_mutex, const_mutex, const_reentrant_mutex, const_rwlock};
pub use once::Once;

/// The crate that is wrapped.
mod real {
    pub(super) use ::parking_lot::*;
}

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

/// The real guard of a hold, for what the real crate does with one.
///
/// It is not dropped: the tracked guard goes on standing for the hold.
fn with_real_guard<T: ?Sized, U>(
    guard: &mut MutexGuard<'_, T>,
    f: impl FnOnce(&mut real::MutexGuard<'_, ()>) -> U,
) -> U {
    let mutex = lock_api::private::real_mutex(guard);
    // SAFETY: the mutex is held: its tracked guard is borrowed exclusively meanwhile.
    let real = unsafe { mutex.make_guard_unchecked() };
    f(&mut std::mem::ManuallyDrop::new(real))
}
