//! Section 2.5: wound/wait mutexes. The rows about spinlocks under them are in `by_hand`.

use std::sync::Arc;
use std::thread;

use lockdep::{
    BacktraceStyle, Level, Map, Settings, Tracker, lock_acquire_exclusive, lock_acquired_exclusive,
    lock_release,
};
use tests::ww::{Acquire, Misuse, Refused, WwClass, WwMutex};

use crate::cell::Verdict::{self, Circular, Misused, Nesting, Silent, UnlockImbalance};
use crate::cell::{Body, Cell};

static CLASS: WwClass = WwClass { acquire: "ww acquire", mutex: "ww mutex" };
static OTHER: WwClass = WwClass { acquire: "other ww acquire", mutex: "other ww mutex" };

/// Three mutexes, and what was done wrong with them.
struct Stage {
    o: WwMutex,
    o2: WwMutex,
    o3: WwMutex,
    misuses: Vec<Misuse>,
}

type Scenario = fn(&mut Stage);

impl Stage {
    fn new() -> Stage {
        let [o, o2, o3] = [(); 3].map(|()| WwMutex::new(&CLASS));
        Stage { o, o2, o3, misuses: Vec::new() }
    }

    fn note(&mut self, result: Result<(), Misuse>) {
        self.misuses.extend(result.err());
    }

    /// Notes a misuse; any other refusal is a mistake of the test.
    fn expect(&mut self, result: Result<(), Refused>) {
        match result {
            Ok(()) => {}
            Err(Refused::Misuse(misuse)) => self.misuses.push(misuse),
            Err(refused) => panic!("{refused:?}"),
        }
    }

    /// The younger acquire has the first mutex, and is refused the second by an older one.
    fn refused() -> (Stage, Acquire) {
        let stage = Stage::new();
        let acquire = Acquire::begin(&CLASS);
        stage.o2.taken_by(&acquire.older_rival());
        assert_eq!(stage.o.lock(&acquire), Ok(()));
        assert_eq!(stage.o2.lock(&acquire), Err(Refused::Deadlock));
        (stage, acquire)
    }
}

