//! What statistics cost: locks that are timed beside the same locks that are only tracked.
//!
//! ```text
//! cargo bench -p tests --bench timing
//! ```
//!
//! Whether a process times its locks is settled when it takes the first one, so each column is
//! measured in a process of its own, several times in turns, and the least median counts.

use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::Instant;
use std::{env, thread};

use instrumented::sync::Mutex;

/// How often each process is run.
const TURNS: usize = 3;
/// How often each shape is measured in one process, and how many times it runs then.
const ROUNDS: usize = 100;
const TIMES: u32 = 1_000;

/// Names the processes that measure.
const VARIABLE: &str = "BENCH_TIMING";

/// Gives nanoseconds.
type Measure = fn() -> f64;

const SHAPES: [(&str, Measure); 3] = [
    ("Mutex, nothing else held", || alone(1)),
    ("nested pair", pair),
    ("Mutex, 2 threads, a lock each", || alone(2)),
];

fn main() -> ExitCode {
    if env::var_os(VARIABLE).is_some() {
        for (_, shape) in SHAPES {
            println!("{}", shape());
        }
        return ExitCode::SUCCESS;
    }
    let mut least = [[f64::INFINITY; SHAPES.len()]; 2];
    for _ in 0..TURNS {
        for (timed, least) in ["0", "1"].into_iter().zip(&mut least) {
            let Some(times) = measure(timed) else {
                eprintln!("timing: a process that measures failed");
                return ExitCode::FAILURE;
            };
            for (least, time) in least.iter_mut().zip(times) {
                *least = least.min(time);
            }
        }
    }
    println!("| {:<30} | {:>10} | {:>10} | {:>12} |", "", "tracked", "timed", "more a lock");
    println!("|{:-<32}|{:->12}|{:->12}|{:->14}|", "", ":", ":", ":");
    for (at, (name, _)) in SHAPES.iter().enumerate() {
        let [tracked, timed] = least.map(|times| times[at]);
        let locks = if name.contains("pair") { 2.0 } else { 1.0 };
        let more = (timed - tracked) / locks;
        println!("| {name:<30} | {tracked:>7.1} ns | {timed:>7.1} ns | {more:>9.1} ns |");
    }
    ExitCode::SUCCESS
}

/// The times of all shapes in a process of their own.
fn measure(timed: &str) -> Option<Vec<f64>> {
    let output = Command::new(env::current_exe().ok()?)
        .env(VARIABLE, "1")
        .env("LOCKDEP", "report")
        .env("LOCKDEP_STAT", timed)
        .env_remove("LOCKDEP_OUT")
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()?.lines().map(|line| line.parse().ok()).collect()
}

/// The median time of one operation, in nanoseconds.
fn median(mut operation: impl FnMut()) -> f64 {
    let mut round = || {
        let start = Instant::now();
        (0..TIMES).for_each(|_| operation());
        start.elapsed().as_nanos() as f64 / f64::from(TIMES)
    };
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn alone(threads: usize) -> f64 {
    let measure = || {
        let lock = Mutex::new(0);
        median(|| *black_box(&lock).lock().unwrap() += 1)
    };
    let others: Vec<_> = (1..threads).map(|_| thread::spawn(measure)).collect();
    let mine = measure();
    others.into_iter().for_each(|other| drop(other.join()));
    mine
}

fn pair() -> f64 {
    let (outer, inner) = (Mutex::new(0_u8), Mutex::new(0_u16));
    median(|| {
        let _outer = black_box(&outer).lock().unwrap();
        let _inner = black_box(&inner).lock().unwrap();
    })
}
