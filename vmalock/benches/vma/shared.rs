//! Two threads that read-lock and unlock one and the same VMA: its count's line goes from one to the
//! other, as any reader-writer lock's does.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Barrier, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use vmalock::lock::{vma_end_read, vma_start_read};
use vmalock::{AddressSpace, Mm};

use crate::rounds::median;
use crate::table::{print_head, print_line};

/// How many pairs a call does.
const BATCH: u64 = 100;
const TURNS: usize = 15;

/// Locks and unlocks so many times.
type Pairs<'a> = Box<dyn Fn() + Sync + 'a>;

fn pairs<'a, R>(once: impl Fn() -> R + Sync + 'a) -> Pairs<'a> {
    Box::new(move || (0..BATCH).for_each(|_| drop(std::hint::black_box(once()))))
}

/// Pairs a second of both threads, in one turn.
fn turn(pairs: &(dyn Fn() + Sync)) -> f64 {
    let (is_over, count, start) = (AtomicBool::new(false), AtomicU64::new(0), Barrier::new(3));
    let taken = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                start.wait();
                let mut done = 0;
                while !is_over.load(Ordering::Relaxed) {
                    pairs();
                    done += BATCH;
                }
                count.fetch_add(done, Ordering::Relaxed);
            });
        }
        start.wait();
        let began = Instant::now();
        thread::sleep(Duration::from_millis(50));
        is_over.store(true, Ordering::Relaxed);
        began.elapsed().as_secs_f64()
    });
    count.into_inner() as f64 / taken
}

pub(crate) fn compare(name: &str) {
    let count = AtomicU32::new(1);
    let mm = Mm::new();
    mm.mmap_write_lock().insert(0..10, ()).expect("nothing is there yet");
    let (lock, space) = (mm.find(5).expect("it was put in").lock(), &**mm.mm());
    let (parking_lot, std) = (parking_lot::RwLock::new(()), RwLock::new(()));
    let contenders: [(&str, Pairs<'_>); 4] = [
        (
            "acquire increment, release decrement",
            pairs(|| {
                count.fetch_add(1, Ordering::Acquire);
                count.fetch_sub(1, Ordering::Release)
            }),
        ),
        (
            "vma_start_read, vma_end_read",
            pairs(|| {
                assert!(vma_start_read(space, lock).is_ok());
                // SAFETY: locked just now, with the same mm.
                unsafe { vma_end_read(space, lock) }
            }),
        ),
        ("parking_lot::RwLock::read", pairs(|| drop(parking_lot.read()))),
        ("std::sync::RwLock::read", pairs(|| drop(std.read()))),
    ];
    let mut samples = vec![Vec::new(); contenders.len()];
    for _ in 0..TURNS {
        for (samples, (_, pairs)) in samples.iter_mut().zip(&contenders) {
            samples.push(turn(pairs));
        }
    }
    let rates: Vec<f64> = samples.iter().map(|rates| median(rates.iter().copied())).collect();
    print_head(name, ["M pairs/s", "ratio", ""]);
    for ((name, _), rate) in contenders.iter().zip(&rates) {
        let cells = [format!("{:.1}", rate / 1e6), format!("{:.2}×", rate / rates[0])];
        print_line(name, [&cells[0], &cells[1], ""]);
    }
}
