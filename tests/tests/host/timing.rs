//! Statistics: every hold is counted, in each process its own, and little is lost.

use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use instrumented::sync::{Condvar, Mutex, RwLock};
use lockdep::Map;

use crate::forking::{fork, wait};
use crate::orders::{Pair, section};
use crate::records::folder;
use crate::stage::{Played, Scene, check, scene};

const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_millis(30);

/// What a scene's locks protect, so that each has a name of its own in the table.
struct Counted(#[allow(dead_code, reason = "it is a name")] u8);
struct Waited(#[allow(dead_code, reason = "it is a name")] u8);
struct Gated(bool);

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        timed("every_hold_of_every_thread_is_counted", counts)
            .ends(|played| row(played, "Counted", 4 * 1_000 + 1, Some(0)).map(drop)),
        timed("a_wait_is_as_long_as_it_was", waits).ends(|played| {
            let [_, longest_wait, longest_hold] = row(played, "Waited", 2, Some(1))?;
            check(longest_wait >= SHORT && longest_hold >= LONG, "a time is too short")?;
            played.says("timing::waits")
        }),
        timed("a_condition_is_no_wait_for_a_lock", conditions).ends(|played| {
            let [_, _, longest_hold] = row(played, "Gated", 3, Some(0))?;
            check(longest_hold < LONG, "the sleep counts as a hold")
        }),
        timed("a_wait_may_be_announced_by_hand", by_hand).ends(|played| {
            let [_, longest_wait, _] = row(played, "by hand", 2, Some(1))?;
            check(longest_wait >= SHORT, "the wait is too short")
        }),
        timed("a_downgrade_ends_one_hold_and_begins_another", downgrades).ends(|played| {
            row(played, "Counted (write)", 1, Some(0))?;
            row(played, "Counted (read)", 1, Some(0)).map(drop)
        }),
        timed("what_is_held_at_the_end_counts", || std::mem::forget(Box::leak(lock()).lock()))
            .ends(|played| row(played, "Counted", 1, Some(0)).map(drop)),
        timed("a_child_counts_its_own_holds", children).ends(|played| {
            played.ended_well()?;
            // The child prints before its parent.
            let counts = played.stderr.lines().filter(|line| line.trim().starts_with("Counted  "));
            let counts: Vec<u64> =
                counts.filter_map(|line| line.split_whitespace().nth(1)?.parse().ok()).collect();
            check(counts == [7, 100], "the counts are of others")
        }),
        timed("a_killed_process_loses_a_second", killed)
            .with("LOCKDEP_OUT", &folder("timed and killed"))
            .ends(|played| {
                played.killed_by(libc::SIGKILL)?;
                let known = written("timed and killed");
                let all: u64 = played.stdout.trim().parse().map_err(|_| "nothing was said")?;
                let early = played.stdout.is_empty();
                check(!early && known <= all && known >= all / 4, "too much or too little is known")
            }),
        timed("without_locks_nothing_is_said", || ()).ends(Played::silent),
        scene("by_default_nothing_is_timed", || drop(lock().lock())),
    ]
}

/// A scene whose locks are timed.
pub(crate) fn timed(name: &'static str, play: fn()) -> Scene {
    scene(name, play).with("LOCKDEP_STAT", "1").with("LOCKDEP_BACKTRACE", "1")
}

fn lock() -> Box<Mutex<Counted>> {
    Box::new(Mutex::new(Counted(0)))
}

/// One row of the table: median hold, longest wait and hold. Fails unless the row has these counts.
fn row(
    played: &Played,
    lock: &str,
    taken: u64,
    waited: Option<u64>,
) -> Result<[Duration; 3], String> {
    played.ended_well()?;
    let found =
        played.stderr.lines().find_map(|line| line.trim().strip_prefix(lock)?.strip_prefix(' '));
    let row = found.ok_or_else(|| format!("no row of {lock}"))?;
    let mut words = row.split_whitespace();
    let mut count = || words.next().and_then(|word| word.parse::<u64>().ok());
    let counts = (count(), count());
    check(counts.0 == Some(taken), &format!("not taken {taken} times"))?;
    check(waited.is_none() || counts.1 == waited, &format!("not waited {waited:?} times"))?;
    let mut times = Vec::new();
    while let Some(word) = words.next() {
        let unit = if word == "-" { None } else { words.next() };
        let factor = match unit {
            Some("ns") => 1e-9,
            Some("µs") => 1e-6,
            Some("ms") => 1e-3,
            _ => 1.0,
        };
        times.push(Duration::from_secs_f64(word.parse().unwrap_or(0.0) * factor));
    }
    match times[..] {
        [_, _, longest_wait, median, _, longest_hold] => Ok([median, longest_wait, longest_hold]),
        _ => Err(format!("no times of {lock}")),
    }
}

