//! Cells with contexts: text in the letters of the kernel's self-test, played to a tracker.
//!
//! | token | step |
//! |---|---|
//! | `W(A)` `r(A)` `R(A)` `tryW(A)` … | take A |
//! | `-A` | give A back |
//! | `HE` `HX` `SE` `SX` | the hard or the soft context comes, ends |
//! | `HD` `HN` | neither of the two can come from here on; both can |
//! | `SD` `SN` | the soft one cannot come from here on; it can |
//! | `;` | the next event; nothing is held and everything can come |
//!
//! The hard context keeps out the soft one while it runs.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Arc;

use lockdep::{
    BacktraceStyle, Context, Description, How, Level, Map, Settings, Task, Tracker, Traits,
    Violation,
};

static HARD: Context = Context::new("hard").excluding(&[&SOFT]);
static SOFT: Context = Context::new("soft");

/// Plays a script to a fresh tracker; returns what it violates.
///
/// # Panics
///
/// If the text is no script.
pub(crate) fn play(text: &str) -> Vec<Arc<Violation>> {
    let settings = Settings { level: Level::Order, backtrace: BacktraceStyle::Off };
    let stage = Stage { tracker: Tracker::new(settings), task: Task::new("main") };
    let mut maps = BTreeMap::new();
    for event in text.split(';') {
        for token in event.split_whitespace() {
            stage.step(token, &mut maps);
        }
    }
    stage.tracker.violations().into_iter().map(|met| met.violation).collect()
}

struct Stage {
    tracker: Tracker,
    task: Task,
}

impl Stage {
    fn step<'a>(&self, token: &'a str, maps: &mut BTreeMap<&'a str, Map>) {
        let (tracker, task, site) = (&self.tracker, &self.task, Location::caller());
        match token {
            "HE" => drop(tracker.enter(task, &HARD, site)),
            "SE" => drop(tracker.enter(task, &SOFT, site)),
            "HX" => drop(tracker.leave(task, &HARD, site)),
            "SX" => drop(tracker.leave(task, &SOFT, site)),
            "SD" => tracker.block(task, &SOFT),
            "SN" => drop(tracker.unblock(task, &SOFT, site)),
            "HD" => {
                tracker.block(task, &HARD);
                tracker.block(task, &SOFT);
            }
            "HN" => {
                drop(tracker.unblock(task, &HARD, site));
                drop(tracker.unblock(task, &SOFT, site));
            }
            _ => self.lock(token, maps),
        }
    }

    fn lock<'a>(&self, token: &'a str, maps: &mut BTreeMap<&'a str, Map>) {
        let (tracker, task, site) = (&self.tracker, &self.task, Location::caller());
        if let Some(lock) = token.strip_prefix('-') {
            let met = tracker.released(task, &maps[lock]);
            assert!(met.is_none(), "`{token}` gives back what is not held");
            return;
        }
        let (verb, lock) = token
            .strip_suffix(')')
            .and_then(|token| token.split_once('('))
            .unwrap_or_else(|| panic!("`{token}` is not a step"));
        let map = maps.entry(lock).or_insert_with(|| map(lock));
        let how = match verb.strip_prefix("try") {
            Some(mode) => how(mode).trylock(),
            None => how(verb),
        };
        tracker.before_acquire(task, map, how, describe, site);
        tracker.acquired(task, map, how, site);
    }
}

fn how(mode: &str) -> How {
    match mode {
        "W" => How::EXCLUSIVE,
        "r" => How::SHARED,
        "R" => How::SHARED_RECURSIVE,
        _ => panic!("`{mode}` is not a mode"),
    }
}

/// A lock of a name: `own` is one that each task has its own of.
fn map(lock: &str) -> Map {
    match lock {
        "A" => Map::named("A"),
        "B" => Map::named("B"),
        "C" => Map::named("C"),
        "D" => Map::named("D"),
        "M" => Map::named("M"),
        "own" => Map::named_with("own", Traits::BLOCKING.local()),
        _ => panic!("`{lock}` is no lock"),
    }
}

fn describe() -> Description {
    Description::new("lock", "")
}
