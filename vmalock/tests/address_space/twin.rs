//! Random operations, good and bad ones, each compared with the naive twin.

use vmalock::lock::Patience;
use vmalock::{AddressSpace, Mm};

use crate::naive::Naive;
use crate::random::Random;

const STEPS: u32 = if cfg!(miri) { 60 } else { 2_500 };

fn compare(seed: u64, space: usize, page: usize) {
    let mm = Mm::new().aligned_to(page);
    let mut naive = Naive { page, ..Naive::default() };
    let mut random = Random::new(seed);
    for step in 0..STEPS {
        let range = random.range(space, page);
        let address = random.below(space);
        let mut writer = mm.mmap_write_lock();
        let context = format!("seed {seed}, step {step}: {range:?}, {address}");
        match (random.below(10), naive.at(address)) {
            (0..=2, _) => {
                let put_in = writer.insert(range.clone(), step);
                let put_in = put_in.map(drop).map_err(|error| {
                    assert_eq!(error.payload, step);
                    error.reason
                });
                assert_eq!(put_in, naive.insert(range, step), "insert, {context}");
            }
            (3, Some(vma)) => {
                let slot = writer.find(address).expect("the twin has it");
                let at = if step % 3 == 0 { range.start } else { address / page * page };
                let split = writer.split_with(slot, at, |_| step).map(drop);
                assert_eq!(split, naive.split(vma, at, step), "split, {context}");
            }
            (4, Some(lower)) if lower + 1 < naive.entries.len() => {
                let slot = writer.find(address).expect("the twin has it");
                let next = writer.find_next(slot.end()).expect("the twin has it");
                let merged = writer.merge(slot, next);
                assert_eq!(merged, naive.merge(lower, lower + 1), "merge, {context}");
            }
            (5, Some(vma)) => {
                let slot = writer.find(address).expect("the twin has it");
                let to = if step % 3 == 0 { range } else { slot.start()..address / page * page };
                let shrunk = writer.shrink(slot, to.clone());
                assert_eq!(shrunk, naive.shrink(vma, to), "shrink, {context}");
            }
            (6, Some(vma)) => {
                let slot = writer.find(address).expect("the twin has it");
                let to = slot.start().saturating_sub(address % 3 * page)
                    ..slot.end() + address % 5 / 2 * page;
                let to = if step % 3 == 0 { range } else { to };
                let expanded = writer.expand(slot, to.clone());
                assert_eq!(expanded, naive.expand(vma, to), "expand, {context}");
            }
            (7, Some(vma)) => {
                let slot = writer.find(address).expect("the twin has it");
                assert_eq!(writer.remove(slot), Ok(naive.entries.remove(vma).1), "{context}");
            }
            (8, _) => {
                let unmapped = writer.unmap(range.clone());
                assert_eq!(unmapped, naive.unmap(range), "unmap, {context}");
            }
            _ => {
                let updated = writer.update(range.clone(), |_, payload| *payload = step);
                assert_eq!(updated, naive.update(range, step), "update, {context}");
            }
        }
        let entries: Vec<_> = writer.iter().map(|(range, payload)| (range, *payload)).collect();
        assert_eq!(entries, naive.entries, "{context}");
        assert_eq!(mm.len(), entries.len());
        if step % 2 == 0 {
            let reader = writer.downgrade();
            assert_eq!(reader.find(address).is_some(), naive.at(address).is_some());
        } else {
            drop(writer);
        }
        look_up(&mm, &naive, address);
    }
}

/// The lookups without the mmap lock, which with no writer at work must be exact.
fn look_up(mm: &Mm<u32>, naive: &Naive, address: usize) {
    let found = mm.lock_vma_under_rcu(address).map(|vma| (vma.start()..vma.end(), *vma));
    assert_eq!(found.as_ref(), naive.at(address).map(|at| &naive.entries[at]));
    let next = mm.lock_next_vma(address, &Patience::forever()).expect("nobody cancels");
    let next = next.map(|vma| (vma.start()..vma.end(), *vma));
    assert_eq!(next.as_ref(), naive.next(address));
}

#[test]
fn every_operation_does_and_answers_what_the_naive_twin_does() {
    for seed in 0..if cfg!(miri) { 1 } else { 6 } {
        compare(seed, 240, 1);
        compare(seed, 4_000, 4);
        compare(seed, 400_000, 4_096);
    }
}

/// Enough VMAs for an index of several levels.
#[test]
fn thousands_of_vmas_are_found_and_removed_in_any_order() {
    const VMAS: usize = if cfg!(miri) { 200 } else { 5_000 };
    let mm = Mm::new();
    let mut order: Vec<usize> = (0..VMAS).collect();
    let mut random = Random::new(7);
    for at in (1..VMAS).rev() {
        order.swap(at, random.below(at + 1));
    }
    let mut writer = mm.mmap_write_lock();
    for &at in &order {
        writer.insert(at * 10..at * 10 + 7, at).expect("nothing is there yet");
    }
    drop(writer);
    for at in 0..VMAS {
        assert_eq!(mm.lock_vma_under_rcu(at * 10 + 6).map(|vma| *vma), Some(at));
        assert!(mm.lock_vma_under_rcu(at * 10 + 7).is_none());
    }
    let mut writer = mm.mmap_write_lock();
    for (removed, &at) in order.iter().enumerate() {
        let vma = writer.find(at * 10 + 3).expect("it was put in");
        assert_eq!(writer.remove(vma), Ok(at));
        assert_eq!(mm.len(), VMAS - removed - 1);
    }
    assert_eq!(writer.iter().count(), 0);
    assert_eq!(mm.pool().free(), mm.pool().slots());
}
