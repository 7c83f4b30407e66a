//! A global allocator that takes instrumented locks.
//!
//! The tracker allocates, so it calls such an allocator back, from inside an event, on a thread
//! that may hold the allocator's lock already. What it must do: neither wait for itself nor judge
//! its own allocations, and count what it could not check.

mod locking;
mod stage;

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;

use instrumented::sync::{Mutex, RwLock};
use lockdep::{Map, lock_acquire_exclusive, lock_acquired_exclusive, lock_release};

use locking::Discipline;
use stage::{Played, Scene, scene};

#[global_allocator]
static LOCKING: locking::Locking = locking::Locking;

const THREADS: usize = 4;

fn main() {
    let with_traces = |scene: Scene| scene.with("LOCKDEP_BACKTRACE", "1");
    let scenes = vec![
        with_traces(scene("the_allocator_may_take_one_lock", || work(Discipline::One)).reports(1)),
        with_traces(scene("the_allocator_may_nest_two_locks", nest).reports(1)),
        scene("the_allocator_may_try_until_it_succeeds", || work(Discipline::Spinning)).reports(1),
        scene("it_may_have_a_lock_for_each_thread", || work(Discipline::ByThread)).reports(1),
        scene("it_may_have_a_lock_for_each_size", || work(Discipline::BySize)).reports(1),
        scene("it_may_have_a_lock_below_those", || work(Discipline::Central)).reports(1),
        scene("it_may_read_to_allocate_and_write_to_free", || work(Discipline::Readers)).reports(1),
        with_traces(
            scene("it_may_pass_over_its_own_calls", || work(Discipline::Guarded)).reports(1),
        ),
        scene("a_class_may_be_named_while_its_locks_are_new", names),
        scene("stacks_may_be_deep", deep_stacks).reports(1),
        scene("tables_may_grow_while_the_lock_for_their_size_is_held", tables_grow),
        scene("the_tracker_may_panic", panics).with("LOCKDEP", "panic").ends(Played::ended_well),
        scene("the_tracker_may_abort", || work(Discipline::Nested)).with("LOCKDEP", "abort").ends(
            |played| {
                played.killed_by(libc::SIGABRT)?;
                played.says("error[LD0002]")
            },
        ),
        scene("the_tracker_may_write_records", || work(Discipline::Nested))
            .with("LOCKDEP_OUT", concat!(env!("CARGO_TARGET_TMPDIR"), "/host/allocator")),
        timed("all_may_be_timed_below_one_lock", || work(Discipline::One)),
        timed("all_may_be_timed_below_nested_locks", || work(Discipline::Nested)),
        timed("all_may_be_timed_below_a_lock_for_each_size", || work(Discipline::BySize)),
        timed("all_may_be_timed_below_a_central_lock", || work(Discipline::Central)),
        timed("all_may_be_timed_below_a_lock_that_is_read", || work(Discipline::Readers)),
        timed("deep_stacks_may_be_timed", deep_stacks),
        scene("the_tracker_may_be_off", || work(Discipline::Nested)).with("LOCKDEP", "off"),
    ];
    stage::run(vec![("allocator", scenes)]);
}

/// A scene whose locks are timed, with stacks; the numbers go to a file.
fn timed(name: &'static str, play: fn()) -> Scene {
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/host/timed allocator");
    let scene = scene(name, play).with("LOCKDEP_STAT", "1").with("LOCKDEP_OUT", folder);
    scene.with("LOCKDEP_BACKTRACE", "1")
}

/// What is taken below an allocator's lock cannot be checked, and is counted.
fn nest() {
    work(Discipline::Nested);
    let losses = lockdep::losses();
    assert!(losses.iter().any(|loss| loss.contains("allocator")), "{losses:?}");
}

/// All that programs do with locks while memory is allocated and freed.
fn work(discipline: Discipline) {
    locking::set(discipline);
    // Before the tracker has seen which locks its own allocations take.
    for size in 0..20 {
        drop(black_box(Vec::<u8>::with_capacity(1 << size)));
    }
    let names = Arc::new(RwLock::new(Vec::<String>::new()));
    let count = Arc::new(Mutex::new(vec![0_u8]));
    let start = Arc::new(Barrier::new(THREADS));
    let threads: Vec<_> = (0..THREADS)
        .map(|number| {
            let (names, count, start) = (names.clone(), count.clone(), start.clone());
            thread::spawn(move || {
                start.wait();
                for round in 0..200 {
                    let mut names = names.write().unwrap();
                    names.push(format!("{number} {round}"));
                    count.lock().unwrap().extend([1; 50]);
                    let new = Mutex::new(Vec::new());
                    new.lock().unwrap().push(names.pop());
                }
                assert!(lockdep::held().is_empty());
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    for _ in 0..3 {
        let mut count = count.lock().unwrap();
        count.extend_from_slice(&[0; 1_000]);
        names.read().unwrap().iter().for_each(drop);
    }
    assert!(lockdep::held().is_empty());
}

/// More locks than a task holds without memory of its own.
fn deep_stacks() {
    locking::set(Discipline::Nested);
    let locks: Vec<Mutex<usize>> = (0..300).map(Mutex::new).collect();
    for _ in 0..3 {
        let guards: Vec<_> = locks.iter().map(|lock| lock.lock().unwrap()).collect();
        assert_eq!(lockdep::held().len(), locks.len());
        drop(guards);
        assert!(lockdep::held().is_empty());
    }
    // Other than in the order learned above.
    let _last = locks[299].lock().unwrap();
    drop(locks[0].lock());
}

/// The first allocation under each discipline is one that the naming of a class makes.
fn names() {
    for number in 0..100 {
        drop(Map::named(Box::leak(number.to_string().into_boxed_str())));
    }
    let disciplines = [
        (Discipline::Nested, "nested"),
        (Discipline::Spinning, "spinning"),
        (Discipline::ByThread, "by thread"),
        (Discipline::BySize, "by size"),
        (Discipline::Readers, "readers"),
    ];
    for (discipline, name) in disciplines {
        locking::set(discipline);
        drop(Map::named(name));
    }
}

/// The tracker's tables grow while the allocator's lock for just their size is held.
///
/// That lock is known to the tracker before it has seen that its own allocations take such locks.
fn tables_grow() {
    const SIZE: usize = 1 << 12;
    locking::set(Discipline::Central);
    drop(black_box(Vec::<u8>::with_capacity(SIZE)));
    for number in 0..2_000 {
        let map = Map::named(Box::leak(number.to_string().into_boxed_str()));
        lock_acquire_exclusive!(&map);
        lock_acquired_exclusive!(&map);
        drop(black_box(Vec::<u8>::with_capacity(SIZE)));
        lock_release!(&map);
    }
    assert!(lockdep::held().is_empty());
}

/// The panic's own memory is allocated while the tracker panics.
fn panics() {
    locking::set(Discipline::Nested);
    let (first, second) = (Mutex::new(0), RwLock::new(0));
    {
        let _first = first.lock().unwrap();
        drop(second.read());
    }
    let caught = AtomicUsize::new(0);
    for _ in 0..3 {
        let second = second.write().unwrap();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(first.lock())));
        caught.fetch_add(usize::from(result.is_err()), Relaxed);
        drop(second);
        assert!(lockdep::held().is_empty());
    }
    assert_eq!(caught.into_inner(), 3);
}
