//! The guards of a reader-writer lock that keep it alive.

use std::marker::PhantomData;
use std::sync::Arc;

use super::core::Hold;
use super::guard::{changes_payload, shows_payload};
use super::rwlock::RwLock;

/// Holds a [`RwLock`] for reading, keeps it alive, and stands for its payload or a part of it.
#[clippy::has_significant_drop]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T> {
    hold: Hold<Arc<RwLock<T>>>,
    data: *const U,
    payload: PhantomData<T>,
}

/// Holds a [`RwLock`] for writing, and keeps it alive, until it is dropped.
#[clippy::has_significant_drop]
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    hold: Hold<Arc<RwLock<T>>>,
    data: *mut T,
    payload: PhantomData<T>,
}

/// Holds a [`RwLock`] for writing, keeps it alive, and stands for a part of its payload.
#[clippy::has_significant_drop]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T> {
    hold: Hold<Arc<RwLock<T>>>,
    data: *mut U,
    payload: PhantomData<T>,
}

// SAFETY: the guard is a shared reference to the part, and may be the last owner of the payload.
unsafe impl<T, U> Send for OwnedRwLockReadGuard<T, U>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Sync,
{
}
// SAFETY: a shared guard gives shared access to the part and to the lock, and no more.
unsafe impl<T, U> Sync for OwnedRwLockReadGuard<T, U>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}
// SAFETY: the guard is a unique reference to the payload, and may become a shared one.
unsafe impl<T: ?Sized + Send + Sync> Send for OwnedRwLockWriteGuard<T> {}
// SAFETY: a shared guard gives shared access to the payload and to the lock, and no more.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedRwLockWriteGuard<T> {}
// SAFETY: the guard is a unique reference to the part, and may be the last owner of the payload.
unsafe impl<T, U> Send for OwnedRwLockMappedWriteGuard<T, U>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}
// SAFETY: a shared guard gives shared access to the part and to the lock, and no more.
unsafe impl<T, U> Sync for OwnedRwLockMappedWriteGuard<T, U>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}

impl<T: ?Sized> OwnedRwLockReadGuard<T> {
    pub(super) fn new(hold: Hold<Arc<RwLock<T>>>) -> Self {
        let data = hold.lock().data();
        OwnedRwLockReadGuard { hold, data, payload: PhantomData }
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// A guard of the part that `f` finds.
    #[inline]
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        let data: *const V = f(&*this);
        OwnedRwLockReadGuard { hold: this.hold, data, payload: PhantomData }
    }

    /// A guard of the part that `f` finds.
    ///
    /// # Errors
    ///
    /// This guard, if `f` finds none.
    #[inline]
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        let Some(data) = f(&*this).map(|part| -> *const V { part }) else {
            return Err(this);
        };
        Ok(OwnedRwLockReadGuard { hold: this.hold, data, payload: PhantomData })
    }

    /// The lock that the guard is of.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.hold.lock()
    }
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    pub(super) fn new(hold: Hold<Arc<RwLock<T>>>) -> Self {
        let data = hold.lock().data();
        OwnedRwLockWriteGuard { hold, data, payload: PhantomData }
    }

    /// A guard of the part of the payload that `f` finds.
    #[inline]
    pub fn map<F, U: ?Sized>(mut this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut *this);
        OwnedRwLockMappedWriteGuard { hold: this.hold, data, payload: PhantomData }
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
    ) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(data) = f(&mut *this).map(|part| -> *mut U { part }) else {
            return Err(this);
        };
        Ok(OwnedRwLockMappedWriteGuard { hold: this.hold, data, payload: PhantomData })
    }

    /// A reader's guard of the part of the payload that `f` finds; nobody writes in between.
    #[inline]
    #[track_caller]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let data: *const U = f(&*this);
        let mut hold = this.hold;
        hold.downgrade();
        OwnedRwLockReadGuard { hold, data, payload: PhantomData }
    }

    /// A reader's guard of the part of the payload that `f` finds; nobody writes in between.
    ///
    /// # Errors
    ///
    /// This guard, if `f` finds none.
    #[inline]
    #[track_caller]
    pub fn try_downgrade_map<F, U: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockReadGuard<T, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let Some(data) = f(&*this).map(|part| -> *const U { part }) else {
            return Err(this);
        };
        let mut hold = this.hold;
        hold.downgrade();
        Ok(OwnedRwLockReadGuard { hold, data, payload: PhantomData })
    }

    /// The same guard as one of a part.
    #[inline]
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        OwnedRwLockMappedWriteGuard { hold: this.hold, data: this.data, payload: PhantomData }
    }

    /// The guard of a reader; nobody writes in between.
    #[track_caller]
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        OwnedRwLockWriteGuard::downgrade_map(self, |payload| payload)
    }

    /// The lock that the guard is of.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.hold.lock()
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// A guard of the part of the part that `f` finds.
    #[inline]
    pub fn map<F, V: ?Sized>(mut this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        let data: *mut V = f(&mut *this);
        OwnedRwLockMappedWriteGuard { hold: this.hold, data, payload: PhantomData }
    }

    /// A guard of the part of the part that `f` finds.
    ///
    /// # Errors
    ///
    /// This guard, if `f` finds none.
    #[inline]
    pub fn try_map<F, V: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        let Some(data) = f(&mut *this).map(|part| -> *mut V { part }) else {
            return Err(this);
        };
        Ok(OwnedRwLockMappedWriteGuard { hold: this.hold, data, payload: PhantomData })
    }

    /// The lock that the guard is of.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.hold.lock()
    }
}

shows_payload!([T: ?Sized, U: ?Sized] OwnedRwLockReadGuard<T, U> => U, s => s.data);
shows_payload!([T: ?Sized] OwnedRwLockWriteGuard<T> => T, s => s.data);
changes_payload!([T: ?Sized] OwnedRwLockWriteGuard<T> => T, s => s.data);
shows_payload!([T: ?Sized, U: ?Sized] OwnedRwLockMappedWriteGuard<T, U> => U, s => s.data);
changes_payload!([T: ?Sized, U: ?Sized] OwnedRwLockMappedWriteGuard<T, U> => U, s => s.data);
