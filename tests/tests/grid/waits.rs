//! Section 2.8: which way of waiting is allowed where.

use std::panic::Location;
use std::sync::Arc;

use lockdep::{
    BacktraceStyle, Context, Description, How, Level, Map, Settings, Task, Tracker, Traits,
    Violation, WaitType,
};

use crate::cell::Verdict::{self, Silent, WaitNotAllowed};
use crate::cell::{Body, Cell};

/// An interrupt that is handled in a thread of its own, or may be.
static THREADED: Context = Context::new("threaded").allowing(WaitType::Config);
static HARD: Context = Context::new("not threaded").allowing(WaitType::Spin);
static SOFT: Context = Context::new("deferred").allowing(WaitType::Config);

/// What stands around, or is wanted inside.
#[derive(Clone, Copy)]
enum Part {
    In(&'static Context),
    Held(Lock),
}

/// A name, how it is taken and what holds of it.
type Lock = (&'static str, How, Traits);

const RCU: Lock = ("rcu", How::SHARED_RECURSIVE, Traits::SECTION);
const RCU_BH: Lock = ("rcu-bh", How::SHARED_RECURSIVE, Traits::SECTION);
const RCU_SCHED: Lock =
    ("rcu-sched", How::SHARED_RECURSIVE, Traits::SECTION.provides(WaitType::Spin));
const RAW_SPIN: Lock = ("raw spin", How::EXCLUSIVE, Traits::RAW_SPIN);
const SPIN: Lock = ("spin", How::EXCLUSIVE, Traits::SPIN);
const MUTEX: Lock = ("mutex", How::EXCLUSIVE, Traits::BLOCKING);
/// Another lock of the same traits, so that no lock is taken twice.
const INNER_RAW_SPIN: Lock = ("inner raw spin", How::EXCLUSIVE, Traits::RAW_SPIN);
const INNER_SPIN: Lock = ("inner spin", How::EXCLUSIVE, Traits::SPIN);
const INNER_MUTEX: Lock = ("inner mutex", How::EXCLUSIVE, Traits::BLOCKING);
const CAREFUL: Lock = ("careful", How::EXCLUSIVE, Traits::allowing(WaitType::Blocking));

const INNER: [(&str, Lock); 4] =
    [("RCU", RCU), ("RAW_SPIN", INNER_RAW_SPIN), ("SPIN", INNER_SPIN), ("MUTEX", INNER_MUTEX)];

/// Row, what is around, how many of the columns pass.
const OUTER: [(&str, Part, usize); 9] = [
    ("in hardirq context (threaded)", Part::In(&THREADED), 3),
    ("in hardirq context (not threaded)", Part::In(&HARD), 2),
    ("in softirq context", Part::In(&SOFT), 3),
    ("in RCU context", Part::Held(RCU), 3),
    ("in RCU-bh context", Part::Held(RCU_BH), 3),
    ("in RCU-sched context", Part::Held(RCU_SCHED), 2),
    ("in RAW_SPINLOCK context", Part::Held(RAW_SPIN), 2),
    ("in SPINLOCK context", Part::Held(SPIN), 3),
    ("in MUTEX context", Part::Held(MUTEX), 4),
];

pub(crate) fn cells() -> Vec<Cell> {
    let rows = OUTER.into_iter().flat_map(|(row, outer, passing)| {
        INNER.into_iter().enumerate().map(move |(number, (column, inner))| {
            let verdict = if number < passing { Silent } else { WaitNotAllowed };
            cell(row, column, vec![outer], Wanted::Lock(inner), verdict)
        })
    });
    rows.collect()
}

/// What is waited for inside.
#[derive(Clone, Copy)]
enum Wanted {
    Lock(Lock),
    Try(Lock),
    Wait(WaitType),
}

/// What the kernel's suite lacks, and what user space has beyond it.
pub(crate) fn own() -> Vec<Cell> {
    use Part::{Held, In};
    static POLL: Context = Context::new("poll").allowing(WaitType::Blocking);
    let rows = [
        ("try mutex in spin", vec![Held(SPIN)], Wanted::Try(MUTEX), Silent),
        ("spin in handler", vec![In(&lockdep::SIGNAL)], Wanted::Lock(SPIN), WaitNotAllowed),
        ("try mutex in handler", vec![In(&lockdep::SIGNAL)], Wanted::Try(MUTEX), Silent),
        ("mutex in poll", vec![In(&POLL)], Wanted::Lock(MUTEX), Silent),
        ("join in poll", vec![In(&POLL)], Wanted::Wait(WaitType::Waiting), WaitNotAllowed),
        ("join in mutex", vec![Held(MUTEX)], Wanted::Wait(WaitType::Waiting), Silent),
        ("join in spin", vec![Held(SPIN)], Wanted::Wait(WaitType::Waiting), WaitNotAllowed),
        ("await in mutex", vec![Held(MUTEX)], Wanted::Wait(WaitType::Async), WaitNotAllowed),
        ("await in nothing", vec![], Wanted::Wait(WaitType::Async), Silent),
        // What the interrupted code holds is not the context's.
        ("spin in soft in raw spin", vec![Held(RAW_SPIN), In(&SOFT)], Wanted::Lock(SPIN), Silent),
        ("spin in soft in hard", vec![In(&HARD), In(&SOFT)], Wanted::Lock(SPIN), WaitNotAllowed),
        ("mutex in careful in spin", vec![Held(SPIN), Held(CAREFUL)], Wanted::Lock(MUTEX), Silent),
        (
            "mutex in spin in careful",
            vec![Held(CAREFUL), Held(SPIN)],
            Wanted::Lock(MUTEX),
            WaitNotAllowed,
        ),
    ];
    rows.into_iter().map(|(row, parts, wanted, is)| cell(row, "", parts, wanted, is)).collect()
}

fn cell(row: &str, column: &str, parts: Vec<Part>, wanted: Wanted, verdict: Verdict) -> Cell {
    let (row, column) = (row.to_owned(), column.to_owned());
    Cell { row, column, body: Body::Scene(Box::new(move || play(&parts, wanted))), verdict }
}

fn play(parts: &[Part], wanted: Wanted) -> Vec<Arc<Violation>> {
    let settings = Settings { level: Level::Order, backtrace: BacktraceStyle::Off };
    let (tracker, task, site) = (Tracker::new(settings), Task::new("main"), Location::caller());
    let mut maps = Vec::new();
    let mut take = |(name, how, traits): Lock, trylock: bool| {
        let map = Map::named_with(name, traits);
        let how = if trylock { how.trylock() } else { how };
        tracker.before_acquire(&task, &map, how, describe, site);
        tracker.acquired(&task, &map, how, site);
        maps.push(map);
    };
    for part in parts {
        match *part {
            Part::In(context) => drop(tracker.enter(&task, context, site)),
            Part::Held(lock) => take(lock, false),
        }
    }
    match wanted {
        Wanted::Lock(lock) => take(lock, false),
        Wanted::Try(lock) => take(lock, true),
        Wanted::Wait(needs) => drop(tracker.before_wait(&task, needs, site)),
    }
    for map in maps.iter().rev() {
        tracker.released(&task, map);
    }
    tracker.violations().into_iter().map(|met| met.violation).collect()
}

fn describe() -> Description {
    Description::new("lock", "")
}
