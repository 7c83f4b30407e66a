//! Random programs of locks and messages against a search that interleaves them exhaustively.
//!
//! The tracker sees every run once or twice, one after the other, as tests that went well would show
//! it; the search has more copies of each. Each channel has one run that sends and one that
//! receives, so without the locks nobody ever hangs. Who receives does so once and sends nothing: of
//! what follows a message the tracker does not know what of it happens because of that message, so
//! there is no truth to hold it to.
//!
//! **No deadlock is missed, and none is invented**; and the order in which the runs are seen makes
//! no difference. A mismatch is made smaller and printed with its seed.
//!
//! ```text
//! LOCKDEP_MESSAGES_PROGRAMS=100000 LOCKDEP_MESSAGES_SEED=$RANDOM cargo test -p tests --release --test messages
//! LOCKDEP_MESSAGES_PROGRAM='W(A) ?x ; W(A) -A !x' cargo test -p tests --test messages
//! ```

mod program;
mod search;

use std::collections::BTreeMap;
use std::env;
use std::panic::Location;
use std::process::ExitCode;

use fastrand::Rng;
use libtest_mimic::{Arguments, Failed, Trial};
use lockdep::{BacktraceStyle, Description, How, Level, Map, Settings, Task, Tracker};
use tests::program::Mode;

use program::{Run, Step, parse, print, random, smaller, surplus};

const PROGRAMS: u64 = 1_000;
const SEED: u64 = 20_261_121;
/// The programs are split into as many tests, which run side by side.
const BATCHES: u64 = 4;
/// How many tasks do each run in the search.
const COPIES: usize = 3;
/// How many states a search visits at most.
const LIMIT: usize = 2_000_000;

/// Programs whose truth is known.
const KNOWN: [(&str, bool); 14] = [
    ("W(A) ?x ; W(A) -A !x", true),
    ("W(A) -A ?x ; W(A) -A !x", false),
    ("W(A) ?x ; !x W(A)", false),
    ("W(A) ?x -A ?x ; !x W(A) -A !x", true),
    ("W(A) ?x ; W(B) W(A) -A -B !x", true),
    ("W(A) ?x ; W(B) -B !x ; W(B) W(A)", true),
    ("W(G) W(A) ?x ; W(B) -B !x ; W(G) W(B) W(A)", false),
    ("W(A) ?x ; W(B) ?y ; W(A) -A !y ; W(B) -B !x", true),
    ("r(A) ?x ; r(A) -A !x", false),
    ("r(A) ?x ; r(A) -A !x ; W(A)", true),
    ("r(A) ?x ; R(A) -A !x ; W(A)", false),
    ("R(A) ?x ; W(A) -A !x", true),
    ("r(A) ?x ; W(B) -B !x ; W(B) r(A)", false),
    ("r(A) ?x ; W(B) -B !x ; W(B) r(A) ; W(A)", true),
];

fn describe() -> Description {
    Description::new("lock", "")
}

/// What the tracker finds in runs that it sees one after the other, each done by so many tasks.
fn reported(runs: &[&Run], tasks: usize) -> Vec<&'static str> {
    let settings = Settings { level: Level::Deadlock, backtrace: BacktraceStyle::Off };
    let tracker = Tracker::new(settings);
    let mut maps: BTreeMap<char, Map> = BTreeMap::new();
    let tasks: Vec<(&Run, Task)> =
        (0..tasks).flat_map(|_| runs.iter().map(|run| (*run, Task::new("test")))).collect();
    let site = Location::caller();
    for (step, task) in
        tasks.iter().flat_map(|(run, task)| run.iter().map(move |step| (step, task)))
    {
        let (Step::Lock(name, _) | Step::Unlock(name) | Step::Send(name) | Step::Receive(name)) =
            *step;
        let map = maps.entry(name).or_insert_with(|| Map::named(class_name(name)));
        match *step {
            Step::Lock(_, mode) => {
                let how = match mode {
                    Mode::Read => How::SHARED,
                    Mode::ReadRecursive => How::SHARED_RECURSIVE,
                    Mode::Write | Mode::Upgradable => How::EXCLUSIVE,
                };
                tracker.before_acquire(task, map, how, describe, site);
                tracker.acquired(task, map, how, site);
            }
            Step::Unlock(_) => drop(tracker.released(task, map)),
            Step::Send(_) => drop(tracker.event_made(task, map, describe, site)),
            Step::Receive(_) => {
                tracker.before_event(task, map, describe, site);
                tracker.event_came(task, site);
            }
        }
    }
    tracker.violations().iter().map(|met| met.violation.code()).collect()
}

