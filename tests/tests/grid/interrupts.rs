//! Sections 2.4, 2.6 and part of 2.9 and 2.11: the kernel's interrupts as contexts.

use crate::cell::Verdict::{
    self, Circular, ContextByDependency, ContextByHold, ContextByTake, Inconsistent, Silent,
};
use crate::cell::{Body, Cell};

const COLUMNS: [(&str, &str); 3] = [("spin", "W"), ("wlock", "W"), ("rlock", "R")];
const READERS: [(&str, &str); 2] = [("wlock", "W"), ("rlock", "R")];

/// What a row of 2.4 reports for what is no recursive reader.
enum Reports {
    /// That a lock is used in two ways, whatever the order of the events.
    Inconsistent,
    /// An inversion, found by the event that comes last.
    Inversion,
}

struct Row {
    name: &'static str,
    /// `IE` … `IN` stand for either context, `L` for taking a lock of the column's kind.
    events: &'static [&'static str],
    reports: Reports,
    columns: &'static [(&'static str, &'static str)],
    /// Whether the row is written for both contexts.
    both: bool,
}

const ROWS: [Row; 9] = [
    Row {
        name: "irqs-on + irq-safe-A",
        events: &["IE L(A) -A IX", "L(A) -A"],
        reports: Reports::Inconsistent,
        columns: &COLUMNS,
        both: true,
    },
    Row {
        name: "sirq-safe-A => hirqs-on",
        events: &["SE L(A) -A SX", "HD L(A) HN -A"],
        reports: Reports::Inconsistent,
        columns: &COLUMNS,
        both: false,
    },
    Row {
        name: "safe-A + irqs-on",
        events: &["IE L(A) -A IX", "ID L(A) IN -A"],
        reports: Reports::Inconsistent,
        columns: &COLUMNS,
        both: true,
    },
    Row {
        name: "safe-A + unsafe-B #1",
        events: &["L(A) L(B) -B -A", "L(B) -B", "IE L(A) -A IX"],
        reports: Reports::Inconsistent,
        columns: &COLUMNS,
        both: true,
    },
    Row {
        name: "safe-A + unsafe-B #2",
        events: &["ID L(A) L(B) -B -A IN", "L(B) -B", "IE L(A) -A IX"],
        reports: Reports::Inversion,
        columns: &COLUMNS,
        both: true,
    },
    Row {
        name: "irq lock-inversion",
        events: &["ID W(A) L(B) -B -A IN", "L(B) -B", "IE R(A) -A IX"],
        reports: Reports::Inversion,
        columns: &COLUMNS,
        both: true,
    },
    Row {
        name: "irq read-recursion",
        events: &["ID W(A) -A IN", "R(A) -A", "IE L(A) W(B) -B -A IX"],
        reports: Reports::Inconsistent,
        columns: &READERS,
        both: true,
    },
    Row {
        name: "irq read-recursion #2",
        events: &["ID W(B) L(A) -A -B IN", "R(A) -A", "IE W(B) -B IX"],
        reports: Reports::Inversion,
        columns: &READERS,
        both: true,
    },
    Row {
        name: "irq read-recursion #3",
        events: &["ID W(B) L(A) -A -B IN", "R(A) -A", "IE R(B) -B IX"],
        reports: Reports::Inversion,
        columns: &READERS,
        both: true,
    },
];

