//! The declared order among locks of one class.

use std::sync::LazyLock;

use lockdep::violation::Violation;
use lockdep::{Level, Map, lock_try_acquired};

use crate::{BOTH, codes, more, nest, read, read_recursive, release, tracker, write};

fn ranked(name: &'static str, ranks: [u64; 2]) -> [Map; 2] {
    ranks.map(|rank| {
        let map = Map::named(name);
        lockdep::set_rank(&map, rank);
        lockdep::set_cmp_fn(&map, |held, wanted| held.cmp(&wanted));
        map
    })
}

#[test]
fn a_declared_order_holds_at_every_level_and_every_time() {
    for level in BOTH {
        let [low, high] = ranked("declared", [1, 2]);
        assert_eq!(codes(level, || nest(&[&low, &high])), [""; 0]);
        let tracker = tracker(level);
        let found = more(&tracker, || {
            nest(&[&low, &high]);
            nest(&[&low, &high]);
            nest(&[&high, &low]);
            nest(&[&high, &low]);
        });
        assert_eq!(found, ["LD0009"]);
        assert_eq!(tracker.violations()[0].times, 2);
        let Violation::DeclaredOrder { ranks, .. } = *tracker.violations()[0].violation else {
            panic!("it is of this rule");
        };
        assert_eq!(ranks, (2, 1));
    }
}

#[test]
fn equal_ranks_are_no_order() {
    let [one, two] = ranked("equal", [1, 1]);
    assert_eq!(codes(Level::Deadlock, || nest(&[&one, &two])), ["LD0009"]);
}

#[test]
fn readers_that_pass_need_no_declared_order_and_neither_does_a_try_lock() {
    let [low, high] = ranked("passing", [1, 2]);
    let found = codes(Level::Order, || {
        read_recursive(&high);
        read_recursive(&low);
        release(&[&high, &low]);
        write(&high);
        lock_try_acquired!(&low, exclusive);
        release(&[&high, &low]);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_declaration_counts_from_when_it_is_made() {
    for level in BOTH {
        let [one, two] = [(); 2].map(|()| Map::named("later declared"));
        let tracker = tracker(level);
        lockdep::set_cmp_fn(&one, |held, wanted| held.cmp(&wanted));
        // Without ranks the function is not asked.
        let found = more(&tracker, || nest(&[&one, &two]));
        assert_eq!(found.contains(&"LD0004"), level == Level::Order);
        assert!(!found.contains(&"LD0009"));
        lockdep::set_rank(&one, 2);
        lockdep::set_rank(&two, 1);
        assert_eq!(more(&tracker, || nest(&[&one, &two])), ["LD0009"]);
        lockdep::set_rank(&two, 3);
        let before = tracker.violations()[0].times;
        assert_eq!(more(&tracker, || nest(&[&one, &two])), [""; 0]);
        assert_eq!(tracker.violations()[0].times, before);
    }
}

#[test]
fn a_declared_order_joins_a_recursive_reader_and_a_reader() {
    let [low, high] = ranked("joined", [1, 2]);
    let a = Map::named("joined a");
    let found = codes(Level::Deadlock, || {
        // A writer may come.
        nest(&[&a]);
        write(&a);
        read_recursive(&low);
        release(&[&a, &low]);
        nest(&[&low, &high]);
        read(&high);
        write(&a);
        release(&[&high, &a]);
    });
    assert_eq!(found, ["LD0002"]);
}

#[test]
fn a_comparison_that_locks_or_panics_does_no_harm() {
    static OTHER: LazyLock<Map> = LazyLock::new(|| Map::named("taken by a comparison"));
    let [one, two] = [1, 2].map(|rank| {
        let map = Map::named("odd comparison");
        lockdep::set_rank(&map, rank);
        map
    });
    lockdep::set_cmp_fn(&one, |_, _| {
        nest(&[&OTHER]);
        panic!("the comparison does not know")
    });
    let found = codes(Level::Deadlock, || {
        nest(&[&one, &two]);
        assert!(lockdep::held().is_empty());
        nest(&[&two, &one]);
    });
    // It said nothing, so the order was learned.
    assert_eq!(found, ["LD0003"]);
}
