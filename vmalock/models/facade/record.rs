//! `events` for models: a record of what each thread holds, which fails on a release of what is
//! not held, and which the assertions ask as they would ask the tracker.

use std::cell::RefCell;

use crate::lock::asserts::Unmet;
use crate::lock::rwsem::Side;
use crate::sync::{ThreadId, current_id};

pub(crate) const ENABLED: bool = true;

/// A lock's identity: its address. Slots do not move.
#[derive(Debug)]
pub(crate) struct Map(u8);

struct Entry {
    thread: ThreadId,
    map: usize,
    side: Side,
}

thread_local! {
    // All threads of a model are of one thread of the system.
    static ENTRIES: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

impl Map {
    pub(crate) fn named(_name: &'static str) -> Map {
        Map(0)
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

/// Begins an execution, in which nobody holds anything.
pub(crate) fn begin() {
    ENTRIES.with_borrow_mut(Vec::clear);
}

/// Ends an execution.
pub(crate) fn end() {
    ENTRIES.with_borrow(|entries| assert!(entries.is_empty(), "a lock was never released"));
}

fn push(map: &Map, side: Side) {
    let entry = Entry { thread: current_id(), map: map.address(), side };
    ENTRIES.with_borrow_mut(|entries| entries.push(entry));
}

/// What this thread holds `map` as; removed if asked.
fn find(map: &Map, remove: bool) -> Option<Side> {
    let me = current_id();
    ENTRIES.with_borrow_mut(|entries| {
        let at =
            entries.iter().rposition(|entry| entry.thread == me && entry.map == map.address())?;
        Some(if remove { entries.remove(at).side } else { entries[at].side })
    })
}

pub(crate) fn vma_acquire_read(map: &Map) {
    push(map, Side::Read);
}

pub(crate) fn vma_acquire_exclusive(map: &Map) {
    assert_eq!(find(map, false), None, "a thread waits for itself");
    push(map, Side::Write);
}

pub(crate) fn vma_acquired_exclusive(map: &Map) {
    push(map, Side::Write);
}

pub(crate) fn rwsem_acquire(map: &Map, side: Side, _subclass: u8) {
    push(map, side);
}

pub(crate) fn rwsem_acquired(map: &Map, side: Side, _subclass: u8) {
    push(map, side);
}

pub(crate) fn rwsem_try_acquired(map: &Map, side: Side) {
    push(map, side);
}

pub(crate) fn contended(map: &Map) {
    find(map, true).expect("a wait begins for a lock that was not announced");
}

pub(crate) fn released(map: &Map) {
    find(map, true).expect("a lock is released that this thread does not hold");
}

pub(crate) fn downgraded(map: &Map) {
    assert_eq!(find(map, true), Some(Side::Write), "a lock is downgraded that is not held so");
    push(map, Side::Read);
}

pub(crate) fn held(map: &Map, side: Option<Side>) -> Option<bool> {
    Some(find(map, false).is_some_and(|held| side.is_none_or(|side| side == held)))
}

pub(crate) fn assertion_failed(_map: &Map, _unmet: Unmet) -> bool {
    false
}
