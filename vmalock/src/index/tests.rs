//! The index against a naive twin, and searches against a writer.

use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::index::Index;
use crate::index::node::{Edge, Node};
use crate::index::stock::QUARANTINE;

/// What the values are: only their addresses count.
type Value = u64;

/// The same ranges in a map of the standard library: last address to first and value.
type Twin = BTreeMap<usize, (usize, NonNull<Value>)>;

/// A generator of random numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }
}

impl<const BLOCKS: usize, const BLOCK: usize> Index<Value, BLOCKS, BLOCK> {
    /// Checks the shape of a subtree; gives its ranges' last addresses and its nodes' number.
    fn check(&self, edge: Edge, level: usize, upper: usize, lasts: &mut Vec<usize>) -> usize {
        let node = self.child(edge);
        assert_eq!(node.level(), level);
        let is_root = NonNull::from(node) == NonNull::from(self.root());
        let least = (Node::<BLOCKS, BLOCK>::WIDTH / 4).max(2);
        assert!(is_root && level == 0 || node.len() >= if is_root { 2 } else { least });
        let mut entries = Vec::new();
        node.append_to(&mut entries, upper);
        assert!(entries.is_sorted_by(|a, b| a.0 < b.0));
        assert!(entries.iter().all(|entry| entry.0 <= upper));
        assert_eq!(entries.len(), node.len());
        if level == 0 {
            lasts.extend(entries.iter().map(|entry| entry.0));
            return 1;
        }
        let below = entries.iter().map(|&(key, child)| self.check(child, level - 1, key, lasts));
        1 + below.sum::<usize>()
    }

    fn check_against(&self, twin: &Twin) {
        let root = NonNull::from(self.root()).cast();
        let mut lasts = Vec::new();
        let nodes = self.check(root, self.root().level(), usize::MAX, &mut lasts);
        assert!(lasts.iter().eq(twin.keys()));
        // SAFETY: the test has one thread.
        let bytes = unsafe { self.writer() }.bytes();
        assert!(bytes >= nodes * size_of::<Node<BLOCKS, BLOCK>>());
    }

    fn check_visit(&self, twin: &Twin, address: usize) {
        const MOST: usize = 40;
        let mut visited = Vec::new();
        self.visit(address, |value| {
            visited.push(value);
            visited.len() < MOST
        });
        assert!(twin.range(address..).map(|(_, entry)| entry.1).take(MOST).eq(visited));
    }

    fn check_at(&self, twin: &Twin, address: usize) {
        let next = twin.range(address..).next().map(|(_, entry)| *entry);
        assert_eq!(self.find_next(address), next.map(|entry| entry.1), "next of {address}");
        if let Some((_, value)) = next.filter(|entry| entry.0 <= address) {
            assert_eq!(self.find(address), Some(value), "{address}");
        }
    }
}

/// So far around what has changed the searches are compared.
const AROUND: usize = if cfg!(miri) { 1 } else { 6 };

/// Random operations on a small space, where ranges often touch, each compared with the twin.
fn compare_with_twin<const BLOCKS: usize, const BLOCK: usize>(seed: u64, space: usize) {
    let values: Vec<Value> = vec![0; space];
    let index = Index::<Value, BLOCKS, BLOCK>::with_quarantine((seed % 3) as usize);
    let (mut twin, mut random) = (Twin::new(), Random(seed));
    let mut grows = true;
    for step in 0..4 * space {
        // Fill and empty the tree by turns.
        grows = if step % space == 0 { (step / space).is_multiple_of(2) } else { grows };
        // SAFETY: the test has one thread.
        let mut writer = unsafe { index.writer() };
        let address = random.below(space);
        let next = twin.range(address..).next().map(|(last, entry)| (*last, *entry));
        let before = twin.range(..address).next_back().map_or(0, |(last, _)| last + 1);
        match next {
            Some((last, (first, value))) if first <= address => {
                let (low, high) = neighbours(&twin, last, space);
                if random.below(4) == 0 {
                    // Any new bounds between the neighbours that still cover the address.
                    let new_first = low + random.below(address - low + 1);
                    let new_last = address + random.below(high - address);
                    assert!(writer.move_bounds(last, new_first, new_last));
                    twin.remove(&last);
                    twin.insert(new_last, (new_first, value));
                } else if !grows || random.below(4) == 0 {
                    assert!(writer.remove(last));
                    twin.remove(&last);
                }
            }
            _ if grows || random.below(4) == 0 => {
                let end = next.map_or(space, |(_, (first, _))| first);
                let first = before.max(address.saturating_sub(random.below(3)));
                let last = address + random.below((end - address).min(4));
                let value = NonNull::from(&values[address]);
                writer.insert(first, last, value);
                twin.insert(last, (first, value));
            }
            _ => assert!(!writer.remove(address)),
        }
        // All of a large tree is looked at less often.
        if step % (1 + twin.len() / if cfg!(miri) { 4 } else { 32 }) == 0 {
            index.check_against(&twin);
            index.check_visit(&twin, address);
        }
        for near in address.saturating_sub(AROUND)..(address + AROUND).min(space) {
            index.check_at(&twin, near);
        }
    }
    (0..space).for_each(|address| index.check_at(&twin, address));
}

/// Where the range before the one that ends with `last` ends, and where the one behind it begins.
fn neighbours(twin: &Twin, last: usize, space: usize) -> (usize, usize) {
    let before = twin.range(..last).next_back().map_or(0, |(last, _)| last + 1);
    (before, twin.range(last + 1..).next().map_or(space, |(_, entry)| entry.0))
}

