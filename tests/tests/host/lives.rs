//! Threads and processes that end, or fork, while locks are held.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use instrumented::sync::{Mutex, RwLock};
use lockdep::{
    Map, event, lock_acquire_exclusive, lock_acquire_shared_recursive, lock_acquired_exclusive,
    lock_acquired_shared_recursive, lockdep_assert_none_held,
};

use crate::forking::{fork, wait};
use crate::orders::{Pair, name, section};
use crate::stage::{Played, Scene, check, scene};

pub(crate) fn scenes() -> Vec<Scene> {
    let with_traces = |scene: Scene| scene.with("LOCKDEP_BACKTRACE", "1");
    vec![
        with_traces(scene("a_thread_that_ends_with_a_lock_is_reported", ends_holding))
            .ends(says(&[("LD0015", 1)])),
        scene("a_thread_that_ends_with_a_lock_panics_nowhere", ends_holding)
            .with("LOCKDEP", "panic")
            .ends(says(&[("LD0015", 1)])),
        scene("a_lock_that_is_gone_before_its_thread_ends_is_not_reported", gone_before),
        scene("a_thread_that_releases_at_its_very_end_is_not_reported", releases_late),
        scene("a_lock_that_another_thread_destroys_is_held_no_more", destroyed_elsewhere),
        scene("a_guard_that_was_sent_moves_its_hold", sent),
        scene("of_two_guards_of_one_lock_each_is_released_elsewhere", both_sent),
        scene("of_two_guards_of_one_lock_one_may_be_released_elsewhere", one_of_two_sent),
        scene("two_guards_of_one_lock_outlive_their_taker", both_outlive),
        scene("of_two_readers_either_may_release_what_the_other_took", readers_share),
        scene("a_guard_that_is_dropped_too_often_is_reported", too_often)
            .ends(says(&[("LD0005", 1)])),
        scene("a_lock_that_another_thread_destroys_is_held_not_even_once", both_destroyed),
        scene("a_release_by_another_thread_takes_the_hold_away", released_by_another)
            .ends(says(&[("LD0005", 1)])),
        scene("a_child_that_waits_for_a_lock_of_the_parent_is_reported", child_waits)
            .ends(says(&[("LD0016", 1)])),
        scene("a_child_may_wait_for_its_own_threads", child_waits_for_its_own),
        scene("a_child_may_hold_what_its_thread_held", child_goes_on_holding),
        scene("an_exit_with_a_lock_is_reported_at_level_order", exits)
            .with("LOCKDEP_LEVEL", "order")
            .ends(says(&[("LD0016", 1)])),
        scene("an_exit_with_a_lock_is_silent_at_level_deadlock", exits),
        scene("an_exit_without_a_lock_is_silent", || {
            Pair::new().forward();
            std::process::exit(0)
        })
        .with("LOCKDEP_LEVEL", "order"),
        scene("an_exec_with_a_lock_is_reported_at_level_order", execs)
            .with("LOCKDEP_LEVEL", "order")
            .ends(says(&[("LD0016", 1)])),
        scene("a_point_where_nothing_may_be_held_is_reported", || none_held(true))
            .ends(says(&[("LD0007", 1)])),
        scene("a_point_where_nothing_is_held_is_silent", || none_held(false)),
    ]
}

/// So many reports of each of these codes, and no others.
fn says(codes: &'static [(&'static str, usize)]) -> impl Fn(&Played) -> Result<(), String> + Send {
    move |played| {
        played.ended_well()?;
        for (code, times) in codes {
            let told = played.stderr.matches(&format!("error[{code}]")).count();
            check(told == *times, &format!("{told} times {code}"))?;
        }
        played.reports(codes.iter().map(|(_, times)| times).sum())
    }
}

fn ends_holding() {
    static KEPT: Mutex<u8> = Mutex::new(0);
    thread::spawn(|| std::mem::forget(KEPT.lock())).join().unwrap();
    // The stack was given on, and what it said was not.
    thread::spawn(|| assert!(lockdep::held().is_empty())).join().unwrap();
}

