//! Locks that are taken while others of their class are held, and why that is all right.
//!
//! Functions, because the lock types have the methods of the ones they wrap and no others. Without
//! the feature `lockdep` they are the plain calls, so code that uses them compiles both ways.
//!
//! * At a *nesting level*, 0 to 7: locks of one class taken at two levels are of two classes, of
//!   which one comes first. For parents and children, and any hierarchy that is not deep.
//! * Under a *nest lock*: one lock that is held around all those of the class, so that no two tasks
//!   can take several of them at once. For as many locks as one likes, in any order.
//!
//! A declared order among the locks of a class (`lockdep::set_cmp_fn`) needs no such call.

use std::panic::Location;
use std::sync::{LockResult, TryLockResult};

use lockdep::{How, Tracked};

use crate::locks::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// [`Mutex::lock`] at nesting level `subclass`.
///
/// # Errors
///
/// As [`Mutex::lock`].
///
/// # Panics
///
/// If `subclass` is more than 7; or with the report, if the acquire breaks a rule and the tracker
/// is told to panic.
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
#[track_caller]
pub fn lock_nested<T: ?Sized>(mutex: &Mutex<T>, subclass: u8) -> LockResult<MutexGuard<'_, T>> {
    mutex.lock_as(How::EXCLUSIVE.subclass(subclass), Location::caller())
}

/// [`Mutex::try_lock`] at nesting level `subclass`.
///
/// # Errors
///
/// As [`Mutex::try_lock`].
///
/// # Panics
///
/// If `subclass` is more than 7.
#[track_caller]
pub fn try_lock_nested<T: ?Sized>(
    mutex: &Mutex<T>,
    subclass: u8,
) -> TryLockResult<MutexGuard<'_, T>> {
    mutex.try_lock_as(How::EXCLUSIVE.subclass(subclass), Location::caller())
}

/// [`Mutex::lock`] under the nest lock `nest`, which the task holds: what it holds of the class and
/// took after that one needs no order.
///
/// # Errors
///
/// As [`Mutex::lock`].
///
/// # Panics
///
/// With the report, if the task does not hold `nest` or breaks another rule, and the tracker is
/// told to panic.
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
#[track_caller]
pub fn lock_nest_lock<'a, T: ?Sized, N: Tracked + ?Sized>(
    mutex: &'a Mutex<T>,
    nest: &N,
) -> LockResult<MutexGuard<'a, T>> {
    mutex.lock_under(nest, Location::caller())
}

/// [`RwLock::read`] at nesting level `subclass`.
///
/// # Errors
///
/// As [`RwLock::read`].
///
/// # Panics
///
/// If `subclass` is more than 7; or with the report, if the acquire breaks a rule and the tracker
/// is told to panic.
#[track_caller]
pub fn read_nested<T: ?Sized>(
    lock: &RwLock<T>,
    subclass: u8,
) -> LockResult<RwLockReadGuard<'_, T>> {
    lock.read_as(How::SHARED.subclass(subclass), Location::caller())
}

/// [`RwLock::try_read`] at nesting level `subclass`.
///
/// # Errors
///
/// As [`RwLock::try_read`].
///
/// # Panics
///
/// If `subclass` is more than 7.
#[track_caller]
pub fn try_read_nested<T: ?Sized>(
    lock: &RwLock<T>,
    subclass: u8,
) -> TryLockResult<RwLockReadGuard<'_, T>> {
    lock.try_read_as(How::SHARED.subclass(subclass), Location::caller())
}

/// [`RwLock::read`] under the nest lock `nest`, which the task holds: what it holds of the class and
/// took after that one needs no order.
///
/// # Errors
///
/// As [`RwLock::read`].
///
/// # Panics
///
/// With the report, if the task does not hold `nest` or breaks another rule, and the tracker is
/// told to panic.
#[track_caller]
pub fn read_nest_lock<'a, T: ?Sized, N: Tracked + ?Sized>(
    lock: &'a RwLock<T>,
    nest: &N,
) -> LockResult<RwLockReadGuard<'a, T>> {
    lock.read_under(nest, Location::caller())
}

/// [`RwLock::write`] at nesting level `subclass`.
///
/// # Errors
///
/// As [`RwLock::write`].
///
/// # Panics
///
/// If `subclass` is more than 7; or with the report, if the acquire breaks a rule and the tracker
/// is told to panic.
#[track_caller]
pub fn write_nested<T: ?Sized>(
    lock: &RwLock<T>,
    subclass: u8,
) -> LockResult<RwLockWriteGuard<'_, T>> {
    lock.write_as(How::EXCLUSIVE.subclass(subclass), Location::caller())
}

/// [`RwLock::try_write`] at nesting level `subclass`.
///
/// # Errors
///
/// As [`RwLock::try_write`].
///
/// # Panics
///
/// If `subclass` is more than 7.
#[track_caller]
pub fn try_write_nested<T: ?Sized>(
    lock: &RwLock<T>,
    subclass: u8,
) -> TryLockResult<RwLockWriteGuard<'_, T>> {
    lock.try_write_as(How::EXCLUSIVE.subclass(subclass), Location::caller())
}

/// [`RwLock::write`] under the nest lock `nest`, which the task holds: what it holds of the class and
/// took after that one needs no order.
///
/// # Errors
///
/// As [`RwLock::write`].
///
/// # Panics
///
/// With the report, if the task does not hold `nest` or breaks another rule, and the tracker is
/// told to panic.
#[track_caller]
pub fn write_nest_lock<'a, T: ?Sized, N: Tracked + ?Sized>(
    lock: &'a RwLock<T>,
    nest: &N,
) -> LockResult<RwLockWriteGuard<'a, T>> {
    lock.write_under(nest, Location::caller())
}
