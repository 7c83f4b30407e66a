//! Deadlocks that Linux's lockdep does not see, or sees in some orders of recording only: each must
//! be reported in every order, by one task and by several.
//!
//! The names are those of the list of known gaps. All three come from recursive readers: Linux
//! stops adding edges at a recursive-read hold (G1), and visits each class once in a search, even
//! if it arrived on a path that cannot deadlock (G2, G3). And Linux turns itself off with its first
//! report.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};

use instrumented::sync::Mutex;
use lockdep::{
    BacktraceStyle, Context, Level, LockState, Map, Settings, Task, Tracker, Violation, is_held,
    lock_acquire_exclusive, lock_acquired_exclusive, lock_release,
};
use tests::interleave::Search;
use tests::notation::{parse, print};
use tests::program::Run;
use tests::recording::Recording;

/// A recursive-read hold between two exclusive locks hides their order.
const G1: &str = "W(A) R(B) W(C) ; W(C) W(A)";
/// A path that cannot deadlock marks D as visited, and the one through C is not walked.
const G2: &str = "W(A) R(B) ; R(B) W(D) ; W(A) W(C) ; W(C) W(D) ; W(D) W(A)";
/// B is reached first by a recursive reader and, after that, by a writer.
const G3: &str = "W(A) R(B) ; W(A) W(C) ; W(C) W(B) ; R(B) W(A)";

/// All orders of the runs.
fn orders(runs: &[Run]) -> Vec<Vec<Run>> {
    if runs.is_empty() {
        return vec![Vec::new()];
    }
    let mut orders = Vec::new();
    for first in 0..runs.len() {
        let mut rest = runs.to_vec();
        let run = rest.remove(first);
        for mut order in self::orders(&rest) {
            order.insert(0, run.clone());
            orders.push(order);
        }
    }
    orders
}

/// Records the runs; returns the number of the run that was reported.
fn reported(level: Level, runs: &[Run], tasks: &[Task]) -> Option<usize> {
    let mut recording = Recording::at(level);
    let mut first = None;
    for (index, run) in runs.iter().enumerate() {
        for met in recording.run(&tasks[index % tasks.len()], run) {
            let violation = &met.violation;
            assert!(matches!(**violation, Violation::Inversion { .. }), "{violation:?}");
            first.get_or_insert(index);
        }
    }
    first
}

/// The gap reports at the run that completes the cycle, whatever the order. `cycle` are the runs
/// that the cycle needs.
fn reports_in_every_order(gap: &str, cycle: &[usize]) {
    let runs = parse(gap);
    let needed: Vec<&Run> = cycle.iter().map(|&run| &runs[run]).collect();
    let orders = orders(&runs);
    assert_eq!(orders.len(), (1..=runs.len()).product::<usize>());
    for order in orders {
        let completed = order.iter().rposition(|run| needed.contains(&run));
        for level in [Level::Order, Level::Deadlock] {
            let one = [Task::new("one")];
            let several = ["1", "2", "3", "4", "5"].map(Task::new);
            assert_eq!(reported(level, &order, &one), completed, "{}", print(&order));
            assert_eq!(reported(level, &order, &several), completed, "{}", print(&order));
        }
    }
}

#[test]
fn g1_a_recursive_read_hold_does_not_hide_the_order_around_it() {
    reports_in_every_order(G1, &[0, 1]);
}

#[test]
fn g2_a_weak_path_does_not_hide_a_strong_one() {
    reports_in_every_order(G2, &[2, 3, 4]);
}

#[test]
fn g3_a_lock_reached_weakly_first_can_still_be_reached_strongly() {
    reports_in_every_order(G3, &[1, 2, 3]);
}

#[test]
fn a_report_is_not_the_last_one() {
    let task = Task::new("one");
    let mut recording = Recording::at(Level::Deadlock);
    let mut met = |run: &str| {
        let met = recording.run(&task, &parse(run)[0]);
        met.iter().map(|met| (met.index, met.times)).collect::<Vec<_>>()
    };
    assert_eq!(met("W(A) W(B)"), []);
    assert_eq!(met("W(B) W(A)"), [(0, 1)]);
    assert_eq!(met("W(B) W(A)"), [(0, 2)], "a repeat is counted");
    assert_eq!(met("W(A) W(B)"), [], "the first order is not to blame");
    assert_eq!(met("W(C) W(D)"), []);
    assert_eq!(met("W(D) W(C)"), [(1, 1)], "another cycle is another violation");
    assert_eq!(met("W(C) W(B) W(A)"), [(0, 3)], "a repeat on another way is a repeat");
    assert_eq!(met("W(E) W(E)"), [(2, 1)]);
    assert_eq!(met("W(E) W(E)"), [(2, 2)]);
}

