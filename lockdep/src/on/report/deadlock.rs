//! LD0017: tasks that wait for each other now.

use crate::violation::{Blocked, Dependency, Waiter};

use super::circle::{Circle, Party};
use super::inversion::ordinal;
use super::lock::{Labels, verb};
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::{rows, rows_since};
use super::task;

pub(super) fn page(
    parties: &[Blocked],
    closing: usize,
    history: &[Dependency],
    paths: &Paths,
) -> Page {
    let touches =
        parties.iter().flat_map(|party| [&party.dependency.held].into_iter().chain(&party.others));
    let seen = history.iter().flat_map(|dependency| [&dependency.held, &dependency.wanted]);
    let labels = Labels::of(touches.chain(seen).map(|touch| &touch.class), paths);
    let class = |index: usize| &parties[index].dependency.held.class;
    // Locks of one kind are told apart by their places in the circle.
    let label = |index: usize| {
        let label = labels.get(class(index));
        match (0..parties.len()).any(|other| other != index && class(other) == class(index)) {
            true => format!("{} {label}", ordinal(index)),
            false => label.to_string(),
        }
    };
    let circle = Circle::new(parties.iter().map(|party| &party.dependency), closing, label);
    let mut sections = Vec::new();
    for (party, blocked) in circle.parties().iter().zip(parties) {
        sections.push(Section {
            head: format!("`{}` holds {} and waits for {}", party.task, party.held, party.wanted),
            rows: party.rows(paths),
        });
        sections.extend(blocked.behind.iter().map(|writer| between(writer, party, paths)));
        sections.extend(blocked.others.iter().map(|touch| Section {
            head: format!(
                "`{}` also holds {} ({})",
                party.task,
                labels.get(&touch.class),
                verb(touch)
            ),
            rows: rows("held since", &touch.at, Some(&blocked.dependency.wanted.at), paths),
        }));
    }
    sections.extend(history.iter().map(|dependency| before(dependency, &labels, paths)));
    Page {
        title: "deadlock",
        event: event(&circle),
        classes: labels.rows(paths),
        scenario: Some(circle.scenario()),
        notes: Vec::new(),
        sections,
        why: why(&circle, history),
        help: "end the process; then have all of these take the locks in one order, or let go of \
               the first lock before they wait for the second"
            .to_string(),
    }
}

/// The writer because of which a reader waits for a reader.
fn between(writer: &Waiter, party: &Party<'_>, paths: &Paths) -> Section {
    Section {
        head: format!(
            "`{}` waits to write {}, in front of `{}`",
            task::whole(&writer.task),
            party.wanted,
            party.task
        ),
        rows: rows("wanted at", &writer.wanted.at, None, paths),
    }
}

/// Where two such locks were taken in this order at another time.
fn before(dependency: &Dependency, labels: &Labels<'_>, paths: &Paths) -> Section {
    let Dependency { task, held, wanted } = dependency;
    Section {
        head: format!(
            "{} → {}, first seen {}",
            labels.get(&held.class),
            labels.get(&wanted.class),
            task::within(task)
        ),
        rows: rows_since(&held.at, "wanted at", &wanted.at, paths),
    }
}

fn event(circle: &Circle<'_>) -> String {
    let Party { task, held, wanted, .. } = circle.closing();
    let waits = format!("`{task}` holds `{held}` and now waits for `{wanted}`");
    match circle.parties().len() {
        2 => {
            let other = circle.earlier().next().map(|party| party.task.as_str());
            let other = other.unwrap_or_default();
            format!("{waits}; `{other}` holds that one and waits for the first. Both wait forever.")
        }
        count => format!(
            "{waits}; that closes a circle of {count} threads, each of which waits for the next. \
             All of them wait forever."
        ),
    }
}

fn why(circle: &Circle<'_>, history: &[Dependency]) -> String {
    let waits = "each holds what the one before it waits for, and none lets go while it waits: this \
                 is what happens now, not what could happen";
    let queued = (0..circle.parties().len()).any(|index| circle.needs_writer(index));
    let queue = match queued {
        true => "; a reader that arrives behind a waiting writer blocks",
        false => "",
    };
    let order = match history.is_empty() {
        true => "",
        false => "; the same orders were seen before at other places",
    };
    format!("{waits}{queue}{order}")
}
