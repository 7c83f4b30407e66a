//! What the exported macros expand to calls of, and what tests of the tracker itself need. No part
//! of the public API.

use std::ops::Range;
use std::panic::Location;

pub use crate::on::query::{assert_context, assert_lock, assert_none_held, might_lock};
pub use crate::violation::Assertion;

use crate::how::{Describe, How};
use crate::on::event;
use crate::on::map::Map;
use crate::on::task::Task;
use crate::on::thread;
use crate::wait_type::WaitType;

#[track_caller]
pub fn before_acquire(map: &Map, how: How, describe: Describe) {
    event::before_acquire(map, how, describe, Location::caller());
}

#[track_caller]
pub fn acquired(map: &Map, how: How, _describe: Describe) {
    event::acquired(map, how, Location::caller());
}

#[track_caller]
pub fn try_acquired(map: &Map, how: How, describe: Describe) {
    event::before_try(map, how, describe, Location::caller());
    event::acquired(map, how.trylock(), Location::caller());
}

#[track_caller]
pub fn before_wait(needs: WaitType) {
    event::before_wait(needs, Location::caller());
}

/// The memory of the current thread's held stack: whole pages, which no other thread writes.
pub fn memory_of_stack() -> Range<usize> {
    thread::with_task(Task::memory_of_stack)
}

#[track_caller]
pub fn before_upgrade(map: &Map, describe: Describe) {
    event::before_upgrade(map, describe, Location::caller());
}

#[track_caller]
pub fn sync(map: &Map, describe: Describe) {
    event::sync(map, describe, Location::caller());
}

/// The same events under a nest lock.
pub mod nested {
    use std::panic::Location;

    use crate::how::{Describe, How};
    use crate::on::event;
    use crate::on::map::Map;
    use crate::tracked::Tracked;

    #[track_caller]
    pub fn before_acquire<N: Tracked + ?Sized>(map: &Map, how: How, nest: &N, describe: Describe) {
        event::before_acquire_nested(map, how, nest, describe, Location::caller());
    }

    #[track_caller]
    pub fn try_acquired<N: Tracked + ?Sized>(map: &Map, how: How, nest: &N, describe: Describe) {
        let (how, site) = (how.trylock(), Location::caller());
        event::before_acquire_nested(map, how, nest, describe, site);
        event::acquired(map, how, site);
    }
}
