//! Tasks that wait for each other: found when it happens, and only then.
//!
//! The threads of a scene that must be reported hang for ever; the scene then ends the process.

use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use instrumented::sync::{Condvar, Mutex, RwLock};
use lockdep::{How, Map, Until, Violation, event};

use crate::orders::name;
use crate::records::folder;
use crate::stage::{Played, Scene, check, scene};

/// Long enough for a thread that was started to block.
const MOMENT: Duration = Duration::from_millis(50);
const ROUNDS: usize = 300;

pub(crate) fn scenes() -> Vec<Scene> {
    let with_traces = |scene: Scene| scene.with("LOCKDEP_BACKTRACE", "1");
    vec![
        with_traces(scene("two_threads_that_wait_for_each_other_are_reported", two)).ends(told),
        scene("three_threads_that_wait_for_each_other_are_reported", three).ends(told),
        scene("a_reader_behind_a_writer_closes_a_circle", behind_a_writer).ends(told),
        scene("a_wait_for_a_notification_closes_a_circle", notified).ends(told),
        scene("a_deadlock_of_locks_of_one_kind_is_reported", philosophers).ends(told),
        scene("a_deadlock_is_on_record_before_it_hangs", || {
            drop(std::fs::remove_dir_all(folder("deadlock")));
            two();
        })
        .with("LOCKDEP_OUT", &folder("deadlock"))
        .ends(recorded),
        scene("the_one_that_closes_a_circle_panics_and_frees_the_others", panics)
            .with("LOCKDEP", "panic"),
        scene("of_two_that_wait_at_once_one_sees_the_other", races).ends(|played| {
            played.ended_well()?;
            played.reports(ROUNDS)
        }),
        scene("waits_that_may_end_by_themselves_are_no_deadlock", impatient),
        scene("readers_that_share_are_no_deadlock", readers),
        scene("contended_locks_in_one_order_are_no_deadlock", contended),
        scene("a_wait_in_a_chain_is_no_deadlock", chain),
    ]
}

/// One deadlock was told, and the scene got so far as to end.
fn told(played: &Played) -> Result<(), String> {
    played.ended_well()?;
    let deadlocks = played.stderr.matches("error[LD0017]").count();
    check(deadlocks == 1, &format!("{deadlocks} deadlocks were told"))
}

fn recorded(played: &Played) -> Result<(), String> {
    played.ended_well()?;
    let files = std::fs::read_dir(folder("deadlock")).expect("the scene made its folder");
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let count = |text: String| text.matches(r#""rule":"deadlock""#).count();
    let deadlocks: usize = texts.map(count).sum();
    check(deadlocks == 1, &format!("{deadlocks} deadlocks on record"))
}

/// Says so when a deadlock is found.
fn hook() -> std::sync::mpsc::Receiver<Violation> {
    let (sender, receiver) = channel();
    let sender: std::sync::Mutex<Sender<Violation>> = std::sync::Mutex::new(sender);
    lockdep::set_hook(move |violation| {
        if let Violation::Deadlock { .. } = violation {
            drop(sender.lock().unwrap().send(violation.clone()));
        }
    });
    receiver
}

/// Runs each of these in a thread of its own until a deadlock is found, and ends the process.
fn until_deadlock(threads: Vec<Box<dyn FnOnce() + Send>>, parties: usize, others: &[usize]) -> ! {
    let found = hook();
    for (number, thread) in threads.into_iter().enumerate() {
        let builder = thread::Builder::new().name(format!("party {number}"));
        builder.spawn(thread).unwrap();
    }
    let Ok(Violation::Deadlock { parties: all, .. }) = found.recv_timeout(Duration::from_secs(20))
    else {
        panic!("no deadlock was found");
    };
    assert_eq!(all.len(), parties);
    for party in &all {
        assert!(party.dependency.task.starts_with("party "), "{party:?}");
    }
    let mut held: Vec<usize> = all.iter().map(|party| party.others.len()).collect();
    held.sort_unstable();
    assert_eq!(held, others);
    // The report follows the hook.
    thread::sleep(4 * MOMENT);
    std::process::exit(0)
}

/// A lock after another, all threads between the two at once.
fn step(
    barrier: &Arc<Barrier>,
    first: &Arc<Mutex<u8>>,
    second: &Arc<Mutex<u8>>,
) -> Box<dyn FnOnce() + Send> {
    let (barrier, first, second) = (barrier.clone(), first.clone(), second.clone());
    Box::new(move || {
        let _first = first.lock().unwrap();
        barrier.wait();
        let _second = second.lock().unwrap();
        unreachable!("the lock is held for ever");
    })
}

fn two() {
    let (a, b, c) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)), Mutex::new('c'));
    let barrier = Arc::new(Barrier::new(2));
    let other = step(&barrier, &a, &b);
    let with_another = move || {
        let _c = c.lock().unwrap();
        step(&barrier, &b, &a)();
    };
    until_deadlock(vec![other, Box::new(with_another)], 2, &[0, 1])
}

