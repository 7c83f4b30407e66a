//! What the lock is for: readers of some ranges, while a writer changes others all the time.
//!
//! The reader finds the range of an address and reads its payload, safe from its removal. The
//! writer maps a range and unmaps it again, far from those that are read; in the rows that say so
//! each of its two changes takes some time while it has the lock, as the system calls of a real one
//! do.
//!
//! The line `nothing changes` is the bound of ours: its writer is busy, but leaves the address space
//! alone. What is lost to it is lost to the lines of the index that lead to what comes and goes, and
//! to `mm_lock_seq`, which the writer writes twice a write section, for the readers of ranges that
//! have changed lately. Where there are fewer processors than threads, as the last line says, readers
//! wait for processors too, in all lines alike, and no lock that costs readers nothing at all could be
//! better than this bound.
//!
//! Beside a writer that sleeps, a reader of the map is as fast as without any: the rows of `find` tell
//! how fast, and that ours is two to three times as fast there, not five. So what comes out against
//! `std`'s lock, whose writer may sleep while readers go on, depends on how much of the time both
//! really run; the column of the changes tells.

use std::collections::BTreeMap;
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use vmalock::{AddressSpace, Mm};

use crate::find::{STRIDE, addresses, look_up, map, mapped};
use crate::rounds::median;
use crate::table::{at_least, print_head, print_line};

const RANGES: usize = 1_000;
/// What comes and goes lies behind all that stays.
const ELSEWHERE: usize = (RANGES + 10) * STRIDE;
const TURNS: usize = 9;
const TURN: Duration = Duration::from_millis(100);

trait Contender: Sync {
    /// The payload of the range that covers an address.
    fn read(&self, address: usize) -> u64;
    /// Maps a range and unmaps it, with some work under the lock each time.
    fn change(&self, start: usize, work: &dyn Fn());
    /// How many reads had to wait for the lock of all, if most do without.
    fn fallbacks(&self) -> Option<u64> {
        None
    }
}

impl Contender for Mm<u64> {
    fn fallbacks(&self) -> Option<u64> {
        Some(self.mm().counters().counts().retry)
    }

    fn read(&self, address: usize) -> u64 {
        if let Some(vma) = self.lock_vma_under_rcu(address) {
            return *vma;
        }
        self.mm().counters().count_retry();
        *self.vma_start_read_unlocked(address).expect("mapped")
    }

    fn change(&self, start: usize, work: &dyn Fn()) {
        let mut writer = self.mmap_write_lock();
        writer.insert(start..start + STRIDE / 2, 0).expect("nothing is there");
        work();
        drop(writer);
        let mut writer = self.mmap_write_lock();
        let vma = writer.find(start).expect("it was put in");
        writer.remove(vma).expect("it is there");
        work();
    }
}

/// Ours, with a writer that is as busy elsewhere.
struct Unchanged(Mm<u64>);

impl Contender for Unchanged {
    fn read(&self, address: usize) -> u64 {
        Contender::read(&self.0, address)
    }

    fn change(&self, _start: usize, work: &dyn Fn()) {
        for _ in 0..100 {
            spin_loop();
        }
        work();
        work();
    }
}

/// One lock for all.
struct OneLock(RwLock<BTreeMap<usize, (usize, u64)>>);

impl Contender for OneLock {
    fn read(&self, address: usize) -> u64 {
        *look_up(&self.0.read(), address).expect("mapped")
    }

    fn change(&self, start: usize, work: &dyn Fn()) {
        let mut map = self.0.write();
        map.insert(start, (start + STRIDE / 2, 0));
        work();
        drop(map);
        let mut map = self.0.write();
        map.remove(&start);
        work();
    }
}

/// The same of the standard library.
struct OneStdLock(std::sync::RwLock<BTreeMap<usize, (usize, u64)>>);

impl Contender for OneStdLock {
    fn read(&self, address: usize) -> u64 {
        *look_up(&self.0.read().expect("no panic"), address).expect("mapped")
    }

    fn change(&self, start: usize, work: &dyn Fn()) {
        let mut map = self.0.write().expect("no panic");
        map.insert(start, (start + STRIDE / 2, 0));
        work();
        drop(map);
        let mut map = self.0.write().expect("no panic");
        map.remove(&start);
        work();
    }
}

/// A range's end, and its payload behind a lock of its own.
type Locked = (usize, Arc<RwLock<u64>>);

