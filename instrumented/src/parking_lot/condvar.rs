//! The condition variable, for the tracked mutex.
//!
//! A condition variable is no lock. What matters first is its mutex, which a wait gives
//! up and takes again: the second take comes after whatever else the task holds. A wait records, in
//! this order, the release, the check of the second take, the real wait, and the second take.

use std::fmt;
use std::panic::Location;
use std::time::{Duration, Instant};

use lockdep::{Description, Map, wait};

use super::lock_api::private::while_released;
use super::real::{self, WaitTimeoutResult};
use super::{MutexGuard, with_real_guard};

/// `parking_lot`'s condition variable, for the tracked [`Mutex`](super::Mutex).
///
/// # Tracking
///
/// A wait releases the mutex and takes it again, and the second take is checked against what the
/// task still holds, before it sleeps. Whatever else the task holds while it sleeps it keeps until it
/// is notified: if who notifies takes that before, both can wait for ever (LD0019), unless the wait
/// has a timeout.
pub struct Condvar {
    map: Map,
    inner: real::Condvar,
}

/// What reports call it.
fn condition() -> Description {
    Description::new("Condvar", "")
}

impl Condvar {
    /// Creates a condition variable that nobody waits for; the place of this call is its class.
    #[inline]
    #[must_use]
    #[track_caller]
    pub const fn new() -> Condvar {
        Condvar { map: Map::new(), inner: real::Condvar::new() }
    }

    /// Wakes one of those who wait; false if nobody does.
    #[track_caller]
    pub fn notify_one(&self) -> bool {
        wait::made(&self.map, condition, Location::caller());
        self.inner.notify_one()
    }

    /// Wakes all who wait, and says how many they were.
    #[track_caller]
    pub fn notify_all(&self) -> usize {
        wait::made(&self.map, condition, Location::caller());
        self.inner.notify_all()
    }

    /// Unlocks the mutex, sleeps until notified and locks it again.
    ///
    /// # Panics
    ///
    /// If the second take breaks a rule and the tracker is told to panic, with the mutex locked; or
    /// if another thread waits here with another mutex.
    #[track_caller]
    pub fn wait<T: ?Sized>(&self, mutex_guard: &mut MutexGuard<'_, T>) {
        let site = Location::caller();
        while_released(mutex_guard, |guard| {
            wait::before(&self.map, condition, site);
            let idle = wait::idle();
            with_real_guard(guard, |real| self.inner.wait(real));
            drop(idle);
            wait::over(site);
        });
    }

    /// Waits until `timeout` at most.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_until<T: ?Sized>(
        &self,
        mutex_guard: &mut MutexGuard<'_, T>,
        timeout: Instant,
    ) -> WaitTimeoutResult {
        let site = Location::caller();
        while_released(mutex_guard, |guard| {
            let result = with_real_guard(guard, |real| self.inner.wait_until(real, timeout));
            wait::over(site);
            result
        })
    }

    /// Waits for `timeout` at most.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_for<T: ?Sized>(
        &self,
        mutex_guard: &mut MutexGuard<'_, T>,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        let site = Location::caller();
        while_released(mutex_guard, |guard| {
            let result = with_real_guard(guard, |real| self.inner.wait_for(real, timeout));
            wait::over(site);
            result
        })
    }

    /// Waits for as long as `condition`, asked with the mutex held, is true.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait), and if `condition` does.
    #[cfg(not(any(before = "0.12", before = "0.12.1")))]
    #[track_caller]
    pub fn wait_while<T, F>(&self, mutex_guard: &mut MutexGuard<'_, T>, mut condition: F)
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *mutex_guard) {
            self.wait(mutex_guard);
        }
    }

    /// Waits for as long as `condition`, asked with the mutex held, is true, but at most until
    /// `timeout`; the result tells whether the condition was still true then.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait), and if `condition` does.
    #[cfg(not(any(before = "0.12", before = "0.12.1")))]
    #[track_caller]
    pub fn wait_while_until<T, F>(
        &self,
        mutex_guard: &mut MutexGuard<'_, T>,
        condition: F,
        timeout: Instant,
    ) -> WaitTimeoutResult
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        self.wait_while_by(mutex_guard, condition, Some(timeout))
    }

    /// Waits for as long as `condition`, asked with the mutex held, is true, but at most for
    /// `timeout`; the result tells whether the condition was still true then.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait), and if `condition` does.
    #[cfg(not(any(before = "0.12", before = "0.12.1")))]
    #[track_caller]
    pub fn wait_while_for<T, F>(
        &self,
        mutex_guard: &mut MutexGuard<'_, T>,
        condition: F,
        timeout: Duration,
    ) -> WaitTimeoutResult
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        self.wait_while_by(mutex_guard, condition, Instant::now().checked_add(timeout))
    }

    /// The loop of the waits with a condition.
    #[cfg(not(any(before = "0.12", before = "0.12.1")))]
    #[track_caller]
    fn wait_while_by<T, F>(
        &self,
        mutex_guard: &mut MutexGuard<'_, T>,
        mut condition: F,
        deadline: Option<Instant>,
    ) -> WaitTimeoutResult
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        // A result cannot be made by hand; the real loop gives this one without a wait.
        let mut result = with_real_guard(mutex_guard, |real| {
            self.inner.wait_while_for(real, |_| false, Duration::ZERO)
        });
        while !result.timed_out() && condition(&mut *mutex_guard) {
            match deadline {
                Some(deadline) => result = self.wait_until(mutex_guard, deadline),
                None => self.wait(mutex_guard),
            }
        }
        result
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Condvar {
        Condvar::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