#[test]
fn every_step_agrees_with_a_naive_twin_in_the_smallest_nodes() {
    for seed in 1..=if cfg!(miri) { 1 } else { 40 } {
        compare_with_twin::<2, 2>(seed, if cfg!(miri) { 30 } else { 40 + seed as usize * 5 });
    }
}

#[test]
fn every_step_agrees_with_a_naive_twin_in_real_nodes() {
    // Under miri every access takes microseconds: nodes of half the width, which are soon full.
    if cfg!(miri) {
        return compare_with_twin::<4, 4>(1, 50);
    }
    (1..=3).for_each(|seed| compare_with_twin::<16, 4>(seed, 4_000));
}

#[test]
fn the_highest_address_can_be_covered() {
    let index = Index::<Value>::new();
    let value = 0;
    // SAFETY: the test has one thread.
    unsafe { index.writer() }.insert(usize::MAX - 9, usize::MAX - 1, NonNull::from(&value));
    assert_eq!(index.find(usize::MAX - 1), Some(NonNull::from(&value)));
    assert_eq!(index.find(usize::MAX), None);
    assert_eq!(index.find_next(0), Some(NonNull::from(&value)));
}

#[test]
fn ascending_ranges_fill_their_nodes() {
    // Nodes out of use weigh more among few.
    let (ranges, most) = if cfg!(miri) { (100, 200) } else { (10_000, 30) };
    let index = Index::<Value>::new();
    let value = 0;
    for at in 0..ranges {
        // SAFETY: the test has one thread.
        unsafe { index.writer() }.insert(at * 10, at * 10 + 5, NonNull::from(&value));
    }
    // SAFETY: the test has one thread.
    let bytes = unsafe { index.writer() }.bytes();
    assert!(bytes / ranges <= most, "{} bytes a range", bytes / ranges);
}

#[test]
fn memory_does_not_grow_with_the_number_of_changes() {
    let index = Index::<Value, 2, 2>::new();
    let value = 0;
    let ranges = if cfg!(miri) { 30 } else { 200 };
    let round = || {
        for at in 0..ranges {
            // SAFETY: the test has one thread.
            unsafe { index.writer() }.insert(at * 10, at * 10 + 5, NonNull::from(&value));
        }
        for at in 0..ranges {
            // SAFETY: the test has one thread.
            assert!(unsafe { index.writer() }.remove(at * 7 % ranges * 10 + 5));
        }
        // SAFETY: the test has one thread.
        unsafe { index.writer() }.bytes()
    };
    let first = round();
    for _ in 0..if cfg!(miri) { 2 } else { 50 } {
        assert!(round() <= first + 20 * size_of::<Node<2, 2>>());
    }
}

/// Searches while a writer changes what is around; `quarantine` 0 uses nodes again at once.
///
/// Every third range stays. A search for it may miss it only if it was overtaken; it may answer
/// with another value, but only with one of ours. Gives (searches, misses).
fn race(quarantine: usize, rounds: usize) -> (usize, usize) {
    const RANGES: usize = if cfg!(miri) { 30 } else { 90 };
    /// Each reader searches so often at least.
    const SEARCHES: usize = if cfg!(miri) { 20 } else { 100 };
    let values: Vec<Value> = vec![0; RANGES];
    let index = Index::<Value, 2, 2>::with_quarantine(quarantine);
    let value = |at: usize| NonNull::from(&values[at]);
    for at in (0..RANGES).step_by(3) {
        // SAFETY: no other thread has the index yet.
        unsafe { index.writer() }.insert(at * 10, at * 10 + 9, value(at));
    }
    let is_over = AtomicBool::new(false);
    let search = |seed| {
        let (mut random, mut searches, mut misses) = (Random(seed), 0, 0);
        while !is_over.load(Ordering::Relaxed) || searches < SEARCHES {
            let at = random.below(RANGES / 3) * 3;
            for found in [index.find(at * 10 + 4), index.find_next(at * 10 + 4)] {
                let expected = values.as_ptr().wrapping_add(at).cast_mut();
                misses += usize::from(found.map(NonNull::as_ptr) != Some(expected));
                let known = values.as_ptr_range();
                assert!(found.is_none_or(|found| known.contains(&found.as_ptr().cast_const())));
                searches += 1;
            }
        }
        (searches, misses)
    };
    let change = |index: &Index<Value, 2, 2>| {
        let mut random = Random(99);
        let mut present = [false; RANGES];
        for _ in 0..rounds {
            let at = random.below(RANGES / 3) * 3 + 1 + random.below(2);
            // SAFETY: this thread is the only writer.
            let mut writer = unsafe { index.writer() };
            if present[at] {
                assert!(writer.remove(at * 10 + 6));
            } else {
                writer.insert(at * 10 + 2, at * 10 + 4, value(at));
                assert!(writer.move_bounds(at * 10 + 4, at * 10 + 1, at * 10 + 6));
            }
            present[at] ^= true;
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let found = thread::scope(|scope| {
        let readers = [scope.spawn(|| search(1)), scope.spawn(|| search(2))];
        change(&index);
        readers.map(|reader| reader.join().expect("a search panicked"))
    });
    for at in (0..RANGES).step_by(3) {
        assert_eq!(index.find(at * 10), Some(value(at)));
    }
    (found[0].0 + found[1].0, found[0].1 + found[1].1)
}

#[test]
fn a_search_that_races_ends_and_answers_with_what_was_put_in() {
    race(0, if cfg!(miri) { 30 } else { 30_000 });
}

#[test]
fn a_search_for_a_range_that_stays_hardly_ever_misses_it() {
    let (searches, misses) = race(QUARANTINE, if cfg!(miri) { 30 } else { 30_000 });
    // Each miss takes a search that lost its processor: these come some hundred a second.
    assert!(misses <= searches / 1_000, "{misses} of {searches}");
}
