//! The condition variable over any raw one.
//!
//! A condition variable is no lock and has no class. What matters is its mutex, which a wait gives
//! up and takes again: the second take comes after whatever else the task holds. A wait records, in
//! this order, the release, the check of the second take, the real wait, and the second take.

use core::fmt;

use super::guard::{Guard, Lock as _};
use super::mutex::MutexGuard;
use super::private::while_released;
use super::real::{RawCondvar, RawCondvarTimed, RawMutex, RawMutexTimed};

/// Whether a wait with a timeout ended by it.
#[derive(Debug, PartialEq, Eq, Copy, Clone)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the time was over.
    #[inline]
    pub const fn timed_out(self) -> bool {
        self.0
    }
}

/// A condition variable over the raw one `C`.
///
/// # Tracking
///
/// A wait releases the mutex and takes it again, and the second take is checked against what the
/// task still holds, before it sleeps. Notifying records nothing.
pub struct Condvar<C> {
    inner: C,
}

impl<C: RawCondvar> Condvar<C> {
    /// Creates a condition variable that nobody waits for.
    #[inline]
    pub const fn new() -> Condvar<C> {
        Condvar { inner: C::INIT }
    }

    /// The raw condition variable. A wait by it is not seen by the tracker.
    #[inline]
    pub fn raw(&self) -> &C {
        &self.inner
    }

    /// Wakes one of those who wait; whether there was one, if the raw one knows.
    #[inline]
    pub fn notify_one(&self) -> bool {
        self.inner.notify_one()
    }

    /// Wakes all who wait; how many they were, if the raw one knows.
    #[inline]
    pub fn notify_all(&self) -> usize {
        self.inner.notify_all()
    }

    /// Unlocks the mutex, sleeps until notified and locks it again.
    ///
    /// # Panics
    ///
    /// If the second take breaks a rule and the tracker is told to panic, with the mutex locked; or
    /// if the raw one does.
    #[track_caller]
    pub fn wait<T: ?Sized>(&self, mutex_guard: &mut MutexGuard<'_, C::RawMutex, T>) {
        self.released(mutex_guard, |mutex, guard| {
            // SAFETY: the guard holds the mutex, and its state is borrowed meanwhile.
            unsafe { self.inner.wait(mutex, guard) }
        });
    }

    /// Waits for as long as `condition`, asked with the mutex held, is true.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait), and if `condition` does.
    #[track_caller]
    pub fn wait_while<T, F>(
        &self,
        mutex_guard: &mut MutexGuard<'_, C::RawMutex, T>,
        mut condition: F,
    ) where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *mutex_guard) {
            self.wait(mutex_guard);
        }
    }

    /// Runs `wait` on the raw parts of the mutex, which it gives up and takes again.
    #[track_caller]
    fn released<T: ?Sized, U>(
        &self,
        mutex_guard: &mut MutexGuard<'_, C::RawMutex, T>,
        wait: impl FnOnce(&C::RawMutex, &mut <C::RawMutex as RawMutex>::Guard) -> U,
    ) -> U {
        while_released(mutex_guard, |guard| {
            let Guard { lock, state, .. } = guard;
            wait(lock.core().raw(), state)
        })
    }
}

impl<R: RawMutexTimed, C: RawCondvarTimed<RawMutex = R>> Condvar<C> {
    /// Waits until `timeout` at most.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_until<T: ?Sized>(
        &self,
        mutex_guard: &mut MutexGuard<'_, C::RawMutex, T>,
        timeout: <C::RawMutex as RawMutexTimed>::Instant,
    ) -> WaitTimeoutResult {
        self.wait_until_by(mutex_guard, &timeout)
    }

    #[track_caller]
    fn wait_until_by<T: ?Sized>(
        &self,
        mutex_guard: &mut MutexGuard<'_, R, T>,
        timeout: &R::Instant,
    ) -> WaitTimeoutResult {
        WaitTimeoutResult(self.released(mutex_guard, |mutex, guard| {
            // SAFETY: the guard holds the mutex, and its state is borrowed meanwhile.
            unsafe { self.inner.wait_until(mutex, guard, timeout) }
        }))
    }

    /// Waits for `timeout` at most.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_for<T: ?Sized>(
        &self,
        mutex_guard: &mut MutexGuard<'_, C::RawMutex, T>,
        timeout: <C::RawMutex as RawMutexTimed>::Duration,
    ) -> WaitTimeoutResult {
        WaitTimeoutResult(self.released(mutex_guard, |mutex, guard| {
            // SAFETY: the guard holds the mutex, and its state is borrowed meanwhile.
            unsafe { self.inner.wait_for(mutex, guard, &timeout) }
        }))
    }

    /// Waits for as long as `condition`, asked with the mutex held, is true, but at most until
    /// `timeout`; the result tells whether the condition was still true then.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait), and if `condition` does.
    #[track_caller]
    pub fn wait_while_until<T, F>(
        &self,
        mutex_guard: &mut MutexGuard<'_, C::RawMutex, T>,
        mut condition: F,
        timeout: <C::RawMutex as RawMutexTimed>::Instant,
    ) -> WaitTimeoutResult
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        let mut result = WaitTimeoutResult(false);
        while condition(&mut *mutex_guard) {
            if result.timed_out() {
                return result;
            }
            result = self.wait_until_by(mutex_guard, &timeout);
        }
        WaitTimeoutResult(false)
    }

    /// Waits for as long as `condition`, asked with the mutex held, is true, but at most for
    /// `timeout`; the result tells whether the condition was still true then.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait), and if `condition` does.
    #[track_caller]
    pub fn wait_while_for<T: ?Sized, F>(
        &self,
        mutex_guard: &mut MutexGuard<'_, C::RawMutex, T>,
        condition: F,
        timeout: <C::RawMutex as RawMutexTimed>::Duration,
    ) -> WaitTimeoutResult
    where
        F: FnMut(&mut T) -> bool,
    {
        if let Some(timeout) = C::checked_duration_to_instant(&timeout) {
            return self.wait_while_until(mutex_guard, condition, timeout);
        }
        self.wait_while(mutex_guard, condition);
        WaitTimeoutResult(false)
    }
}

impl<C: RawCondvar> Default for Condvar<C> {
    #[inline]
    fn default() -> Condvar<C> {
        Condvar::new()
    }
}

impl<C> fmt::Debug for Condvar<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Condvar { .. }")
    }
}