fn gone_before() {
    thread::spawn(|| {
        let (mutex, table) = (Mutex::new(0), RwLock::new('a'));
        std::mem::forget(mutex.lock());
        std::mem::forget(table.read());
    })
    .join()
    .unwrap();
}

/// The lock is released by a destructor of the thread.
fn releases_late() {
    struct Late(Option<Map>);
    impl Drop for Late {
        fn drop(&mut self) {
            if let Some(map) = &self.0 {
                event::released(map);
            }
        }
    }
    thread_local! {
        static LATE: std::cell::RefCell<Late> = const { std::cell::RefCell::new(Late(None)) };
    }
    thread::spawn(|| {
        LATE.with_borrow_mut(|late| late.0 = Some(Map::named("late")));
        LATE.with_borrow(|late| {
            let map = late.0.as_ref().unwrap();
            lock_acquire_exclusive!(map);
            lock_acquired_exclusive!(map);
        });
    })
    .join()
    .unwrap();
}

/// A thread forgets the guard of a lock, which another one destroys: no order is learned from it.
fn destroyed_elsewhere() {
    static OTHER: Mutex<char> = Mutex::new('a');
    let make = |value: u8| Arc::new(Mutex::new(value));
    for _ in 0..10 {
        let lock = make(0);
        let (taken, gone) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let thread = {
            let (lock, taken, gone) = (lock.clone(), taken.clone(), gone.clone());
            thread::spawn(move || {
                std::mem::forget(lock.lock());
                assert_eq!(lockdep::held().len(), 1);
                drop(lock);
                taken.wait();
                gone.wait();
                drop(OTHER.lock());
                assert!(lockdep::held().is_empty());
            })
        };
        taken.wait();
        drop(lock);
        gone.wait();
        thread.join().unwrap();
    }
    let lock = make(1);
    let _other = OTHER.lock().unwrap();
    drop(lock.lock());
}

/// The map of a lock whose guards can be sent, held.
fn take(map: &Map) {
    lock_acquire_exclusive!(map);
    lock_acquired_exclusive!(map);
    event::can_be_sent(map);
}

fn sent() {
    let (first, second, third) = (Map::named("first"), Map::named("second"), Map::named("third"));
    // Released elsewhere while its taker lives.
    take(&first);
    thread::scope(|scope| scope.spawn(|| event::released_anywhere(&first)).join()).unwrap();
    // No order is learned from what is not held any more.
    section(&second, || ());
    section(&second, || section(&first, || ()));
    take(&first);
    take(&third);
    thread::scope(|scope| scope.spawn(|| event::released_anywhere(&first)).join()).unwrap();
    assert_eq!(lockdep::held().len(), 1);
    event::released_anywhere(&third);
    assert!(lockdep::held().is_empty());
    // Released after its taker has ended.
    thread::scope(|scope| scope.spawn(|| take(&first)).join()).unwrap();
    event::released_anywhere(&first);
}

/// Reads a lock whose guards can be sent.
fn read(map: &Map) {
    lock_acquire_shared_recursive!(map);
    lock_acquired_shared_recursive!(map);
    event::can_be_sent(map);
}

/// Other threads drop so many guards of the lock.
fn release_elsewhere(map: &Map, guards: usize) {
    let release = || (0..guards).for_each(|_| event::released_anywhere(map));
    thread::scope(|scope| scope.spawn(release).join()).unwrap();
}

fn both_sent() {
    let map = Map::named("lock");
    read(&map);
    read(&map);
    release_elsewhere(&map, 2);
    // Whoever still held it for reading would wait for itself.
    section(&map, || assert_eq!(lockdep::held().len(), 1));
    // The same, one after the other.
    read(&map);
    read(&map);
    release_elsewhere(&map, 1);
    release_elsewhere(&map, 1);
    assert!(lockdep::held().is_empty());
}

fn one_of_two_sent() {
    let (map, other) = (Map::named("lock"), Map::named("other"));
    read(&map);
    read(&map);
    // Before the taker of the guards has looked, others see what it holds.
    release_elsewhere(&map, 1);
    let listed = || lockdep::held_locks().tasks.iter().map(|task| task.held.len()).sum::<usize>();
    assert_eq!(thread::scope(|scope| scope.spawn(listed).join()).unwrap(), 1);
    assert_eq!(lockdep::held().len(), 1);
    event::released_anywhere(&map);
    assert!(lockdep::held().is_empty());
    section(&other, || section(&map, || ()));
}

