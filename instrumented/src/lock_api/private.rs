//! What tracked condition variables need of a mutex. No part of the public API.

use core::panic::Location;

use lockdep::{Until, event};

use super::guard::Lock;
use super::mutex::{Mutex, MutexGuard};
use super::raw::OnDrop;
use super::real::RawMutex;
use super::side::Side;
use super::sides::{Locked, Mutual};

/// Runs `wait`, which gives the mutex up and takes it again, and records both.
///
/// # Panics
///
/// If the second take breaks a rule, or tasks now wait for each other, and the tracker is told to
/// panic, before `wait` is called; or if `wait` does. The mutex is then held, as the guard says.
#[track_caller]
pub fn while_released<'a, R: RawMutex, T: ?Sized, U>(
    guard: &mut MutexGuard<'a, R, T>,
    wait: impl FnOnce(&mut MutexGuard<'a, R, T>) -> U,
) -> U {
    let site = Location::caller();
    let core = MutexGuard::mutex(guard).core();
    core.released::<Locked<R>>();
    let map = core.map();
    let _taken = OnDrop::new(|| event::acquired(map, Locked::<R>::how(), site));
    event::before_acquire(map, Locked::<R>::how(), <Mutex<R, T> as Lock>::describe, site);
    let _waiting = event::waiting(map, Locked::<R>::how(), site, Until::Notified);
    wait(guard)
}

/// The real mutex, without payload, that the guard's hold is of.
#[allow(dead_code, reason = "for the versions whose condition variables want one")]
pub fn real_mutex<'a, R: RawMutex, T: ?Sized>(guard: &MutexGuard<'a, R, T>) -> &'a Mutual<R> {
    MutexGuard::mutex(guard).core().raw()
}
