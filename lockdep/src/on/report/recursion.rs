//! LD0001: a task wants a lock that it holds itself.

use crate::violation::Dependency;

use super::circle::Circle;
use super::lock::{Labels, try_method, verb};
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::{decider, functions};
use super::task;

pub(super) fn page(dependency: &Dependency, paths: &Paths) -> Page {
    let Dependency { held, wanted, .. } = dependency;
    // It is one lock, so the level at which it is wanted does not matter.
    let labels = Labels::of([&held.class], paths);
    let label = labels.get(&held.class);
    // The shortest circle: one party that waits for itself.
    let circle = Circle::new([dependency], 0, |_| label.to_string());
    let task = task::whole(&dependency.task);
    let (first, second) = (verb(held), verb(wanted));
    let certain = held.mode.excludes(wanted.mode);
    let event = if certain {
        format!(
            "`{task}` takes `{label}` while it already holds that very lock: it waits for itself."
        )
    } else {
        format!(
            "`{task}` reads `{label}` while it already reads that very lock: if anyone asks to \
             write in between, both wait forever."
        )
    };
    let why = if certain {
        format!(
            "this `{second}` waits until the `{first}` before it has ended, and the one thread \
             that could end it is the one that waits"
        )
    } else {
        "a reader that arrives behind a waiting writer blocks; the writer waits for the first read \
         to end, the second read for the writer, and the first read ends after the second"
            .to_string()
    };
    Page {
        title: "lock taken again by its holder",
        event,
        classes: labels.rows(paths),
        scenario: Some(circle.scenario()),
        notes: circle.notes(),
        sections: vec![Section {
            head: format!("{label}, taken twice {}", task::within(&dependency.task)),
            rows: circle.closing().rows(paths),
        }],
        why,
        help: help(dependency, label, paths),
    }
}

fn help(dependency: &Dependency, label: &str, paths: &Paths) -> String {
    let Dependency { held, wanted, .. } = dependency;
    let decider = decider(&held.at, &wanted.at);
    let way_out = match (decider, functions(&wanted.at).first()) {
        (Some(decider), Some(asker)) if decider != *asker => format!(
            "let go of `{label}` in `{decider}` before `{asker}` is called, or hand the guard on to \
             `{asker}` instead of taking the lock again"
        ),
        (Some(decider), _) => {
            format!("in `{decider}`, drop the first guard before the second, or use it for both")
        }
        (None, _) => format!(
            "drop the guard taken at {} before {}, or use it for both",
            paths.place(&held.at.place),
            paths.place(&wanted.at.place)
        ),
    };
    match held.mode.excludes(wanted.mode) {
        true => way_out,
        false => format!("{way_out}; or use `{}` for the second", try_method(wanted)),
    }
}