/// A lock for each range, and one for the map that leads to them.
struct LockEach(RwLock<BTreeMap<usize, Locked>>);

impl Contender for LockEach {
    fn read(&self, address: usize) -> u64 {
        let map = self.0.read();
        let entry = Arc::clone(look_up(&map, address).expect("mapped"));
        let payload = entry.read();
        drop(map);
        *payload
    }

    fn change(&self, start: usize, work: &dyn Fn()) {
        let mut map = self.0.write();
        map.insert(start, (start + STRIDE / 2, Arc::new(RwLock::new(0))));
        work();
        drop(map);
        let mut map = self.0.write();
        let (_, entry) = map.remove(&start).expect("it was put in");
        // Waits for its readers.
        drop(entry.write());
        work();
    }
}

/// Reads and changes a second, of one turn.
fn turn(
    contender: &dyn Contender,
    readers: usize,
    work: Duration,
    addresses: &[usize],
) -> (f64, f64) {
    let (is_over, reads, changes) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let start = Barrier::new(readers + 2);
    let busy = || {
        let began = Instant::now();
        while began.elapsed() < work {
            spin_loop();
        }
    };
    let work: &(dyn Fn() + Sync) = if work.is_zero() { &|| () } else { &busy };
    let taken = thread::scope(|scope| {
        for reader in 0..readers {
            let (is_over, reads, start) = (&is_over, &reads, &start);
            scope.spawn(move || {
                start.wait();
                let mut done = 0;
                for &address in addresses.iter().cycle().skip(reader * 1_000) {
                    black_box(contender.read(address));
                    done += 1;
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                }
                reads.fetch_add(done, Ordering::Relaxed);
            });
        }
        scope.spawn(|| {
            start.wait();
            while !is_over.load(Ordering::Relaxed) {
                for at in 0..10 {
                    contender.change(ELSEWHERE + at * STRIDE, work);
                    changes.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        start.wait();
        let began = Instant::now();
        thread::sleep(TURN);
        is_over.store(true, Ordering::Relaxed);
        began.elapsed().as_secs_f64()
    });
    let a_second = |count: AtomicU64| count.into_inner() as f64 / taken;
    (a_second(reads), a_second(changes))
}

pub(crate) fn compare(name: &str, readers: usize, work: u64) {
    let one_each = |(start, (end, payload))| (start, (end, Arc::new(RwLock::new(payload))));
    let contenders: [(&str, Box<dyn Contender>); 5] = [
        ("parking_lot RwLock<BTreeMap>", Box::new(OneLock(RwLock::new(map(RANGES))))),
        ("std RwLock<BTreeMap>", Box::new(OneStdLock(std::sync::RwLock::new(map(RANGES))))),
        (
            "a parking_lot RwLock for each",
            Box::new(LockEach(RwLock::new(map(RANGES).into_iter().map(one_each).collect()))),
        ),
        ("ours, nothing changes", Box::new(Unchanged(mapped(RANGES)))),
        ("ours", Box::new(mapped(RANGES))),
    ];
    let addresses = addresses(RANGES);
    let work = Duration::from_micros(work);
    let mut turns = vec![Vec::new(); contenders.len()];
    for _ in 0..TURNS {
        for (turns, (_, contender)) in turns.iter_mut().zip(&contenders) {
            turns.push(turn(&**contender, readers, work, &addresses));
        }
    }
    let reads: Vec<f64> = turns.iter().map(|turns| median(turns.iter().map(|t| t.0))).collect();
    let ours = reads[reads.len() - 1];
    print_head(name, ["M reads/s", "k changes/s", "ours is"]);
    for (at, (((name, contender), turns), reads)) in
        contenders.iter().zip(&turns).zip(reads).enumerate()
    {
        let changes = median(turns.iter().map(|t| t.1));
        let ratio = ours / reads;
        let last = match contender.fallbacks() {
            Some(fallbacks) => format!("{fallbacks} fallbacks"),
            None if at == 3 => format!("{ratio:.2}×"),
            None => format!("{ratio:.1}×, {}", at_least(ratio, 5.0)),
        };
        let cells = [format!("{:.2}", reads / 1e6), format!("{:.1}", changes / 1e3), last];
        print_line(name, cells.each_ref().map(String::as_str));
    }
    let processors = thread::available_parallelism().map_or(0, usize::from);
    println!("\n{} threads on {processors} processors", readers + 1);
}
