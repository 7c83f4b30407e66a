//! Tracking off: a map of no size, and events that are nothing.

use crate::lock::asserts::Unmet;
use crate::lock::rwsem::Side;

/// Whether this build tells the tracker anything.
pub(crate) const ENABLED: bool = false;

/// Nothing.
#[derive(Debug)]
pub(crate) struct Map;

impl Map {
    pub(crate) fn named(_name: &'static str) -> Map {
        Map
    }
}

pub(crate) fn vma_acquire_read(_map: &Map) {}

pub(crate) fn vma_acquire_exclusive(_map: &Map) {}

pub(crate) fn vma_acquired_exclusive(_map: &Map) {}

pub(crate) fn rwsem_acquire(_map: &Map, _side: Side, _subclass: u8) {}

pub(crate) fn rwsem_acquired(_map: &Map, _side: Side, _subclass: u8) {}

pub(crate) fn rwsem_try_acquired(_map: &Map, _side: Side) {}

pub(crate) fn contended(_map: &Map) {}

pub(crate) fn released(_map: &Map) {}

pub(crate) fn downgraded(_map: &Map) {}

/// Would say whether this thread holds the lock: nobody knows.
pub(crate) fn held(_map: &Map, _side: Option<Side>) -> Option<bool> {
    None
}

/// Would leave the reaction to the tracker; false: it is for the caller.
pub(crate) fn assertion_failed(_map: &Map, _unmet: Unmet) -> bool {
    false
}
