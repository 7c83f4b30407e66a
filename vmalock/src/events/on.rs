//! Tracking on: what the lock does, told to lockdep.

use std::panic::Location;

use lockdep::{Description, How, LockState, Mode, event};

use crate::lock::asserts::Unmet;
use crate::lock::rwsem::Side;

pub(crate) use lockdep::Map;

/// Whether this build tells the tracker anything.
pub(crate) const ENABLED: bool = true;

/// A VMA's readers try, and queue behind nobody; recursive or not makes no odds to the tracker.
const VMA_READ: How = How::SHARED.trylock();
const VMA_EXCLUSIVE: How = How::EXCLUSIVE;

fn describe_vma() -> Description {
    Description::new("VmaLock", "")
}

fn describe_mm() -> Description {
    Description::new("MmLock", "")
}

fn how(side: Side) -> How {
    match side {
        Side::Read => How::SHARED,
        Side::Write => How::EXCLUSIVE,
    }
}

#[track_caller]
pub(crate) fn vma_acquire_read(map: &Map) {
    event::acquire(map, VMA_READ, describe_vma, Location::caller());
}

#[track_caller]
pub(crate) fn vma_acquire_exclusive(map: &Map) {
    event::acquire(map, VMA_EXCLUSIVE, describe_vma, Location::caller());
}

#[track_caller]
pub(crate) fn vma_acquired_exclusive(map: &Map) {
    event::acquired(map, VMA_EXCLUSIVE, Location::caller());
}

#[track_caller]
pub(crate) fn rwsem_acquire(map: &Map, side: Side, subclass: u8) {
    event::acquire(map, how(side).subclass(subclass), describe_mm, Location::caller());
}

#[track_caller]
pub(crate) fn rwsem_acquired(map: &Map, side: Side, subclass: u8) {
    event::acquired(map, how(side).subclass(subclass), Location::caller());
}

#[track_caller]
pub(crate) fn rwsem_try_acquired(map: &Map, side: Side) {
    event::acquire(map, how(side).trylock(), describe_mm, Location::caller());
}

pub(crate) fn contended(map: &Map) {
    event::contended(map);
}

#[track_caller]
pub(crate) fn released(map: &Map) {
    event::released(map);
}

pub(crate) fn downgraded(map: &Map) {
    event::downgraded(map);
}

/// Whether this thread holds the lock, on one side or on either; none while nobody can say.
pub(crate) fn held(map: &Map, side: Option<Side>) -> Option<bool> {
    let mode = side.map(|side| match side {
        Side::Read => Mode::Shared,
        Side::Write => Mode::Exclusive,
    });
    match lockdep::is_held(map, mode) {
        LockState::Held => Some(true),
        LockState::NotHeld => Some(false),
        LockState::Unknown => None,
    }
}

/// Reports an assertion that does not hold, and reacts as the tracker is told to; true if it did.
#[track_caller]
pub(crate) fn assertion_failed(map: &Map, unmet: Unmet) -> bool {
    match unmet {
        Unmet::MmapNotLocked | Unmet::VmaNotLocked => lockdep::lockdep_assert_held!(map),
        Unmet::MmapNotWriteLocked | Unmet::VmaNotWriteLocked => {
            lockdep::lockdep_assert_held_write!(map);
        }
        Unmet::Attached | Unmet::Detached => return false,
    }
    true
}
