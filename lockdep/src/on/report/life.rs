//! LD0015 and LD0016: a lock held beyond the end of its holder, or beyond a fork.

use crate::violation::{Boundary, Point, Touch};

use super::lock::Labels;
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::{functions, rows, rows_since};
use super::task;

/// LD0015.
pub(super) fn ended_holding(task: &str, held: &Touch, paths: &Paths) -> Page {
    let labels = Labels::of([&held.class], paths);
    let (within, task) = (task::within(task), task::whole(task));
    let label = labels.get(&held.class);
    Page {
        title: "thread ended while it holds a lock",
        event: format!("`{task}` has ended and never released `{label}`."),
        classes: labels.rows(paths),
        scenario: None,
        notes: Vec::new(),
        sections: vec![Section {
            head: format!("{label}, {within}"),
            rows: rows("held since", &held.at, None, paths),
        }],
        why: "its guard never ended (it was forgotten or leaked), and the one thread that could \
              release the lock is gone: whoever takes it waits forever"
            .to_string(),
        help: format!(
            "let the guard end before the thread does {}; look for `mem::forget`, `ManuallyDrop`, \
             `Box::leak` or a cycle of `Rc` that keeps it",
            spot(&held.at, paths)
        ),
    }
}

/// LD0016.
pub(super) fn held_across(
    boundary: Boundary,
    (task, holder): (&str, &str),
    held: &Touch,
    at: &Point,
    paths: &Paths,
) -> Page {
    let labels = Labels::of([&held.class], paths);
    let label = labels.get(&held.class);
    let (within, holder) = (task::within(holder), task::whole(holder));
    let task = task::whole(task);
    let (title, event, key, why, help) = match boundary {
        Boundary::Fork => (
            "lock held across fork",
            format!(
                "`{task}` waits for `{label}` in a child process; `{holder}` held it when the \
                 process forked, and is not in the child."
            ),
            "wanted at",
            "a child of `fork` has the memory of its parent, locked locks included, but only the \
             thread that forked: nobody in it can release the lock, and this waits forever"
                .to_string(),
            format!(
                "between `fork` and `exec` take no lock that other threads use ({}), or hold \
                 `{label}` in the thread that forks",
                spot(at, paths)
            ),
        ),
        Boundary::Exec | Boundary::Exit => {
            let (title, verb, key) = match boundary {
                Boundary::Exec => ("lock held across exec", "replaces", "replaced at"),
                _ => ("lock held at exit", "ends", "ended at"),
            };
            (
                title,
                format!("`{task}` {verb} the process while it holds `{label}`."),
                key,
                "what runs while a process ends (handlers, destructors, other threads) may want \
                 the lock, and finds what it guards half changed"
                    .to_string(),
                format!("let go of `{label}` before that {}", spot(at, paths)),
            )
        }
    };
    let rows = rows_since(&held.at, key, at, paths);
    Page {
        title,
        event,
        classes: labels.rows(paths),
        scenario: None,
        notes: Vec::new(),
        sections: vec![Section { head: format!("{label}, held {within}"), rows }],
        why,
        help,
    }
}

fn spot(at: &Point, paths: &Paths) -> String {
    match functions(at).first() {
        Some(function) => format!("in `{function}`"),
        None => format!("at {}", paths.place(&at.place)),
    }
}