fn three() {
    let (a, b, c) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let barrier = Arc::new(Barrier::new(3));
    let steps = vec![step(&barrier, &a, &b), step(&barrier, &b, &c), step(&barrier, &c, &a)];
    until_deadlock(steps, 3, &[0, 0, 0])
}

fn philosophers() {
    let forks: Vec<_> = (0..4).map(|_| Arc::new(Mutex::new(0))).collect();
    let barrier = Arc::new(Barrier::new(forks.len()));
    let steps = (0..4).map(|number| step(&barrier, &forks[number], &forks[(number + 1) % 4]));
    until_deadlock(steps.collect(), 4, &[0, 0, 0, 0])
}

/// The one reads and waits for the mutex; a writer waits; the other has the mutex and wants to read.
fn behind_a_writer() {
    let (table, mutex) = (Arc::new(RwLock::new(0)), Arc::new(Mutex::new(0)));
    let barrier = Arc::new(Barrier::new(2));
    let reads_first: Box<dyn FnOnce() + Send> = {
        let (table, mutex, barrier) = (table.clone(), mutex.clone(), barrier.clone());
        Box::new(move || {
            let _table = table.read().unwrap();
            barrier.wait();
            drop(mutex.lock());
        })
    };
    let writes: Box<dyn FnOnce() + Send> = {
        let table = table.clone();
        Box::new(move || {
            thread::sleep(MOMENT);
            drop(table.write());
        })
    };
    let reads_second: Box<dyn FnOnce() + Send> = Box::new(move || {
        let _mutex = mutex.lock().unwrap();
        barrier.wait();
        thread::sleep(4 * MOMENT);
        drop(table.read());
    });
    until_deadlock(vec![reads_first, writes, reads_second], 2, &[0, 0])
}

/// The one waits to be notified, holding another lock, which the notifier wants.
fn notified() {
    let state = Arc::new((Mutex::new(false), Condvar::new(), Mutex::new(0)));
    let barrier = Arc::new(Barrier::new(2));
    let waits: Box<dyn FnOnce() + Send> = {
        let (state, barrier) = (state.clone(), barrier.clone());
        Box::new(move || {
            let _log = state.2.lock().unwrap();
            let ready = state.0.lock().unwrap();
            barrier.wait();
            drop(state.1.wait_while(ready, |ready| !*ready));
        })
    };
    let notifies: Box<dyn FnOnce() + Send> = Box::new(move || {
        barrier.wait();
        let mut ready = state.0.lock().unwrap();
        drop(state.2.lock());
        *ready = true;
        state.1.notify_all();
    });
    until_deadlock(vec![waits, notifies], 2, &[0, 0])
}

/// A class of one lock, which nobody has heard of.
fn lock() -> Arc<Map> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    Arc::new(Map::named(name(NUMBER.fetch_add(1, Relaxed))))
}

/// Waits for a lock that never becomes free, until `work` has ended.
fn wait_for(map: &Map, how: How, until: Until, work: impl FnOnce()) {
    let _waiting = event::waiting(map, how, Location::caller(), until);
    work();
}

fn hold(map: &Map, how: How) {
    event::before_try(map, how, || lockdep::Description::new("lock", ""), here());
    event::acquired(map, how.trylock(), here());
}

fn here() -> &'static Location<'static> {
    Location::caller()
}

fn panics() {
    let (a, b) = (lock(), lock());
    let (go, gone) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let thread = {
        let (a, b, go, gone) = (a.clone(), b.clone(), go.clone(), gone.clone());
        thread::spawn(move || {
            hold(&a, How::EXCLUSIVE);
            wait_for(&b, How::EXCLUSIVE, Until::Free, || {
                go.wait();
                gone.wait();
            });
            event::released(&a);
        })
    };
    hold(&b, How::EXCLUSIVE);
    go.wait();
    std::panic::set_hook(Box::new(|_| {}));
    let caught = std::panic::catch_unwind(|| {
        wait_for(&a, How::EXCLUSIVE, Until::Free, || unreachable!("it panics before"));
    });
    let text = *caught.unwrap_err().downcast::<String>().unwrap();
    assert!(text.contains("error[LD0017]: deadlock"), "{text}");
    // Nobody waits any more.
    event::released(&b);
    gone.wait();
    thread.join().unwrap();
    hold(&b, How::EXCLUSIVE);
    wait_for(&a, How::EXCLUSIVE, Until::Free, || ());
    event::released(&b);
}

