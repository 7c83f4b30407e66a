//! Locks that are taken while others of their class are held: without tracking, the plain calls.
//!
//! A nesting level and a nest lock mean nothing here; with the feature `lockdep` they do.

use std::sync::{
    LockResult, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockResult,
};

/// [`Mutex::lock`].
///
/// # Errors
///
/// As [`Mutex::lock`].
///
/// # Examples
///
/// ```
/// use instrumented::nested::lock_nested;
/// use instrumented::sync::Mutex;
///
/// let [parent, child] = [1, 2].map(|number| Mutex::new(number));
/// let _parent = parent.lock().unwrap();
/// let _child = lock_nested(&child, 1).unwrap();
/// ```
#[inline]
pub fn lock_nested<T: ?Sized>(mutex: &Mutex<T>, _subclass: u8) -> LockResult<MutexGuard<'_, T>> {
    mutex.lock()
}

/// [`Mutex::try_lock`].
///
/// # Errors
///
/// As [`Mutex::try_lock`].
#[inline]
pub fn try_lock_nested<T: ?Sized>(
    mutex: &Mutex<T>,
    _subclass: u8,
) -> TryLockResult<MutexGuard<'_, T>> {
    mutex.try_lock()
}

/// [`Mutex::lock`].
///
/// # Errors
///
/// As [`Mutex::lock`].
///
/// # Examples
///
/// ```
/// use instrumented::nested::lock_nest_lock;
/// use instrumented::sync::Mutex;
///
/// let (tree, nodes) = (Mutex::new(()), [1, 2, 3].map(|number| Mutex::new(number)));
/// let _tree = tree.lock().unwrap();
/// let _all: Vec<_> = nodes.iter().rev().map(|node| lock_nest_lock(node, &tree).unwrap()).collect();
/// ```
#[inline]
pub fn lock_nest_lock<'a, T: ?Sized, N: ?Sized>(
    mutex: &'a Mutex<T>,
    _nest: &N,
) -> LockResult<MutexGuard<'a, T>> {
    mutex.lock()
}

/// [`RwLock::read`].
///
/// # Errors
///
/// As [`RwLock::read`].
#[inline]
pub fn read_nested<T: ?Sized>(
    lock: &RwLock<T>,
    _subclass: u8,
) -> LockResult<RwLockReadGuard<'_, T>> {
    lock.read()
}

/// [`RwLock::try_read`].
///
/// # Errors
///
/// As [`RwLock::try_read`].
#[inline]
pub fn try_read_nested<T: ?Sized>(
    lock: &RwLock<T>,
    _subclass: u8,
) -> TryLockResult<RwLockReadGuard<'_, T>> {
    lock.try_read()
}

/// [`RwLock::read`].
///
/// # Errors
///
/// As [`RwLock::read`].
#[inline]
pub fn read_nest_lock<'a, T: ?Sized, N: ?Sized>(
    lock: &'a RwLock<T>,
    _nest: &N,
) -> LockResult<RwLockReadGuard<'a, T>> {
    lock.read()
}

/// [`RwLock::write`].
///
/// # Errors
///
/// As [`RwLock::write`].
#[inline]
pub fn write_nested<T: ?Sized>(
    lock: &RwLock<T>,
    _subclass: u8,
) -> LockResult<RwLockWriteGuard<'_, T>> {
    lock.write()
}

/// [`RwLock::try_write`].
///
/// # Errors
///
/// As [`RwLock::try_write`].
#[inline]
pub fn try_write_nested<T: ?Sized>(
    lock: &RwLock<T>,
    _subclass: u8,
) -> TryLockResult<RwLockWriteGuard<'_, T>> {
    lock.try_write()
}

/// [`RwLock::write`].
///
/// # Errors
///
/// As [`RwLock::write`].
#[inline]
pub fn write_nest_lock<'a, T: ?Sized, N: ?Sized>(
    lock: &'a RwLock<T>,
    _nest: &N,
) -> LockResult<RwLockWriteGuard<'a, T>> {
    lock.write()
}
