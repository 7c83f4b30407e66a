//! What tracked condition variables need of a mutex. No part of the public API.

use core::panic::Location;

use lockdep::event;

use super::guard::Lock;
use super::mutex::{Mutex, MutexGuard};
use super::raw::OnDrop;
use super::real::{self, RawMutex};
use super::side::{Locked, Side};

/// Runs `wait`, which gives the mutex up and takes it again, and records both.
///
/// # Panics
///
/// If the second take breaks a rule and the tracker is told to panic, before `wait` is called; or
/// if `wait` does. The mutex is then held, as the guard says.
#[track_caller]
pub fn while_released<'a, R: RawMutex, T: ?Sized, U>(
    guard: &mut MutexGuard<'a, R, T>,
    wait: impl FnOnce(&mut MutexGuard<'a, R, T>) -> U,
) -> U {
    let site = Location::caller();
    let map = MutexGuard::mutex(guard).core().map();
    event::released(map);
    let _taken = OnDrop::new(|| event::acquired(map, Locked::<R>::how(), site));
    event::before_acquire(map, Locked::<R>::how(), <Mutex<R, T> as Lock>::describe, site);
    wait(guard)
}

/// The real mutex, without payload, that the guard's hold is of.
pub fn real_mutex<'a, R: RawMutex, T: ?Sized>(
    guard: &MutexGuard<'a, R, T>,
) -> &'a real::Mutex<R, ()> {
    MutexGuard::mutex(guard).core().raw()
}