/// All orders of so many events.
fn orders(events: usize) -> Vec<Vec<usize>> {
    match events {
        2 => vec![vec![0, 1], vec![1, 0]],
        _ => {
            [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map(Vec::from).into()
        }
    }
}

/// Section 2.4.
pub(crate) fn interrupts() -> Vec<Cell> {
    let mut cells = Vec::new();
    for Row { name, events, reports, columns, both } in ROWS {
        for (context, letter) in [("hard-", 'H'), ("soft-", 'S')] {
            if !both && letter == 'S' {
                continue;
            }
            let row = if both { format!("{context}{name}") } else { name.to_owned() };
            for (column, mode) in columns {
                for order in orders(events.len()) {
                    let text = order.iter().map(|&event| events[event]).collect::<Vec<_>>();
                    let text = text.join(" ; ").replace("L(", &format!("{mode}("));
                    let text = text.replace('I', &letter.to_string());
                    // The first event is the one with both locks, the second the hold, the third
                    // the context.
                    let verdict = match (mode, &reports, order[order.len() - 1]) {
                        (&"R", ..) => Silent,
                        (_, Reports::Inconsistent, _) => Inconsistent,
                        (_, Reports::Inversion, 0) => ContextByDependency,
                        (_, Reports::Inversion, 1) => ContextByHold,
                        (_, Reports::Inversion, _) => ContextByTake,
                    };
                    let number = |event: &usize| (event + 1).to_string();
                    let order: String = order.iter().map(number).collect();
                    cells.push(cell(&row, &format!("{column} {order}"), text, verdict));
                }
            }
        }
    }
    cells
}

/// Section 2.6: a reader that queues outside of contexts and passes writers inside.
pub(crate) fn queued() -> Vec<Cell> {
    let rows = [
        ("hardirq read-lock/lock-read", "HE R(A) W(B) -B -A HX ; HD W(B) r(A) -A -B HN", Circular),
        ("hardirq lock-read/read-lock", "HE W(B) R(A) -A -B HX ; HD r(A) W(B) -B -A HN", Silent),
        ("hardirq inversion", "HE W(B) -B HX ; HD W(B) r(A) -A -B HN ; r(A) -A", ContextByHold),
    ];
    rows.map(|(row, text, verdict)| cell(row, "", text.to_owned(), verdict)).into()
}

/// What section 2.9 says of contexts.
pub(crate) fn rest() -> Vec<Cell> {
    const OWN_2: &str = "W(own) -own ; HE W(A) -A HX ; HD W(A) W(own) -own -A HN";
    const OWN_3: &str = "W(own) W(B) -B -own ; HE W(A) -A HX ; HD W(A) W(own) -own -A HN";
    let unsafe_safe = [
        "W(M) HD W(C) -C HN -M",
        "HE W(A) -A HX",
        "HD W(A) W(B) -B -A HN",
        "HD W(B) W(C) -C -B HN",
        "SE W(D) -D SX",
        "HD W(C) W(D) -D -C HN",
    ];
    let rows = [
        ("local_lock inversion 2", OWN_2.to_owned(), Silent),
        ("local_lock inversion 3A", OWN_3.to_owned(), Silent),
        (
            "local_lock inversion 3B",
            format!("{OWN_3} ; HD W(A) W(B) -B -A HN"),
            ContextByDependency,
        ),
        ("hardirq_unsafe_softirq_safe", unsafe_safe.join(" ; "), ContextByDependency),
    ];
    rows.map(|(row, text, verdict)| cell(row, "", text, verdict)).into()
}

/// What section 2.11 says of contexts, and what the mutations of 2.10 that nobody notices need.
pub(crate) fn own() -> Vec<Cell> {
    let rows = [
        ("W(A) HE W(B) -B HX -A ; HD W(B) W(A) -A -B HN", ContextByDependency),
        ("SE W(A) -A SX ; SD W(A) W(B) -B -A SN", Silent),
        ("W(B) -B ; SE W(A) -A SX ; SD W(A) W(B) -B -A SN", ContextByDependency),
        ("SD W(B) -B SN ; SE W(A) -A SX ; SD W(A) W(B) -B -A SN", Silent),
        ("HE tryW(A) -A HX ; W(A) -A", Silent),
        ("HE W(A) -A HX ; tryW(A) -A", Inconsistent),
        // A context that is kept out is not the one that comes.
        ("SE W(A) -A SX ; SD W(A) -A SN", Silent),
        ("SE W(A) HE W(B) -B HX -A SX ; SD W(A) -A SN ; HD W(B) -B HN", Silent),
        ("HE W(A) -A HX ; SD W(A) -A SN", Inconsistent),
        // Only what is wanted recursively passes a reader.
        ("HE R(A) -A HX ; W(A) -A", Inconsistent),
        ("HE r(A) -A HX ; R(A) -A", Inconsistent),
        ("HE R(A) -A HX ; R(A) -A", Silent),
        ("HE R(A) -A HX ; HD R(A) W(B) -B -A HN ; W(B) -B", Silent),
        ("HE r(A) -A HX ; HD R(A) W(B) -B -A HN ; W(B) -B", ContextByHold),
        ("HE R(A) -A HX ; HD W(A) W(B) -B -A HN ; W(B) -B", ContextByHold),
        // A weak way does not hide a strong one.
        (
            "HE W(A) -A HX ; HD W(A) R(B) -B -A HN ; HD W(A) W(C) -C -A HN ; \
             HD W(C) W(B) -B -C HN ; HD R(B) W(D) -D -B HN ; W(D) -D",
            ContextByHold,
        ),
        (
            "HE W(A) -A HX ; HD W(A) R(B) -B -A HN ; HD R(B) W(D) -D -B HN ; \
             HD W(B) W(C) -C -B HN ; HD W(C) W(D) -D -C HN ; W(D) -D",
            ContextByHold,
        ),
        (
            "HD W(A) R(B) -B -A HN ; HD W(A) W(C) -C -A HN ; HD W(C) W(B) -B -C HN ; \
             HD R(B) W(D) -D -B HN ; W(D) -D ; HE W(A) -A HX",
            ContextByTake,
        ),
        // A lock kept out of a context, then let in, then given back.
        ("HE W(A) -A HX ; HD W(A) -A HN", Silent),
        ("HE W(A) -A HX ; HD W(A) SN SD -A HN", Silent),
        // What a context took and kept is held outside when it has ended.
        ("HE W(A) HX -A", Inconsistent),
        // It comes where it was said that it cannot: what is held was open to it after all.
        ("HD W(A) HE W(B) -B HX -A HN ; HD W(B) W(A) -A -B HN", ContextByDependency),
    ];
    rows.map(|(text, verdict)| cell(text, "", text.to_owned(), verdict)).into()
}

fn cell(row: &str, column: &str, text: String, verdict: Verdict) -> Cell {
    let (row, column) = (row.to_owned(), column.to_owned());
    Cell { row, column, body: Body::Script(text), verdict }
}
