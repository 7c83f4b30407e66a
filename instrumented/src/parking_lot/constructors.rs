//! The constructors from before `new` was one for constants.

use super::real::{RawFairMutex, RawMutex, RawRwLock, RawThreadId};
use super::{FairMutex, Mutex, ReentrantMutex, RwLock, lock_api};

/// Creates an unlocked mutex; the place of this call is its class.
#[track_caller]
pub const fn const_mutex<T>(val: T) -> Mutex<T> {
    Mutex::const_new(<RawMutex as lock_api::RawMutex>::INIT, val)
}

/// Creates an unlocked fair mutex; the place of this call is its class.
#[track_caller]
pub const fn const_fair_mutex<T>(val: T) -> FairMutex<T> {
    FairMutex::const_new(<RawFairMutex as lock_api::RawMutex>::INIT, val)
}

/// Creates an unlocked reentrant mutex; the place of this call is its class.
#[track_caller]
pub const fn const_reentrant_mutex<T>(val: T) -> ReentrantMutex<T> {
    ReentrantMutex::const_new(
        <RawMutex as lock_api::RawMutex>::INIT,
        <RawThreadId as lock_api::GetThreadId>::INIT,
        val,
    )
}

/// Creates an unlocked reader-writer lock; the place of this call is its class.
#[track_caller]
pub const fn const_rwlock<T>(val: T) -> RwLock<T> {
    RwLock::const_new(<RawRwLock as lock_api::RawRwLock>::INIT, val)
}
