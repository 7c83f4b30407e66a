//! LD0020 and LD0021: the end of code is waited for with a lock held; a wait that nobody can end.

use crate::class::Class;
use crate::violation::{Awaited, Point, Touch};

use super::lock::Labels;
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::{functions, rows, rows_since};
use super::task;

/// LD0020.
pub(super) fn under_lock(
    task: &str,
    held: &Touch,
    code: &Class,
    at: &Point,
    paths: &Paths,
) -> Page {
    let labels = Labels::of([&held.class, code], paths);
    let (label, code) = (labels.get(&held.class), labels.get(code));
    let (within, task) = (task::within(task), task::whole(task));
    Page {
        title: "lock held while the end of a thread is waited for",
        event: format!("`{task}` holds `{label}` and waits for the end of `{code}`."),
        classes: labels.rows(paths),
        scenario: None,
        notes: Vec::new(),
        sections: vec![Section {
            head: format!("{label}, {within}"),
            rows: rows_since(&held.at, "waits at", at, paths),
        }],
        why: format!(
            "`{label}` was taken after `{code}` had been started, and is held until `{code}` has \
             ended: if anything that runs there ever takes `{label}`, or drops the last owner of \
             something whose destructor does, both wait forever. That was not seen"
        ),
        help: format!(
            "let go of `{label}` before the wait {}: take the handle out in a statement of its own \
             (`let handle = lock.take();`), because in `if let` and `match` the guard lives to the end \
             of the block",
            spot(at, paths)
        ),
    }
}

/// LD0021.
pub(super) fn endless(task: &str, awaited: &Awaited, at: &Point, paths: &Paths) -> Page {
    let labels = Labels::of([awaited.class()], paths);
    let label = labels.get(awaited.class());
    let (within, task) = (task::within(task), task::whole(task));
    let (event, why, help) = match awaited {
        Awaited::End(_) => (
            format!("`{task}` waits for its own end."),
            "a thread that waits has not ended, and this one waits until it has",
            format!(
                "let the thread go without a join {}, or have another one join it: something that \
                 owns the handle is dropped by the thread itself",
                spot(at, paths)
            ),
        ),
        Awaited::Event(_) => (
            format!("`{task}` waits for `{label}`, which nobody but itself could end."),
            "every other thread waits too, and the one that could end this wait is the one that \
             waits",
            format!(
                "have another thread do the other half, use a `try` method {}, or make the channel \
                 large enough",
                spot(at, paths)
            ),
        ),
    };
    Page {
        title: "wait that nobody can end",
        event,
        classes: labels.rows(paths),
        scenario: None,
        notes: Vec::new(),
        sections: vec![Section {
            head: format!("{label}, {within}"),
            rows: rows("waits at", at, None, paths),
        }],
        why: why.to_string(),
        help,
    }
}

fn spot(at: &Point, paths: &Paths) -> String {
    match functions(at).first() {
        Some(function) => format!("in `{function}`"),
        None => format!("at {}", paths.place(&at.place)),
    }
}
