//! How long locks were waited for and held, over all processes of a run.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::time::Duration;

use lockdep::class::Class;
use lockdep::histogram::Histogram;
use lockdep::report::{Paths, Statistics};
use lockdep::statistics::{ClassStatistics, LongestHold, PlaceStatistics};
use serde::Serialize;

use crate::exit::Failure;
use crate::gather::{Measured, Process};
use crate::symbols::Symbols;
use crate::verb::{Json, Show};

/// Joins what the processes measured and shows it as `show` says.
pub(crate) fn show(
    processes: &[Process],
    show: &Show,
    symbols: &mut Symbols,
    paths: &Paths,
) -> Result<(), Failure> {
    let classes = join(processes, symbols);
    let statistics = Statistics::new(classes, paths);
    match &show.json {
        None if statistics.classes().is_empty() => {}
        None if show.all => eprintln!("\n{}\n", statistics.with_all()),
        None => eprintln!("\n{statistics}\n"),
        Some(json) => write(&text(&statistics, paths), json)?,
    }
    Ok(())
}

fn write(text: &str, to: &Json) -> Result<(), Failure> {
    match to {
        Json::Stdout => writeln!(io::stdout(), "{text}")
            .map_err(|error| Failure::setup(format!("cannot write statistics: {error}"))),
        Json::File(path) => fs::write(path, format!("{text}\n")).map_err(|error| {
            Failure::setup(format!("cannot write statistics to {}: {error}", path.display()))
        }),
    }
}

/// What was measured of each class, whichever process did it.
fn join(processes: &[Process], symbols: &mut Symbols) -> Vec<ClassStatistics> {
    let mut joined: BTreeMap<(&Class, bool), ClassStatistics> = BTreeMap::new();
    for process in processes {
        for measured in &process.measured {
            let one = of(process, measured, symbols);
            match joined.get_mut(&(&process.classes[&measured.class], measured.shared)) {
                Some(known) => known.merge(one),
                None => {
                    joined.insert((&process.classes[&measured.class], measured.shared), one);
                }
            }
        }
    }
    joined.into_values().collect()
}

fn of(process: &Process, measured: &Measured, symbols: &mut Symbols) -> ClassStatistics {
    let longest = measured.longest.as_ref().map(|longest| LongestHold {
        hold: Duration::from_nanos(longest.hold),
        task: longest.task.clone(),
        place: longest.place.clone(),
        frames: symbols.frames(process, &longest.stack),
    });
    ClassStatistics {
        class: process.classes[&measured.class].clone(),
        shared: measured.shared,
        times: measured.times.clone(),
        places: measured.places.clone(),
        forgotten: measured.forgotten,
        longest,
    }
}

/// The statistics of a run as JSON; all times are in nanoseconds.
#[derive(Serialize)]
struct Document<'a> {
    classes: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    class: &'a Class,
    shared: bool,
    taken: u64,
    waited: u64,
    wait: Spread,
    hold: Spread,
    places: Vec<At>,
    places_forgotten: u64,
    longest: Option<Longest<'a>>,
}

#[derive(Serialize)]
struct At {
    place: String,
    taken: u64,
    waited: u64,
    wait: Spread,
    hold: Spread,
}

#[derive(Serialize)]
struct Longest<'a> {
    hold: u64,
    task: &'a str,
    place: String,
    stack: Vec<String>,
}

#[derive(Serialize)]
struct Spread {
    total: u64,
    p50: u64,
    p90: u64,
    p99: u64,
    p999: u64,
    max: u64,
}

fn text(statistics: &Statistics<'_>, paths: &Paths) -> String {
    let classes = statistics.classes().iter().map(|one| row(one, paths)).collect();
    serde_json::to_string(&Document { classes }).unwrap_or_else(|error| error.to_string())
}

fn row<'a>(one: &'a ClassStatistics, paths: &Paths) -> Row<'a> {
    let place = |place: &lockdep::place::Place| {
        format!("{}:{}:{}", paths.short(&place.file), place.line, place.column)
    };
    let at = |PlaceStatistics { place: at, times }: &PlaceStatistics| At {
        place: place(at),
        taken: times.hold.count(),
        waited: times.wait.count(),
        wait: spread(&times.wait),
        hold: spread(&times.hold),
    };
    Row {
        class: &one.class,
        shared: one.shared,
        taken: one.times.hold.count(),
        waited: one.times.wait.count(),
        wait: spread(&one.times.wait),
        hold: spread(&one.times.hold),
        places: one.places.iter().map(at).collect(),
        places_forgotten: one.forgotten,
        longest: one.longest.as_ref().map(|longest| Longest {
            hold: nanoseconds(longest.hold),
            task: &longest.task,
            place: place(&longest.place),
            stack: longest.frames.iter().map(|frame| frame.function.clone()).collect(),
        }),
    }
}

fn spread(histogram: &Histogram) -> Spread {
    let at = |percent| nanoseconds(histogram.percentile(percent));
    Spread {
        total: nanoseconds(histogram.total()),
        p50: at(50.0),
        p90: at(90.0),
        p99: at(99.0),
        p999: at(99.9),
        max: nanoseconds(histogram.largest()),
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
