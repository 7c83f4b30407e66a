//! What a condition variable does.
//!
//! A wait may end for no reason, so only what a condition or a poison proves is asserted.

use std::thread;
use std::time::Duration;

use super::{give_up, panics};
use crate::sync::{Arc, Condvar, LockResult, Mutex, MutexGuard, TryLockError, WaitTimeoutResult};

/// Longer than any test runs.
const FOREVER: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(1);

static SIGNAL: Condvar = Condvar::new();
static SIGNALLED: Mutex<bool> = Mutex::new(false);

type Pair = Arc<(Mutex<u32>, Condvar)>;

/// Starts a thread that sets the payload to 1 and notifies, once this thread waits.
fn notifier(pair: &Pair) -> thread::JoinHandle<()> {
    let pair = Arc::clone(pair);
    thread::spawn(move || {
        *pair.0.lock().unwrap() = 1;
        pair.1.notify_one();
    })
}

/// Starts a thread that poisons the mutex and notifies, once this thread waits.
fn poisoner(pair: &Pair) -> thread::JoinHandle<()> {
    let pair = Arc::clone(pair);
    thread::spawn(move || {
        panics(|| {
            let mut guard = pair.0.lock().unwrap();
            *guard = 1;
            give_up();
        });
        pair.1.notify_one();
    })
}

#[test]
fn a_wait_ends_when_notified() {
    let pair = Pair::default();
    let mut guard = pair.0.lock().unwrap();
    let thread = notifier(&pair);
    while *guard == 0 {
        guard = pair.1.wait(guard).unwrap();
    }
    *guard += 1;
    drop(guard);
    thread.join().unwrap();
    assert_eq!(*pair.0.lock().unwrap(), 2);
}

#[test]
fn a_condition_variable_works_in_a_static() {
    let thread = thread::spawn(|| {
        *SIGNALLED.lock().unwrap() = true;
        SIGNAL.notify_all();
    });
    assert!(*SIGNAL.wait_while(SIGNALLED.lock().unwrap(), |set| !*set).unwrap());
    thread.join().unwrap();
}

