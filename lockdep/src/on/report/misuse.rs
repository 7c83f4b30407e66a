//! LD0005 and LD0006: a lock released by somebody who does not hold it, or destroyed while held.

use crate::class::Class;
use crate::violation::{Point, Touch};

use super::lock::Labels;
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::{functions, rows, rows_since};
use super::task;

/// LD0005.
pub(super) fn release_not_held(task: &str, class: &Class, at: &Point, paths: &Paths) -> Page {
    let labels = Labels::of([class], paths);
    let (within, task) = (task::within(task), task::whole(task));
    let label = labels.get(class);
    Page {
        title: "release of a lock that is not held",
        event: format!("`{task}` releases `{label}`, which it does not hold."),
        classes: labels.rows(paths),
        scenario: None,
        notes: Vec::new(),
        sections: vec![Section {
            head: format!("{label}, {within}"),
            rows: rows("released at", at, None, paths),
        }],
        why: "the lock was released twice, or by another thread than the one that took it: who \
              believes to be alone with the data may not be"
            .to_string(),
        help: format!(
            "{}, release the lock once, in the thread that took it; to hand work over, send it \
             through a channel or use a semaphore",
            spot(at, paths)
        ),
    }
}

/// LD0006.
pub(super) fn held_lock_freed(task: &str, held: &Touch, at: &Point, paths: &Paths) -> Page {
    let labels = Labels::of([&held.class], paths);
    let (within, task) = (task::within(task), task::whole(task));
    let label = labels.get(&held.class);
    let rows = rows_since(&held.at, "destroyed at", at, paths);
    Page {
        title: "lock destroyed while it is held",
        event: format!("`{task}` destroys `{label}`, or initialises it again, while it holds it."),
        classes: labels.rows(paths),
        scenario: None,
        notes: Vec::new(),
        sections: vec![Section { head: format!("{label}, {within}"), rows }],
        why:
            "its guard never ended (it was forgotten or leaked), or its memory is used again under \
              its holder: from now on nobody can release it"
                .to_string(),
        help: format!(
            "release `{label}` before it goes away {}; look for `mem::forget` or a leaked guard \
             between the two places",
            spot(at, paths)
        ),
    }
}

/// Where a point is, for a sentence.
pub(super) fn spot(at: &Point, paths: &Paths) -> String {
    match functions(at).first() {
        Some(function) => format!("in `{function}`"),
        None => format!("at {}", paths.place(&at.place)),
    }
}
