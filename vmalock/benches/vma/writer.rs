//! The writer: some VMAs of many locked, and all released.

use std::time::Duration;

use parking_lot::RwLock;
use vmalock::{AddressSpace, Mm};

use crate::find::{STRIDE, mapped};
use crate::rounds::{measure, work};
use crate::table::{print_head, print_line};

const RANGES: usize = 1_000;

/// Locks the first `k` and releases all by one store.
fn ours(mm: &Mm<u64>, k: usize) {
    let mut writer = mm.mmap_write_lock();
    writer.start_write_range(0..k * STRIDE);
}

/// Locks the first `k` of so many locks, one by one, and releases them one by one.
fn one_by_one(locks: &[RwLock<u64>], k: usize) {
    let guards: Vec<_> = locks[..k].iter().map(|lock| lock.write()).collect();
    drop(guards);
}

pub(crate) fn compare(name: &str) {
    let mm = mapped(RANGES);
    let locks: Vec<RwLock<u64>> = (0..RANGES as u64).map(RwLock::new).collect();
    print_head(name, ["ns", "ns a VMA", "ratio"]);
    for k in [1, 10, 1_000] {
        let (locks, mm) = (&locks, &mm);
        let mut contenders = [
            ("parking_lot RwLocks in a row", work(move || one_by_one(locks, k))),
            ("ours, with the search for each", work(move || ours(mm, k))),
        ];
        let measured = measure(&mut contenders, Duration::from_micros(100), 300);
        for ((name, _), measured) in contenders.iter().zip(measured) {
            let time = measured.nanoseconds;
            let cells = [
                format!("{time:.1}"),
                format!("{:.1}", time / k as f64),
                format!("{:.2}×", measured.ratio),
            ];
            print_line(&format!("k = {k}: {name}"), cells.each_ref().map(String::as_str));
        }
    }
}
