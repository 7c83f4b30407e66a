//! How long locks were waited for and held, as a table with the places below it.
//!
//! ```text
//!   lock            taken   waited   wait p50      p99      max   hold p50      p99      max
//!   Queue           12000      345    1.20 µs  45.1 µs  1.23 ms     310 ns  9.80 µs  2.10 ms
//!
//!   Queue   Mutex<app::Queue>   made at src/queue.rs:12:9
//!       waited at    src/queue.rs:40:22   300 of 6000 times, 9.12 ms in all, longest 1.23 ms
//!       held from    src/queue.rs:71:22   6000 times, 80.2 ms in all, longest 2.10 ms
//!       longest      2.10 ms in `worker-3`, from src/queue.rs:71:22
//!       released at  app::Queue::drain   src/queue.rs:80:5
//!       from         …
//! ```

use std::cmp::Reverse;
use std::fmt;
use std::time::Duration;

use crate::class::Class;
use crate::on::statistics::{ClassStatistics, LongestHold, PlaceStatistics, Times};
use crate::violation::Point;

use super::elision::width;
use super::function;
use super::lock::{ClassRow, Labels};
use super::paths::Paths;
use super::span::span;
use super::stack::rows;
use super::task;

/// Rows of the table, and classes whose places are told, unless all are wanted.
const ROWS: usize = 30;
const TOLD: usize = 5;
/// Places told of one class, each for waiting and for holding.
const PLACES: usize = 3;
/// Columns of a time, and of the longest key of a line about places.
const TIME: usize = 7;
const KEY: usize = 11;
/// Columns of a function's name.
const FUNCTION: usize = 44;

/// The text of a run's statistics; most waiting first, then most holding.
///
/// `Display` gives several lines without a line break at the end.
#[derive(Debug)]
pub struct Statistics<'a> {
    classes: Vec<ClassStatistics>,
    paths: &'a Paths,
    all: bool,
}

impl<'a> Statistics<'a> {
    /// The text of what was measured, with file names as `paths` prints them.
    pub fn new(mut classes: Vec<ClassStatistics>, paths: &'a Paths) -> Statistics<'a> {
        classes.sort_by_cached_key(|one| {
            let Times { wait, hold } = &one.times;
            (Reverse((wait.total(), hold.total())), one.class.clone(), one.shared)
        });
        Statistics { classes, paths, all: false }
    }

    /// The same with no class left out.
    #[must_use]
    pub fn with_all(self) -> Statistics<'a> {
        Statistics { all: true, ..self }
    }

    /// The classes, in the order in which they are told.
    #[must_use]
    pub fn classes(&self) -> &[ClassStatistics] {
        &self.classes
    }

    /// How each row that is shown calls its lock. A class that is both read and written has two
    /// rows.
    fn labels(&self) -> (Vec<String>, Labels<'_>) {
        let labels = Labels::of(self.shown().iter().map(|one| &one.class), self.paths);
        let both =
            |class: &Class| self.classes.iter().filter(|one| one.class == *class).count() > 1;
        let label = |one: &ClassStatistics| match (labels.get(&one.class), one.shared) {
            (label, true) => format!("{label} (read)"),
            (label, false) if both(&one.class) => format!("{label} (write)"),
            (label, false) => label.to_owned(),
        };
        (self.shown().iter().map(label).collect(), labels)
    }

    fn shown(&self) -> &[ClassStatistics] {
        let most = if self.all { usize::MAX } else { ROWS };
        &self.classes[..most.min(self.classes.len())]
    }
}

impl fmt::Display for Statistics<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (labels, classes) = self.labels();
        table(f, self.shown(), &labels)?;
        let shown = labels.len();
        if shown < self.classes.len() {
            writeln!(f, "  … {} more with less", self.classes.len() - shown)?;
        }
        let told = if self.all { shown } else { TOLD.min(shown) };
        let class_rows = classes.rows(self.paths);
        for (one, label) in self.classes.iter().zip(&labels).take(told) {
            writeln!(f)?;
            let row = class_rows.iter().find(|row| row.label == classes.get(&one.class));
            writeln!(f, "{}", head(label, row))?;
            for line in lines(one, self.paths) {
                writeln!(f, "{line}")?;
            }
        }
        writeln!(f)?;
        write!(
            f,
            "  times are at most 1/16 too long, the longest are exact; `taken` counts releases"
        )
    }
}