/// What the kernel's own suite does not notice if it is broken, as far as it is about the order of
/// locks: runs, and which of them is reported at level `order` and at level `deadlock`. What it does
/// not notice about contexts is in the grid.
const HOLES: [(&str, Option<usize>, Option<usize>); 14] = [
    // A try-lock does not wait: nothing leads to it, and it is no recursion.
    ("W(A) tryW(B) ; W(B) W(A)", None, None),
    ("W(A) tryW(A)", None, None),
    ("W(X1) tryW(X2) ; W(X2) tryW(X1)", None, None),
    // What it obtained is held like any other lock.
    ("tryW(A) W(B) ; W(B) W(A)", Some(1), Some(1)),
    ("tryW(A) W(A)", Some(0), Some(0)),
    ("tryW(X1) W(X2) ; W(X2) W(X1)", Some(0), Some(1)),
    // It does not hide what is held below, and a lock that waited does not either.
    ("W(A) tryW(B) W(C) ; W(C) W(A)", Some(1), Some(1)),
    ("W(A) W(B) W(C) ; W(C) W(A)", Some(1), Some(1)),
    ("R(A) W(B) W(C) ; W(C) W(A)", Some(1), Some(1)),
    // A lock on the way that was reached weakly first can still be left by a reader.
    ("W(A) R(B) ; W(A) W(C) ; W(C) W(B) ; R(B) W(D) ; W(D) W(A)", Some(4), Some(4)),
    // What is given back out of order is held no more, neither as a part of the order …
    ("W(A) W(B) W(C) -B W(D) ; W(D) W(A)", Some(1), Some(1)),
    ("W(A) W(B) -A -B W(C) ; W(C) W(A)", None, None),
    // … nor as a gate, even if the locks were taken that way before.
    ("W(G) W(A) W(B) ; W(G) W(B) W(A) ; W(G) W(A) -G W(B)", Some(1), Some(2)),
    ("W(G) W(A) W(B) ; W(G) W(B) W(A) ; W(G) W(A) -G W(B) ; W(B) W(A)", Some(1), Some(2)),
];

#[test]
fn what_the_kernels_suite_does_not_notice_is_noticed() {
    for (text, order, deadlock) in HOLES {
        for (level, expected) in [(Level::Order, order), (Level::Deadlock, deadlock)] {
            let (task, mut recording) = (Task::new("one"), Recording::at(level));
            let runs = parse(text);
            let first = runs.iter().position(|run| !recording.run(&task, run).is_empty());
            assert_eq!(first, expected, "`{text}` at {level:?}");
        }
    }
}

/// Runs `f` with a tracker of its own at level `deadlock`, by way of the events, which know what they
/// have seen; returns how many violations there were.
fn violations(f: impl FnOnce()) -> usize {
    let settings = Settings { level: Level::Deadlock, backtrace: BacktraceStyle::Off };
    let ((), met) = Arc::new(Tracker::new(settings)).run(f);
    met.len()
}

fn lock(map: &Map) {
    lock_acquire_exclusive!(map);
    lock_acquired_exclusive!(map);
}

/// The keys that a thread's warm path goes by are kept with the entries, so this takes real locks and
/// the process's tracker, which panics.
#[test]
fn a_gate_that_is_given_back_out_of_order_guards_no_more() {
    let (gate, a, b) = (Mutex::new("gate"), Mutex::new(1), Mutex::new('b'));
    // One place for each, or the place alone would make the chain another one.
    let lock_gate = || gate.lock().unwrap();
    let lock_a = || a.lock().unwrap_or_else(PoisonError::into_inner);
    let lock_b = || b.lock().unwrap();
    for _ in 0..3 {
        let _kept = (lock_gate(), lock_a(), lock_b());
    }
    for _ in 0..3 {
        let _kept = (lock_gate(), lock_b(), lock_a());
    }
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let gate = lock_gate();
        let _a = lock_a();
        drop(gate);
        drop(lock_b());
    }));
    let panic = panic.expect_err("`a` and `b` are taken in both orders, once without the gate");
    let report = panic.downcast_ref::<String>().expect("the panic's message is the report");
    assert!(report.contains("LD0002"), "{report}");
}

#[test]
fn what_is_given_back_out_of_order_is_in_no_key() {
    let [gate, a, b] = ["given back: gate", "given back: a", "given back: b"].map(Map::named);
    let nest = |maps: [&Map; 3]| {
        // From the second time on one place is known to be fine.
        for _ in 0..3 {
            maps.iter().for_each(|map| lock(map));
            maps.iter().rev().for_each(|map| lock_release!(map));
        }
    };
    let gated = || {
        nest([&gate, &a, &b]);
        nest([&gate, &b, &a]);
    };
    assert_eq!(violations(gated), 0);
    let give_back_early = || {
        gated();
        for keeps in [true, false] {
            lock(&gate);
            lock(&a);
            if !keeps {
                lock_release!(&gate);
            }
            lock(&b);
            lock_release!(&b);
            lock_release!(&a);
            if keeps {
                lock_release!(&gate);
            }
        }
    };
    assert_eq!(violations(give_back_early), 1);
}

#[test]
fn assertions_do_not_see_what_the_code_beneath_a_context_holds() {
    static UPON: Context = Context::new("upon");
    let map = Map::named("beneath");
    let met = violations(|| {
        lock(&map);
        assert_eq!(is_held(&map, None), LockState::Held);
        let inside = UPON.enter();
        assert_eq!(is_held(&map, None), LockState::NotHeld);
        drop(inside);
        assert_eq!(is_held(&map, None), LockState::Held);
        lock_release!(&map);
    });
    assert_eq!(met, 0);
}

#[test]
fn every_gap_is_a_deadlock_that_can_happen() {
    for gap in [G1, G2, G3] {
        let search = Search { copies: 1, environment: false, limit: 1_000_000 };
        let truth = search.explore(&parse(gap)).expect("the gaps are small");
        assert!(truth.deadlock.is_some(), "{gap}");
    }
}
