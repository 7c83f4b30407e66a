//! Classes given by hand, made and dropped at run time.

use lockdep::violation::Violation;
use lockdep::{DynamicClass, Level, LockState, Map, is_held, lock_try_acquired};

use crate::{BOTH, codes, more, nest, release, tracker, write};

#[test]
fn a_lock_can_be_given_another_class() {
    let [parent, child] = [Map::new(), Map::new()];
    lockdep::set_class(&parent, "given parent");
    lockdep::set_class(&child, "given child");
    assert_eq!(codes(Level::Order, || nest(&[&parent, &child])), [""; 0]);
    let found = codes(Level::Order, || {
        nest(&[&parent, &child]);
        nest(&[&child, &parent]);
    });
    assert_eq!(found, ["LD0002"]);
}

#[test]
fn a_class_that_changes_while_the_lock_is_held_orders_what_is_held() {
    let names = ["change a", "change x", "change b"];
    let order = |level, first: &[&'static str]| {
        let tracker = tracker(level);
        more(&tracker, || {
            let maps: Vec<Map> = first.iter().map(|name| Map::named(name)).collect();
            nest(&maps.iter().collect::<Vec<_>>());
            let [a, x, b] = names.map(Map::named);
            [&a, &x, &b].into_iter().for_each(write);
            lockdep::set_class(&x, "change y");
            assert_eq!(lockdep::held()[1].class.name.as_deref(), Some("change y"));
            assert_eq!(is_held(&x, None), LockState::Held);
            release(&[&a, &x, &b]);
        })
    };
    for level in BOTH {
        assert_eq!(order(level, &["change y", "change a"]), ["LD0002"]);
        assert_eq!(order(level, &["change b", "change y"]), ["LD0002"]);
        assert_eq!(order(level, &["change a", "change y", "change b"]), [""; 0]);
    }
    assert_eq!(order(Level::Order, &["change y"]), [""; 0]);
}

#[test]
fn a_lock_that_moves_to_the_class_of_a_held_one_is_nested_in_it() {
    let [a, x] = ["move a", "move x"].map(Map::named);
    let found = codes(Level::Order, || {
        [&a, &x].into_iter().for_each(write);
        lockdep::set_class(&x, "move a");
        release(&[&a, &x]);
    });
    assert_eq!(found, ["LD0004"]);
}

#[test]
fn a_lock_taken_by_a_try_lock_waited_for_nobody_under_its_new_class_either() {
    let [a, x] = ["tried a", "tried x"].map(Map::named);
    let first = ["tried y", "tried a"].map(Map::named);
    let found = codes(Level::Order, || {
        nest(&[&first[0], &first[1]]);
        write(&a);
        lock_try_acquired!(&x, exclusive);
        lockdep::set_class(&x, "tried y");
        release(&[&a, &x]);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_dropped_class_takes_its_orders_along() {
    for level in BOTH {
        let tracker = tracker(level);
        let host = Map::named("host of plugins");
        let order = |plugin: &DynamicClass, swapped: bool| {
            let state = Map::of_class(plugin);
            if swapped { nest(&[&host, &state]) } else { nest(&[&state, &host]) }
        };
        let plugin = DynamicClass::new(String::from("plugin"));
        assert_eq!(more(&tracker, || order(&plugin, false)), [""; 0]);
        assert_eq!(tracker.edge_count(), 1);
        assert_eq!(more(&tracker, || drop(plugin)), [""; 0]);
        assert_eq!(tracker.edge_count(), 0);
        let plugin = DynamicClass::new("plugin");
        assert_eq!(more(&tracker, || order(&plugin, true)), [""; 0]);
        assert_eq!(more(&tracker, || order(&plugin, false)), ["LD0002"]);
        let ((), met) = tracker.run(|| order(&plugin, false));
        let Violation::Inversion { cycle, .. } = &*met[0].violation else {
            panic!("it is an inversion");
        };
        let name = |at: usize| cycle[at].held.class.name.as_deref().map(str::to_owned);
        assert_eq!([name(0), name(1)], ["host of plugins", "plugin"].map(|n| Some(n.to_owned())));
    }
}

#[test]
fn two_classes_made_at_run_time_are_two_whatever_their_names() {
    let classes = [(); 2].map(|()| DynamicClass::new("session"));
    let [one, two] = [&classes[0], &classes[1]].map(Map::of_class);
    assert_eq!(codes(Level::Order, || nest(&[&one, &two])), [""; 0]);
    let [one, two] = [&classes[0], &classes[0]].map(Map::of_class);
    assert_eq!(codes(Level::Order, || nest(&[&one, &two])), ["LD0004"]);
}

#[test]
fn a_lock_of_a_dropped_class_is_held_and_not_checked_and_that_is_said() {
    let tracker = tracker(Level::Order);
    let host = Map::named("host of orphans");
    let class = DynamicClass::new("dropped");
    let orphan = Map::of_class(&class);
    more(&tracker, || (0..3).for_each(|_| nest(&[&host, &orphan])));
    more(&tracker, || drop(class));
    let lost = || lockdep::losses().iter().any(|loss| loss.contains("class was dropped before"));
    assert!(!lost());
    let found = more(&tracker, || {
        write(&orphan);
        assert_eq!(is_held(&orphan, None), LockState::Held);
        write(&host);
        release(&[&orphan, &host]);
        nest(&[&host, &orphan]);
    });
    assert_eq!((found, lost()), (vec![], true));
    assert_eq!(tracker.edge_count(), 0);
}

#[test]
fn a_class_can_be_dropped_while_its_lock_is_held() {
    let tracker = tracker(Level::Deadlock);
    let other = Map::named("beside the dropped one");
    let found = more(&tracker, || {
        let class = DynamicClass::new("dropped while held");
        let orphan = Map::of_class(&class);
        write(&orphan);
        drop(class);
        nest(&[&other]);
        release(&[&orphan]);
    });
    assert_eq!((found, tracker.edge_count()), (vec![], 0));
}
