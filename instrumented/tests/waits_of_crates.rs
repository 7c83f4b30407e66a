//! What the tracker makes of waits for channels and pools.

#![cfg(all(
    feature = "crossbeam_channel",
    feature = "rayon",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]

use std::sync::{Mutex as Plain, PoisonError};
use std::time::Duration;

use instrumented::crossbeam_channel::{
    Receiver, Select, Sender, after, bounded, never, select, unbounded,
};
use instrumented::rayon;
use instrumented::sync::Mutex;
use instrumented::thread;
use lockdep::Violation;

/// The codes of what is found in any thread while `f` runs. One at a time: there is one tracker.
fn found(f: impl FnOnce()) -> Vec<&'static str> {
    static ONE: Plain<()> = Plain::new(());
    static FOUND: Plain<Vec<&str>> = Plain::new(Vec::new());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    lockdep::set_hook(|violation| FOUND.lock().unwrap().push(Violation::code(violation)));
    f();
    lockdep::take_hook();
    std::mem::take(&mut *FOUND.lock().unwrap())
}

/// Gives a worker two requests, and waits for the second answer with the lock held. The worker's own
/// way to answer is `answer`.
fn asked(
    lock: &Mutex<u8>,
    requests: (Sender<u8>, Receiver<u8>),
    answers: (Sender<u8>, Receiver<u8>),
    answer: impl FnOnce(Receiver<u8>, Sender<u8>) + Send,
) {
    thread::scope(|scope| {
        let (incoming, outgoing) = (requests.1, answers.0);
        scope.spawn(move || answer(incoming, outgoing));
        requests.0.send(1).unwrap();
        assert_eq!(answers.1.recv(), Ok(1));
        requests.0.send(2).unwrap();
        // Whatever the worker does with the lock, it has done by then.
        while answers.1.is_empty() {
            thread::yield_now();
        }
        let _guard = lock.lock().unwrap();
        assert_eq!(answers.1.recv(), Ok(2));
        drop(requests.0);
    });
}

#[test]
fn an_answer_that_needs_a_lock_which_is_held_meanwhile_is_found() {
    let lock = Mutex::new(0);
    let found = found(|| {
        asked(&lock, unbounded(), unbounded(), |requests, answers| {
            for request in requests {
                *lock.lock().unwrap() += 1;
                answers.send(request).unwrap();
            }
        });
    });
    assert_eq!(found, ["LD0019"]);
}

