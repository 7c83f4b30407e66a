//! The lock alone: one VMA, read-locked and unlocked.
//!
//! The third row is the floor. A reader must not raise a count of 0, of a full VMA or of one that a
//! writer wants, so it looks at the count and increments it by compare-exchange, as every
//! reader-writer lock does; a bare increment asks for nothing. What the first row's instructions take
//! less is out of reach; what the protocol adds to the third row's, `vm_mm` and the sequences, is the
//! difference to the second.

use std::hint::black_box;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use vmalock::lock::{VM_REFCNT_LIMIT as LIMIT, vma_end_read, vma_start_read};
use vmalock::{AddressSpace, Mm};

use crate::rounds::{measure, work};
use crate::table::{at_most, print_head, print_line};

pub(crate) fn compare(name: &str) {
    let count = AtomicU32::new(1);
    let mm = Mm::new();
    mm.mmap_write_lock().insert(0..10, ()).expect("nothing is there yet");
    let vma = mm.find(5).expect("it was put in");
    let (lock, space) = (vma.lock(), &**mm.mm());
    let (parking_lot, std) = (parking_lot::RwLock::new(()), RwLock::new(()));
    let mut contenders = [
        (
            "acquire increment, release decrement",
            work(|| {
                black_box(&count).fetch_add(1, Ordering::Acquire);
                black_box(&count).fetch_sub(1, Ordering::Release)
            }),
        ),
        (
            "vma_start_read, vma_end_read",
            work(|| {
                let locked = vma_start_read(black_box(space), black_box(lock));
                assert!(locked.is_ok());
                // SAFETY: locked just now, with the same mm.
                unsafe { vma_end_read(black_box(space), black_box(lock)) }
            }),
        ),
        (
            "the same, increment by compare-exchange",
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