fn table(
    f: &mut fmt::Formatter<'_>,
    classes: &[ClassStatistics],
    labels: &[String],
) -> fmt::Result {
    let widest = labels.iter().map(|label| width(label)).max().unwrap_or(0).max(4);
    let times = |[p50, p99, max]: [&str; 3]| format!("{p50:>TIME$}  {p99:>TIME$}  {max:>TIME$}");
    let (wait, hold) = (times(["p50", "p99", "max"]), times(["p50", "p99", "max"]));
    writeln!(
        f,
        "  {:widest$}  {:>8}  {:>7}   wait {wait}   hold {hold}",
        "lock", "taken", "waited"
    )?;
    for (one, label) in classes.iter().zip(labels) {
        let Times { wait, hold } = &one.times;
        let of = |histogram: &crate::on::histogram::Histogram| {
            if histogram.count() == 0 {
                return times(["-"; 3]);
            }
            let [p50, p99] = [50.0, 99.0].map(|percent| span(histogram.percentile(percent)));
            times([&p50, &p99, &span(histogram.largest())])
        };
        let (taken, waited) = (hold.count(), wait.count());
        let (wait, hold) = (of(wait), of(hold));
        let line =
            format!("  {label:widest$}  {taken:>8}  {waited:>7}        {wait}        {hold}");
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

/// What the label means.
fn head(label: &str, row: Option<&ClassRow>) -> String {
    let Some(ClassRow { lock, made, place, .. }) = row else {
        return format!("  {label}");
    };
    let made = if place.is_empty() { String::new() } else { format!("   {made} {place}") };
    let lock = if lock.is_empty() { String::new() } else { format!("   {lock}") };
    format!("  {label}{lock}{made}")
}

/// Where one class is waited for and held.
fn lines(one: &ClassStatistics, paths: &Paths) -> Vec<String> {
    let mut lines = Vec::new();
    let mut tell = |key: &str, text: String| lines.push(format!("      {key:KEY$}  {text}"));
    let waiting = top(&one.places, |times| times.wait.total());
    let holding = top(&one.places, |times| times.hold.total());
    let place = |place: &PlaceStatistics| paths.place(&place.place);
    for at in waiting {
        let Times { wait, hold } = &at.times;
        let (count, all, total) = (wait.count(), hold.count(), span(wait.total()));
        let longest = span(wait.largest());
        let text = format!("{count} of {all} times, {total} in all, longest {longest}");
        tell("waited at", format!("{}   {text}", place(at)));
    }
    for at in holding {
        let hold = &at.times.hold;
        let (count, total, longest) = (hold.count(), span(hold.total()), span(hold.largest()));
        let times = if count == 1 { "once" } else { "times" };
        let count = if count == 1 { String::new() } else { format!("{count} ") };
        let text = format!("{count}{times}, {total} in all, longest {longest}");
        tell("held from", format!("{}   {text}", place(at)));
    }
    if one.forgotten > 0 {
        tell("", format!("{} times a place with less was forgotten for another", one.forgotten));
    }
    if let Some(LongestHold { hold, task, place, frames }) = &one.longest {
        let task = task::whole(task);
        tell("longest", format!("{} in `{task}`, from {}", span(*hold), paths.place(place)));
        let first = frames.first().and_then(|frame| frame.place.clone());
        let at = Point { place: first.unwrap_or_else(|| place.clone()), frames: frames.clone() };
        let shown =
            if frames.is_empty() { Vec::new() } else { rows("released at", &at, None, paths) };
        for row in shown {
            let function = function::fit(&row.function, FUNCTION);
            tell(row.key, format!("{function}  {}", row.place).trim_end().to_owned());
        }
    }
    lines
}

/// The places with most of something, of those that have any.
fn top(places: &[PlaceStatistics], by: impl Fn(&Times) -> Duration) -> Vec<&PlaceStatistics> {
    let mut top: Vec<_> = places.iter().filter(|one| by(&one.times) > Duration::ZERO).collect();
    top.sort_by_key(|one| (Reverse(by(&one.times)), &one.place));
    top.truncate(PLACES);
    top
}
