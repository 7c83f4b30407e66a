//! How a page looks.
//!
//! ```text
//! error[CODE]: title
//!   what happened
//!
//!   label   type of lock   made at place
//!
//!   scenario in columns
//!
//!   head of a section
//!       held since   function   place
//!   why   …
//!   help  …
//!   more  …
//! ```

use std::fmt;

use crate::violation::Violation;

use super::assertion::Failed;
use super::elision::{WIDTH, collapse, width, wrap};
use super::function;
use super::interruption::Interruption;
use super::lock::ClassRow;
use super::page::{Page, Section};
use super::paths::Paths;
use super::typename::without_paths;
use super::wait::Refused;
use super::{
    await_circle, awaiting, deadlock, declared, inversion, join, life, misuse, mode_change, nest,
    nesting, pin, recursion,
};

/// Left edge of what stands in the body.
const BODY: usize = 2;
/// Left edge of the lines of a section.
const ROWS: usize = 6;
/// Columns of `held since`, `destroyed at`, with the gap behind them.
const KEY: usize = 13;
/// Columns of a function's name: no fewer, even if the place then leaves the page; no more.
const FUNCTION: (usize, usize) = (28, 60);
/// The fewest columns of a lock's type.
const LOCK: usize = 16;

/// The text of a violation.
///
/// `Display` gives several lines without a line break at the end.
#[derive(Debug)]
pub struct Report<'a> {
    violation: &'a Violation,
    paths: &'a Paths,
}

impl<'a> Report<'a> {
    /// The report of `violation`, with file names as `paths` prints them.
    pub fn new(violation: &'a Violation, paths: &'a Paths) -> Report<'a> {
        Report { violation, paths }
    }

    fn page(&self) -> Page {
        let paths = self.paths;
        match self.violation {
            Violation::Recursion(dependency) => recursion::page(dependency, paths),
            Violation::Inversion { cycle, closing, writers, proven } => {
                inversion::page((cycle, *closing), writers, *proven, paths)
            }
            Violation::InstanceInversion { cycle, closing } => {
                inversion::page_of_one_class(cycle, *closing, paths)
            }
            Violation::UnorderedNesting(dependency) => nesting::page(dependency, paths),
            Violation::ReleaseNotHeld { task, class, at } => {
                misuse::release_not_held(task, class, at, paths)
            }
            Violation::HeldLockFreed { task, held, at } => {
                misuse::held_lock_freed(task, held, at, paths)
            }
            Violation::EndedHolding { task, held } => life::ended_holding(task, held, paths),
            Violation::HeldAcross { boundary, task, holder, held, at } => {
                life::held_across(*boundary, (task, holder), held, at, paths)
            }
            Violation::HeldAcrossAwait { task, spawned, held } => {
                awaiting::page(task, spawned, held, paths)
            }
            Violation::Deadlock { parties, closing, history } => {
                deadlock::page(parties, *closing, history, paths)
            }
            Violation::AssertionFailed { task, assertion, class, context, held, at } => {
                let (class, context, assertion) =
                    (class.as_ref(), context.as_deref().unwrap_or_default(), *assertion);
                Failed { task, assertion, class, context, held, at }.page(paths)
            }
            Violation::NestNotHeld { task, wanted, nest, held } => {
                nest::page(task, wanted, nest, held, paths)
            }
            Violation::DeclaredOrder { dependency, ranks } => {
                declared::page(dependency, *ranks, paths)
            }
            Violation::PinBroken { task, class, fault, held, at } => {
                pin::page(task, class, *fault, (held.as_ref(), at), paths)
            }
            Violation::BadModeChange { task, class, held, to, at } => {
                mode_change::page(task, class, (held.as_ref(), *to, at), paths)
            }
            Violation::InconsistentState { context, taken, open, closing } => {
                Interruption { context, taken, way: &[], open, closing: *closing }.page(paths)
            }
            Violation::ContextInversion { context, taken, way, open, closing } => {
                Interruption { context, taken, way, open, closing: *closing }.page(paths)
            }
            Violation::InvalidWait { task, wanted, needs, allowed, limit, at } => {
                let (wanted, needs, allowed) = (wanted.as_ref(), *needs, *allowed);
                Refused { task, wanted, needs, allowed, limit, at }.page(paths)
            }
            Violation::WaitCircle { parties } => await_circle::page(parties, paths),
            Violation::JoinUnderLock { task, held, code, at } => {
                join::under_lock(task, held, code, at, paths)
            }
            Violation::EndlessWait { task, awaited, at } => join::endless(task, awaited, at, paths),
        }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.violation.code();
        let page = self.page();
        writeln!(f, "{}[{code}]: {}", self.violation.severity(), page.title)?;
        paragraph(f, "", &page.event)?;
        if !page.classes.is_empty() {
            writeln!(f)?;
            classes(f, &page.classes)?;
        }
        if let Some(scenario) = &page.scenario {
            writeln!(f)?;
            for line in scenario.lines() {
                writeln!(f, "{line}")?;
            }
        }
        for note in &page.notes {
            paragraph(f, "", note)?;
        }
        writeln!(f)?;
        sections(f, &page.sections)?;
        paragraph(f, "why   ", &page.why)?;
        paragraph(f, "help  ", &page.help)?;
        write!(f, "  more  cargo lockdep explain {code}")
    }
}

