//! What the exported macros expand to calls of. No part of the public API.

use std::panic::Location;

pub use crate::on::query::{assert_lock, assert_none_held, might_lock};
pub use crate::violation::Assertion;

use crate::how::{Describe, How};
use crate::on::event;
use crate::on::map::Map;

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
