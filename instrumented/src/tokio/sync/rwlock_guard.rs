//! The guards of a reader-writer lock that borrow it.

use std::marker::PhantomData;

use super::core::{Core, Hold};
use super::guard::{changes_payload, shows_payload};
use super::rwlock::RwLock;

/// Holds a [`RwLock`] for reading, and stands for its payload or a part of it.
#[clippy::has_significant_drop]
#[must_use = "a guard that is dropped at once leaves the lock unlocked"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    hold: Hold<&'a Core>,
    data: *const T,
    part: PhantomData<&'a T>,
}

/// Holds a [`RwLock`] for writing until it is dropped.
#[clippy::has_significant_drop]
#[must_use = "a guard that is dropped at once leaves the lock unlocked"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    hold: Hold<&'a Core>,
    data: *mut T,
    part: PhantomData<&'a mut T>,
}

/// Holds a [`RwLock`] for writing and stands for a part of its payload.
#[clippy::has_significant_drop]
#[must_use = "a guard that is dropped at once leaves the lock unlocked"]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    hold: Hold<&'a Core>,
    data: *mut T,
    part: PhantomData<&'a mut T>,
}

// SAFETY: the guard is a shared reference to the payload.
unsafe impl<T: ?Sized + Sync> Send for RwLockReadGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the payload, and no more.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockReadGuard<'_, T> {}
// SAFETY: the guard is a unique reference to the payload, and may become a shared one.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockWriteGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the payload, and no more.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockWriteGuard<'_, T> {}
// SAFETY: the guard is a unique reference to the part.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockMappedWriteGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the part, and no more.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockMappedWriteGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    pub(super) fn new(hold: Hold<&'a RwLock<T>>) -> Self {
        let data = hold.lock().data();
        RwLockReadGuard { hold: hold.erase(), data, part: PhantomData }
    }

    /// A guard of the part that `f` finds.
    #[inline]
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let data: *const U = f(&*this);
        RwLockReadGuard { hold: this.hold, data, part: PhantomData }
    }

    /// A guard of the part that `f` finds.
    ///
    /// # Errors
    ///
    /// This guard, if `f` finds none.
    #[inline]
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let Some(data) = f(&*this).map(|part| -> *const U { part }) else {
            return Err(this);
        };
        Ok(RwLockReadGuard { hold: this.hold, data, part: PhantomData })
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    pub(super) fn new(hold: Hold<&'a RwLock<T>>) -> Self {
        let data = hold.lock().data();
        RwLockWriteGuard { hold: hold.erase(), data, part: PhantomData }
    }

    /// A guard of the part of the payload that `f` finds.
    #[inline]
    pub fn map<F, U: ?Sized>(mut this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        RwLockMappedWriteGuard { hold: this.hold, data, part: PhantomData }
    }

    /// A guard of the part of the payload that `f` finds.
    ///
    /// # Errors
    ///
    /// This guard, if `f` finds none.
    #[inline]
    pub fn try_map<F, U: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(data) = f(&mut *this).map(|part| -> *mut U { part }) else {
            return Err(this);
        };
        Ok(RwLockMappedWriteGuard { hold: this.hold, data, part: PhantomData })
    }

    /// A reader's guard of the part of the payload that `f` finds; nobody writes in between.
    #[inline]
    #[track_caller]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let data: *const U = f(&*this);
        let mut hold = this.hold;
        hold.downgrade();
        RwLockReadGuard { hold, data, part: PhantomData }
    }

    /// A reader's guard of the part of the payload that `f` finds; nobody writes in between.
    ///
    /// # Errors
    ///
    /// This guard, if `f` finds none.
    #[inline]
    #[track_caller]
    pub fn try_downgrade_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let Some(data) = f(&*this).map(|part| -> *const U { part }) else {
            return Err(this);
        };
        let mut hold = this.hold;
        hold.downgrade();
        Ok(RwLockReadGuard { hold, data, part: PhantomData })
    }

    /// The same guard as one of a part.
    #[inline]
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        RwLockMappedWriteGuard { hold: this.hold, data: this.data, part: PhantomData }
    }

    /// The guard of a reader; nobody writes in between.
    #[track_caller]
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        RwLockWriteGuard::downgrade_map(self, |payload| payload)
    }
}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    /// A guard of the part of the part that `f` finds.
    #[inline]
    pub fn map<F, U: ?Sized>(mut this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        RwLockMappedWriteGuard { hold: this.hold, data, part: PhantomData }
    }

    /// A guard of the part of the part that `f` finds.
    ///
    /// # Errors
    ///
    /// This guard, if `f` finds none.
    #[inline]
    pub fn try_map<F, U: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(data) = f(&mut *this).map(|part| -> *mut U { part }) else {
            return Err(this);
        };
        Ok(RwLockMappedWriteGuard { hold: this.hold, data, part: PhantomData })
    }
}

shows_payload!([T: ?Sized] RwLockReadGuard<'_, T> => T, s => s.data);
shows_payload!([T: ?Sized] RwLockWriteGuard<'_, T> => T, s => s.data);
changes_payload!([T: ?Sized] RwLockWriteGuard<'_, T> => T, s => s.data);
shows_payload!([T: ?Sized] RwLockMappedWriteGuard<'_, T> => T, s => s.data);
changes_payload!([T: ?Sized] RwLockMappedWriteGuard<'_, T> => T, s => s.data);
