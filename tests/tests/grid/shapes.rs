//! What is recorded in the cells: each shape once, for all kinds of locks.
//!
//! `L` stands for taking a lock of the column's kind, `S` for reading one.

use lockdep::Level;

use crate::by_hand::{BY_HAND, NEST};
use crate::cell::Verdict::{
    self, Circular, CircularInClass, HeldLockFreed, Nesting, Recursion, Silent, UnlockImbalance,
};
use crate::cell::{Body, Cell};
use crate::events::EVENTS;
use crate::{interrupts, reclaim, waits, wound};

/// A kind of lock and the mode its column takes it in.
type Kind = (&'static str, &'static str);

const KINDS: [Kind; 7] = [
    ("spin", "W"),
    ("wlock", "W"),
    ("rlock", "R"),
    ("mutex", "W"),
    ("wsem", "W"),
    ("rsem", "r"),
    ("rtmutex", "W"),
];
const READERS: [Kind; 2] = [("rlock", "R"), ("rsem", "r")];

/// Section 2.1: name, shape, verdict for what is not a recursive reader, verdict for one.
const BASIC: [(&str, &str, Verdict, Verdict); 9] = [
    ("A-A", "L(X1) L(X2)", Nesting, Silent),
    ("A-B-B-A", "L(A) L(B) ; L(B) L(A)", Circular, Silent),
    ("A-B-B-C-C-A", "L(A) L(B) ; L(B) L(C) ; L(C) L(A)", Circular, Silent),
    ("A-B-C-A-B-C", "L(A) L(B) ; L(C) L(A) ; L(B) L(C)", Circular, Silent),
    ("A-B-B-C-C-D-D-A", "L(A) L(B) ; L(B) L(C) ; L(C) L(D) ; L(D) L(A)", Circular, Silent),
    ("A-B-C-D-B-D-D-A", "L(A) L(B) ; L(C) L(D) ; L(B) L(D) ; L(D) L(A)", Circular, Silent),
    ("A-B-C-D-B-C-D-A", "L(A) L(B) ; L(C) L(D) ; L(B) L(C) ; L(D) L(A)", Circular, Silent),
    ("double unlock", "L(A) -A -A", UnlockImbalance, UnlockImbalance),
    ("initialize held", "L(A) init(A)", HeldLockFreed, HeldLockFreed),
];

/// Section 2.2: name, shape, verdict for `rlock`, verdict for `rsem`.
const MIXED: [(&str, &str, Verdict, Option<Verdict>); 8] = [
    ("recursive read-lock", "S(X1) S(X1)", Silent, Some(Recursion)),
    ("recursive read-lock #2", "S(X1) S(X2)", Silent, Some(Nesting)),
    ("mixed read-write-lock", "S(X1) W(X2)", Nesting, Some(Nesting)),
    ("mixed write-read-lock", "W(X1) S(X2)", Nesting, Some(Nesting)),
    ("read-lock/lock-write ABBA", "S(X) W(Y) ; W(Y) W(X)", Circular, Some(Circular)),
    ("read-lock/lock-read ABBA", "S(X) W(Y) ; W(Y) S(X)", Silent, Some(Circular)),
    ("write-lock/lock-write ABBA", "W(X) W(Y) ; W(Y) W(X)", Circular, Some(Circular)),
    ("chain cached ABBA", "S(X) W(Y) ; W(Y) S(X) ; W(Y) W(X)", Circular, None),
];

/// Section 2.3: three runs, recorded in all six orders.
const THREE_PARTIES: [(&str, [&str; 3], Verdict); 4] = [
    ("W1R2/W2R3/W3R1", ["W(X) R(Y)", "W(Y) R(Z)", "W(Z) R(X)"], Circular),
    ("W1W2/R2R3/W3R1", ["W(X) W(Y)", "R(Y) R(Z)", "W(Z) R(X)"], Circular),
    ("W1W2/R2R3/R3W1", ["W(X) W(Y)", "R(Y) R(Z)", "R(Z) W(X)"], Silent),
    ("W1R2/R2R3/W3W1", ["W(X) R(Y)", "R(Y) R(Z)", "W(Z) W(X)"], Silent),
];

