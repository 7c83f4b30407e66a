//! More of everything than a program has: classes, dependencies, locks held at once, locks of one
//! class, threads. None of it may crash, and nothing may be lost without a word.
//!
//! ```text
//! cargo bench -p tests --bench limits [-- part of a row's name]
//! ```
//!
//! Each row runs in a process of its own, with the settings of a program that sets none but
//! `LOCKDEP=report`, and prints how long it took, how far the process's memory grew and how much of
//! that was still there at the end. Asserted is what was learned, that nothing was reported and that
//! nothing was lost; times and sizes are to be read.

use std::env;
use std::fs;
use std::hint::black_box;
use std::panic::Location;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use fastrand::Rng;
use lockdep::{Description, How, Map, event, held, losses, set_hook};

/// A name, what it does, how much of what that is.
type Row = (&'static str, fn());

const ROWS: [Row; 8] = [
    ("10,000 classes", classes),
    ("100,000 dependencies of 10,000 classes", dependencies),
    ("100,000 dependencies, worst order first", dependencies_backwards),
    ("1,000 locks of as many classes held at once", held_at_once),
    ("1,000 locks of one class held at once", held_at_once_in_class),
    ("1,000,000 live locks of one class", instances),
    ("100,000 live locks of one class, each under another", nested_instances),
    ("10,000 threads started and ended", threads),
];
/// In the environment of a row's process: which one it is.
const ROW: &str = "LIMITS_ROW";

fn main() -> ExitCode {
    if let Ok(row) = env::var(ROW) {
        run(row.parse().expect("a row is a number"));
        return ExitCode::SUCCESS;
    }
    let part = env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    println!("{:<52} {:>9} {:>10} {:>10}", "", "seconds", "peak MiB", "left MiB");
    let mut code = ExitCode::SUCCESS;
    for (row, _) in ROWS.iter().enumerate().filter(|(_, (name, _))| name.contains(&part)) {
        let program = env::current_exe().expect("this program has a file");
        let status = Command::new(program)
            .env(ROW, row.to_string())
            .env("LOCKDEP", "report")
            .status()
            .expect("this program runs");
        if !status.success() {
            println!("{:<52} {status}", ROWS[row].0);
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn run(row: usize) {
    set_hook(|violation| panic!("nothing is wrong, but reported is {violation:?}"));
    let (name, work) = ROWS[row];
    let before = resident("VmRSS:");
    let started = Instant::now();
    work();
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(losses(), Vec::<String>::new(), "nothing is lost");
    assert!(held().is_empty(), "nothing is held");
    let grown = |key| (resident(key) - before) / 1024.0;
    println!("{name:<52} {seconds:>9.2} {:>10.1} {:>10.1}", grown("VmHWM:"), grown("VmRSS:"));
}

/// A line of the process's status, in KiB.
fn resident(key: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("there is a /proc");
    let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("the line is there");
    line.trim().trim_end_matches(" kB").parse().expect("it is a number")
}

fn lock(map: &Map) {
    let site = Location::caller();
    event::before_acquire(map, How::EXCLUSIVE, || Description::new("lock", ""), site);
    event::acquired(map, How::EXCLUSIVE, site);
}

fn unlock(map: &Map) {
    event::released(map);
}

/// A new lock of the one class that these have.
fn sibling() -> Map {
    Map::new()
}

/// So many locks, each of a class of its own.
fn named(count: usize) -> Vec<Map> {
    (0..count).map(|number| Map::named(format!("class {number}").leak())).collect()
}

fn classes() {
    let maps = named(10_000);
    for map in &maps {
        lock(map);
        unlock(map);
    }
}

/// Random pairs of which the first is the smaller one: no two contradict each other.
fn pairs(classes: usize, count: usize) -> Vec<(usize, usize)> {
    let mut random = Rng::with_seed(1);
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    while pairs.len() < count {
        let missing = count - pairs.len();
        let two = |random: &mut Rng| (random.usize(..classes), random.usize(..classes));
        let more = (0..missing).map(|_| two(&mut random)).filter(|(one, other)| one != other);
        pairs.extend(more.map(|(one, other)| (one.min(other), one.max(other))));
        pairs.sort_unstable();
        pairs.dedup();
    }
    pairs
}

fn learn(pairs: &[(usize, usize)], classes: usize) {
    let maps = named(classes);
    for &(outer, inner) in pairs {
        lock(&maps[outer]);
        lock(&maps[inner]);
        unlock(&maps[inner]);
        unlock(&maps[outer]);
    }
}

fn dependencies() {
    let mut pairs = pairs(10_000, 100_000);
    Rng::with_seed(2).shuffle(&mut pairs);
    learn(&pairs, 10_000);
}

/// The later a class is in the order the sooner it is seen.
fn dependencies_backwards() {
    let mut pairs = pairs(10_000, 100_000);
    pairs.reverse();
    learn(&pairs, 10_000);
}

fn hold(maps: &[Map]) {
    for _ in 0..3 {
        maps.iter().for_each(lock);
        assert_eq!(held().len(), maps.len());
        maps.iter().rev().for_each(unlock);
    }
}

fn held_at_once() {
    hold(&named(1_000));
}

fn held_at_once_in_class() {
    hold(&(0..1_000).map(|_| sibling()).collect::<Vec<_>>());
}

fn instances() {
    let outer = Map::new();
    let maps: Vec<Map> = (0..1_000_000).map(|_| sibling()).collect();
    for map in &maps {
        lock(&outer);
        lock(map);
        unlock(map);
        unlock(&outer);
    }
    black_box(maps);
}

fn nested_instances() {
    let maps: Vec<Map> = (0..100_000).map(|_| sibling()).collect();
    for pair in maps.windows(2) {
        lock(&pair[0]);
        lock(&pair[1]);
        unlock(&pair[1]);
        unlock(&pair[0]);
    }
}

fn threads() {
    let maps = Arc::new((Map::new(), Map::new()));
    for _ in 0..100 {
        let started = (0..100).map(|_| {
            let maps = Arc::clone(&maps);
            thread::spawn(move || {
                lock(&maps.0);
                lock(&maps.1);
                unlock(&maps.1);
                unlock(&maps.0);
            })
        });
        let started: Vec<_> = started.collect();
        started.into_iter().for_each(|thread| thread.join().expect("it does not panic"));
    }
}
