//! Cells that cannot be said with runs of one task.

use std::panic::Location;
use std::sync::Arc;

use lockdep::{BacktraceStyle, Description, How, Level, Map, Settings, Task, Tracker, Violation};
use lockdep::{event, lockdep_assert_held_write};
use tests::recording::Recording;

use crate::cell::Verdict::{self, AssertionFailed, Silent, UnlockImbalance};

/// Records something and returns what it violates.
pub(crate) type Events = fn() -> Vec<Arc<Violation>>;

/// Section 2.11, what cannot be said with runs of one task.
pub(crate) const EVENTS: [(&str, Events, Verdict); 3] = [
    ("release by another task", released_by_another_task, UnlockImbalance),
    ("reader asserted as write-held", || asserted(How::SHARED), AssertionFailed),
    ("writer asserted as write-held", || asserted(How::EXCLUSIVE), Silent),
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

fn describe() -> Description {
    Description::new("lock", "")
}
