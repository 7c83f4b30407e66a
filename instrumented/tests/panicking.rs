//! A violation that panics leaves lock and tracker agreed: `LOCKDEP=panic`, the default.
//!
//! The panics are the tracker's own, so their messages are in this suite's output.

#![cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use instrumented::sync::{Condvar, Mutex, RwLock, TryLockError};

const FOREVER: Duration = Duration::from_secs(3600);

/// Runs `f` to its panic, which must come.
fn panics(f: impl FnOnce()) {
    catch_unwind(AssertUnwindSafe(f)).expect_err("no panic came");
}

#[test]
fn a_second_acquire_panics_before_it_blocks() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    let guard = mutex.lock().unwrap();
    panics(|| drop(mutex.lock()));
    assert_eq!(lockdep::held().len(), 1);
    drop(guard);
    let reader = lock.read().unwrap();
    panics(|| drop(lock.write()));
    panics(|| drop(lock.read()));
    assert_eq!(lockdep::held().len(), 1);
    drop(reader);
    assert_eq!(lockdep::held().len(), 0);
    assert!(mutex.try_lock().is_ok() && lock.try_write().is_ok());
}

#[test]
fn an_inversion_panics_before_the_second_lock_is_taken() {
    let (first, second) = (Mutex::new('a'), Mutex::new("b"));
    {
        let _first = first.lock().unwrap();
        let _second = second.lock().unwrap();
    }
    let kept = second.lock().unwrap();
    panics(|| drop(first.lock()));
    assert!(first.try_lock().is_ok());
    assert_eq!(lockdep::held().len(), 1);
    drop(kept);
}

#[test]
fn a_wait_that_panics_has_unlocked_its_mutex() {
    let condvar = Condvar::new();
    let waits: [fn(&Condvar, instrumented::sync::MutexGuard<'_, char>); 4] = [
        |condvar, guard| drop(condvar.wait(guard)),
        |condvar, guard| drop(condvar.wait_while(guard, |_| true)),
        |condvar, guard| drop(condvar.wait_timeout(guard, FOREVER)),
        |condvar, guard| drop(condvar.wait_timeout_while(guard, FOREVER, |_| true)),
    ];
    for wait in waits {
        let (mutex, other) = (Mutex::new('a'), Mutex::new("b"));
        let guard = mutex.lock().unwrap();
        let kept = other.lock().unwrap();
        panics(|| wait(&condvar, guard));
        assert_eq!(lockdep::held().len(), 1);
        assert!(matches!(mutex.try_lock(), Err(TryLockError::Poisoned(_))));
        drop(kept);
        assert_eq!(lockdep::held().len(), 0);
    }
}
