//! The lock alone: one VMA, read-locked and unlocked.
//!
//! A reader must not raise a count of 0, of a full VMA or of one that a writer wants, so it looks at
//! the count and increments it by compare-exchange, as every reader-writer lock does; a bare increment
//! asks for nothing. The last but two row is that alone, and it is slower than the whole read lock: its
//! exchange waits for its load, where the read lock's is for the one count that it expects, that of a
//! VMA without readers. With a reader inside it is as other locks are.

use std::hint::black_box;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use vmalock::lock::{MmLock, VM_REFCNT_LIMIT as LIMIT, VmaLock, vma_end_read, vma_start_read};
use vmalock::{AddressSpace, Mm};

use crate::rounds::{measure, work};
use crate::table::{at_most, print_head, print_line};

#[inline(always)]
fn pair(mm: &MmLock, vma: &VmaLock) {
    assert!(vma_start_read(black_box(mm), black_box(vma)).is_ok());
    // SAFETY: locked just now, with the same mm.
    unsafe { vma_end_read(black_box(mm), black_box(vma)) }
}

pub(crate) fn compare(name: &str) {
    let count = AtomicU32::new(1);
    let mm = Mm::new();
    mm.mmap_write_lock().insert(0..10, ()).expect("nothing is there yet");
    mm.mmap_write_lock().insert(10..20, ()).expect("nothing is there yet");
    let lock = mm.find(5).expect("it was put in").lock();
    let inside = mm.lock_vma_under_rcu(15).expect("nobody changes it");
    let (shared, space) = (inside.vma().lock(), &**mm.mm());
    let (parking_lot, std) = (parking_lot::RwLock::new(()), RwLock::new(()));
    let mut contenders = [
        (
            "acquire increment, release decrement",
            work(|| {
                black_box(&count).fetch_add(1, Ordering::Acquire);
                black_box(&count).fetch_sub(1, Ordering::Release)
            }),
        ),
        ("vma_start_read, vma_end_read", work(|| pair(space, lock))),
        ("the same, another reader inside", work(|| pair(space, shared))),
        (
            "load, compare-exchange, release decrement",
            work(|| {
                let count = black_box(&count);
                let mut old = count.load(Ordering::Relaxed);
                while old != 0 && old < LIMIT {
                    let (set, failed) = (Ordering::Acquire, Ordering::Relaxed);
                    match count.compare_exchange_weak(old, old + 1, set, failed) {
                        Ok(_) => break,
                        Err(now) => old = now,
                    }
                }
                black_box(count).fetch_sub(1, Ordering::Release)
            }),
        ),
        ("parking_lot::RwLock::read", work(|| drop(black_box(&parking_lot).read()))),
        ("std::sync::RwLock::read", work(|| drop(black_box(&std).read()))),
    ];
    let measured = measure(&mut contenders, Duration::from_micros(100), 1_000);
    print_head(name, ["ns", "ratio", "target"]);
    for (at, ((name, _), measured)) in contenders.iter().zip(measured).enumerate() {
        let target = if at == 1 { at_most(measured.ratio, 1.1) } else { String::new() };
        let cells =
            [format!("{:.2}", measured.nanoseconds), format!("{:.2}×", measured.ratio), target];
        print_line(name, cells.each_ref().map(String::as_str));
    }
}
