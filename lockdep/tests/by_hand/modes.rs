//! Upgrades, downgrades, and waiting without taking.

use lockdep::{
    Level, Map, Mode, lock_acquire_upgradable, lock_downgrade, lock_sync, lock_try_acquired,
    lock_upgrade, lock_upgraded,
};

use crate::{
    BOTH, codes, more, nest, read, read_recursive, read_upgradable, release, tracker, write,
};

#[test]
fn an_upgrade_is_an_edge_from_everything_else_that_is_held() {
    for level in BOTH {
        let [a, b] = ["upgrade a", "upgrade b"].map(Map::named);
        let upgraded = || {
            read_upgradable(&a);
            write(&b);
            lock_upgrade!(&a);
            lock_upgraded!(&a);
            assert_eq!(lockdep::held()[0].mode, Mode::Exclusive);
            release(&[&a, &b]);
        };
        let tracker = tracker(level);
        let alone = more(&tracker, upgraded);
        // Alone it cannot hang: there is one upgradable reader at most.
        assert_eq!(alone, if level == Level::Order { vec!["LD0002"] } else { vec![] });
        let with_reader = more(&tracker, || {
            read(&a);
            write(&b);
            release(&[&a, &b]);
        });
        assert_eq!(with_reader.len() + alone.len(), 1);
    }
}

#[test]
fn an_upgrade_with_nothing_else_held_breaks_nothing() {
    for level in BOTH {
        let map = Map::named("upgrade alone");
        let found = codes(level, || {
            read_upgradable(&map);
            lock_upgrade!(&map);
            lock_upgraded!(&map);
            lock_downgrade!(&map, upgradable);
            lock_downgrade!(&map, shared_recursive);
            assert_eq!(lockdep::held()[0].mode, Mode::SharedRecursive);
            release(&[&map]);
        });
        assert_eq!(found, [""; 0]);
    }
}

#[test]
fn an_upgrade_waits_for_the_task_s_own_read() {
    for level in BOTH {
        let map = Map::named("upgrade of a reader");
        let found = codes(level, || {
            read_recursive(&map);
            lock_try_acquired!(&map, upgradable);
            lock_upgrade!(&map);
            release(&[&map, &map]);
        });
        assert_eq!(found, ["LD0001"]);
    }
}

#[test]
fn two_upgradable_reads_of_one_lock_wait_for_each_other() {
    for level in BOTH {
        let map = Map::named("two upgradable");
        let found = codes(level, || {
            read_upgradable(&map);
            lock_acquire_upgradable!(&map);
            release(&[&map]);
        });
        assert_eq!(found, ["LD0001"]);
        let found = codes(level, || {
            read_upgradable(&map);
            read_recursive(&map);
            release(&[&map, &map]);
        });
        assert_eq!(found, [""; 0]);
    }
}

#[test]
fn only_what_is_held_upgradably_can_be_upgraded() {
    for level in BOTH {
        let map = Map::named("upgraded");
        for take in [read, read_recursive, write] {
            let found = codes(level, || {
                take(&map);
                lock_upgrade!(&map);
                release(&[&map]);
            });
            assert_eq!(found, ["LD0011"]);
        }
        assert_eq!(codes(level, || lock_upgrade!(&map)), ["LD0011"]);
    }
}

#[test]
fn only_what_is_held_for_writing_can_be_downgraded() {
    for level in BOTH {
        let map = Map::named("downgraded");
        let downgraded = |take: fn(&Map)| {
            codes(level, || {
                take(&map);
                lock_downgrade!(&map);
                assert!(lockdep::held()[0].mode.is_shared());
                release(&[&map]);
            })
        };
        assert_eq!(downgraded(write), [""; 0]);
        assert_eq!(downgraded(read_upgradable), [""; 0]);
        assert_eq!(downgraded(read), ["LD0011"]);
        assert_eq!(downgraded(read_recursive), ["LD0011"]);
        assert_eq!(codes(level, || lock_downgrade!(&map)), ["LD0011"]);
    }
}

#[test]
fn a_downgraded_lock_is_held_by_a_reader() {
    let [a, b] = ["down a", "down b"].map(Map::named);
    let found = codes(Level::Order, || {
        write(&a);
        lock_downgrade!(&a, shared);
        write(&b);
        release(&[&a, &b]);
        write(&b);
        read_recursive(&a);
        release(&[&a, &b]);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_sync_waits_and_holds_nothing() {
    for level in BOTH {
        let [a, sections] = ["sync a", "sections"].map(Map::named);
        let reads = || {
            read_recursive(&sections);
            write(&a);
            release(&[&sections, &a]);
        };
        let waits = || {
            write(&a);
            lock_sync!(&sections);
            release(&[&a]);
        };
        assert_eq!(
            codes(level, || {
                reads();
                waits();
            }),
            ["LD0002"]
        );
        let found = codes(level, || {
            reads();
            lock_sync!(&sections);
            assert!(lockdep::held().is_empty());
            reads();
        });
        assert_eq!(found, [""; 0]);
        let within = codes(level, || {
            read_recursive(&sections);
            lock_sync!(&sections);
            release(&[&sections]);
        });
        assert_eq!(within, ["LD0001"]);
    }
}

#[test]
fn a_sync_makes_no_waiting_writer() {
    let [a, b] = ["queue a", "queue b"].map(Map::named);
    let readers = || {
        for [first, second] in [[&a, &b], [&b, &a]] {
            read(first);
            read(second);
            release(&[first, second]);
        }
    };
    let waits = || [&a, &b].iter().for_each(|map| lock_sync!(map));
    let found =
        codes(Level::Deadlock, || [readers(), waits(), readers()].into_iter().for_each(drop));
    assert_eq!(found, [""; 0]);
    // A writer does, even one that was seen to wait before by a sync at the same chain.
    let found = codes(Level::Deadlock, || {
        waits();
        readers();
        [&a, &b].into_iter().for_each(|map| nest(&[map]));
    });
    assert_eq!(found, ["LD0002"]);
}
