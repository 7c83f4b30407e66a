//! [`std::sync::Condvar`], for the tracked mutex.
//!
//! A condition variable is no lock. What matters first is its mutex, which a wait gives
//! up and takes again: the second take comes after whatever else the task holds, whatever the order
//! of the first one was. Each wait therefore records, in this order, the release, the check of the
//! second take, the real wait, and the second take.

use std::fmt;
use std::panic::Location;
use std::sync::{LockResult, PoisonError, WaitTimeoutResult};
use std::time::Duration;

use lockdep::{Description, Map, wait};

use super::mutex::{MutexGuard, describe};
use crate::locks::held::Wait;

/// [`std::sync::Condvar`], for the tracked [`Mutex`](super::Mutex).
///
/// # Tracking
///
/// A wait releases the mutex and takes it again, and the second take is checked against what the
/// task still holds, before it sleeps. While a condition runs the mutex is held. Whatever else the
/// task holds while it sleeps it keeps until it is notified: if who notifies takes that before, both
/// can wait for ever (LD0019), unless the wait has a timeout.
pub struct Condvar {
    map: Map,
    inner: std::sync::Condvar,
}

/// What reports call it.
fn condition() -> Description {
    Description::new("Condvar", "")
}

impl Condvar {
    /// Creates a condition variable that nobody waits for; the place of this call is its class.
    #[must_use]
    #[inline]
    #[track_caller]
    pub const fn new() -> Self {
        Condvar { map: Map::new(), inner: std::sync::Condvar::new() }
    }

    /// Unlocks the mutex, sleeps until notified, or for no reason, and locks it again.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned once locked again; the error holds the guard.
    ///
    /// # Panics
    ///
    /// If the second take breaks a rule and the tracker is told to panic, with the mutex unlocked
    /// and poisoned; or for the real condition variable's reasons.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let (held, inner) = guard.into_parts();
        let site = Location::caller();
        let wait = Wait::new(&held, describe::<T>, site);
        let waiting = wait.begin(held);
        wait::before(&self.map, condition, site);
        let idle = wait::idle();
        let waited = self.inner.wait(inner);
        drop(idle);
        wait::over(site);
        let held = wait.end(Some(waiting));
        match waited {
            Ok(inner) => Ok(MutexGuard::from_parts(held, inner)),
            Err(poisoned) => {
                Err(PoisonError::new(MutexGuard::from_parts(held, poisoned.into_inner())))
            }
        }
    }

    /// Waits for as long as `condition`, asked with the mutex held, is true.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned after a wait; the error holds the guard.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait), and if `condition` does.
    #[track_caller]
    pub fn wait_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Waits at most `ms` milliseconds; the flag is false if they ran out.
    ///
    /// # Errors
    ///
    /// As [`wait_timeout`](Self::wait_timeout).
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[deprecated(since = "0.1.0", note = "as in `std::sync`; use `Condvar::wait_timeout`")]
    #[track_caller]
    pub fn wait_timeout_ms<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        ms: u32,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        match self.wait_timeout(guard, Duration::from_millis(u64::from(ms))) {
            Ok((guard, result)) => Ok((guard, !result.timed_out())),
            Err(poisoned) => {
                let (guard, result) = poisoned.into_inner();
                Err(PoisonError::new((guard, !result.timed_out())))
            }
        }
    }

    /// Waits at most `duration`; the result tells whether it ran out.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned once locked again; the error holds the guard and the result.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        duration: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let (held, inner) = guard.into_parts();
        let site = Location::caller();
        let wait = Wait::new(&held, describe::<T>, site);
        let waiting = wait.begin(held);
        let waited = self.inner.wait_timeout(inner, duration);
        wait::over(site);
        let held = wait.end(Some(waiting));
        match waited {
            Ok((inner, result)) => Ok((MutexGuard::from_parts(held, inner), result)),
            Err(poisoned) => {
                let (inner, result) = poisoned.into_inner();
                Err(PoisonError::new((MutexGuard::from_parts(held, inner), result)))
            }
        }
    }

    /// Waits for as long as `condition`, asked with the mutex held, is true, but at most
    /// `duration`; the result tells whether it ran out with the condition still true.
    ///
    /// # Tracking
    ///
    /// The last wait is recorded even if the time ran out just before it and it did not happen.
    ///
    /// # Errors
    ///
    /// As [`wait_timeout`](Self::wait_timeout).
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait), and if `condition` does.
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        guard: MutexGuard<'a, T>,
        duration: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        // The real one's loop is used, for its results cannot be made by hand. Its condition is
        // the one place from which the steps of each wait can be recorded.
        let (held, inner) = guard.into_parts();
        let site = Location::caller();
        let wait = Wait::new(&held, describe::<T>, site);
        let (mut between, mut waiting) = (Some(held), None);
        let waited = self.inner.wait_timeout_while(inner, duration, |data| {
            let held = between.take().unwrap_or_else(|| {
                wait::over(site);
                wait.end(waiting.take())
            });
            let goes_on = condition(data);
            if goes_on {
                waiting = Some(wait.begin(held));
            } else {
                between = Some(held);
            }
            goes_on
        });
        let held = between.unwrap_or_else(|| wait.end(waiting));
        match waited {
            Ok((inner, result)) => Ok((MutexGuard::from_parts(held, inner), result)),
            Err(poisoned) => {
                let (inner, result) = poisoned.into_inner();
                Err(PoisonError::new((MutexGuard::from_parts(held, inner), result)))
            }
        }
    }

    /// Wakes one of those who wait.
    #[track_caller]
    pub fn notify_one(&self) {
        wait::made(&self.map, condition, Location::caller());
        self.inner.notify_one();
    }

    /// Wakes all who wait.
    #[track_caller]
    pub fn notify_all(&self) {
        wait::made(&self.map, condition, Location::caller());
        self.inner.notify_all();
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Condvar::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
