//! What the tracker says of events, as values.

#![cfg(feature = "lockdep")]

use std::panic::Location;
use std::sync::{Arc, Barrier};
use std::thread;

use lockdep::violation::Violation;
use lockdep::{BacktraceStyle, Description, How, Level, Map, Settings, Task, Tracker, Traits};

fn describe() -> Description {
    Description::new("lock", "")
}

fn tracker(level: Level) -> Tracker {
    Tracker::new(Settings { level, backtrace: BacktraceStyle::Off })
}

/// Takes the locks in turn, then releases them, newest first; how many violations were met.
#[track_caller]
fn take(tracker: &Tracker, task: &Task, maps: &[&Map]) -> usize {
    let exclusive: Vec<_> = maps.iter().map(|map| (*map, How::EXCLUSIVE)).collect();
    take_as(tracker, task, &exclusive)
}

/// The same, each in a mode of its own.
#[track_caller]
fn take_as(tracker: &Tracker, task: &Task, locks: &[(&Map, How)]) -> usize {
    let site = Location::caller();
    let mut met = 0;
    for (map, how) in locks {
        met += tracker.before_acquire(task, map, *how, describe, site).len();
        tracker.acquired(task, map, *how, site);
    }
    for (map, _) in locks.iter().rev() {
        assert!(tracker.released(task, map).is_none());
    }
    met
}

#[test]
fn an_acquire_that_closes_two_cycles_tells_both() {
    let (tracker, task) = (tracker(Level::Deadlock), Task::new("task"));
    let [a, b, c] = ["two a", "two b", "two c"].map(Map::named);
    take(&tracker, &task, &[&c, &a]);
    take(&tracker, &task, &[&c, &b]);
    assert_eq!(take(&tracker, &task, &[&a, &b, &c]), 2);
    // Each is met again by itself.
    assert_eq!(take(&tracker, &task, &[&b, &c]), 1);
    assert_eq!(tracker.violations().iter().map(|met| met.times).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_cycle_around_a_smaller_one_is_not_told() {
    let (tracker, task) = (tracker(Level::Deadlock), Task::new("task"));
    let [a, b, c] = ["around a", "around b", "around c"].map(Map::named);
    take(&tracker, &task, &[&c, &a]);
    // A→B and B→C would close C→A→B→C, but A→C says it shorter.
    assert_eq!(take(&tracker, &task, &[&a, &b, &c]), 1);
    let met = &tracker.violations()[0];
    let Violation::Inversion { cycle, .. } = met.violation.as_ref() else {
        panic!("{met:?}");
    };
    assert_eq!(cycle.len(), 2);
}

#[test]
fn every_task_that_breaks_an_order_is_counted() {
    const TASKS: u64 = 4;
    const TIMES: u64 = 50;
    let settings = Settings { level: Level::Deadlock, backtrace: BacktraceStyle::Short };
    let tracker = Tracker::new(settings);
    let [a, b] = ["counted a", "counted b"].map(Map::named);
    take(&tracker, &Task::new("first"), &[&a, &b]);
    let start = Barrier::new(TASKS as usize);
    thread::scope(|scope| {
        for _ in 0..TASKS {
            scope.spawn(|| {
                let task = Task::new("other");
                start.wait();
                for _ in 0..TIMES {
                    take(&tracker, &task, &[&b, &a]);
                }
            });
        }
    });
    let violations = tracker.violations();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].times, TASKS * TIMES);
}

#[test]
fn a_lock_that_is_gone_orders_nothing() {
    let tracker = Arc::new(tracker(Level::Deadlock));
    let task = Task::new("task");
    let [first, middle, last] = [(); 3].map(|()| Map::named("gone"));
    take(&tracker, &task, &[&first, &middle]);
    take(&tracker, &task, &[&middle, &last]);
    // Another task, which holds nothing, destroys the lock between the two.
    assert!(tracker.destroyed(&Task::new("idle"), &middle).is_none());
    assert_eq!(take(&tracker, &task, &[&last, &first]), 0);
}

#[test]
fn a_thousand_locks_of_one_class_are_ordered() {
    let (tracker, task) = (tracker(Level::Deadlock), Task::new("task"));
    let maps: Vec<Map> = (0..1_000).map(|_| Map::named("thousand")).collect();
    let all: Vec<&Map> = maps.iter().collect();
    assert_eq!(take(&tracker, &task, &all), 0);
    assert_eq!(take(&tracker, &task, &all), 0);
    assert_eq!(take(&tracker, &task, &[&maps[999], &maps[0]]), 1);
}

#[test]
fn recursive_readers_between_do_not_order_two_locks() {
    let (tracker, task) = (tracker(Level::Deadlock), Task::new("task"));
    let maps: Vec<Map> = (0..70).map(|_| Map::named("crowd")).collect();
    let modes = |at: usize| match at {
        0 | 69 => How::EXCLUSIVE,
        _ => How::SHARED_RECURSIVE,
    };
    let order: Vec<(&Map, How)> =
        maps.iter().enumerate().map(|(at, map)| (map, modes(at))).collect();
    assert_eq!(take_as(&tracker, &task, &order), 0);
    let back = [(&maps[69], How::EXCLUSIVE), (&maps[0], How::EXCLUSIVE)];
    assert_eq!(take_as(&tracker, &task, &back), 1);
}

#[test]
fn an_assertion_on_a_thread_without_events_is_judged() {
    let tracker = Arc::new(tracker(Level::Deadlock));
    let map = Map::named("never taken");
    thread::spawn(move || {
        let ((), met) = tracker.run(|| lockdep::lockdep_assert_held!(&map));
        assert_eq!(met.len(), 1);
        assert_eq!(met[0].violation.code(), "LD0007");
    })
    .join()
    .unwrap();
}

#[test]
fn a_lock_says_in_its_description_what_waiting_it_needs_and_allows() {
    let spin = || Description::new("SpinLock", "").with_traits(Traits::SPIN);
    let tracker = tracker(Level::Deadlock);
    let (outer, inner, mutex) = (Map::new(), Map::new(), Map::new());
    let task = Task::new("task");
    let wants = |map: &Map, describe: fn() -> Description| {
        let site = Location::caller();
        let met = tracker.before_acquire(&task, map, How::EXCLUSIVE, describe, site);
        tracker.acquired(&task, map, How::EXCLUSIVE, site);
        met.iter().map(|met| (met.violation.code(), met.times)).collect::<Vec<_>>()
    };
    assert_eq!(wants(&outer, spin), []);
    assert_eq!(wants(&inner, spin), []);
    assert_eq!(wants(&mutex, describe), [("LD0014", 1)]);
    tracker.released(&task, &mutex);
    let site = Location::caller();
    let again = tracker.before_acquire(&task, &mutex, How::EXCLUSIVE, describe, site);
    assert_eq!(again[0].times, 2, "a repeat is counted");
    assert!(
        tracker.before_acquire(&task, &mutex, How::EXCLUSIVE.trylock(), describe, site).is_empty()
    );
}
