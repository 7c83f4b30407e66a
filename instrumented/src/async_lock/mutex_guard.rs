//! The guards of a mutex.

use std::sync::Arc;

use super::awaited::Hold;
use super::mutex::Mutex;
use super::payload::{changes_payload, shows_payload};
use super::real;

/// What is held.
type Held<'a> = Hold<'a, real::MutexGuard<'a, ()>>;

/// Holds a [`Mutex`] until it is dropped.
#[clippy::has_significant_drop]
pub struct MutexGuard<'a, T: ?Sized> {
    _hold: Held<'a>,
    mutex: &'a Mutex<T>,
}

/// Holds a [`Mutex`], which it keeps alive, until it is dropped.
#[clippy::has_significant_drop]
pub struct MutexGuardArc<T: ?Sized> {
    /// Borrows from the mutex below, and is dropped before.
    _hold: Held<'static>,
    mutex: Arc<Mutex<T>>,
}

// SAFETY: it hands the payload on, which can be sent.
unsafe impl<T: ?Sized + Send> Send for MutexGuard<'_, T> {}
// SAFETY: a shared guard gives shared access to the payload, and to the mutex, which is of no use to
// a thread that the payload cannot be sent to but to see it.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}
// SAFETY: it hands the payload on, which can be sent.
unsafe impl<T: ?Sized + Send> Send for MutexGuardArc<T> {}
// SAFETY: a shared guard gives shared access to the payload; the mutex only if that can be sent.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuardArc<T> {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    pub(super) fn new(hold: Held<'a>, mutex: &'a Mutex<T>) -> Self {
        MutexGuard { _hold: hold, mutex }
    }

    /// The mutex that the guard is of.
    pub fn source(guard: &MutexGuard<'a, T>) -> &'a Mutex<T> {
        guard.mutex
    }
}

impl<T: ?Sized> MutexGuardArc<T> {
    /// The first argument borrows from the last.
    pub(super) fn new(hold: Held<'static>, mutex: Arc<Mutex<T>>) -> Self {
        MutexGuardArc { _hold: hold, mutex }
    }

    /// The mutex that the guard is of.
    pub fn source(guard: &Self) -> &Arc<Mutex<T>>
    where
        // A guard can be shared whether the payload can be sent or not; the mutex could be dropped
        // with it.
        T: Send,
    {
        &guard.mutex
    }
}

shows_payload!([T: ?Sized] MutexGuard<'_, T> => T, s => s.mutex.data());
changes_payload!([T: ?Sized] MutexGuard<'_, T> => T, s => s.mutex.data());
shows_payload!([T: ?Sized] MutexGuardArc<T> => T, s => s.mutex.data());
changes_payload!([T: ?Sized] MutexGuardArc<T> => T, s => s.mutex.data());