#[test]
fn notify_all_wakes_everyone() {
    let pair = Pair::default();
    let threads = [(); 3].map(|()| {
        let pair = Arc::clone(&pair);
        thread::spawn(move || {
            let mut guard = pair.0.lock().unwrap();
            *guard += 1;
            pair.1.notify_all();
            drop(pair.1.wait_while(guard, |arrived| *arrived < 3).unwrap());
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn a_condition_that_is_false_never_waits() {
    let pair = Pair::default();
    let guard = pair.0.lock().unwrap();
    let guard = pair.1.wait_while(guard, |_| false).unwrap();
    let (guard, result) = pair.1.wait_timeout_while(guard, FOREVER, |_| false).unwrap();
    assert!(!result.timed_out());
    assert!(matches!(pair.0.try_lock(), Err(TryLockError::WouldBlock)));
    drop(guard);
    assert!(pair.0.try_lock().is_ok());
}

#[test]
fn a_condition_may_change_the_payload() {
    let pair = Pair::default();
    let guard = pair.0.lock().unwrap();
    let thread = notifier(&pair);
    let wait = |data: &mut u32| {
        *data *= 10;
        *data == 0
    };
    assert_eq!(*pair.1.wait_while(guard, wait).unwrap(), 10);
    thread.join().unwrap();
}

#[test]
fn a_wait_with_a_condition_and_a_time_limit_ends_when_the_condition_does() {
    let pair = Pair::default();
    let guard = pair.0.lock().unwrap();
    let thread = notifier(&pair);
    let (guard, result) = pair.1.wait_timeout_while(guard, FOREVER, |data| *data == 0).unwrap();
    assert_eq!((*guard, result.timed_out()), (1, false));
    drop(guard);
    thread.join().unwrap();
}

#[test]
fn a_wait_with_a_condition_and_a_time_limit_ends_when_time_runs_out() {
    let pair = Pair::default();
    for limit in [Duration::ZERO, SHORT] {
        let guard = pair.0.lock().unwrap();
        let (mut guard, result) = pair.1.wait_timeout_while(guard, limit, |_| true).unwrap();
        assert!(result.timed_out());
        assert_eq!(format!("{result:?}"), "WaitTimeoutResult(true)");
        *guard += 1;
    }
    assert_eq!(*pair.0.lock().unwrap(), 2);
}

#[test]
fn a_wait_with_a_time_limit_ends_when_time_runs_out() {
    let pair = Pair::default();
    let mut guard = pair.0.lock().unwrap();
    loop {
        let (again, result) = pair.1.wait_timeout(guard, SHORT).unwrap();
        guard = again;
        if result.timed_out() {
            break;
        }
    }
    assert!(matches!(pair.0.try_lock(), Err(TryLockError::WouldBlock)));
    drop(guard);
    assert!(pair.0.try_lock().is_ok());
}

#[test]
fn a_wait_with_a_time_limit_ends_when_notified() {
    let pair = Pair::default();
    let mut guard = pair.0.lock().unwrap();
    let thread = notifier(&pair);
    while *guard == 0 {
        let (again, result) = pair.1.wait_timeout(guard, FOREVER).unwrap();
        guard = again;
        assert!(!result.timed_out());
    }
    drop(guard);
    thread.join().unwrap();
}

#[test]
#[expect(deprecated, reason = "the method is deprecated and still there")]
fn the_old_wait_with_a_time_limit_tells_whether_it_was_in_time() {
    let pair = Pair::default();
    let mut guard = pair.0.lock().unwrap();
    loop {
        let (again, in_time) = pair.1.wait_timeout_ms(guard, 1).unwrap();
        guard = again;
        if !in_time {
            break;
        }
    }
    let thread = notifier(&pair);
    while *guard == 0 {
        let (again, in_time) = pair.1.wait_timeout_ms(guard, 3_600_000).unwrap();
        guard = again;
        assert!(in_time);
    }
    drop(guard);
    thread.join().unwrap();
}

#[test]
#[expect(deprecated, reason = "the method is deprecated and still there")]
fn every_wait_tells_of_a_poison_that_came_meanwhile() {
    fn payload<G>(waited: LockResult<G>, read: impl Fn(&G) -> u32) -> u32 {
        match waited {
            Ok(_) => 0,
            Err(error) => read(error.get_ref()),
        }
    }
    type Wait = fn(&Condvar, MutexGuard<'_, u32>) -> u32;
    let waits: [Wait; 5] = [
        |condvar, guard| payload(condvar.wait(guard), |guard| **guard),
        |condvar, guard| payload(condvar.wait_timeout(guard, FOREVER), |pair| *pair.0),
        |condvar, guard| payload(condvar.wait_timeout_ms(guard, 3_600_000), |pair| *pair.0),
        |condvar, guard| payload(condvar.wait_while(guard, |_| true), |guard| **guard),
        |condvar, guard| {
            payload(condvar.wait_timeout_while(guard, FOREVER, |_| true), |pair| *pair.0)
        },
    ];
    for wait in waits {
        let pair = Pair::default();
        let guard = pair.0.lock().unwrap();
        let thread = poisoner(&pair);
        assert_eq!(wait(&pair.1, guard), 1);
        thread.join().unwrap();
        assert!(matches!(pair.0.try_lock(), Err(TryLockError::Poisoned(_))));
    }
}

#[test]
fn a_wait_on_a_poisoned_mutex_gives_an_error_without_one() {
    let pair = Pair::default();
    poisoner(&pair).join().unwrap();
    let guard = pair.0.lock().unwrap_err().into_inner();
    let guard = pair.1.wait_while(guard, |_| false).unwrap();
    let error = pair.1.wait_timeout(guard, SHORT).unwrap_err();
    assert_eq!(*error.into_inner().0, 1);
}

#[test]
fn a_condition_that_panics_unlocks_and_poisons() {
    let pair = Pair::default();
    panics(|| drop(pair.1.wait_while(pair.0.lock().unwrap(), |_| give_up())));
    assert!(matches!(pair.0.try_lock(), Err(TryLockError::Poisoned(_))));
    pair.0.clear_poison();
    let guard = pair.0.lock().unwrap();
    panics(|| drop(pair.1.wait_timeout_while(guard, FOREVER, |_| give_up())));
    assert!(matches!(pair.0.try_lock(), Err(TryLockError::Poisoned(_))));
}

#[test]
fn a_condition_variable_prints_as_the_real_one_does() {
    assert_eq!(format!("{:?}", Condvar::default()), "Condvar { .. }");
}

#[test]
#[expect(deprecated, reason = "the method is deprecated and still there")]
fn signatures_are_the_real_ones() {
    type Guard<'a> = MutexGuard<'a, u8>;
    type Timed<'a> = LockResult<(Guard<'a>, WaitTimeoutResult)>;
    type Condition = fn(&mut u8) -> bool;
    let _: fn() -> Condvar = Condvar::new;
    let _: for<'a> fn(&Condvar, Guard<'a>) -> LockResult<Guard<'a>> = Condvar::wait;
    let _: for<'a> fn(&Condvar, Guard<'a>, Condition) -> LockResult<Guard<'a>> =
        Condvar::wait_while;
    let _: for<'a> fn(&Condvar, Guard<'a>, u32) -> LockResult<(Guard<'a>, bool)> =
        Condvar::wait_timeout_ms;
    let _: for<'a> fn(&Condvar, Guard<'a>, Duration) -> Timed<'a> = Condvar::wait_timeout;
    let _: for<'a> fn(&Condvar, Guard<'a>, Duration, Condition) -> Timed<'a> =
        Condvar::wait_timeout_while;
    let _: fn(&Condvar) = Condvar::notify_one;
    let _: fn(&Condvar) = Condvar::notify_all;
    let _: fn() -> Condvar = Default::default;
}
