//! What the program declares by hand: subclasses, nest locks, comparison functions, classes,
//! exemptions, changes of mode, pins. Each rule must report here and must stay silent there.
//!
//! What is said of a class holds for the whole process, so every test has classes of its own.

#![cfg(feature = "lockdep")]

mod classes;
mod declared;
mod exempt;
mod might;
mod modes;
mod nest;
mod pins;

use std::sync::Arc;

use lockdep::{
    BacktraceStyle, Level, Map, Settings, Tracker, lock_acquire_exclusive, lock_acquire_shared,
    lock_acquire_shared_recursive, lock_acquire_upgradable, lock_acquired_exclusive,
    lock_acquired_shared, lock_acquired_shared_recursive, lock_acquired_upgradable, lock_release,
};

const BOTH: [Level; 2] = [Level::Order, Level::Deadlock];

fn tracker(level: Level) -> Arc<Tracker> {
    Arc::new(Tracker::new(Settings { level, backtrace: BacktraceStyle::Off }))
}

/// The codes of what a tracker of its own finds in `f`, each violation once.
fn codes(level: Level, f: impl FnOnce()) -> Vec<&'static str> {
    more(&tracker(level), f)
}

/// The codes of what a tracker finds in `f` that it has not found before.
fn more(tracker: &Arc<Tracker>, f: impl FnOnce()) -> Vec<&'static str> {
    let ((), met) = tracker.run(f);
    met.iter().filter(|met| met.times == 1).map(|met| met.violation.code()).collect()
}

fn write(map: &Map) {
    lock_acquire_exclusive!(map);
    lock_acquired_exclusive!(map);
}

fn read(map: &Map) {
    lock_acquire_shared!(map);
    lock_acquired_shared!(map);
}

fn read_recursive(map: &Map) {
    lock_acquire_shared_recursive!(map);
    lock_acquired_shared_recursive!(map);
}

fn read_upgradable(map: &Map) {
    lock_acquire_upgradable!(map);
    lock_acquired_upgradable!(map);
}

fn write_under(nest: &Map, map: &Map) {
    lock_acquire_exclusive!(map, nest = nest);
    lock_acquired_exclusive!(map);
}

fn release(maps: &[&Map]) {
    maps.iter().rev().for_each(|map| lock_release!(map));
}

fn nest(maps: &[&Map]) {
    maps.iter().for_each(|map| write(map));
    release(maps);
}
