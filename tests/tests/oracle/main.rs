//! Random lock programs against an oracle that interleaves them exhaustively.
//!
//! For each program, that is one to three runs, the tracker sees every way through every run that
//! some interleaving takes, one after the other, as tests that went well would show it. What can
//! happen is searched with as many copies of each run as can be of use.
//!
//! Where each lock is a class of its own, level `deadlock` is held to the truth:
//!
//! * **no deadlock is missed**;
//! * **none is invented**: what is reported can happen. There is one kind of exception, which is
//!   counted and printed: tasks that hold nothing in common where they wait, but keep each other
//!   from coming there by what they held and gave back before (`W(A) tryW(B) -A W(A)` beside
//!   `W(B) tryW(A) -B W(B)`). Whether a program is of that kind is computed, not guessed;
//! * **the verdict does not depend on the recording**: on the order of the ways, or on how many
//!   tasks did them.
//!
//! Where locks have a class in common, none is missed and nothing is reported that the discipline
//! (all cycles, no guards, no writers) does not see; false alarms are counted and printed.
//!
//! Level `order` is held to the discipline, whatever can happen: the first way that is reported, and
//! for what, is what a naive reading of the rules says.
//!
//! Three judges of different make check each other: the search itself agrees with a simpler one
//! where that can be afforded, and the exact rule, computed from what was recorded the naive way,
//! agrees with the search on every program.
//!
//! A mismatch is shrunk and printed with its seed; a program with too many states to search is a
//! failure. By default there are 10,000 programs with a class for each lock and 3,000 others, from
//! fixed seeds. A long run, and one program again:
//!
//! ```text
//! LOCKDEP_ORACLE_PROGRAMS=1000000 LOCKDEP_ORACLE_SEED=$RANDOM cargo test -p tests --release --test oracle
//! LOCKDEP_ORACLE_PROGRAMS=1 LOCKDEP_ORACLE_SEED=<seed> cargo test -p tests --test oracle
//! ```
//!
//! What everybody says of a program of one's own:
//!
//! ```text
//! LOCKDEP_ORACLE_PROGRAM='W(A) W(B) ; W(B) W(A)' cargo test -p tests --test oracle
//! ```

mod judged;
mod judges;
mod known;

use std::collections::BTreeMap;
use std::env;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use fastrand::Rng;
use libtest_mimic::{Arguments, Failed, Trial};
use tests::generate::{self, Family};
use tests::notation::{parse, print};
use tests::program::Run;

use judged::{Class, Judged, describe, explain};
use known::KNOWN;

/// The random programs of a family, and how many there are by default.
const FAMILIES: [(Family, &str, u64); 2] = [
    (Family::Classes, "a class for each lock", 10_000),
    (Family::Siblings, "locks with a class in common", 3_000),
];
const SEED: u64 = 20_260_000;
/// The programs of a family are split into as many tests, which run side by side.
const BATCHES: u64 = 8;
/// How many false alarms are printed.
const SHOWN: usize = 10;

/// What came of the programs of one family.
#[derive(Debug, Default)]
struct Tally {
    counts: BTreeMap<Class, u64>,
    states: usize,
    most_states: usize,
    /// False alarms where each lock has its class.
    passed: Vec<(u64, String)>,
}

/// The program of a seed.
fn program(seed: u64, family: Family) -> Vec<Run> {
    generate::runs(&mut Rng::with_seed(seed), family)
}

/// Judges the programs of some seeds.
fn batch(
    seeds: impl Iterator<Item = u64>,
    family: Family,
    tally: &Mutex<Tally>,
) -> Result<(), Failed> {
    for seed in seeds {
        let runs = program(seed, family);
        let judged = Judged::new(&runs)
            .ok_or_else(|| format!("seed {seed} has too many states: {}", print(&runs)))?;
        if let Some(mismatch) = judged.mismatch() {
            return Err(explain(seed, &runs, mismatch).into());
        }
        let class = judged.class();
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        *tally.counts.entry(class).or_default() += 1;
        tally.states += judged.truth.states;
        tally.most_states = tally.most_states.max(judged.truth.states);
        if class == Class::Passed {
            tally.passed.push((seed, print(&runs)));
        }
    }
    Ok(())
}

/// A program whose truth is known.
fn known(text: &str, deadlock: bool) -> Result<(), Failed> {
    let runs = parse(text);
    let judged = Judged::new(&runs).ok_or("too many states")?;
    if judged.truth.deadlock.is_some() != deadlock {
        return Err(format!("the oracle says {:?}", judged.truth.deadlock).into());
    }
    match judged.mismatch() {
        Some(mismatch) => Err(explain(0, &runs, mismatch).into()),
        None => Ok(()),
    }
}

fn variable(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is `{value}`, no number")))
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if let Ok(program) = env::var("LOCKDEP_ORACLE_PROGRAM") {
        print!("{}", describe(&parse(&program)));
        return ExitCode::SUCCESS;
    }
    let seed = variable("LOCKDEP_ORACLE_SEED").unwrap_or(SEED);
    let mut trials: Vec<Trial> = KNOWN
        .into_iter()
        .map(|(text, deadlock)| {
            let can = if deadlock { "can deadlock" } else { "cannot deadlock" };
            Trial::test(format!("`{text}` {can}"), move || known(text, deadlock))
        })
        .collect();
    trials.extend(judges::trials(seed));
    let mut tallies = Vec::new();
    for (family, of, default) in FAMILIES {
        let programs = variable("LOCKDEP_ORACLE_PROGRAMS").unwrap_or(default);
        let tally = Arc::new(Mutex::new(Tally::default()));
        for batch in 0..BATCHES {
            let tally = Arc::clone(&tally);
            let name = format!("random programs, {of}, part {}", batch + 1);
            trials.push(Trial::test(name, move || {
                let of_batch = (batch..programs).step_by(BATCHES as usize);
                self::batch(of_batch.map(|number| seed + number), family, &tally)
            }));
        }
        tallies.push((of, tally));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    for (of, tally) in tallies {
        let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        print_tally(of, seed, &tally);
    }
    conclusion.exit_code()
}

fn print_tally(of: &str, seed: u64, tally: &Tally) {
    let programs: u64 = tally.counts.values().sum();
    if programs == 0 {
        return;
    }
    println!("{programs} random programs, {of}, from seed {seed}");
    for (class, what) in [
        (Class::Reported, "can deadlock and are reported"),
        (Class::Quiet, "cannot deadlock and are not reported"),
        (Class::Passed, "false alarms: kept apart by what was given back before the wait"),
        (Class::Classes, "false alarms where locks have a class in common"),
    ] {
        println!("  {:>6} {what}", tally.counts.get(&class).copied().unwrap_or_default());
    }
    println!("  {:>6} states of the largest, {} of all", tally.most_states, tally.states);
    for (seed, program) in tally.passed.iter().take(SHOWN) {
        println!("  seed {seed}: {program}");
    }
}