fn both_outlive() {
    let map = Map::named("lock");
    let read_twice = || (0..2).for_each(|_| read(&map));
    thread::scope(|scope| scope.spawn(read_twice).join()).unwrap();
    event::released_anywhere(&map);
    event::released_anywhere(&map);
}

fn readers_share() {
    let map = Map::named("lock");
    let (read_too, released) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            read(&map);
            read_too.wait();
            released.wait();
            // Nobody can tell whose guard it was that the third thread dropped.
            event::released_anywhere(&map);
            section(&map, || ());
        });
        read(&map);
        read_too.wait();
        release_elsewhere(&map, 1);
        assert!(lockdep::held().is_empty());
        released.wait();
    });
    section(&map, || ());
}

fn too_often() {
    readers_share();
    let map = Map::named("lock");
    read(&map);
    let (read_too, released) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        let taker = scope.spawn(|| {
            read(&map);
            read_too.wait();
            released.wait();
            // It has not looked since another one took its hold for the guard's.
            event::released_anywhere(&map);
        });
        read_too.wait();
        release_elsewhere(&map, 1);
        released.wait();
        // The scope itself does not wait for what a thread does at its very end.
        taker.join().unwrap();
    });
    assert!(lockdep::held().is_empty());
    event::released_anywhere(&map);
}

fn both_destroyed() {
    let map = Map::named("lock");
    read(&map);
    read(&map);
    thread::scope(|scope| scope.spawn(move || drop(map)).join()).unwrap();
    assert!(lockdep::held().is_empty());
}

fn released_by_another() {
    let map = Map::named("lock");
    section(&map, || {
        thread::scope(|scope| scope.spawn(|| event::released(&map)).join()).unwrap();
        assert!(lockdep::held().is_empty());
        lock_acquire_exclusive!(&map);
        lock_acquired_exclusive!(&map);
    });
}

/// A thread that holds a lock until `work` is done.
fn beside_holder(lock: &Mutex<u8>, work: impl FnOnce()) {
    let (held, done) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = lock.lock().unwrap();
            held.wait();
            done.wait();
        });
        held.wait();
        work();
        done.wait();
    });
}

/// The child would hang: it ends as soon as that is told.
fn child_waits() {
    static LOCK: Mutex<u8> = Mutex::new(0);
    lockdep::set_hook(|_| {
        drop(thread::spawn(|| {
            thread::sleep(Duration::from_millis(300));
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(0) };
        }))
    });
    beside_holder(&LOCK, || wait(fork(|| drop(LOCK.lock()))));
}

fn child_waits_for_its_own() {
    static LOCK: Mutex<u8> = Mutex::new(0);
    static OTHER: Mutex<u8> = Mutex::new(0);
    drop(LOCK.lock());
    let child = || {
        for _ in 0..50 {
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    thread::spawn(|| {
                        let _guard = LOCK.lock().unwrap();
                        thread::sleep(Duration::from_micros(100));
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
    };
    // Another thread holds another lock, and that one is left alone.
    beside_holder(&OTHER, || wait(fork(child)));
}

fn child_goes_on_holding() {
    let pair = Pair::new();
    let _first = pair.first.lock().unwrap();
    wait(fork(|| {
        assert_eq!(lockdep::held().len(), 1);
        drop(Pair::new().first.lock());
    }));
}

fn exits() {
    static PAIR: Pair = Pair::new();
    let _second = PAIR.second.lock().unwrap();
    std::process::exit(0)
}

fn execs() {
    let pair = Pair::new();
    let guard = pair.first.lock().unwrap();
    event::before_exec();
    drop(guard);
    event::before_exec();
}

fn none_held(held: bool) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let map = Map::named(name(NUMBER.fetch_add(1, Relaxed)));
    let point = || lockdep_assert_none_held!();
    if held {
        section(&map, point);
    } else {
        section(&map, || ());
        point();
    }
}
