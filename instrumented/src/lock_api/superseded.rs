//! What `lock_api` 0.4 has and later versions have not: reads by `read_recursive`, and older names.

#[cfg(feature = "arc_lock")]
use alloc::sync::Arc;
use core::panic::Location;

use lockdep::How;

use super::acquires::{blocking, trying};
use super::guard::{Guard, Lock};
use super::mapped::{Mapped, Shared};
use super::mutex::Mutex;
use super::real::{RawRwLock, RawRwLockRecursive, RawRwLockRecursiveTimed};
use super::remutex::ReentrantMutex;
use super::rwlock::RwLock;
use super::side::Marker;
use super::sides::Reading;

impl<R, T> Mutex<R, T> {
    /// The older name of [`from_raw`](Self::from_raw).
    #[inline]
    #[track_caller]
    pub const fn const_new(raw_mutex: R, val: T) -> Self {
        Mutex::from_raw(raw_mutex, val)
    }
}

impl<R, G, T> ReentrantMutex<R, G, T> {
    /// The older name of [`from_raw`](Self::from_raw).
    #[inline]
    #[track_caller]
    pub const fn const_new(raw_mutex: R, get_thread_id: G, val: T) -> Self {
        ReentrantMutex::from_raw(raw_mutex, get_thread_id, val)
    }
}

impl<R, T> RwLock<R, T> {
    /// The older name of [`from_raw`](Self::from_raw).
    #[inline]
    #[track_caller]
    pub const fn const_new(raw_rwlock: R, val: T) -> Self {
        RwLock::from_raw(raw_rwlock, val)
    }
}

impl<'a, R: RawRwLock, T: ?Sized> Mapped<'a, Reading<R>, Shared<'a, T>> {
    /// The older name of [`try_map_or_err`](Self::try_map_or_err).
    ///
    /// # Errors
    ///
    /// This guard and the error of `f`.
    #[inline]
    pub fn try_map_or_else<U: ?Sized, F, E>(
        s: Self,
        f: F,
    ) -> Result<Mapped<'a, Reading<R>, Shared<'a, U>>, (Self, E)>
    where
        F: FnOnce(&T) -> Result<&U, E>,
    {
        Self::try_map_or_err(s, f)
    }
}

/// A read that passes waiting writers.
const RECURSIVE: How = How::SHARED_RECURSIVE;

impl<R: RawRwLockRecursive, T: ?Sized> RwLock<R, T> {
    blocking! {
        /// Waits until no writer holds the lock and takes it for reading, past writers that wait.
        read_recursive, read_arc_recursive: Reading<R>, RECURSIVE,
            |raw| Marker::of(raw.try_lock_shared_recursive()),
            |raw| { raw.lock_shared_recursive(); Marker::NEW };
    }

    trying! {
        /// Takes the lock for reading, past writers that wait, if none holds it.
        try_read_recursive, try_read_recursive_arc (): Reading<R>, RECURSIVE,
            |raw| Marker::of(raw.try_lock_shared_recursive());
    }
}

impl<R: RawRwLockRecursiveTimed, T: ?Sized> RwLock<R, T> {
    trying! {
        /// Takes the lock for reading, past writers that wait, if none holds it within `timeout`.
        try_read_recursive_for, try_read_arc_recursive_for (timeout: R::Duration): Reading<R>,
            RECURSIVE, |raw| Marker::of(raw.try_lock_shared_recursive_for(timeout));
        /// Takes the lock for reading, past writers that wait, if none holds it before `timeout`.
        try_read_recursive_until, try_read_arc_recursive_until (timeout: R::Instant): Reading<R>,
            RECURSIVE, |raw| Marker::of(raw.try_lock_shared_recursive_until(timeout));
    }
}