/// A row, and of each of its cells the name, what is done and what must come of it.
type Row = (&'static str, &'static [(&'static str, Scenario, Verdict)]);

const ROWS: [Row; 5] = [
    (
        "ww api failures",
        &[
            ("fail_acquire", fail_acquire, Silent),
            ("normal", normal, Silent),
            ("unneeded_slow", unneeded_slow, Misused(Misuse::NotRefused)),
        ],
    ),
    (
        "ww contexts mixing",
        &[
            ("two_contexts", two_contexts, Nesting),
            ("diff_class", diff_class, Misused(Misuse::OtherClass)),
        ],
    ),
    (
        "finishing ww context",
        &[
            ("done_twice", done_twice, Misused(Misuse::DoneTwice)),
            ("unlock_twice", end_twice, UnlockImbalance),
            ("fini_early", end_early, Misused(Misuse::LocksHeld)),
            ("lock_after_done", lock_after_done, Misused(Misuse::AfterDone)),
        ],
    ),
    (
        "locking mismatches",
        &[
            ("object_unlock_twice", unlock_twice, UnlockImbalance),
            ("object_lock_unbalanced", unbalanced, Misused(Misuse::Uncounted)),
            ("object_lock_stale_context", stale, Misused(Misuse::Stale)),
        ],
    ),
    (
        "EDEADLK handling",
        &[
            ("normal", |stage| after_refusal(stage, Way::Right, false), Silent),
            ("normal_slow", |stage| after_refusal(stage, Way::Right, true), Silent),
            (
                "no_unlock",
                |stage| after_refusal(stage, Way::NoUnlock, false),
                Misused(Misuse::StillHolding),
            ),
            (
                "no_unlock_slow",
                |stage| after_refusal(stage, Way::NoUnlock, true),
                Misused(Misuse::StillHolding),
            ),
            (
                "acquire_more",
                |stage| after_refusal(stage, Way::More, false),
                Misused(Misuse::OtherThanRefused),
            ),
            (
                "acquire_more_slow",
                |stage| after_refusal(stage, Way::More, true),
                Misused(Misuse::OtherThanRefused),
            ),
            (
                "acquire_more_edeadlk",
                |stage| after_refusal(stage, Way::MoreTaken, false),
                Misused(Misuse::OtherThanRefused),
            ),
            (
                "acquire_more_edeadlk_slow",
                |stage| after_refusal(stage, Way::MoreTaken, true),
                Misused(Misuse::OtherThanRefused),
            ),
            (
                "acquire_wrong",
                |stage| after_refusal(stage, Way::Wrong, false),
                Misused(Misuse::OtherThanRefused),
            ),
            (
                "acquire_wrong_slow",
                |stage| after_refusal(stage, Way::Wrong, true),
                Misused(Misuse::OtherThanRefused),
            ),
        ],
    ),
];

/// What is held first, what is taken then: the verdicts by row.
const TABLE: [(&str, First, [Verdict; 3]); 4] = [
    ("context", First::Context, [Nesting, Silent, Silent]),
    ("try", First::Try, [Nesting, Silent, Nesting]),
    ("block", First::Block, [Nesting, Silent, Nesting]),
    ("spinlock", First::Spin, [Circular, Silent, Circular]),
];

#[derive(Clone, Copy)]
enum First {
    Context,
    Try,
    Block,
    Spin,
}

#[derive(Clone, Copy)]
enum Then {
    Block,
    Try,
    Context,
}

pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (row, columns) in ROWS {
        for &(column, scenario, verdict) in columns {
            cells.push(cell(row, column, move || scenario_of(scenario), verdict));
        }
    }
    let thens = [("block", Then::Block), ("try", Then::Try), ("context", Then::Context)];
    for (row, first, verdicts) in TABLE {
        for ((column, then), verdict) in thens.into_iter().zip(verdicts) {
            let row = format!("{row} held");
            cells.push(cell(&row, column, move || judged(|_| pair(first, then)), verdict));
        }
    }
    cells
}

fn cell(
    row: &str,
    column: &str,
    scene: impl Fn() -> Vec<Verdict> + Send + Sync + 'static,
    verdict: Verdict,
) -> Cell {
    let (row, column) = (row.to_owned(), column.to_owned());
    Cell { row, column, body: Body::Judged(Box::new(scene)), verdict }
}

fn scenario_of(scenario: Scenario) -> Vec<Verdict> {
    judged(|misuses| {
        let mut stage = Stage::new();
        scenario(&mut stage);
        misuses.append(&mut stage.misuses);
    })
}

/// What the tracker and the mutexes say of a scene. Two orders that one acquire turns round are two
/// reports of one kind.
fn judged(scene: impl FnOnce(&mut Vec<Misuse>)) -> Vec<Verdict> {
    let settings = Settings { level: Level::Order, backtrace: BacktraceStyle::Off };
    let mut misuses = Vec::new();
    let ((), met) = Arc::new(Tracker::new(settings)).run(|| scene(&mut misuses));
    let found = met.iter().map(|met| Verdict::of(&met.violation));
    let mut verdicts: Vec<Verdict> = found.chain(misuses.into_iter().map(Misused)).collect();
    verdicts.dedup();
    verdicts
}

fn fail_acquire(stage: &mut Stage) {
    let acquire = Acquire::begin(&CLASS);
    assert_eq!(stage.o.lock(&acquire), Ok(()));
    assert_eq!(stage.o.lock(&acquire), Err(Refused::Already));
    assert!(!stage.o.base().try_lock());
    let (o, o2) = (&stage.o, &stage.o2);
    let younger = || {
        let acquire = Acquire::begin(&CLASS);
        assert_eq!(o2.lock(&acquire), Ok(()));
        assert_eq!(o.lock(&acquire), Err(Refused::Deadlock));
        assert_eq!((o2.unlock(&acquire), acquire.end()), (Ok(()), Ok(())));
    };
    thread::scope(|scope| scope.spawn(younger).join()).expect("the younger is refused");
    stage.note(stage.o.unlock(&acquire));
    assert!(stage.o.base().try_lock());
    stage.o.base().unlock();
    stage.note(acquire.end());
}

fn normal(stage: &mut Stage) {
    let acquire = Acquire::begin(&CLASS);
    let rival = acquire.older_rival();
    let base = stage.o.base();
    base.lock();
    stage.o.set_holder(&rival);
    base.unlock();
    assert!(stage.o.has_holder(), "the mutex under it knows of no acquires");
    assert!(base.try_lock());
    base.unlock();
    base.lock_nested(acquire.map());
    base.unlock();
    assert!(stage.o.has_holder());
    stage.note(acquire.end());
}

fn unneeded_slow(stage: &mut Stage) {
    let acquire = Acquire::begin(&CLASS);
    stage.expect(stage.o.lock_slow(&acquire));
    stage.note(acquire.end());
}

fn two_contexts(stage: &mut Stage) {
    let (one, two) = (Acquire::begin(&CLASS), Acquire::begin(&CLASS));
    stage.note(two.end());
    stage.note(one.end());
}

fn diff_class(stage: &mut Stage) {
    let acquire = Acquire::begin(&OTHER);
    stage.expect(stage.o.lock(&acquire));
    stage.note(acquire.end());
}

fn done_twice(stage: &mut Stage) {
    let acquire = Acquire::begin(&CLASS);
    stage.note(acquire.done());
    stage.note(acquire.done());
    stage.note(acquire.end());
}

fn end_twice(stage: &mut Stage) {
    let acquire = Acquire::begin(&CLASS);
    stage.note(acquire.done());
    stage.note(acquire.end());
    stage.note(acquire.end());
}

fn end_early(stage: &mut Stage) {
    let acquire = Acquire::begin(&CLASS);
    stage.expect(stage.o.lock(&acquire));
    stage.note(acquire.done());
    stage.note(acquire.end());
    stage.note(stage.o.unlock(&acquire));
}

fn lock_after_done(stage: &mut Stage) {
    let acquire = Acquire::begin(&CLASS);
    stage.note(acquire.done());
    stage.expect(stage.o.lock(&acquire));
    stage.note(acquire.end());
}

fn unlock_twice(stage: &mut Stage) {
    stage.o.base().lock();
    stage.o.base().unlock();
    stage.o.base().unlock();
}

fn unbalanced(stage: &mut Stage) {
    let acquire = Acquire::begin(&CLASS);
    stage.expect(stage.o.lock(&acquire));
    acquire.miscount();
    stage.note(stage.o.unlock(&acquire));
    stage.note(acquire.end());
}

fn stale(stage: &mut Stage) {
    let acquire = Acquire::begin(&CLASS);
    stage.o.set_holder(&acquire.older_rival());
    stage.expect(stage.o.lock(&acquire));
    stage.note(acquire.end());
}

/// What is done after a refusal.
#[derive(Clone, Copy)]
enum Way {
    /// Let go of the first, take the refused one.
    Right,
    /// Take the refused one at once.
    NoUnlock,
    /// Take a third at once,
    More,
    /// which an older one has,
    MoreTaken,
    /// or after letting go of the first.
    Wrong,
}

fn after_refusal(stage: &mut Stage, way: Way, slow: bool) {
    let (mut refused, acquire) = Stage::refused();
    if matches!(way, Way::Right | Way::Wrong) {
        refused.note(refused.o.unlock(&acquire));
    }
    match way {
        Way::MoreTaken => refused.o3.taken_by(&acquire.older_rival()),
        _ => refused.o2.given_back(),
    }
    let wanted = match way {
        Way::Right | Way::NoUnlock => &refused.o2,
        Way::More | Way::MoreTaken | Way::Wrong => &refused.o3,
    };
    let result = if slow { wanted.lock_slow(&acquire) } else { wanted.lock(&acquire) };
    if result.is_ok() {
        refused.note(refused.o2.unlock(&acquire));
    }
    refused.expect(result);
    if matches!(way, Way::NoUnlock | Way::More | Way::MoreTaken) {
        refused.note(refused.o.unlock(&acquire));
    }
    refused.note(acquire.end());
    stage.misuses.append(&mut refused.misuses);
}

fn take(map: &Map) {
    lock_acquire_exclusive!(map);
    lock_acquired_exclusive!(map);
}

/// Takes one mutex or a spin lock in one way, and another one in another.
fn pair(first: First, then: Then) {
    let (o, o2, a) = (WwMutex::new(&CLASS), WwMutex::new(&CLASS), Map::named("A"));
    let taken = |then: Then, inside: &dyn Fn()| match then {
        Then::Block => {
            o2.base().lock();
            inside();
            o2.base().unlock();
        }
        Then::Try => {
            assert!(o2.base().try_lock());
            inside();
            o2.base().unlock();
        }
        Then::Context => {
            let acquire = Acquire::begin(&CLASS);
            assert_eq!(o2.lock(&acquire), Ok(()));
            inside();
            assert_eq!((o2.unlock(&acquire), acquire.end()), (Ok(()), Ok(())));
        }
    };
    let nothing = || ();
    match first {
        First::Context => {
            let acquire = Acquire::begin(&CLASS);
            assert_eq!(o.lock(&acquire), Ok(()));
            match then {
                Then::Context => {
                    assert_eq!(o2.lock(&acquire), Ok(()));
                    assert_eq!(o2.unlock(&acquire), Ok(()));
                }
                Then::Block | Then::Try => taken(then, &nothing),
            }
            assert_eq!((o.unlock(&acquire), acquire.end()), (Ok(()), Ok(())));
        }
        First::Try => {
            assert!(o.base().try_lock());
            taken(then, &nothing);
            o.base().unlock();
        }
        First::Block => {
            o.base().lock();
            taken(then, &nothing);
            o.base().unlock();
        }
        First::Spin => {
            take(&a);
            taken(then, &nothing);
            lock_release!(&a);
            taken(then, &|| {
                take(&a);
                lock_release!(&a);
            });
        }
    }
}
