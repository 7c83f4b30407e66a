//! Runs lock programs through a tracker: one run after the other, in one thread, with no real
//! lock, as a test suite that went well would have done.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Arc;

use lockdep::{BacktraceStyle, Description, How, Level, Map, Met, Settings, Task, Tracker};
use lockdep::{Mode as TrackedMode, Violation};

use crate::program::{Lock, Mode, Op, Path, Run};

/// A fresh tracker with the locks that were seen so far.
#[derive(Debug)]
pub struct Recording {
    /// The tracker.
    pub tracker: Tracker,
    maps: BTreeMap<Lock, Map>,
}

impl Recording {
    /// Nothing recorded yet.
    pub fn at(level: Level) -> Recording {
        let settings = Settings { level, backtrace: BacktraceStyle::Off };
        Recording { tracker: Tracker::new(settings), maps: BTreeMap::new() }
    }

    /// Records one run to its end; returns what it violates.
    pub fn run(&mut self, task: &Task, run: &Run) -> Vec<Met> {
        self.path(task, run, Path::all_of(run))
    }

    /// Records one way through a run. If it ends in a wait for ever, the wait is announced and the
    /// task gives up what it holds, as one that unwinds.
    pub fn path(&mut self, task: &Task, run: &Run, path: Path) -> Vec<Met> {
        let mut met = Vec::new();
        let mut open: Vec<(u8, Lock)> = Vec::new();
        for op in run[..path.completed].iter().filter(|op| !path.skips(op)) {
            match *op {
                Op::Lock { guard, lock, .. } | Op::Try { guard, lock, .. } => {
                    open.push((guard, lock));
                }
                Op::Unlock { guard, .. } => open.retain(|(open, _)| *open != guard),
                Op::Init { lock } => open.retain(|(_, held)| *held != lock),
                Op::Downgrade { .. } | Op::Upgrade { .. } | Op::Sync { .. } => {}
            }
            met.extend(self.step(task, op, true));
        }
        if let Some(op) = run.get(path.completed) {
            met.extend(self.step(task, op, false));
        }
        for (_, lock) in open.into_iter().rev() {
            met.extend(self.tracker.released(task, &self.maps[&lock]));
        }
        met
    }

    fn step(&mut self, task: &Task, op: &Op, obtained: bool) -> Vec<Met> {
        let class = op.lock().class;
        let map = self.maps.entry(op.lock()).or_insert_with(|| Map::named(class_name(class)));
        let tracker = &self.tracker;
        let site = Location::caller();
        match *op {
            Op::Lock { mode, subclass, .. } => {
                let how = how(mode).subclass(subclass);
                let met = tracker.before_acquire(task, map, how, describe, site);
                if obtained {
                    tracker.acquired(task, map, how, site);
                }
                met
            }
            Op::Try { mode, .. } => {
                let how = how(mode).trylock();
                let met = tracker.before_acquire(task, map, how, describe, site);
                tracker.acquired(task, map, how, site);
                met
            }
            Op::Sync { .. } => tracker.synchronized(task, map, describe, site),
            Op::Unlock { .. } => Vec::from_iter(tracker.released(task, map)),
            Op::Downgrade { .. } => {
                tracker.downgraded(task, map);
                Vec::new()
            }
            Op::Upgrade { .. } => unimplemented!("the tracker knows no upgrades"),
            Op::Init { .. } => Vec::from_iter(tracker.destroyed(task, map)),
        }
    }

    /// Destroys the locks of a class; the next runs make new ones.
    pub fn destroy(&mut self, class: char) {
        self.maps.retain(|lock, _| lock.class != class);
    }

    /// Destroys all locks; the next runs make new ones.
    pub fn destroy_locks(&mut self) {
        self.maps.clear();
    }

    /// All violations so far.
    pub fn violations(&self) -> Vec<Arc<Violation>> {
        self.tracker.violations().into_iter().map(|met| met.violation).collect()
    }
}

fn how(mode: Mode) -> How {
    match mode {
        Mode::Write => How::EXCLUSIVE,
        Mode::Read => How::SHARED,
        Mode::ReadRecursive => How::SHARED_RECURSIVE,
        Mode::Upgradable => How::UPGRADABLE,
    }
}

/// A tracked mode as a lock program writes it.
pub fn mode(mode: TrackedMode) -> Mode {
    match mode {
        TrackedMode::Exclusive => Mode::Write,
        TrackedMode::Shared => Mode::Read,
        TrackedMode::SharedRecursive => Mode::ReadRecursive,
        TrackedMode::Upgradable => Mode::Upgradable,
    }
}

fn describe() -> Description {
    Description::new("lock", "")
}

fn class_name(class: char) -> &'static str {
    const NAMES: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let index = NAMES.find(class).unwrap_or_else(|| panic!("`{class}` is no capital letter"));
    &NAMES[index..=index]
}
