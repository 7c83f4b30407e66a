//! LD0012 and LD0013: a context may come upon a task that holds what the context waits for.
//!
//! The interruption is a dependency like any other, of the task that is come upon: it holds the one
//! lock, and in the context it wants the other. With it the rest is a circle.

use crate::violation::{ClosedBy, Dependency, Usage};

use super::circle::Circle;
use super::lock::{Labels, try_method};
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::{decider, rows};
use super::task;

/// The parts of either violation, borrowed.
#[derive(Debug)]
pub(super) struct Interruption<'a> {
    pub(super) context: &'a str,
    pub(super) taken: &'a Usage,
    /// Empty if what is taken is what is open.
    pub(super) way: &'a [Dependency],
    pub(super) open: &'a Usage,
    pub(super) closing: ClosedBy,
}

impl Interruption<'_> {
    pub(super) fn page(&self, paths: &Paths) -> Page {
        let itself = Dependency {
            task: self.open.task.clone(),
            held: self.open.touch.clone(),
            wanted: self.taken.touch.clone(),
        };
        let circle: Vec<&Dependency> = [&itself].into_iter().chain(self.way).collect();
        let labels = Labels::of(circle.iter().map(|party| &party.held.class), paths);
        let label = |index: usize| labels.get(&circle[index].held.class).to_string();
        let closing = match self.closing {
            ClosedBy::Taken | ClosedBy::Open => 0,
            ClosedBy::Dependency(index) => index + 1,
        };
        let circle = Circle::new(circle.iter().copied(), closing, label);
        let party = &circle.parties()[0];
        let (held, wanted) = (party.held.as_str(), party.wanted.as_str());
        let mut notes = vec![format!(
            "the last step of `{}` is that of `{}`, which comes upon it there",
            party.task, self.context
        )];
        notes.extend(circle.notes());
        let mut sections = vec![self.taken_section(wanted, paths)];
        sections.extend(circle.sections(paths).into_iter().skip(1));
        sections.push(self.open_section(held, paths));
        let title = match self.way {
            [] => "lock of a context held where the context may come",
            _ => "lock of a context leads to one held where the context may come",
        };
        Page {
            title,
            event: self.event(held, wanted),
            classes: labels.rows(paths),
            scenario: Some(circle.scenario()),
            notes,
            sections,
            why: format!(
                "`{}` runs in the thread it comes upon: what it waits for {}, and that thread goes \
                 on only when `{}` has ended",
                self.context,
                match self.way {
                    [] => "only that thread can release",
                    _ => "waits in the end for that thread",
                },
                self.context,
            ),
            help: self.help(held, wanted, paths),
        }
    }

    fn event(&self, held: &str, wanted: &str) -> String {
        let Interruption { context, taken, way, open, closing } = self;
        let (taker, holder) = (task::whole(&taken.task), task::whole(&open.task));
        let lead = match way.len() {
            0 => String::new(),
            1 => format!(", `{wanted}` was held while `{held}` was taken"),
            _ => format!(", `{wanted}` was held on the way to `{held}`"),
        };
        let (took, kept) = match way {
            [] => ("it".to_string(), "it".to_string()),
            _ => (format!("`{wanted}`"), format!("`{held}`")),
        };
        match closing {
            ClosedBy::Taken => format!(
                "`{taker}` takes `{wanted}` in `{context}`; earlier{lead}{} `{holder}` held {kept} \
                 where `{context}` may come.",
                if way.is_empty() { "," } else { ", and" }
            ),
            ClosedBy::Open => format!(
                "`{holder}` holds `{held}` where `{context}` may come; earlier{lead}{} `{taker}` \
                 took {took} in `{context}`.",
                if way.is_empty() { "," } else { ", and" }
            ),
            ClosedBy::Dependency(index) => {
                let dependency = way.get(*index).map(|dependency| task::whole(&dependency.task));
                format!(
                    "`{}` takes locks in an order that leads from `{wanted}`, which is taken in \
                     `{context}`, to `{held}`, which is held where `{context}` may come.",
                    dependency.unwrap_or_default()
                )
            }
        }
    }

    fn taken_section(&self, label: &str, paths: &Paths) -> Section {
        let when = if self.closing == ClosedBy::Taken { "now," } else { "first seen" };
        let within = task::within(&self.taken.task);
        Section {
            head: format!("{label}, taken in `{}`, {when} {within}", self.context),
            rows: rows("taken at", &self.taken.touch.at, None, paths),
        }
    }

    fn open_section(&self, label: &str, paths: &Paths) -> Section {
        let when = if self.closing == ClosedBy::Open { "now," } else { "first seen" };
        let within = task::within(&self.open.task);
        let opened = self.open.opened.as_ref();
        let mut lines = rows("held since", &self.open.touch.at, opened, paths);
        lines.extend(opened.into_iter().flat_map(|opened| rows("let in at", opened, None, paths)));
        Section {
            head: format!("{label}, held where `{}` may come, {when} {within}", self.context),
            rows: lines,
        }
    }

    fn help(&self, held: &str, wanted: &str, paths: &Paths) -> String {
        let at = &self.open.touch.at;
        let spot = match decider(at, at) {
            Some(function) => format!("in `{function}`"),
            None => format!("at {}", paths.place(&at.place)),
        };
        format!(
            "{spot}, block `{}` before `{held}` is taken and until it is released; or use `{}` for \
             `{wanted}` in `{}`, and do without if that fails",
            self.context,
            try_method(&self.taken.touch),
            self.context
        )
    }
}
