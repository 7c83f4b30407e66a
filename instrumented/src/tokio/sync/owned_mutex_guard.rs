//! The guards of a mutex that keep it alive.

use std::sync::Arc;

use super::core::Hold;
use super::guard::{changes_payload, shows_payload};
use super::mutex::Mutex;

/// Holds a [`Mutex`], and keeps it alive, until it is dropped.
#[clippy::has_significant_drop]
pub struct OwnedMutexGuard<T: ?Sized> {
    hold: Hold<Arc<Mutex<T>>>,
}

/// Holds a [`Mutex`], keeps it alive, and stands for a part of its payload.
#[clippy::has_significant_drop]
#[must_use = "a guard that is dropped at once leaves the mutex unlocked"]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized = T> {
    hold: Hold<Arc<Mutex<T>>>,
    data: *mut U,
}

// SAFETY: a shared guard gives shared access to the payload and to the mutex, and no more.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedMutexGuard<T> {}
// SAFETY: as above; the part is shared by its own leave too.
unsafe impl<T, U> Sync for OwnedMappedMutexGuard<T, U>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}
// SAFETY: the guard is a unique reference to the part, and may be the last owner of the payload.
unsafe impl<T, U> Send for OwnedMappedMutexGuard<T, U>
where
    T: ?Sized + Send,
    U: ?Sized + Send,
{
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    pub(super) fn new(hold: Hold<Arc<Mutex<T>>>) -> Self {
        OwnedMutexGuard { hold }
    }

    /// A guard of the part of the payload that `f` finds.
    #[inline]
    pub fn map<U, F>(mut this: Self, f: F) -> OwnedMappedMutexGuard<T, U>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        OwnedMappedMutexGuard { hold: this.hold, data }
    }

    /// A guard of the part of the payload that `f` finds.
    ///
    /// # Errors
    ///
    /// This guard, if `f` finds none.
    #[inline]
    pub fn try_map<U, F>(mut this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(data) = f(&mut *this).map(|part| -> *mut U { part }) else {
            return Err(this);
        };
        Ok(OwnedMappedMutexGuard { hold: this.hold, data })
    }

    /// The mutex that the guard is of.
    #[inline]
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        this.hold.lock()
    }
}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    /// A guard of the part of the part that `f` finds.
    #[inline]
    pub fn map<S, F>(mut this: Self, f: F) -> OwnedMappedMutexGuard<T, S>
    where
        F: FnOnce(&mut U) -> &mut S,
    {
        let data: *mut S = f(&mut *this);
        OwnedMappedMutexGuard { hold: this.hold, data }
    }

    /// A guard of the part of the part that `f` finds.
    ///
    /// # Errors
    ///
    /// This guard, if `f` finds none.
    #[inline]
    pub fn try_map<S, F>(mut this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, S>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut S>,
    {
        let Some(data) = f(&mut *this).map(|part| -> *mut S { part }) else {
            return Err(this);
        };
        Ok(OwnedMappedMutexGuard { hold: this.hold, data })
    }
}

shows_payload!([T: ?Sized] OwnedMutexGuard<T> => T, s => s.hold.lock().data());
changes_payload!([T: ?Sized] OwnedMutexGuard<T> => T, s => s.hold.lock().data());
shows_payload!([T: ?Sized, U: ?Sized] OwnedMappedMutexGuard<T, U> => U, s => s.data);
changes_payload!([T: ?Sized, U: ?Sized] OwnedMappedMutexGuard<T, U> => U, s => s.data);
