//! LD0001: a task wants a lock that it holds itself.

use crate::violation::Dependency;

use super::lock::{Labels, try_method, verb};
use super::page::{Page, Section};
use super::paths::{Paths, spot};
use super::scenario::{Scenario, Step};
use super::stack::{decider, functions, rows};
use super::task;

pub(super) fn page(dependency: &Dependency, paths: &Paths) -> Page {
    let Dependency { held, wanted, .. } = dependency;
    let labels = Labels::of([&held.class, &wanted.class], paths);
    let label = labels.get(&wanted.class);
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
    let mut rows_of_both = rows("held since", &held.at, Some(&wanted.at), paths);
    rows_of_both.extend(rows("wanted at", &wanted.at, None, paths));
    Page {
        title: "lock taken again by its holder",
        event,
        classes: labels.rows(paths),
        scenario: Some(scenario(dependency, &labels)),
        notes: match certain {
            true => Vec::new(),
            false => vec!["`a writer` stands for any thread that asks to write meanwhile".into()],
        },
        sections: vec![Section {
            head: format!("{label}, taken twice {}", task::within(&dependency.task)),
            rows: rows_of_both,
        }],
        why,
        help: help(dependency, label, paths),
    }
}

fn scenario(dependency: &Dependency, labels: &Labels<'_>) -> Scenario {
    let Dependency { held, wanted, .. } = dependency;
    let certain = held.mode.excludes(wanted.mode);
    let mut tasks = task::labels([dependency.task.as_str()]);
    let mut steps = vec![Step {
        task: 0,
        verb: verb(held),
        lock: labels.get(&held.class).to_string(),
        place: spot(&held.at.place),
        waits_for: None,
    }];
    if !certain {
        tasks.push("a writer".to_string());
        steps.push(Step {
            task: 1,
            verb: "write".to_string(),
            lock: labels.get(&held.class).to_string(),
            place: String::new(),
            waits_for: Some(0),
        });
    }
    steps.push(Step {
        task: 0,
        verb: verb(wanted),
        lock: labels.get(&wanted.class).to_string(),
        place: spot(&wanted.at.place),
        waits_for: Some(usize::from(!certain)),
    });
    Scenario { tasks, steps }
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
