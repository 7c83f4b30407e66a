//! What the program declares by hand, in a process whose own tracker judges it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Barrier, TryLockError};
use std::thread;

use instrumented::nested::{lock_nest_lock, lock_nested};
use instrumented::sync::{Mutex, RwLock};
use lockdep::{DynamicClass, LockState, Map, is_held, lock_downgrade, lock_upgrade};

use crate::orders::Pair;
use crate::records::{folder, recorded};
use crate::stage::{Scene, check, scene};

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("each_rule_about_what_is_declared_is_reported", broken).reports(4),
        scene("each_rule_about_what_is_declared_is_recorded", || {
            drop(std::fs::remove_dir_all(folder("declared")));
            broken();
        })
        .with("LOCKDEP_OUT", &folder("declared"))
        .ends(|played| {
            played.silent()?;
            check(recorded(&folder("declared")) == 4, "not four violations are recorded")
        }),
        scene("a_report_that_panics_leaves_locks_as_they_should_be", panics)
            .with("LOCKDEP", "panic")
            .ends(|played| played.ended_well()),
        scene("declarations_do_nothing_when_all_is_off", || {
            broken();
            Pair::new().invert();
        })
        .with("LOCKDEP", "off")
        .reports(0),
        scene("a_class_may_change_while_another_thread_holds_the_lock", changed_meanwhile)
            .reports(0),
        scene("a_lock_may_become_untracked_while_it_is_held", untracked_meanwhile).reports(0),
        scene("classes_may_be_dropped_while_others_lock", dropped_meanwhile).reports(0),
        scene("a_thread_may_end_with_a_pin", ended_with_a_pin).reports(0),
        scene("ids_of_classes_run_out_and_that_is_said", run_out).reports(0),
    ]
}

/// Breaks each rule once.
fn broken() {
    let (outer, inner) = (Mutex::new(()), Mutex::new(1));
    drop(lock_nest_lock(&inner, &outer).unwrap());
    let ranked = [2, 1].map(|rank| {
        let mutex = Mutex::new(rank);
        lockdep::set_rank(&mutex, rank);
        mutex
    });
    lockdep::set_cmp_fn(&ranked[0], |held, wanted| held.cmp(&wanted));
    drop((ranked[0].lock().unwrap(), ranked[1].lock().unwrap()));
    let pinned = Mutex::new('p');
    let guard = pinned.lock().unwrap();
    let _cookie = lockdep::pin_lock(&pinned);
    drop(guard);
    let map = Map::named("never taken");
    lock_downgrade!(&map);
}

fn panics() {
    let says = |code: &str, f: &dyn Fn()| {
        let panic = catch_unwind(AssertUnwindSafe(f)).unwrap_err();
        let text = panic.downcast_ref::<String>().expect("a report is text");
        assert!(text.contains(code), "{text}");
        assert!(lockdep::held().is_empty());
    };
    let (outer, inner, table) = (Mutex::new(()), Mutex::new(1), RwLock::new('t'));
    says("LD0008", &|| drop(lock_nest_lock(&inner, &outer)));
    // Reported before it was taken.
    assert!(inner.try_lock().is_ok());
    says("LD0010", &|| {
        let guard = table.write().unwrap();
        let _cookie = lockdep::pin_lock(&table);
        drop(guard);
    });
    // The real lock was given back: a panic of a guard's drop does not stop that. It is poisoned.
    assert!(matches!(table.try_write(), Err(TryLockError::Poisoned(_))));
    let map = Map::named("never taken");
    says("LD0011", &|| lock_upgrade!(&map));
    // A thread that panics already is left alone.
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _guard = inner.lock().unwrap();
        let _cookie = lockdep::pin_lock(&inner);
        std::panic::resume_unwind(Box::new("of the program"));
    }));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"of the program"));
    assert!(lockdep::held().is_empty());
}

/// Runs `meanwhile` in this thread while another one holds a lock that it has read.
fn while_held(lock: &RwLock<u8>, meanwhile: impl FnOnce()) {
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            let guard = lock.read().unwrap();
            barrier.wait();
            barrier.wait();
            drop(guard);
            assert!(lockdep::held().is_empty());
            let _again = lock.read().unwrap();
        });
        barrier.wait();
        meanwhile();
        barrier.wait();
    });
}

fn changed_meanwhile() {
    let lock = RwLock::new(0);
    while_held(&lock, || {
        let _guard = lock.read().unwrap();
        lockdep::set_class(&lock, "changed");
        assert_eq!(lockdep::held()[0].class.name.as_deref(), Some("changed"));
    });
    while_held(&lock, || lockdep::set_novalidate(&lock));
}

fn untracked_meanwhile() {
    let lock = RwLock::new(0);
    let guard = lock.read().unwrap();
    lockdep::set_notrack(&lock);
    assert!(lockdep::held().is_empty());
    drop(guard);
    let _guard = lock.write().unwrap();
    assert_eq!(is_held(&lock, None), LockState::Unknown);
    drop(lock_nested(&Mutex::new(0), 7));
}

/// Threads that make, use and drop classes beside one that nests a lock of each in one of its own.
fn dropped_meanwhile() {
    let host = Mutex::new(());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..200 {
                    let class = DynamicClass::new(format!("class {round}"));
                    let lock = Mutex::new(round);
                    lockdep::set_class(&lock, &class);
                    let host = host.lock().unwrap();
                    *lock.lock().unwrap() += 1;
                    if round % 2 == 0 {
                        drop(class);
                        // Of a class that is gone, and not judged.
                        *lock.lock().unwrap() += 1;
                        drop(host);
                    }
                }
            });
        }
    });
    assert!(lockdep::losses().iter().any(|loss| loss.contains("class was dropped before")));
}

fn ended_with_a_pin() {
    let lock = Mutex::new(0);
    for _ in 0..3 {
        thread::scope(|scope| {
            scope.spawn(|| {
                let guard = lock.lock().unwrap();
                let cookie = lockdep::pin_lock(&lock);
                lockdep::unpin_lock(&lock, cookie);
                lockdep::repin_lock(&lock, cookie);
                lockdep::unpin_lock(&lock, cookie);
                drop(guard);
                let other = Mutex::new(1);
                std::mem::forget(other.lock());
                let _cookie = lockdep::pin_lock(&other);
            });
        });
    }
}

/// Makes classes until there are no more; the locks of those that are none go by their constructor.
fn run_out() {
    let lost = || lockdep::losses().iter().any(|loss| loss.contains("too many classes"));
    let made = (0..1 << 19).take_while(|_| {
        drop(DynamicClass::new("one of many"));
        !lost()
    });
    assert!(made.count() > 200_000);
    let class = DynamicClass::new("one too many");
    let maps = [Map::of_class(&class), Map::of_class(&class)];
    lockdep::set_class(&maps[0], "this too");
    lockdep::set_novalidate(&maps[1]);
    Pair::new().forward();
}