#[test]
fn what_is_done_after_the_answer_is_not_needed_for_it() {
    let lock = Mutex::new(0);
    let found = found(|| {
        asked(&lock, unbounded(), bounded(4), |requests, answers| {
            for request in requests {
                answers.send(request).unwrap();
            }
            *lock.lock().unwrap() += 1;
        });
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn what_was_done_for_an_earlier_selection_is_not_needed_for_this_one() {
    let lock = Mutex::new(0);
    let (begun, begins) = unbounded();
    let found = found(|| {
        asked(&lock, unbounded(), unbounded(), |requests, answers| {
            let never: Receiver<u8> = never();
            begun.send(()).unwrap();
            loop {
                select! {
                    recv(begins) -> _ => *lock.lock().unwrap() += 1,
                    recv(requests) -> request => match request {
                        Ok(request) => answers.send(request).unwrap(),
                        Err(_) => break,
                    },
                    recv(never) -> _ => unreachable!(),
                }
            }
        });
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn room_that_is_waited_for_under_a_lock_which_the_receiver_takes_is_found() {
    let lock = Mutex::new(0);
    let (send, receive) = bounded(1);
    let found = found(|| {
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..2 {
                    *lock.lock().unwrap() += 1;
                    receive.recv().unwrap();
                }
            });
            send.send(1).unwrap();
            while !send.is_empty() {
                thread::yield_now();
            }
            let _guard = lock.lock().unwrap();
            send.send(2).unwrap();
        });
    });
    assert_eq!(found, ["LD0019"]);
}

#[test]
fn waits_that_end_by_themselves_are_none() {
    let lock = Mutex::new(0);
    let (send, receive) = bounded(1);
    let found = found(|| {
        thread::scope(|scope| {
            scope.spawn(|| {
                *lock.lock().unwrap() += 1;
                send.send(1).unwrap();
            });
            let _guard = loop {
                let guard = lock.lock().unwrap();
                match receive.recv_timeout(Duration::from_millis(1)) {
                    Ok(_) => break guard,
                    Err(_) => drop(guard),
                }
            };
            assert!(receive.try_recv().is_err());
        });
    });
    assert_eq!(found, [""; 0]);
}

/// A worker answers on one of two channels, by `first` and `second`; its answers are selected among
/// under the lock, by `choose`.
fn chosen(
    lock: &Mutex<u8>,
    first: impl FnOnce(Sender<u8>) + Send,
    second: impl FnOnce(Sender<u16>) + Send,
    choose: impl Fn(&Receiver<u8>, &Receiver<u16>),
) {
    let (to_first, from_first) = unbounded();
    let (to_second, from_second) = unbounded();
    thread::scope(|scope| {
        let one = scope.spawn(|| first(to_first));
        let other = scope.spawn(|| second(to_second));
        while from_first.is_empty() || from_second.is_empty() {
            thread::yield_now();
        }
        {
            let _guard = lock.lock().unwrap();
            choose(&from_first, &from_second);
        }
        one.join().unwrap();
        other.join().unwrap();
    });
}

fn by_macro(first: &Receiver<u8>, second: &Receiver<u16>) {
    select! {
        recv(first) -> got => assert!(got.is_ok()),
        recv(second) -> got => { got.unwrap(); }
    }
}

fn by_select(first: &Receiver<u8>, second: &Receiver<u16>) {
    let mut select = Select::new();
    let (one, never) = (select.recv(first), never::<()>());
    select.recv(second);
    select.recv(&never);
    let selected = select.select();
    let index = selected.index();
    if index == one {
        selected.recv(first).unwrap();
    } else {
        selected.recv(second).unwrap();
    }
}

fn by_ready(first: &Receiver<u8>, second: &Receiver<u16>) {
    let mut select = Select::new();
    select.recv(first);
    select.recv(second);
    match select.ready() {
        0 => drop(first.try_recv().unwrap()),
        _ => drop(second.try_recv().unwrap()),
    }
}

#[test]
fn a_choice_of_which_each_needs_a_lock_that_is_held_meanwhile_is_found() {
    // A circle is told once, and each of these locks is a class.
    let ways = [
        (by_macro as fn(&_, &_), Mutex::new(0)),
        (by_select, Mutex::new(0)),
        (by_ready, Mutex::new(0)),
    ];
    for (choose, lock) in ways {
        let found = found(|| {
            let first = |send: Sender<u8>| {
                *lock.lock().unwrap() += 1;
                send.send(1).unwrap();
            };
            let second = |send: Sender<u16>| {
                *lock.lock().unwrap() += 1;
                send.send(1).unwrap();
            };
            chosen(&lock, first, second, choose);
        });
        assert_eq!(found, ["LD0019"]);
    }
}

#[test]
fn a_choice_that_one_task_can_end_without_the_lock_is_fine() {
    // A circle is told once, and each of these locks is a class.
    let ways = [
        (by_macro as fn(&_, &_), Mutex::new(0)),
        (by_select, Mutex::new(0)),
        (by_ready, Mutex::new(0)),
    ];
    for (choose, lock) in ways {
        let found = found(|| {
            let first = |send: Sender<u8>| {
                *lock.lock().unwrap() += 1;
                send.send(1).unwrap();
            };
            chosen(&lock, first, |send| send.send(1).unwrap(), choose);
        });
        assert_eq!(found, [""; 0]);
    }
}

#[test]
fn a_choice_that_ends_by_itself_is_fine() {
    let by_time = |first: &Receiver<u8>, second: &Receiver<u16>| {
        select! {
            recv(first) -> _ => {}
            recv(second) -> _ => {}
            recv(after(Duration::from_secs(60))) -> _ => unreachable!(),
        }
    };
    let by_default = |first: &Receiver<u8>, second: &Receiver<u16>| {
        select! {
            recv(first) -> _ => {}
            default(Duration::from_secs(60)) => unreachable!(),
            recv(second) -> _ => {}
        }
    };
    let by_timeout = |first: &Receiver<u8>, second: &Receiver<u16>| {
        let mut select = Select::new();
        select.recv(first);
        select.recv(second);
        let selected = select.select_timeout(Duration::from_secs(60)).unwrap();
        match selected.index() {
            0 => drop(selected.recv(first)),
            _ => drop(selected.recv(second)),
        }
    };
    for choose in [by_time as fn(&_, &_), by_default, by_timeout] {
        let lock = Mutex::new(0);
        let found = found(|| {
            let first = |send: Sender<u8>| {
                *lock.lock().unwrap() += 1;
                send.send(1).unwrap();
            };
            let second = |send: Sender<u16>| {
                *lock.lock().unwrap() += 1;
                send.send(1).unwrap();
            };
            chosen(&lock, first, second, choose);
        });
        assert_eq!(found, [""; 0]);
    }
}

#[test]
fn who_sends_by_a_choice_ends_the_wait_of_others() {
    let lock = Mutex::new(0);
    let (send, receive) = unbounded::<u8>();
    let (_kept, other) = unbounded::<u16>();
    let found = found(|| {
        thread::scope(|scope| {
            scope.spawn(|| {
                *lock.lock().unwrap() += 1;
                select! {
                    recv(other) -> _ => unreachable!(),
                    send(send, 1) -> sent => sent.unwrap(),
                }
            });
            while receive.is_empty() {
                thread::yield_now();
            }
            let _guard = lock.lock().unwrap();
            receive.recv().unwrap();
        });
    });
    assert_eq!(found, ["LD0019"]);
}

#[test]
fn a_pool_whose_jobs_want_a_lock_that_is_held_over_a_wait_for_it_is_found() {
    let lock = Mutex::new(0);
    let found = found(|| {
        for _ in 0..2 {
            rayon::scope(|scope| {
                scope.spawn(|_| {
                    let mut sum = lock.lock().unwrap();
                    let (one, two) = rayon::join(|| 1, || 2);
                    *sum += one + two;
                });
            });
        }
    });
    assert_eq!(found, ["LD0019"]);
}

#[test]
fn a_pool_may_be_waited_for_under_a_lock_that_no_job_of_it_wants() {
    let (lock, other) = (Mutex::new(0), Mutex::new(0));
    // A pool's class is the place that built it.
    let first = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let second = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let found = found(|| {
        for _ in 0..2 {
            first.install(|| *lock.lock().unwrap() += 1);
            let guard = lock.lock().unwrap();
            second.join(|| *other.lock().unwrap() += 1, || *other.lock().unwrap() += 1);
            second.in_place_scope(|scope| scope.spawn(|_| *other.lock().unwrap() += 1));
            drop(guard);
        }
    });
    assert_eq!(found, [""; 0]);
}
