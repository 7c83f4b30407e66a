//! A cycle that the level holds back, in a few lines.
//!
//! ```text
//! held back: `Config` → `Cache` → `Config`
//!   Config → Cache    held since src/a.rs:10:5, wanted at src/a.rs:11:9, in `main`
//!   Cache → Config    held since src/b.rs:20:5, wanted at src/b.rs:21:9, in `worker`
//!   why   both were only ever seen with `Gate` (Mutex<()>, made at src/lib.rs:3:9) held: …
//! ```

use std::fmt;

use crate::class::Class;
use crate::held_back::{HeldBack, Reason};
use crate::violation::Dependency;

use super::elision::{WIDTH, width, wrap};
use super::lock::Labels;
use super::paths::Paths;
use super::task;

/// The text of a cycle that is held back.
///
/// `Display` gives several lines without a line break at the end.
#[derive(Debug)]
pub struct LedgerEntry<'a> {
    held_back: &'a HeldBack,
    paths: &'a Paths,
}

impl<'a> LedgerEntry<'a> {
    /// The text of `held_back`, with file names as `paths` prints them.
    pub fn new(held_back: &'a HeldBack, paths: &'a Paths) -> LedgerEntry<'a> {
        LedgerEntry { held_back, paths }
    }

    /// The class that the reason names.
    fn named(&self) -> Option<&'a Class> {
        match &self.held_back.reason {
            Reason::Gate { class } | Reason::NoWriter { class } => Some(class),
            _ => None,
        }
    }
}

impl fmt::Display for LedgerEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HeldBack { cycle, reason, .. } = self.held_back;
        let held = cycle.iter().map(|dependency| &dependency.held.class);
        let labels = Labels::of(held.clone().chain(self.named()), self.paths);
        let circle =
            held.clone().chain(held.take(1)).map(|class| format!("`{}`", labels.get(class)));
        writeln!(f, "held back: {}", circle.collect::<Vec<_>>().join(" → "))?;
        let arrow = |one: &Dependency| {
            format!("{} → {}", labels.get(&one.held.class), labels.get(&one.wanted.class))
        };
        let widest = cycle.iter().map(|one| width(&arrow(one))).max().unwrap_or(0);
        for one in cycle {
            let [held, wanted] =
                [&one.held, &one.wanted].map(|touch| self.paths.place(&touch.at.place));
            let (arrow, task) = (arrow(one), task::whole(&one.task));
            writeln!(f, "  {arrow:widest$}   held since {held}, wanted at {wanted}, in `{task}`")?;
        }
        let named = self.named().map(|class| {
            let row =
                labels.rows(self.paths).into_iter().find(|row| row.label == labels.get(class));
            row.map_or_else(String::new, |row| match (row.lock.as_str(), row.place.as_str()) {
                (_, "") => format!("`{}`", row.label),
                ("", place) => format!("`{}` ({} {place})", row.label, row.made),
                (lock, place) => format!("`{}` ({lock}, {} {place})", row.label, row.made),
            })
        });
        let why = why(reason, &named.unwrap_or_default(), cycle.len());
        for (index, line) in wrap(&why, WIDTH - 8).iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "  {:6}{line}", if index == 0 { "why" } else { "" })?;
        }
        Ok(())
    }
}

/// Why this is no violation, and what would make it one.
fn why(reason: &Reason, named: &str, parties: usize) -> String {
    match reason {
        Reason::Gate { .. } => format!(
            "two of these were only ever seen with {named} held, in modes that exclude each other, \
             so they cannot meet; once one is seen without it, this is an inversion"
        ),
        Reason::NoWriter { .. } => format!(
            "readers of {named} would have to wait for each other, and they do so only behind a \
             waiting writer: nobody was seen to wait to write; once somebody does, this is an \
             inversion"
        ),
        Reason::OneThread => "one thread did all of this, one thing after the other; if two \
            threads ever do it at once, it can hang: level `deadlock` reports it"
            .to_owned(),
        Reason::OrderedByJoin => "the thread that did the one was joined before the other was \
            done; if that changes, it can hang: level `deadlock` reports it"
            .to_owned(),
        Reason::OrderedBySpawn => "the one was done before the thread that did the other was \
            started; if that changes, it can hang: level `deadlock` reports it"
            .to_owned(),
        Reason::NeverTogether => "the threads that did these were never alive at the same time; \
            if they ever are, it can hang: level `deadlock` reports it"
            .to_owned(),
        Reason::NeedsTasks { tasks } => format!(
            "it takes {tasks} threads at once to hang in this circle of {parties}, and so many \
             were never alive together: level `deadlock` reports it"
        ),
    }
}
