//! LD0019: tasks that can wait for each other, one of them for something that is no lock.

use crate::class::Class;
use crate::violation::{Awaited, Dependency, Party};

use super::lock::{Labels, verb};
use super::page::{Page, Section};
use super::paths::{Paths, spot};
use super::scenario::{Scenario, Step};
use super::stack::{functions, rows, rows_since};
use super::task;

/// The page.
pub(super) fn page(parties: &[Party], paths: &Paths) -> Page {
    let classes = parties.iter().flat_map(classes);
    let labels = Labels::of(classes, paths);
    let tasks = task::labels(parties.iter().map(Party::task));
    Page {
        title: "lock held while something is waited for that needs it",
        event: event(parties, &labels),
        classes: labels.rows(paths),
        scenario: Some(scenario(parties, &labels, &tasks)),
        notes: notes(parties, &tasks),
        sections: parties.iter().flat_map(|party| sections(party, &labels, paths)).collect(),
        why: "each waits for what only the next one can do, and none can go on before; the \
              parts were seen at different times, and whether they can come together was not seen"
            .to_string(),
        help: help(&parties[0], &labels, paths),
    }
}

/// Whom the columns stand for, where their titles alone would puzzle.
fn notes(parties: &[Party], tasks: &[String]) -> Vec<String> {
    let doubles = (1..parties.len()).filter(|&index| {
        parties[..index].iter().any(|before| before.task() == parties[index].task())
    });
    let doubles: Vec<usize> = doubles.collect();
    let note = doubles.first().map(|&double| {
        let stand = match doubles.len() {
            1 => "stands for another thread that does",
            _ => "and the like stand for other threads that do",
        };
        format!("`{}` {stand} what `{}` did", tasks[double], task::whole(parties[double].task()))
    });
    note.into_iter().collect()
}

/// What the report names of a party.
fn classes(party: &Party) -> Vec<&Class> {
    match party {
        Party::Holds(Dependency { held, wanted, .. }) => vec![&held.class, &wanted.class],
        Party::Waits { held, awaited, .. } => vec![&held.class, awaited.class()],
        Party::Joins { code, .. } => vec![code],
        Party::Runs { wanted, .. } => vec![&wanted.class],
    }
}

fn event(parties: &[Party], labels: &Labels<'_>) -> String {
    let Party::Waits { task, held, awaited, .. } = &parties[0] else {
        return String::new();
    };
    let (task, held) = (task::whole(task), labels.get(&held.class));
    let awaited = what(awaited, labels);
    match parties {
        [_, Party::Runs { task: other, .. }] => format!(
            "`{task}` holds `{held}` while it waits for {awaited}; `{}`, which is to end that wait, \
             takes `{held}` before.",
            task::whole(other)
        ),
        _ => format!(
            "`{task}` holds `{held}` while it waits for {awaited}; who is to end that wait waits, \
             through others, for `{held}`."
        ),
    }
}

/// What is waited for, in a sentence.
fn what(awaited: &Awaited, labels: &Labels<'_>) -> String {
    match awaited {
        Awaited::Event(class) => format!("`{}`", labels.get(class)),
        Awaited::End(class) => format!("the end of `{}`", labels.get(class)),
    }
}

/// All take what they hold, then each in turn waits for the next.
fn scenario(parties: &[Party], labels: &Labels<'_>, tasks: &[String]) -> Scenario {
    let mut steps = Vec::new();
    for (index, party) in parties.iter().enumerate() {
        if let Party::Holds(Dependency { held, .. }) | Party::Waits { held, .. } = party {
            steps.push(Step {
                task: index,
                verb: verb(held),
                lock: labels.get(&held.class).to_string(),
                place: spot(&held.at.place),
                waits_for: None,
            });
        }
    }
    for (index, party) in parties.iter().enumerate() {
        let (verb, lock, place) = match party {
            Party::Holds(Dependency { wanted, .. }) | Party::Runs { wanted, .. } => {
                (verb(wanted), labels.get(&wanted.class), &wanted.at.place)
            }
            Party::Waits { awaited: Awaited::Event(class), at, .. } => {
                ("wait".to_string(), labels.get(class), &at.place)
            }
            Party::Waits { awaited: Awaited::End(class), at, .. } => {
                ("join".to_string(), labels.get(class), &at.place)
            }
            Party::Joins { code, at, .. } => ("join".to_string(), labels.get(code), &at.place),
        };
        steps.push(Step {
            task: index,
            verb,
            lock: lock.to_string(),
            place: spot(place),
            waits_for: Some((index + 1) % parties.len()),
        });
    }
    Scenario { tasks: tasks.to_vec(), steps }
}

