//! Many locks, many threads, guards that are never dropped.

use std::sync::Arc;
use std::thread;

use instrumented::sync::{Mutex, MutexGuard, RwLock};
use lockdep::{LockState, Map};

use crate::counting;
use crate::orders::{Pair, name, section};
use crate::stage::{Scene, scene};

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("a_forgotten_guard_stays_held", forgotten),
        scene("a_lock_may_be_dropped_after_its_guard_was_forgotten", dropped_after_forgotten),
        scene("a_thread_may_end_with_a_forgotten_guard", ends_with_a_guard).reports(2),
        scene("a_thousand_locks_are_held_and_released_in_any_order", a_thousand),
        scene("hundreds_of_classes_are_held_and_released_in_any_order", hundreds_of_classes),
        scene("locks_that_come_and_go_take_no_memory", come_and_go),
        scene("nested_locks_of_a_class_that_come_and_go_take_no_memory", nested_come_and_go),
        scene("guards_that_are_forgotten_one_after_another_take_no_memory", many_forgotten),
        scene("ten_thousand_threads_take_no_memory", ten_thousand_threads),
        scene("a_thread_may_have_a_small_stack", small_stack)
            .with("LOCKDEP_BACKTRACE", "1")
            .reports(1),
        scene("many_threads_may_find_one_violation", many_threads).reports(1),
    ]
}

fn forgotten() {
    let (mutex, table) = (Mutex::new(0), RwLock::new(0));
    std::mem::forget(mutex.lock());
    std::mem::forget(table.read());
    assert_eq!(lockdep::held().len(), 2);
    Pair::new().forward();
    assert_eq!(lockdep::held().len(), 2);
}

fn dropped_after_forgotten() {
    for number in 0..1_000 {
        let (mutex, table) = (Mutex::new(number), RwLock::new(number));
        std::mem::forget(mutex.lock());
        std::mem::forget(table.write());
        drop((mutex, table));
        assert!(lockdep::held().is_empty());
    }
}

fn ends_with_a_guard() {
    static KEPT: Mutex<u8> = Mutex::new(0);
    static TABLE: RwLock<u8> = RwLock::new(0);
    thread::spawn(|| {
        std::mem::forget(KEPT.lock());
        std::mem::forget(TABLE.read());
    })
    .join()
    .unwrap();
    for _ in 0..100 {
        thread::spawn(|| {
            assert!(KEPT.try_lock().is_err());
            assert!(TABLE.try_write().is_err());
            drop(TABLE.read());
            assert!(lockdep::held().is_empty());
        })
        .join()
        .unwrap();
    }
}

/// A number below `end`, from a fixed sequence.
fn random(state: &mut u64, end: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize % end
}

/// Tried, because the order in which a thousand locks of a class wait for each other is half a
/// million facts.
fn a_thousand() {
    let locks: Vec<Mutex<usize>> = (0..1_000).map(Mutex::new).collect();
    let mut guards: Vec<MutexGuard<'_, usize>> =
        locks.iter().map(|lock| lock.try_lock().unwrap()).collect();
    assert_eq!(lockdep::held().len(), locks.len());
    let mut state = 1;
    while !guards.is_empty() {
        let guard = guards.swap_remove(random(&mut state, guards.len()));
        let number = *guard;
        drop(guard);
        assert_eq!(lockdep::is_held(&locks[number], None), LockState::NotHeld);
        if guards.len().is_multiple_of(100) {
            assert_eq!(lockdep::held().len(), guards.len());
        }
    }
}

fn hundreds_of_classes() {
    let maps: Vec<Map> = (0..300).map(|number| Map::named(name(number))).collect();
    for map in &maps {
        lockdep::lock_acquire_shared!(map);
        lockdep::lock_acquired_shared!(map);
    }
    let mut state = 2;
    let mut held: Vec<&Map> = maps.iter().collect();
    while !held.is_empty() {
        lockdep::lock_release!(held.swap_remove(random(&mut state, held.len())));
        assert_eq!(lockdep::held().len(), held.len());
    }
}

/// How many bytes of the process are in memory.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("the process has a size");
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.expect("the second field is the resident pages") * 4096
}

/// Repeats `round` and sees that it leaves no memory behind.
fn takes_no_memory(rounds: usize, mut round: impl FnMut()) {
    (0..rounds / 10).for_each(|_| round());
    let before = counting::live();
    (0..rounds).for_each(|_| round());
    let grown = counting::live().saturating_sub(before);
    assert!(grown < 4_096, "{rounds} rounds took {grown} bytes");
}

fn come_and_go() {
    let outer = Mutex::new('o');
    takes_no_memory(1_000_000, || {
        let inner = Mutex::new(0_u8);
        let _outer = outer.lock().unwrap();
        *inner.lock().unwrap() += 1;
    });
}

/// The order between two locks of a class is learned, and forgotten with the locks.
fn nested_come_and_go() {
    takes_no_memory(1_000_000 / 20, || {
        let [one, two] = [0_u8, 1].map(Mutex::new);
        let _one = one.lock().unwrap();
        *two.lock().unwrap() += 1;
    });
}

fn many_forgotten() {
    takes_no_memory(20_000, || std::mem::forget(Mutex::new(0).lock()));
    assert!(lockdep::held().is_empty());
}

fn ten_thousand_threads() {
    let pair = Arc::new(Pair::new());
    // A thread that is gone leaves what the C library keeps of it, so the measure is wider.
    (0..500).for_each(|_| forward_in_a_thread(&pair));
    let (before, live) = (resident(), counting::live());
    (0..10_000).for_each(|_| forward_in_a_thread(&pair));
    assert!(counting::live() <= live, "the heap grew");
    let grown = resident().saturating_sub(before);
    assert!(grown < 1 << 20, "10,000 threads took {grown} bytes");
}

fn forward_in_a_thread(pair: &Arc<Pair>) {
    let pair = Arc::clone(pair);
    thread::spawn(move || {
        pair.forward();
        drop(Mutex::new(0).lock());
    })
    .join()
    .unwrap();
}

/// The tracker works on its host's stack.
fn small_stack() {
    let pair = Arc::new(Pair::new());
    let invert = Arc::clone(&pair);
    let builder = thread::Builder::new().stack_size(64 << 10);
    builder.spawn(move || invert.invert()).unwrap().join().unwrap();
}

fn many_threads() {
    let pair = Arc::new(Pair::new());
    pair.forward();
    let threads: Vec<_> = (0..20)
        .map(|number| {
            let pair = Arc::clone(&pair);
            thread::spawn(move || {
                let map = Map::named(name(number));
                section(&map, || pair.backward());
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
