//! What it is worth that no two VMAs share a pair of cache lines.
//!
//! Two threads read-lock and unlock one VMA each, and these are neighbours in memory. Processors
//! that fetch lines in pairs make two lines one; others show no difference between 64 and 128.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use vmalock::lock::{
    MmLock, VmaLock, mmap_write_lock, mmap_write_unlock, vma_end_read, vma_lock_init,
    vma_mark_attached, vma_start_read, vma_start_write,
};

use crate::rounds::median;
use crate::table::{print_head, print_line};

#[derive(Default)]
struct Packed(VmaLock);

#[derive(Default)]
#[repr(align(64))]
struct Line(VmaLock);

#[derive(Default)]
#[repr(align(128))]
struct Pair(VmaLock);

/// Two VMAs of one mm, at most 128 bytes apart.
#[repr(align(256))]
struct Neighbours<L>([L; 2]);

/// Lock pairs a second of both threads, in one turn.
fn turn(mm: &Arc<MmLock>, vmas: [&VmaLock; 2]) -> f64 {
    let (is_over, pairs, start) = (AtomicBool::new(false), AtomicU64::new(0), Barrier::new(3));
    let taken = thread::scope(|scope| {
        for vma in vmas {
            let (is_over, pairs, start) = (&is_over, &pairs, &start);
            scope.spawn(move || {
                start.wait();
                let mut done = 0;
                while !is_over.load(Ordering::Relaxed) {
                    for _ in 0..100 {
                        assert!(vma_start_read(mm, vma).is_ok());
                        // SAFETY: locked just now, with the same mm.
                        unsafe { vma_end_read(mm, vma) };
                    }
                    done += 100;
                }
                pairs.fetch_add(done, Ordering::Relaxed);
            });
        }
        start.wait();
        let began = Instant::now();
        thread::sleep(Duration::from_millis(50));
        is_over.store(true, Ordering::Relaxed);
        began.elapsed().as_secs_f64()
    });
    pairs.into_inner() as f64 / taken
}

fn attach(mm: &Arc<MmLock>, vmas: [&VmaLock; 2]) {
    mmap_write_lock(mm);
    for vma in vmas {
        // SAFETY: new, and ours alone. It is never detached, and its mm lives as long as it.
        unsafe { vma_lock_init(mm, vma) };
        // SAFETY: the mmap lock is held for writing, and the VMA is of its mm.
        unsafe { vma_start_write(mm, vma) };
        // SAFETY: as above; a reader looks at nothing else.
        unsafe { vma_mark_attached(mm, vma) };
    }
    // SAFETY: locked above.
    unsafe { mmap_write_unlock(mm) };
}

pub(crate) fn compare(name: &str) {
    let mm = MmLock::new();
    let packed = Neighbours([Packed::default(), Packed::default()]);
    let line = Neighbours([Line::default(), Line::default()]);
    let pair = Neighbours([Pair::default(), Pair::default()]);
    let contenders = [
        (size_of::<Packed>(), [&packed.0[0].0, &packed.0[1].0]),
        (size_of::<Line>(), [&line.0[0].0, &line.0[1].0]),
        (size_of::<Pair>(), [&pair.0[0].0, &pair.0[1].0]),
    ];
    contenders.iter().for_each(|(_, vmas)| attach(&mm, *vmas));
    let mut samples = vec![Vec::new(); contenders.len()];
    for _ in 0..15 {
        for (samples, (_, vmas)) in samples.iter_mut().zip(&contenders) {
            samples.push(turn(&mm, *vmas));
        }
    }
    let rates: Vec<f64> = samples.iter().map(|rates| median(rates.iter().copied())).collect();
    print_head(name, ["M pairs/s", "ratio", ""]);
    for ((bytes, _), rate) in contenders.iter().zip(&rates) {
        let cells = [format!("{:.1}", rate / 1e6), format!("{:.2}×", rate / rates[0])];
        print_line(&format!("{bytes} bytes apart"), [&cells[0], &cells[1], ""]);
    }
}
