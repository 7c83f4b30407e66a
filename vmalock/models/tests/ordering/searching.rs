//! Searches of the index against its writer; 24, the search that starts from the root each time.

use std::ptr::NonNull;
use std::sync::Arc;

use crate::index::Index;
use crate::model::{explore, spawn};

/// Nodes of four entries, so that a few ranges make a tree.
type Small = Index<u8, 2, 2>;

/// Values: only their addresses count.
static VALUES: [u8; 8] = [0; 8];

fn value(at: usize) -> NonNull<u8> {
    NonNull::from(&VALUES[at])
}

/// Range `at` goes from 10 · `at` to 10 · `at` + 5.
fn insert(index: &Small, at: usize) {
    // SAFETY: one thread of a model writes.
    unsafe { index.writer() }.insert(at * 10, at * 10 + 5, value(at));
}

fn remove(index: &Small, at: usize) {
    // SAFETY: one thread of a model writes.
    assert!(unsafe { index.writer() }.remove(at * 10 + 5));
}

/// The ranges of so many numbers, in an index that never uses a node again.
fn index(ranges: impl IntoIterator<Item = usize>, quarantine: usize) -> Arc<Small> {
    let index = Arc::new(Small::with_quarantine(quarantine));
    ranges.into_iter().for_each(|at| insert(&index, at));
    index
}

/// Searches in one thread for a range that stays, while another changes what is around.
fn finds_while(
    ranges: &'static [usize],
    stays: usize,
    change: impl Fn(&Small) + Copy + Send + Sync + 'static,
) {
    explore(2, move || {
        let index = index(ranges.iter().copied(), 100);
        let reader = {
            let index = index.clone();
            spawn(move || {
                let address = stays * 10 + 3;
                (index.find(address), index.find_next(address))
            })
        };
        change(&index);
        assert_eq!(reader.join().unwrap(), (Some(value(stays)), Some(value(stays))));
    });
}

/// A leaf of four gets a fifth range: two leaves and a new root.
#[test]
fn a_range_that_stays_is_found_while_its_leaf_is_split() {
    finds_while(&[0, 1, 3, 4], 1, |index| insert(index, 2));
}

/// Two leaves become one, and the root goes.
#[test]
fn a_range_that_stays_is_found_while_its_leaf_is_joined() {
    finds_while(&[0, 1, 2, 3, 4], 1, |index| {
        [3, 2, 4].into_iter().for_each(|at| remove(index, at));
    });
}

/// A range is put in across the separator of two leaves, which has to move.
#[test]
fn a_range_that_stays_is_found_while_a_separator_moves() {
    for stays in [2, 4] {
        finds_while(&[0, 1, 2, 4, 5], stays, |index| {
            // SAFETY: one thread of a model writes.
            let mut writer = unsafe { index.writer() };
            writer.insert(26, 39, value(3));
            assert!(writer.move_bounds(39, 30, 35));
        });
    }
}

/// A search that is overtaken by changes which use its nodes again ends, with nothing or with a
/// value that was put in.
#[test]
fn a_search_that_is_overtaken_answers_with_what_was_put_in() {
    explore(2, || {
        let index = index([0, 1, 3, 4], 0);
        let reader = {
            let index = index.clone();
            spawn(move || index.find(13))
        };
        // Splits the root, joins it again from a node that was just in the tree, and once more.
        insert(&index, 2);
        remove(&index, 2);
        remove(&index, 3);
        let known = VALUES.as_ptr_range();
        let found = reader.join().unwrap();
        assert!(found.is_none_or(|found| known.contains(&found.as_ptr().cast_const())));
        assert_eq!(index.find(13), Some(value(1)));
    });
}
