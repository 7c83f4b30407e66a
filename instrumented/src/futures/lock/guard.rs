//! The guards: each tells the tracker of the release before the real guard unlocks.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::super::awaited::Hold;
use super::super::real::lock as real;
use super::mutex::Mutex;

/// The hold of a guard that borrows its mutex for `'a`.
pub(super) type Held<'a> = Hold<'a, real::MutexGuard<'a, ()>>;

/// Holds a [`Mutex`] until it is dropped.
#[clippy::has_significant_drop]
pub struct MutexGuard<'a, T: ?Sized> {
    hold: Held<'a>,
    mutex: &'a Mutex<T>,
    /// Whether it may be shared is said below.
    _data: PhantomData<*mut T>,
}

// SAFETY: it hands the payload on, which can be sent.
unsafe impl<T: ?Sized + Send> Send for MutexGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the payload.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    pub(super) fn new(mutex: &'a Mutex<T>, hold: Held<'a>) -> MutexGuard<'a, T> {
        MutexGuard { hold, mutex, _data: PhantomData }
    }

    /// A guard of the part of the payload that `f` finds.
    #[inline]
    pub fn map<U: ?Sized, F>(this: Self, f: F) -> MappedMutexGuard<'a, T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let MutexGuard { hold, mutex, .. } = this;
        // SAFETY: the mutex is held, and this was its one guard.
        let value = f(unsafe { &mut *mutex.data() });
        MappedMutexGuard { hold, value, mutex, _data: PhantomData }
    }
}

/// Holds a [`Mutex`] until it is dropped, and gives access to a part of its payload.
#[clippy::has_significant_drop]
pub struct MappedMutexGuard<'a, T: ?Sized, U: ?Sized> {
    hold: Held<'a>,
    value: *mut U,
    mutex: &'a Mutex<T>,
    _data: PhantomData<&'a mut U>,
}

// SAFETY: it hands the payload on, which can be sent.
unsafe impl<T: ?Sized + Send, U: ?Sized + Send> Send for MappedMutexGuard<'_, T, U> {}
// SAFETY: a shared guard gives shared access to the payload.
unsafe impl<T: ?Sized + Sync, U: ?Sized + Sync> Sync for MappedMutexGuard<'_, T, U> {}

impl<'a, T: ?Sized, U: ?Sized> MappedMutexGuard<'a, T, U> {
    /// A guard of the part that `f` finds.
    #[inline]
    pub fn map<V: ?Sized, F>(this: Self, f: F) -> MappedMutexGuard<'a, T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        let MappedMutexGuard { hold, value, mutex, .. } = this;
        // SAFETY: the mutex is held, and this was its one guard.
        let value = f(unsafe { &mut *value });
        MappedMutexGuard { hold, value, mutex, _data: PhantomData }
    }
}

/// Holds a [`Mutex`], which it keeps alive, until it is dropped.
#[clippy::has_significant_drop]
pub struct OwnedMutexGuard<T: ?Sized> {
    /// Borrows from the mutex below, and is dropped before.
    _hold: Held<'static>,
    mutex: Arc<Mutex<T>>,
    _data: PhantomData<*mut T>,
}

// SAFETY: it hands the payload on, which can be sent.
unsafe impl<T: ?Sized + Send> Send for OwnedMutexGuard<T> {}
// SAFETY: a shared guard gives shared access to the payload.
unsafe impl<T: ?Sized + Sync> Sync for OwnedMutexGuard<T> {}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// The last argument borrows from the first.
    pub(super) fn new(mutex: Arc<Mutex<T>>, hold: Held<'static>) -> OwnedMutexGuard<T> {
        OwnedMutexGuard { _hold: hold, mutex, _data: PhantomData }
    }
}

/// A guard as a reference to what it protects.
macro_rules! reference {
    ([$($generics:tt)*] $guard:ty, $name:literal, $target:ident, $this:ident => $place:expr) => {
        impl<$($generics)*> Deref for $guard {
            type Target = $target;

            fn deref(&self) -> &$target {
                let $this = self;
                // SAFETY: the mutex is held.
                unsafe { &*$place }
            }
        }

        impl<$($generics)*> DerefMut for $guard {
            fn deref_mut(&mut self) -> &mut $target {
                let $this = self;
                // SAFETY: the mutex is held, and this is its one guard.
                unsafe { &mut *$place }
            }
        }

        impl<$($generics)*> fmt::Debug for $guard
        where
            $target: fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct($name).field("value", &&**self).field("mutex", &self.mutex).finish()
            }
        }
    };
}

reference!([T: ?Sized] MutexGuard<'_, T>, "MutexGuard", T, guard => guard.mutex.data());
reference!([T: ?Sized] OwnedMutexGuard<T>, "OwnedMutexGuard", T, guard => guard.mutex.data());
reference!([T: ?Sized, U: ?Sized] MappedMutexGuard<'_, T, U>, "MappedMutexGuard", U,
    guard => guard.value);
