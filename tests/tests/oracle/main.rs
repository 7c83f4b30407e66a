//! Random lock programs against an oracle that interleaves them exhaustively.
//!
//! For each program, that is one to three runs, the tracker sees every way through every run that
//! some interleaving takes, one after the other, as tests that went well would show it. Then
//!
//! * **no deadlock may be missed**: if copies of the runs, two of each, can deadlock, the tracker
//!   must have reported something;
//! * **the verdict must not depend on the recording**: neither on the order of the runs nor on how
//!   many tasks did them;
//! * **nothing but the rules may be reported**: the first run that is reported, and for what, must
//!   be what a naive reading of the rules says;
//! * **false alarms are counted** by their reason and printed; removing them is not this suite's
//!   business.
//!
//! A mismatch is shrunk and printed with its seed. By default there are 5,000 programs from a fixed
//! seed. A long run, and one program again:
//!
//! ```text
//! LOCKDEP_ORACLE_PROGRAMS=1000000 LOCKDEP_ORACLE_SEED=$RANDOM cargo test -p tests --release --test oracle
//! LOCKDEP_ORACLE_PROGRAMS=1 LOCKDEP_ORACLE_SEED=<seed> cargo test -p tests --test oracle
//! ```

mod judged;
mod known;

use std::collections::BTreeMap;
use std::env;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use fastrand::Rng;
use libtest_mimic::{Arguments, Failed, Trial};
use tests::generate;
use tests::notation::parse;

use judged::{Class, Judged, explain};
use known::KNOWN;

const PROGRAMS: u64 = 5_000;
const SEED: u64 = 20_260_000;
/// The random programs are split into as many tests, which run side by side.
const BATCHES: u64 = 8;
/// How many programs there are of each class.
type Counts = Arc<Mutex<BTreeMap<Class, u64>>>;

/// Judges the programs of some seeds.
fn batch(seeds: impl Iterator<Item = u64>, counts: &Counts) -> Result<(), Failed> {
    for seed in seeds {
        let runs = generate::runs(&mut Rng::with_seed(seed));
        let judged = Judged::new(&runs).ok_or(format!("seed {seed} has too many states"))?;
        if let Some(mismatch) = judged.mismatch() {
            return Err(explain(seed, &runs, mismatch).into());
        }
        let class = judged.class();
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(class).or_default() += 1;
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

fn variable(name: &str, default: u64) -> u64 {
    match env::var(name) {
        Ok(value) => value.parse().unwrap_or_else(|_| panic!("{name} is `{value}`, no number")),
        Err(_) => default,
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let seed = variable("LOCKDEP_ORACLE_SEED", SEED);
    let programs = variable("LOCKDEP_ORACLE_PROGRAMS", PROGRAMS);
    let counts = Counts::default();
    let mut trials: Vec<Trial> = KNOWN
        .into_iter()
        .map(|(text, deadlock)| {
            let can = if deadlock { "can deadlock" } else { "cannot deadlock" };
            Trial::test(format!("`{text}` {can}"), move || known(text, deadlock))
        })
        .collect();
    for batch in 0..BATCHES {
        let counts = Arc::clone(&counts);
        let name = format!("no deadlock of random programs is missed, part {}", batch + 1);
        trials.push(Trial::test(name, move || {
            let of_batch = (batch..programs).step_by(BATCHES as usize);
            self::batch(of_batch.map(|number| seed + number), &counts)
        }));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    if !counts.is_empty() {
        let count = |class| counts.get(&class).copied().unwrap_or_default();
        println!("{} random programs, seed {seed}", counts.values().sum::<u64>());
        println!("  {:>6} can deadlock and are reported", count(Class::Reported));
        println!(
            "  {:>6} can deadlock with three copies and are reported",
            count(Class::MoreCopies)
        );
        println!("  {:>6} are not reported and cannot deadlock", count(Class::Quiet));
        println!("  {:>6} false alarms: no writer (N2)", count(Class::NoWriter));
        println!("  {:>6} false alarms: a gate (N1) or apart otherwise", count(Class::Apart));
        println!("  {:>6} alarms with too many states to say why", count(Class::TooLarge));
    }
    conclusion.exit_code()
}
