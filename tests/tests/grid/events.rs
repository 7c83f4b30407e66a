//! Cells that cannot be said with runs of one task.

use std::panic::Location;
use std::sync::{Arc, Mutex};
use std::thread;

use lockdep::{BacktraceStyle, Description, How, Level, Map, Settings, Task, Tracker, Violation};
use lockdep::{event, lockdep_assert_held_write};
use tests::recording::Recording;

use crate::cell::Verdict::{self, AssertionFailed, EndedHolding, Silent, UnlockImbalance};

/// Records something and returns what it violates.
pub(crate) type Events = fn() -> Vec<Arc<Violation>>;

/// Section 2.11, what cannot be said with runs of one task.
pub(crate) const EVENTS: [(&str, Events, Verdict); 5] = [
    ("release by another task", released_by_another_task, UnlockImbalance),
    ("reader asserted as write-held", || asserted(How::SHARED), AssertionFailed),
    ("writer asserted as write-held", || asserted(How::EXCLUSIVE), Silent),
    ("exit with a lock held", || ended("exit held", |_| ()), EndedHolding),
    ("exit with a lock released", || ended("exit released", event::released), Silent),
];

fn released_by_another_task() -> Vec<Arc<Violation>> {
    let (recording, map, site) = (Recording::at(Level::Order), Map::named("A"), Location::caller());
    let (one, two) = (Task::new("one"), Task::new("two"));
    recording.tracker.before_acquire(&one, &map, How::EXCLUSIVE, describe, site);
    recording.tracker.acquired(&one, &map, How::EXCLUSIVE, site);
    recording.tracker.released(&two, &map);
    recording.violations()
}

fn asserted(how: How) -> Vec<Arc<Violation>> {
    let settings = Settings { level: Level::Order, backtrace: BacktraceStyle::Off };
    let tracker = Arc::new(Tracker::new(settings));
    let (map, site) = (Map::named("A"), Location::caller());
    let ((), met) = tracker.run(|| {
        event::before_acquire(&map, how, describe, site);
        event::acquired(&map, how, site);
        lockdep_assert_held_write!(&map);
        event::released(&map);
    });
    met.into_iter().map(|met| met.violation).collect()
}

/// What is found when a thread ends that has taken a lock of this class and done `work` with it.
///
/// The end of a thread is seen by the process's tracker alone, and told to its hook.
fn ended(class: &'static str, work: fn(&Map)) -> Vec<Arc<Violation>> {
    static FOUND: Mutex<Vec<Arc<Violation>>> = Mutex::new(Vec::new());
    let is_of = |violation: &Violation| match violation {
        Violation::EndedHolding { held, .. } => held.class.name.as_deref() == Some(class),
        _ => false,
    };
    lockdep::set_hook(|violation| FOUND.lock().unwrap().push(Arc::new(violation.clone())));
    let site = Location::caller();
    let thread = thread::spawn(move || {
        let map = Map::named(class);
        event::before_acquire(&map, How::EXCLUSIVE, describe, site);
        event::acquired(&map, How::EXCLUSIVE, site);
        work(&map);
        // The lock outlives the thread.
        std::mem::forget(map);
    });
    thread.join().expect("it does nothing that panics");
    let found = FOUND.lock().unwrap();
    found.iter().filter(|violation| is_of(violation)).cloned().collect()
}

fn describe() -> Description {
    Description::new("lock", "")
}
