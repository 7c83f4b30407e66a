//! Finding the range of an address among many.
//!
//! The last row is the floor: the lock and its end, for a range that is known already. Among 100,000
//! it is the price of the one cache line that readers write, which a map without a lock for each
//! range has not: 6.4 MB of such lines are in no near cache. The search has to be so much faster than
//! the map's.

use std::collections::BTreeMap;
use std::sync::RwLock;
use std::time::Duration;

use vmalock::lock::{VmaLock, vma_end_read, vma_start_read};
use vmalock::{AddressSpace, Mm};

use crate::rounds::{measure, work};
use crate::table::{at_most, print_head, print_line};

/// Ranges lie so far apart and are half as long.
pub(crate) const STRIDE: usize = 0x10000;

/// A range of `RwLock<BTreeMap>`: its end, and what the payload is there.
pub(crate) type Entry = (usize, u64);

/// The entry of the range that covers an address.
#[inline]
pub(crate) fn look_up<V>(map: &BTreeMap<usize, (usize, V)>, address: usize) -> Option<&V> {
    let (_, (end, value)) = map.range(..=address).next_back()?;
    (address < *end).then_some(value)
}

/// Numbers below `len` in a random order, the same each time.
pub(crate) fn shuffled(len: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for at in (1..len).rev() {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        order.swap(at, (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % (at + 1));
    }
    order
}

/// Random addresses, all of them mapped.
pub(crate) fn addresses(ranges: usize) -> Vec<usize> {
    let order = shuffled(1 << 17);
    order.iter().map(|at| at % ranges * STRIDE + at / 7 % (STRIDE / 2)).collect()
}

/// So many ranges, mapped in a random order.
pub(crate) fn mapped(ranges: usize) -> Mm<u64> {
    let mm = Mm::new();
    let mut writer = mm.mmap_write_lock();
    for at in shuffled(ranges) {
        let start = at * STRIDE;
        writer.insert(start..start + STRIDE / 2, at as u64).expect("they do not overlap");
    }
    drop(writer);
    mm
}

/// The same as a map.
pub(crate) fn map(ranges: usize) -> BTreeMap<usize, Entry> {
    let entry = |at: usize| (at * STRIDE, (at * STRIDE + STRIDE / 2, at as u64));
    shuffled(ranges).into_iter().map(entry).collect()
}

pub(crate) fn compare<const RANGES: usize>(name: &str) {
    let (mm, std) = (mapped(RANGES), RwLock::new(map(RANGES)));
    let parking_lot = parking_lot::RwLock::new(map(RANGES));
    let addresses = addresses(RANGES);
    // Each begins elsewhere, lest one find in the caches what the one before has just looked up.
    let next = |contender: usize| {
        let mut addresses = addresses.iter().cycle().skip(contender * addresses.len() / 5);
        move || *addresses.next().expect("it goes round")
    };
    let (mut at_std, mut at_parking_lot) = (next(0), next(1));
    let (mut at_hint, mut at_locked, mut at_read) = (next(2), next(3), next(4));
    let space = &**mm.mm();
    let locks: Vec<&VmaLock> =
        addresses.iter().map(|&at| mm.find(at).expect("mapped").lock()).collect();
    let mut known = locks.iter().cycle().skip(addresses.len() / 7);
    let mut contenders = [
        (
            "std RwLock<BTreeMap>, find alone",
            work(|| look_up(&std.read().expect("no panic"), at_std()).copied().expect("mapped")),
        ),
        (
            "parking_lot RwLock<BTreeMap>, find alone",
            work(|| look_up(&parking_lot.read(), at_parking_lot()).copied().expect("mapped")),
        ),
        (
            "ours, find alone",
            work(|| std::ptr::from_ref(mm.find(at_hint()).expect("mapped")).addr()),
        ),
        (
            "ours, find, lock, unlock",
            work(|| drop(mm.lock_vma_under_rcu(at_locked()).expect("mapped"))),
        ),
        (
            "ours, find, lock, read the payload, unlock",
            work(|| *mm.lock_vma_under_rcu(at_read()).expect("mapped")),
        ),
        (
            "ours, lock, unlock, no find",
            work(|| {
                let lock = known.next().expect("it goes round");
                assert!(vma_start_read(space, lock).is_ok());
                // SAFETY: locked just now, with the same mm.
                unsafe { vma_end_read(space, lock) }
            }),
        ),
    ];
    // A large set has to come into the caches anew in each turn, which takes some milliseconds.
    let (slice, rounds) = if RANGES > 10_000 { (60_000, 21) } else { (200, 500) };
    let slice = Duration::from_micros(slice);
    let measured = measure(&mut contenders, slice, rounds);
    print_head(name, ["ns", "ratio", "target"]);
    for (at, ((name, _), measured)) in contenders.iter().zip(measured).enumerate() {
        let target = if at == 3 { at_most(measured.ratio, 1.0) } else { String::new() };
        let cells =
            [format!("{:.1}", measured.nanoseconds), format!("{:.2}×", measured.ratio), target];
        print_line(name, cells.each_ref().map(String::as_str));
    }
}
