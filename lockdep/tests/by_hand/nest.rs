//! Nesting levels and nest locks.

use std::panic::catch_unwind;

use lockdep::{Level, Map, lock_acquire_exclusive, lock_acquired_exclusive, lock_try_acquired};

use crate::{
    BOTH, codes, more, nest, read, read_recursive, read_upgradable, release, tracker, write,
    write_under,
};

#[test]
fn locks_at_two_levels_are_of_two_classes() {
    let [parent, child] = [(); 2].map(|()| Map::named("levels"));
    let inner = |map: &Map| {
        lock_acquire_exclusive!(map, subclass = 1);
        lock_acquired_exclusive!(map, subclass = 1);
    };
    assert_eq!(
        codes(Level::Order, || {
            write(&parent);
            inner(&child);
            release(&[&parent, &child]);
        }),
        [""; 0]
    );
    assert_eq!(
        codes(Level::Order, || {
            write(&parent);
            inner(&child);
            release(&[&parent, &child]);
            inner(&child);
            write(&parent);
            release(&[&parent, &child]);
        }),
        ["LD0002"]
    );
    let found = codes(Level::Order, || {
        lock_try_acquired!(&parent, exclusive, subclass = 2);
        assert_eq!(lockdep::held()[0].class.subclass, 2);
        write(&child);
        release(&[&parent, &child]);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_subclass_out_of_range_is_said() {
    let map = Map::named("out of range");
    let level = std::hint::black_box(8);
    let panic = catch_unwind(|| lock_acquire_exclusive!(&map, subclass = level)).unwrap_err();
    let said = panic.downcast_ref::<&str>().copied().unwrap_or_default();
    assert_eq!(said, "lockdep: a subclass is a number from 0 to 7");
}

#[test]
fn locks_of_a_class_need_no_order_under_a_nest_lock() {
    for level in BOTH {
        let [outer, one, two] = ["outer", "under", "under"].map(Map::named);
        let both = |first: &Map, second: &Map| {
            write(&outer);
            write_under(&outer, first);
            write_under(&outer, second);
            release(&[&outer, first, second]);
        };
        let found = codes(level, || {
            both(&one, &two);
            both(&two, &one);
            both(&one, &two);
        });
        assert_eq!(found, [""; 0]);
    }
}

#[test]
fn nest_locks_of_a_protocol_need_not_be_one_lock() {
    // As wound/wait mutexes: each task has a context of its own.
    let [mine, yours] = [(); 2].map(|()| Map::named("context"));
    let [one, two] = [(); 2].map(|()| Map::named("of context"));
    let both = |context: &Map, first: &Map, second: &Map| {
        write(context);
        write_under(context, first);
        write_under(context, second);
        release(&[context, first, second]);
    };
    let tracker = tracker(Level::Deadlock);
    let found = more(&tracker, || {
        both(&mine, &one, &two);
        both(&yours, &two, &one);
    });
    assert_eq!(found, [""; 0]);
    // Whoever does not take part in it has to keep an order.
    assert_eq!(more(&tracker, || nest(&[&two, &one])), ["LD0003"]);
}

#[test]
fn a_nest_lock_that_is_not_held_is_told_at_every_level() {
    for level in BOTH {
        let [outer, other, one, two] = ["not held", "not held", "of", "of"].map(Map::named);
        let found = codes(level, || {
            write(&other);
            write_under(&outer, &one);
            write_under(&outer, &two);
            release(&[&other, &one, &two]);
        });
        assert_eq!(found, ["LD0008"]);
        let found = codes(level, || {
            lock_try_acquired!(&one, exclusive, nest = &outer);
            release(&[&one]);
        });
        assert_eq!(found, ["LD0008"]);
    }
}

#[test]
fn a_nest_lock_that_nobody_tracks_is_believed() {
    let real = std::sync::Mutex::new(());
    let [one, two] = [(); 2].map(|()| Map::named("under a real lock"));
    let found = codes(Level::Order, || {
        write(&one);
        lock_acquire_exclusive!(&two, nest = &real);
        lock_acquired_exclusive!(&two);
        release(&[&one, &two]);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_nest_lock_that_is_only_read_keeps_nobody_out() {
    let run = |level, by: fn(&Map)| {
        let [outer, one, two] = ["read outer", "under read", "under read"].map(Map::named);
        codes(level, || {
            for [first, second] in [[&one, &two], [&two, &one]] {
                by(&outer);
                write_under(&outer, first);
                write_under(&outer, second);
                release(&[&outer, first, second]);
            }
        })
    };
    assert_eq!(run(Level::Deadlock, read), ["LD0003"]);
    assert_eq!(run(Level::Deadlock, read_recursive), ["LD0003"]);
    assert_eq!(run(Level::Deadlock, read_upgradable), [""; 0]);
    assert_eq!(run(Level::Deadlock, write), [""; 0]);
    // The kernel's discipline asks for the declaration alone.
    assert_eq!(run(Level::Order, read), [""; 0]);
}

#[test]
fn a_lock_of_the_class_from_before_the_nest_lock_is_not_exempt() {
    let [outer, one, two] = ["late outer", "late", "late"].map(Map::named);
    let run = |first: &Map, second: &Map| {
        write(first);
        write(&outer);
        write_under(&outer, second);
        release(&[first, &outer, second]);
    };
    let orders = || [[&one, &two], [&two, &one]].iter().for_each(|[a, b]| run(a, b));
    // One holds its first lock and waits for the nest lock, the other has that and waits for the
    // first: the nest lock keeps the two inner acquires apart, and is a part of another circle.
    assert_eq!(codes(Level::Deadlock, orders), ["LD0002"]);
    assert!(codes(Level::Order, orders).contains(&"LD0004"));
}

#[test]
fn a_nest_lock_exempts_no_recursion() {
    for level in BOTH {
        let [outer, one] = ["twice outer", "twice"].map(Map::named);
        let found = codes(level, || {
            write(&outer);
            write_under(&outer, &one);
            lock_acquire_exclusive!(&one, nest = &outer);
            release(&[&outer, &one]);
        });
        assert_eq!(found, ["LD0001"]);
    }
}

#[test]
fn a_nest_lock_exempts_no_order_against_other_classes() {
    for level in BOTH {
        let [outer, a, one, two] = ["g4 outer", "g4 a", "g4 under", "g4 under"].map(Map::named);
        let around = || {
            write(&outer);
            write_under(&outer, &one);
            write(&a);
            write_under(&outer, &two);
            release(&[&outer, &one, &a, &two]);
        };
        // With the nest lock around it nobody else can be there.
        assert_eq!(codes(level, || (0..2).for_each(|_| around())), [""; 0]);
        let without = || nest(&[&two, &a]);
        let one_after_the_other = |first: &dyn Fn(), second: &dyn Fn()| {
            codes(level, || {
                first();
                second();
            })
        };
        assert_eq!(one_after_the_other(&around, &without), ["LD0002"]);
        assert_eq!(one_after_the_other(&without, &around), ["LD0002"]);
    }
}