/// Section 2.11: what the kernel's suite lacks.
const OWN: [(&str, Verdict); 29] = [
    ("W(A) tryW(B) ; W(B) W(A)", Silent),
    ("W(A) tryW(B) W(C) ; W(C) W(A)", Circular),
    ("W(A) tryW(B) W(C) ; W(C) W(B)", Circular),
    ("tryW(A) W(B) ; W(B) W(A)", Circular),
    ("tryW(A) W(B) ; W(B) tryW(A)", Silent),
    ("W(X1) tryW(X2)", Silent),
    ("tryW(X1) W(X2)", Nesting),
    ("W(A) W(B) W(C) -B W(D) ; W(D) W(A)", Circular),
    ("W(A) W(B) -A -B", Silent),
    ("W(A) W(B) ; W(A) W(B) -A W(A)", Circular),
    ("W(X1/0) W(X2/1)", Silent),
    ("W(X1/0) W(X2/1) ; W(X1/1) W(X2/0)", Circular),
    ("r(A) r(B) ; r(B) r(A)", Circular),
    ("R(A) R(B) ; R(B) R(A)", Silent),
    ("R(A) W(B) ; R(B) W(A)", Circular),
    // `sync` waits for the sections of others and holds nothing after.
    ("R(S) sync(S)", Recursion),
    ("W(A) sync(S) ; R(S) W(A)", Circular),
    ("R(S) W(A) ; sync(S)", Silent),
    ("sync(S) W(A) W(B)", Silent),
    // A downgraded lock is held by a reader from then on, for what is taken later.
    ("W(A) W(B) ; W(B) R(A)", Circular),
    ("W(A) down(A) W(B) ; W(B) R(A)", Silent),
    ("W(A) down(A) W(B) ; W(B) r(A)", Circular),
    ("W(A) down(A) W(B) ; W(B) W(A)", Circular),
    ("W(A) W(B) down(A) ; W(B) R(A)", Circular),
    ("W(A) down(A) R(A)", Silent),
    ("W(A) down(A) r(A)", Recursion),
    ("W(A) down(A) W(A)", Recursion),
    // Giving back out of order leaves what is above where it was.
    ("W(A) W(B) W(C) -A -B W(D) ; W(D) W(C)", Circular),
    ("W(A) W(B) -A -B W(C) ; W(C) W(A)", Silent),
];

/// Where level `deadlock` differs.
const LEVEL_DEADLOCK: [(&str, Verdict); 7] = [
    ("W(X1) W(X2)", Silent),
    ("W(X1) W(X2) ; W(X2) W(X1)", CircularInClass),
    ("W(X1) W(X2) ; W(X2) W(X3) ; W(X3) W(X1)", CircularInClass),
    ("W(X1) W(X2) ; W(X2) tryW(X1)", Silent),
    ("W(X1) W(X1)", Recursion),
    ("R(X1) R(X2) ; R(X2) R(X1)", Silent),
    ("W(A) W(B) ; W(B) W(A)", Circular),
];

/// All cells, section by section.
pub(crate) fn sections() -> Vec<(&'static str, Vec<Cell>)> {
    let mut basic = Vec::new();
    for (row, shape, others, recursive) in BASIC {
        for (column, mode) in KINDS {
            let verdict = if mode == "R" { recursive } else { others };
            basic.push(Cell::new(row, column, shape.replace('L', mode), verdict));
        }
    }
    let mut mixed = Vec::new();
    for (row, shape, rlock, rsem) in MIXED {
        for ((column, mode), verdict) in READERS.into_iter().zip([Some(rlock), rsem]) {
            let text = shape.replace("S(", &format!("{mode}("));
            mixed.extend(verdict.map(|verdict| Cell::new(row, column, text, verdict)));
        }
    }
    let mut parties = Vec::new();
    for (row, runs, verdict) in THREE_PARTIES {
        for order in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
            let column = order.map(|run: usize| run.to_string()).concat();
            let text = order.map(|run| runs[run - 1]).join(" ; ");
            parties.push(Cell::new(row, column, text, verdict));
        }
    }
    let runs = |level, (text, verdict): (&str, _)| {
        let (row, column) = (text.to_owned(), String::new());
        Cell { row, column, body: Body::Runs(level, text.to_owned()), verdict }
    };
    let own = OWN.into_iter().map(|cell| runs(Level::Order, cell));
    let of_events = |(row, events, verdict): (&str, _, _)| {
        let (row, column) = (row.to_owned(), String::new());
        Cell { row, column, body: Body::Events(events), verdict }
    };
    let events = EVENTS.into_iter().chain(BY_HAND).map(of_events);
    let deadlock = LEVEL_DEADLOCK.into_iter().map(|cell| runs(Level::Deadlock, cell));
    vec![
        ("2.1 one mode", basic),
        ("2.2 readers and writers", mixed),
        ("2.3 three parties", parties),
        ("2.4 interrupts", interrupts::interrupts()),
        ("2.5 wound/wait", NEST.into_iter().map(of_events).chain(wound::cells()).collect()),
        ("2.6 queued readers", interrupts::queued()),
        ("2.7 reclaim", reclaim::cells()),
        ("2.8 ways of waiting", waits::cells()),
        ("2.9 the rest", interrupts::rest().into_iter().chain(reclaim::names()).collect()),
        (
            "2.11 what the kernel's suite lacks",
            own.chain(events).chain(interrupts::own()).chain(waits::own()).collect(),
        ),
        ("level deadlock", deadlock.collect()),
    ]
}
