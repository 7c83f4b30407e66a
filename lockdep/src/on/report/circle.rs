//! The parties of a deadlock: each holds a lock and waits for the one that the next one holds.
//!
//! What all rules about waiting have in common: the scenario, the notes about who its columns
//! stand for, and a section a party.

use crate::violation::{Dependency, Touch};

use super::lock::{try_method, verb};
use super::page::Section;
use super::paths::{Paths, spot};
use super::scenario::{Scenario, Step};
use super::stack::{StackRow, decider, rows_since};
use super::task;

/// Title of the column of a writer that nobody has seen, but that may come at any time.
const WRITER: &str = "a writer";

/// Parties in a circle; the last waits for the first.
#[derive(Debug)]
pub(super) struct Circle<'a> {
    parties: Vec<Party<'a>>,
    /// Index of the party that was seen last.
    closing: usize,
}

/// One dependency of a circle, as one task.
#[derive(Debug)]
pub(super) struct Party<'a> {
    /// What its task is called; no other party's is called the same.
    pub(super) task: String,
    pub(super) dependency: &'a Dependency,
    /// What the lock it holds is called.
    pub(super) held: String,
    /// What the lock it wants is called.
    pub(super) wanted: String,
}

impl<'a> Circle<'a> {
    /// A circle of these dependencies; `lock` names the lock that the party of an index holds.
    pub(super) fn new(
        dependencies: impl IntoIterator<Item = &'a Dependency>,
        closing: usize,
        lock: impl Fn(usize) -> String,
    ) -> Circle<'a> {
        let dependencies: Vec<&Dependency> = dependencies.into_iter().collect();
        let count = dependencies.len();
        let closing = closing.min(count.saturating_sub(1));
        // The party that was seen last is the one that the reader knows by its name.
        let order = |step: usize| (closing + step) % count;
        let names = (0..count).map(|step| dependencies[order(step)].task.as_str());
        let mut labels = task::labels(names);
        labels.rotate_right(closing);
        let parties = dependencies.into_iter().zip(labels).enumerate();
        let party = |(index, (dependency, task)): (usize, (&'a Dependency, String))| Party {
            task,
            dependency,
            held: lock(index),
            wanted: lock((index + 1) % count),
        };
        Circle { parties: parties.map(party).collect(), closing }
    }

    pub(super) fn parties(&self) -> &[Party<'a>] {
        &self.parties
    }

    /// The party that was seen last.
    pub(super) fn closing(&self) -> &Party<'a> {
        &self.parties[self.closing]
    }

    /// The other parties, beginning with the one that the closing party waits for.
    pub(super) fn earlier(&self) -> impl Iterator<Item = &Party<'a>> {
        let (before, after) = self.parties.split_at(self.closing);
        after[1..].iter().chain(before)
    }

    /// The lock held by the party that `index` waits for, as that party took it.
    fn next(&self, index: usize) -> &Touch {
        &self.parties[(index + 1) % self.parties.len()].dependency.held
    }

    /// Whether the party waits only because a writer stands between it and another reader.
    pub(super) fn needs_writer(&self, index: usize) -> bool {
        let wanted = self.parties[index].dependency.wanted.mode;
        !self.next(index).mode.excludes(wanted)
    }

    /// The parties whose thread has made another of the dependencies too: it takes a second thread
    /// that does the same.
    pub(super) fn doubles(&self) -> Vec<&Party<'a>> {
        let parties: Vec<&Party<'a>> =
            std::iter::once(self.closing()).chain(self.earlier()).collect();
        let is_double = |index: usize| {
            let task = &parties[index].dependency.task;
            parties[..index].iter().any(|before| before.dependency.task == *task)
        };
        (0..parties.len()).filter(|index| is_double(*index)).map(|index| parties[index]).collect()
    }

    /// All take what they hold, then each in turn waits for the next.
    pub(super) fn scenario(&self) -> Scenario {
        let mut tasks = Vec::new();
        // The column of each party; behind it, if it needs one, that of its writer.
        let mut columns = Vec::new();
        let writers = (0..self.parties.len()).filter(|index| self.needs_writer(*index)).count();
        let mut writer_labels = task::labels(std::iter::repeat_n(WRITER, writers)).into_iter();
        for (index, party) in self.parties.iter().enumerate() {
            columns.push(tasks.len());
            tasks.push(party.task.clone());
            tasks.extend(self.needs_writer(index).then(|| writer_labels.next()).flatten());
        }
        let mut steps = Vec::new();
        for (party, column) in self.parties.iter().zip(&columns) {
            let held = &party.dependency.held;
            steps.push(Step {
                task: *column,
                verb: verb(held),
                lock: party.held.clone(),
                place: spot(&held.at.place),
                waits_for: None,
            });
        }
        for (index, party) in self.parties.iter().enumerate() {
            let mut awaited = columns[(index + 1) % columns.len()];
            if self.needs_writer(index) {
                let writer = columns[index] + 1;
                steps.push(Step {
                    task: writer,
                    verb: "write".to_string(),
                    lock: party.wanted.clone(),
                    place: String::new(),
                    waits_for: Some(awaited),
                });
                awaited = writer;
            }
            let wanted = &party.dependency.wanted;
            steps.push(Step {
                task: columns[index],
                verb: verb(wanted),
                lock: party.wanted.clone(),
                place: spot(&wanted.at.place),
                waits_for: Some(awaited),
            });
        }
        Scenario { tasks, steps }
    }

    /// Whom the columns stand for, where their titles alone would puzzle.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let doubles = self.doubles();
        if let Some(double) = doubles.first() {
            let stand = match doubles.len() {
                1 => "stands for another thread that does",
                _ => "and the like stand for other threads that do",
            };
            let (task, name) = (&double.task, task::whole(&double.dependency.task));
            notes.push(format!("`{task}` {stand} what `{name}` did earlier"));
        }
        if (0..self.parties.len()).any(|index| self.needs_writer(index)) {
            notes.push(format!("`{WRITER}` stands for any thread that asks to write meanwhile"));
        }
        notes
    }

    /// Where each party held its lock and wanted the next one's.
    pub(super) fn sections(&self, paths: &Paths) -> Vec<Section> {
        let section = |(index, party): (usize, &Party<'_>)| {
            let when = if index == self.closing { "now," } else { "first seen" };
            let within = task::within(&party.dependency.task);
            let (held, wanted) = (&party.held, &party.wanted);
            Section {
                head: format!("{held} → {wanted}, {when} {within}"), rows: party.rows(paths)
            }
        };
        self.parties.iter().enumerate().map(section).collect()
    }
}

impl Party<'_> {
    pub(super) fn rows(&self, paths: &Paths) -> Vec<StackRow> {
        let (held, wanted) = (&self.dependency.held.at, &self.dependency.wanted.at);
        rows_since(held, "wanted at", wanted, paths)
    }

    /// Where to change the order: `in `f``, or at a place if there are no functions.
    pub(super) fn spot_to_change(&self, paths: &Paths) -> String {
        let (held, wanted) = (&self.dependency.held.at, &self.dependency.wanted.at);
        match decider(held, wanted) {
            Some(function) => format!("in `{function}`"),
            None => format!("at {}", paths.place(&wanted.place)),
        }
    }

    /// The method that would not wait.
    pub(super) fn try_method(&self) -> &'static str {
        try_method(&self.dependency.wanted)
    }
}