fn class_name(name: char) -> &'static str {
    const NAMES: &str = "ABCGxy";
    let at = NAMES.find(name).unwrap_or_else(|| panic!("`{name}` is none of {NAMES}"));
    &NAMES[at..=at]
}

/// Whether a program can deadlock, and what is wrong with what is said of it, if anything; an error
/// if it has too many states.
fn mismatch(runs: &[Run]) -> Result<(bool, Option<String>), ()> {
    assert!(surplus(runs).values().all(|surplus| *surplus == 0), "{}", print(runs));
    let truth = search::deadlock(runs, COPIES, LIMIT)?;
    let forth: Vec<&Run> = runs.iter().collect();
    let back: Vec<&Run> = runs.iter().rev().collect();
    let verdicts = [(&forth, 2), (&back, 2), (&forth, 3)];
    let wrong = verdicts.into_iter().find_map(|(runs, tasks)| {
        let reported = reported(runs, tasks);
        let wrong = match (&truth, reported.is_empty()) {
            (Some(stuck), true) => format!("missed: {stuck:?} wait for ever"),
            (None, false) => format!("invented: {reported:?}"),
            _ => return None,
        };
        let seen: Vec<Run> = runs.iter().map(|run| (*run).clone()).collect();
        Some(format!("{wrong} (seen `{}`, by {tasks} tasks each)", print(&seen)))
    });
    Ok((truth.is_some(), wrong))
}

/// Whether a program can deadlock; an error if the tracker does not say the same.
fn judge(seed: u64, runs: &[Run]) -> Result<bool, Failed> {
    let too_many = |()| format!("seed {seed} has too many states: {}", print(runs));
    let first = match mismatch(runs).map_err(too_many)? {
        (deadlock, None) => return Ok(deadlock),
        (_, Some(wrong)) => wrong,
    };
    let (mut runs, mut wrong) = (runs.to_vec(), first);
    while let Some((less, still)) = smaller(&runs).into_iter().find_map(|less| {
        let still = mismatch(&less).ok()?.1?;
        Some((less, still))
    }) {
        (runs, wrong) = (less, still);
    }
    Err(format!("seed {seed}: `{}`: {wrong}", print(&runs)).into())
}

fn variable(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is `{value}`, no number")))
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if let Ok(program) = env::var("LOCKDEP_MESSAGES_PROGRAM") {
        let runs = parse(&program);
        println!("truth     {:?}", search::deadlock(&runs, COPIES, LIMIT));
        println!("reported  {:?}", reported(&runs.iter().collect::<Vec<_>>(), 1));
        return ExitCode::SUCCESS;
    }
    let known = KNOWN.into_iter().map(|(text, deadlock)| {
        let can = if deadlock { "can deadlock" } else { "cannot deadlock" };
        Trial::test(format!("`{text}` {can}"), move || {
            let runs = parse(text);
            let truth = search::deadlock(&runs, COPIES, LIMIT).map_err(|()| "too many states")?;
            if truth.is_some() != deadlock {
                return Err(format!("the search says {truth:?}").into());
            }
            judge(0, &runs).map(drop)
        })
    });
    let seed = variable("LOCKDEP_MESSAGES_SEED").unwrap_or(SEED);
    let programs = variable("LOCKDEP_MESSAGES_PROGRAMS").unwrap_or(PROGRAMS);
    let batches = (0..BATCHES).map(|batch| {
        Trial::test(format!("random programs, part {}", batch + 1), move || {
            let seeds = (0..programs).filter(|index| index % BATCHES == batch);
            let judged: Vec<bool> = seeds
                .map(|index| seed + index)
                .map(|seed| judge(seed, &random(&mut Rng::with_seed(seed))))
                .collect::<Result<_, _>>()?;
            let deadlocks = judged.iter().filter(|deadlock| **deadlock).count();
            println!("{} programs, {deadlocks} of them can deadlock", judged.len());
            // Else it would be no test.
            match deadlocks * 10 < judged.len() || deadlocks * 10 > judged.len() * 9 {
                true => Err("too few programs of one kind".into()),
                false => Ok(()),
            }
        })
    });
    libtest_mimic::run(&arguments, known.chain(batches).collect()).exit_code()
}