/// `text` behind `key`, in as many lines as it takes.
fn paragraph(f: &mut fmt::Formatter<'_>, key: &str, text: &str) -> fmt::Result {
    let indent = BODY + width(key);
    for (index, line) in wrap(text, WIDTH - indent).iter().enumerate() {
        let key = if index == 0 { key } else { "" };
        writeln!(f, "{:BODY$}{key:<keys$}{line}", "", keys = indent - BODY)?;
    }
    Ok(())
}

fn classes(f: &mut fmt::Formatter<'_>, rows: &[ClassRow]) -> fmt::Result {
    let labels = widest(rows.iter().map(|row| &row.label));
    let places = widest(rows.iter().map(|row| &row.place));
    let made = widest(rows.iter().map(|row| row.made));
    let fixed = BODY + labels + 3 + 3 + made + 1 + places;
    let room = WIDTH.saturating_sub(fixed).max(LOCK);
    let locks: Vec<String> = rows.iter().map(|row| lock_in(&row.lock, room)).collect();
    let room = widest(locks.iter());
    for (row, lock) in rows.iter().zip(locks) {
        let place = match row.place.as_str() {
            "" => String::new(),
            place => format!("{} {place}", row.made),
        };
        // Without any type the table has no column for it.
        let lock = if room == 0 { String::new() } else { format!("{lock:<room$}   ") };
        let line = format!("{:BODY$}{:<labels$}   {lock}{place}", "", row.label);
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A lock's type in at most `room` columns, without its paths and inner types where it must be.
fn lock_in(lock: &str, room: usize) -> String {
    if width(lock) <= room { lock.to_string() } else { collapse(&without_paths(lock), room) }
}

fn sections(f: &mut fmt::Formatter<'_>, sections: &[Section]) -> fmt::Result {
    let rows = || sections.iter().flat_map(|section| &section.rows);
    let places = widest(rows().map(|row| &row.place));
    let room = WIDTH.saturating_sub(ROWS + KEY + 2 + places).clamp(FUNCTION.0, FUNCTION.1);
    let functions: Vec<String> = rows().map(|row| function::fit(&row.function, room)).collect();
    let room = widest(functions.iter());
    let mut functions = functions.iter();
    for section in sections {
        paragraph(f, "", &section.head)?;
        for (row, function) in section.rows.iter().zip(&mut functions) {
            let gap = if room == 0 { 0 } else { 2 };
            let line =
                format!("{:ROWS$}{:<KEY$}{function:<room$}{:gap$}{}", "", row.key, "", row.place);
            writeln!(f, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

fn widest(texts: impl Iterator<Item = impl AsRef<str>>) -> usize {
    texts.map(|text| width(text.as_ref())).max().unwrap_or(0)
}
