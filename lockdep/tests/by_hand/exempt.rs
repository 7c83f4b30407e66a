//! Locks that are not checked, or not tracked at all.

use lockdep::{Level, LockState, Map, Mode, is_held, lock_downgrade, lock_release, might_lock};

use crate::{BOTH, codes, nest, release, write};

#[test]
fn an_exempt_lock_is_held_and_orders_nothing() {
    for level in BOTH {
        let [a, exempt, b] = ["beside exempt a", "exempt", "beside exempt b"].map(Map::named);
        lockdep::set_novalidate(&exempt);
        let found = codes(level, || {
            nest(&[&a, &exempt]);
            nest(&[&exempt, &a]);
            write(&exempt);
            write(&exempt);
            assert_eq!(lockdep::held().len(), 2);
            assert_eq!(is_held(&exempt, Some(Mode::Exclusive)), LockState::Held);
            release(&[&exempt, &exempt]);
            nest(&[&a, &exempt, &b]);
        });
        assert_eq!(found, [""; 0]);
        // Others of the class are not.
        let other = Map::named("exempt");
        let found = codes(level, || {
            nest(&[&a, &other]);
            nest(&[&other, &a]);
        });
        assert_eq!(found, ["LD0002"]);
        assert_eq!(codes(level, || lock_release!(&exempt)), ["LD0005"]);
    }
}

#[test]
fn a_lock_can_be_exempt_while_it_is_held() {
    let [a, late] = ["late a", "late exempt"].map(Map::named);
    let found = codes(Level::Order, || {
        nest(&[&a, &late]);
        write(&late);
        lockdep::set_novalidate(&late);
        nest(&[&a]);
        release(&[&late]);
        assert!(lockdep::held().is_empty());
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn an_untracked_lock_is_not_there() {
    let [a, untracked] = ["beside untracked", "untracked"].map(Map::named);
    lockdep::set_notrack(&untracked);
    let found = codes(Level::Order, || {
        nest(&[&a, &untracked]);
        nest(&[&untracked, &a]);
        write(&untracked);
        write(&untracked);
        assert!(lockdep::held().is_empty());
        assert_eq!(is_held(&untracked, None), LockState::Unknown);
        lockdep::lockdep_assert_held!(&untracked);
        lockdep::lockdep_assert_not_held!(&untracked);
        lock_release!(&untracked);
        lock_release!(&untracked);
        lock_release!(&untracked);
        might_lock!(&untracked);
        lock_downgrade!(&untracked);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_lock_that_is_held_can_become_untracked() {
    let map = Map::named("late untracked");
    let found = codes(Level::Order, || {
        write(&map);
        lockdep::set_notrack(&map);
        assert!(lockdep::held().is_empty());
        lock_release!(&map);
    });
    assert_eq!(found, [""; 0]);
}