/// Both threads begin to wait at the same time, again and again.
fn races() {
    static FOUND: AtomicUsize = AtomicUsize::new(0);
    lockdep::set_hook(|_| {
        FOUND.fetch_add(1, Relaxed);
    });
    let barrier = Arc::new(Barrier::new(2));
    let locks: Arc<Vec<[Arc<Map>; 2]>> = Arc::new((0..ROUNDS).map(|_| [lock(), lock()]).collect());
    let threads: Vec<_> = (0..2)
        .map(|own| {
            let (barrier, locks) = (barrier.clone(), locks.clone());
            thread::spawn(move || {
                for (round, pair) in locks.iter().enumerate() {
                    hold(&pair[own], How::EXCLUSIVE);
                    barrier.wait();
                    wait_for(&pair[1 - own], How::EXCLUSIVE, Until::Free, || {
                        barrier.wait();
                        assert_eq!(FOUND.load(Relaxed), round + 1);
                        barrier.wait();
                    });
                    event::released(&pair[own]);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn impatient() {
    for untils in [
        [Until::FreeOrTimeout, Until::Free],
        [Until::Free, Until::FreeOrTimeout],
        [Until::FreeOrTimeout, Until::FreeOrTimeout],
    ] {
        at_once(vec![
            (vec![(0, How::EXCLUSIVE)], (1, How::EXCLUSIVE), untils[0]),
            (vec![(1, How::EXCLUSIVE)], (0, How::EXCLUSIVE), untils[1]),
        ]);
    }
}

fn readers() {
    // Nobody writes.
    at_once(vec![
        (vec![(0, How::SHARED)], (1, How::SHARED), Until::Free),
        (vec![(1, How::SHARED)], (0, How::SHARED), Until::Free),
    ]);
    // A recursive reader passes the writer.
    at_once(vec![
        (vec![(0, How::SHARED)], (1, How::EXCLUSIVE), Until::Free),
        (vec![], (0, How::EXCLUSIVE), Until::Free),
        (vec![(1, How::EXCLUSIVE)], (0, How::SHARED_RECURSIVE), Until::Free),
    ]);
    // The writer may give up.
    at_once(vec![
        (vec![(0, How::SHARED)], (1, How::EXCLUSIVE), Until::Free),
        (vec![], (0, How::EXCLUSIVE), Until::FreeOrTimeout),
        (vec![(1, How::EXCLUSIVE)], (0, How::SHARED), Until::Free),
    ]);
    // Its threads run: nobody knows whether the reader is in the queue.
    at_once_and(
        vec![
            (vec![(0, How::SHARED)], (1, How::EXCLUSIVE), Until::Free),
            (vec![], (0, How::EXCLUSIVE), Until::Free),
            (vec![(1, How::EXCLUSIVE)], (0, How::SHARED), Until::Free),
        ],
        |barrier| {
            // The one that closes the circle comes last, after a second of looking.
            let waits = thread::scope(|scope| {
                let waits = scope.spawn(|| barrier.wait());
                while !waits.is_finished() {
                    std::hint::spin_loop();
                }
                waits.join().is_ok()
            });
            assert!(waits);
        },
    );
}

type Party = (Vec<(usize, How)>, (usize, How), Until);

/// Has a thread for each of these hold and wait for so numbered locks, all at one time.
fn at_once(parties: Vec<Party>) {
    at_once_and(parties, |barrier| {
        barrier.wait();
    });
}

fn at_once_and(parties: Vec<Party>, wait: fn(&Barrier)) {
    let locks = [lock(), lock()];
    let barrier = Barrier::new(parties.len());
    thread::scope(|scope| {
        for (holds, (wants, how), until) in parties {
            let (locks, barrier) = (&locks, &barrier);
            scope.spawn(move || {
                for &(number, how) in &holds {
                    hold(&locks[number], how);
                }
                barrier.wait();
                wait_for(&locks[wants], how, until, || wait(barrier));
                for (number, _) in holds {
                    event::released(&locks[number]);
                }
            });
        }
    });
}

/// Much waiting, by tasks that hold much, all in one order.
fn contended() {
    let (outer, table, inner) = (Mutex::new(0), RwLock::new('a'), Mutex::new("b"));
    let changed = Condvar::new();
    thread::scope(|scope| {
        for number in 0..4 {
            let (outer, table, inner, changed) = (&outer, &table, &inner, &changed);
            scope.spawn(move || {
                for round in 0..3_000 {
                    let outer = outer.lock().unwrap();
                    if round % 3 == number % 3 {
                        drop(table.write());
                    }
                    let table = table.read().unwrap();
                    if round % 2 == 0 {
                        drop(outer);
                    }
                    let inner = inner.lock().unwrap();
                    if round % 100 == 0 {
                        drop(changed.wait_timeout(inner, Duration::from_micros(10)));
                    }
                    drop(table);
                }
            });
        }
    });
}

/// Each waits for the next, and the last comes to an end.
fn chain() {
    let locks: Arc<[Mutex<usize>; 8]> = Arc::new(std::array::from_fn(Mutex::new));
    let last = locks[7].lock().unwrap();
    let threads: Vec<_> = (0..7)
        .map(|number| {
            let locks = locks.clone();
            thread::spawn(move || {
                let _own = locks[number].lock().unwrap();
                thread::sleep(MOMENT);
                drop(locks[number + 1].lock());
            })
        })
        .collect();
    thread::sleep(4 * MOMENT);
    drop(last);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