fn sections(party: &Party, labels: &Labels<'_>, paths: &Paths) -> Vec<Section> {
    let within = task::within(party.task());
    let label = |class: &Class| labels.get(class).to_string();
    match party {
        Party::Holds(Dependency { held, wanted, .. }) => vec![Section {
            head: format!("{} → {}, {within}", label(&held.class), label(&wanted.class)),
            rows: rows_since(&held.at, "wanted at", &wanted.at, paths),
        }],
        Party::Waits { held, awaited, at, .. } => vec![Section {
            head: format!(
                "{} is held while {} is waited for, {within}",
                label(&held.class),
                what(awaited, labels)
            ),
            rows: rows_since(&held.at, "waits at", at, paths),
        }],
        Party::Joins { code, at, .. } => vec![Section {
            head: format!("the end of {} is waited for, {within}", label(code)),
            rows: rows("waits at", at, None, paths),
        }],
        Party::Runs { made, wanted, .. } => {
            let mut all = rows("wanted at", &wanted.at, None, paths);
            let made = made.iter().flat_map(|made| rows("then ends", made, None, paths));
            all.extend(made);
            vec![Section {
                head: format!(
                    "{} is wanted by who is to end the wait, {within}",
                    label(&wanted.class)
                ),
                rows: all,
            }]
        }
    }
}

fn help(waiter: &Party, labels: &Labels<'_>, paths: &Paths) -> String {
    let Party::Waits { held, awaited, at, .. } = waiter else {
        return String::new();
    };
    let held = labels.get(&held.class);
    let spot = match functions(at).first() {
        Some(function) => format!("in `{function}`"),
        None => format!("at {}", paths.place(&at.place)),
    };
    let otherwise = match awaited {
        Awaited::Event(_) => "use a wait with a timeout",
        Awaited::End(_) => "have the other code do without the lock",
    };
    format!("let go of `{held}` before the wait {spot}, or {otherwise}")
}

/// For `cargo lockdep explain`.
pub(super) const EXPLANATION: &str = "\
LD0019: lock held while something is waited for that needs it

A thread holds a lock and waits for something that is no lock: the end of a thread, a message,
room in a channel with a bound, a notification, the others at a barrier. Whoever is to end that
wait takes the same lock first, or one that leads to it. If the one has the lock when the other
comes for it, the one waits for the other and the other for the lock, forever.

    let answers = worker(&state);               // a thread
    let state = STATE.lock().unwrap();
    requests.send(Job::Save).unwrap();          // the worker, for every job:
    answers.recv().unwrap();                    //     let state = STATE.lock().unwrap();
                                                //     answer.send(()).unwrap();

This is a warning. That the parts were seen is certain; that they can come together is inferred: the
answer that is waited for here may be one for which the worker never takes the lock. What counts as
needed for an event is what its maker did since it last received something itself; for the end of a
thread, all that it ever does.

A wait for any one of several messages (`select!`) can hang only if none of them ever comes: it is
reported if each of them is needed so. The report shows one.

How to read the report
  The columns show who holds what and who waits for whom. Below, for each: where the lock was
  taken and where it waits; where the other one takes the lock and where it then ends the wait.

How to mend it
  - Let go of the lock before the wait, and take it again after it.
  - Have the other side do without the lock: give it what it needs in the message.
  - Wait with a timeout, and do something about it when it runs out.

When to let it be
  If the two cannot come together: the code that takes the lock never runs for what is waited for
  here. Say it with a wait of its own: another channel, another condition variable.
  LOCKDEP_WARNINGS=allow prints no warnings at all; with `deny` they are handled as errors.

Reported at every level; at level `order` even if a lock keeps the two apart.
";
