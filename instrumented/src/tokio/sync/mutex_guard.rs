//! The guards of a mutex that borrow it.

use std::marker::PhantomData;

use super::core::{Core, Hold};
use super::guard::{changes_payload, shows_payload};
use super::mutex::Mutex;

/// Holds a [`Mutex`] until it is dropped.
#[clippy::has_significant_drop]
#[must_use = "a guard that is dropped at once leaves the mutex unlocked"]
pub struct MutexGuard<'a, T: ?Sized> {
    hold: Hold<&'a Mutex<T>>,
}

/// Holds a [`Mutex`] and stands for a part of its payload.
#[clippy::has_significant_drop]
#[must_use = "a guard that is dropped at once leaves the mutex unlocked"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    hold: Hold<&'a Core>,
    data: *mut T,
    part: PhantomData<&'a mut T>,
}

// SAFETY: a shared guard gives shared access to the payload and to the mutex, and no more.
unsafe impl<T: ?Sized + Send + Sync> Sync for MutexGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the part, and no more.
unsafe impl<T: ?Sized + Sync> Sync for MappedMutexGuard<'_, T> {}
// SAFETY: the guard is a unique reference to the part.
unsafe impl<T: ?Sized + Send> Send for MappedMutexGuard<'_, T> {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    #[inline]
    pub(super) fn new(hold: Hold<&'a Mutex<T>>) -> Self {
        MutexGuard { hold }
    }

    /// A guard of the part of the payload that `f` finds.
    #[inline]
    pub fn map<U, F>(mut this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        MappedMutexGuard { hold: this.hold.erase(), data, part: PhantomData }
    }

    /// A guard of the part of the payload that `f` finds.
    ///
    /// # Errors
    ///
    /// This guard, if `f` finds none.
    #[inline]
    pub fn try_map<U, F>(mut this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(data) = f(&mut *this).map(|part| -> *mut U { part }) else {
            return Err(this);
        };
        Ok(MappedMutexGuard { hold: this.hold.erase(), data, part: PhantomData })
    }

    /// The mutex that the guard is of.
    #[inline]
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.hold.lock()
    }
}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// A guard of the part of the part that `f` finds.
    #[inline]
    pub fn map<U, F>(mut this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        MappedMutexGuard { hold: this.hold, data, part: PhantomData }
    }

    /// A guard of the part of the part that `f` finds.
    ///
    /// # Errors
    ///
    /// This guard, if `f` finds none.
    #[inline]
    pub fn try_map<U, F>(mut this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(data) = f(&mut *this).map(|part| -> *mut U { part }) else {
            return Err(this);
        };
        Ok(MappedMutexGuard { hold: this.hold, data, part: PhantomData })
    }
}

shows_payload!([T: ?Sized] MutexGuard<'_, T> => T, s => s.hold.lock().data());
changes_payload!([T: ?Sized] MutexGuard<'_, T> => T, s => s.hold.lock().data());
shows_payload!([T: ?Sized] MappedMutexGuard<'_, T> => T, s => s.data);
changes_payload!([T: ?Sized] MappedMutexGuard<'_, T> => T, s => s.data);