fn counts() {
    let lock = Arc::new(Mutex::new(Counted(0)));
    // One after the other, so that nobody waits.
    for _ in 0..4 {
        let lock = Arc::clone(&lock);
        let work = move || (0..1_000).for_each(|_| drop(lock.lock()));
        thread::spawn(work).join().unwrap();
    }
    drop(lock.lock());
}

fn waits() {
    let lock = Arc::new(Mutex::new(Waited(0)));
    let held = lock.lock().unwrap();
    let (started, is_started) = mpsc::channel();
    let other = {
        let lock = Arc::clone(&lock);
        thread::spawn(move || {
            started.send(()).unwrap();
            drop(lock.lock());
        })
    };
    is_started.recv().unwrap();
    thread::sleep(LONG);
    drop(held);
    other.join().unwrap();
}

fn conditions() {
    let shared = Arc::new((Mutex::new(Gated(false)), Condvar::new()));
    let other = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let gate = shared.0.lock().unwrap();
            drop(shared.1.wait_while(gate, |gate| !gate.0));
        })
    };
    thread::sleep(2 * LONG);
    shared.0.lock().unwrap().0 = true;
    shared.1.notify_all();
    other.join().unwrap();
}

fn by_hand() {
    let map = Map::named("by hand");
    section(&map, || ());
    lockdep::lock_acquire_exclusive!(&map);
    lockdep::lock_contended!(&map);
    thread::sleep(SHORT);
    lockdep::lock_acquired_exclusive!(&map);
    lockdep::lock_release!(&map);
}

fn downgrades() {
    let lock = RwLock::new(Counted(0));
    let guard = lock.write().unwrap();
    drop(instrumented::sync::RwLockWriteGuard::downgrade(guard));
}

fn children() {
    let (lock, start) = (Arc::new(Mutex::new(Counted(0))), Arc::new(Barrier::new(2)));
    let other = {
        let (lock, start) = (Arc::clone(&lock), Arc::clone(&start));
        thread::spawn(move || {
            (0..50).for_each(|_| drop(lock.lock()));
            start.wait();
            start.wait();
        })
    };
    start.wait();
    (0..50).for_each(|_| drop(lock.lock()));
    let pid = {
        static LOCK: Mutex<Counted> = Mutex::new(Counted(0));
        let child = || {
            (0..7).for_each(|_| drop(LOCK.lock()));
            std::process::exit(0);
        };
        fork(child)
    };
    wait(pid);
    start.wait();
    other.join().unwrap();
}

fn killed() {
    drop(std::fs::remove_dir_all(folder("timed and killed")));
    let (lock, start) = (lock(), Instant::now());
    let mut count = 0_u64;
    while start.elapsed() < Duration::from_millis(2_200) {
        (0..10).for_each(|_| drop(lock.lock()));
        count += 10;
        thread::sleep(Duration::from_micros(50));
    }
    println!("{count}");
    Pair::new().forward();
    // SAFETY: this process may kill itself.
    unsafe { libc::raise(libc::SIGKILL) };
}

/// How many holds the files in a folder tell of.
fn written(name: &str) -> u64 {
    let files = std::fs::read_dir(folder(name)).expect("the scene made its folder");
    let paths = files.map(|file| file.unwrap().path());
    let files =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "lockdep-stat"));
    let texts = files.map(|path| std::fs::read_to_string(path).unwrap());
    let count = |text: String| -> u64 {
        let holds =
            text.split("\"hold\":").nth(1).and_then(|text| text.split("\"buckets\":[").nth(1));
        let pairs = holds.and_then(|text| text.split("]]").next()).unwrap_or_default();
        let counts = pairs.split("],").map(|pair| pair.rsplit([',', '[']).next());
        counts.filter_map(|count| count?.trim_end_matches(']').parse::<u64>().ok()).sum()
    };
    texts.map(count).sum()
}
