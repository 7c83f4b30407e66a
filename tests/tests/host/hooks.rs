//! What a violation hook may do.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use instrumented::sync::{Mutex, MutexGuard};
use lockdep::{Map, Violation, event, set_hook, take_hook};

use crate::orders::{Pair, unpoisoned};
use crate::stage::{Played, Scene, scene};

static CALLS: AtomicUsize = AtomicUsize::new(0);
static LOG: Mutex<Vec<Violation>> = Mutex::new(Vec::new());
static KEPT: Mutex<u32> = Mutex::new(0);

thread_local! {
    static GUARD: RefCell<Option<MutexGuard<'static, u32>>> = const { RefCell::new(None) };
}

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("a_hook_may_take_a_tracked_lock", takes_a_lock).reports(1),
        scene("a_hook_may_keep_a_guard", keeps_a_guard).reports(2),
        scene("a_hook_may_drop_a_guard_that_was_taken_before", drops_a_guard).reports(1),
        scene("a_hook_that_breaks_a_rule_is_not_called_for_it", breaks_a_rule).reports(1),
        scene("a_hook_may_replace_itself", replaces_itself).reports(2),
        scene("an_old_hook_may_take_locks_when_it_is_dropped", locks_when_dropped).reports(1),
        scene("a_hook_may_wait_for_a_thread_that_breaks_a_rule", waits_for_a_thread).reports(2),
        scene("a_hook_may_ask_what_is_held", asks).reports(1),
        scene("a_panic_in_the_hook_comes_out_of_the_call", panics).ends(|played| {
            played.ended_well()?;
            played.says("the hook panics")?;
            played.reports(1)
        }),
        scene("a_panic_in_the_hook_of_a_release_unlocks", panics_at_release)
            .ends(Played::ended_well),
        scene("a_panic_in_the_hook_of_a_panicking_thread_stays_there", panics_twice).reports(1),
        scene("a_panic_in_the_hook_does_not_hide_the_next_violation", panics_at_the_first)
            .ends(Played::ended_well),
    ]
}

fn takes_a_lock() {
    set_hook(|violation| LOG.lock().unwrap().push(violation.clone()));
    Pair::new().invert();
    assert_eq!(LOG.lock().unwrap().len(), 1);
    assert!(lockdep::held().is_empty());
}

fn keeps_a_guard() {
    set_hook(|_| GUARD.set(Some(KEPT.lock().unwrap())));
    Pair::new().invert();
    assert!(KEPT.try_lock().is_err());
    assert!(lockdep::held().is_empty());
    take_hook();
    GUARD.set(None);
    assert!(KEPT.try_lock().is_ok());
    // The guard that was not tracked excuses one release, which was its own.
    event::released(&Map::new());
}

fn drops_a_guard() {
    let other = Mutex::new(0_u64);
    let pair = Pair::new();
    // Were the guard held all the time, the two orders could not meet.
    pair.forward();
    GUARD.set(Some(KEPT.lock().unwrap()));
    set_hook(|_| GUARD.set(None));
    pair.backward();
    assert!(KEPT.try_lock().is_ok());
    assert!(lockdep::held().is_empty());
    // Were it still taken to be held, the next two would be an inversion.
    drop(other.lock());
    let _other = other.lock().unwrap();
    drop(KEPT.lock());
}

fn breaks_a_rule() {
    static INNER: Pair = Pair::new();
    set_hook(|_| {
        CALLS.fetch_add(1, Relaxed);
        INNER.invert();
    });
    Pair::new().invert();
    assert_eq!(CALLS.load(Relaxed), 1);
    assert!(lockdep::held().is_empty());
}

fn replaces_itself() {
    set_hook(|_| {
        take_hook();
        set_hook(|_| {
            CALLS.fetch_add(1, Relaxed);
        });
    });
    Pair::new().invert();
    assert_eq!(CALLS.load(Relaxed), 0);
    Pair::new().invert();
    assert_eq!(CALLS.load(Relaxed), 1);
}

fn locks_when_dropped() {
    struct Inverts(Pair);
    impl Drop for Inverts {
        fn drop(&mut self) {
            self.0.invert();
        }
    }
    let inverts = Inverts(Pair::new());
    set_hook(move |_| drop(inverts.0.first.lock()));
    take_hook();
}

fn waits_for_a_thread() {
    static INNER: Pair = Pair::new();
    set_hook(|_| {
        if CALLS.fetch_add(1, Relaxed) == 0 {
            thread::spawn(|| INNER.invert()).join().unwrap();
        }
    });
    Pair::new().invert();
    assert_eq!(CALLS.load(Relaxed), 2);
}

fn asks() {
    set_hook(|_| {
        CALLS.fetch_add(lockdep::held().len(), Relaxed);
        assert!(lockdep::losses().is_empty());
    });
    Pair::new().invert();
    assert_eq!(CALLS.load(Relaxed), 1);
}

fn panics() {
    let pair = Pair::new();
    set_hook(|_| panic!("the hook panics"));
    catch_unwind(AssertUnwindSafe(|| pair.invert())).unwrap_err();
    assert!(lockdep::held().is_empty());
    // The lock was not taken, the one around it was released, and both are tracked as before.
    let first = pair.first.try_lock().unwrap();
    let second = unpoisoned(&pair.second);
    assert_eq!(lockdep::held().len(), 2);
    drop((first, second));
    // A hook hears of each violation once.
    pair.backward();
    assert!(lockdep::held().is_empty());
}

fn panics_at_release() {
    let mutex = Mutex::new(0);
    set_hook(|_| panic!("the hook panics"));
    let guard = mutex.lock().unwrap();
    // The tracker no longer knows that the lock is held when its guard goes.
    event::released(lockdep::Tracked::map(&mutex).unwrap());
    catch_unwind(AssertUnwindSafe(|| drop(guard))).unwrap_err();
    assert!(!matches!(mutex.try_lock(), Err(instrumented::sync::TryLockError::WouldBlock)));
    assert!(lockdep::held().is_empty());
}

/// Breaks a rule when it is dropped.
struct Late<'a>(&'a Pair);

impl Drop for Late<'_> {
    fn drop(&mut self) {
        self.0.backward();
    }
}

fn panics_twice() {
    let pair = Pair::new();
    pair.forward();
    set_hook(|_| panic!("the hook panics"));
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _late = Late(&pair);
        panic!("the program panics");
    }));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"the program panics"));
    assert!(lockdep::held().is_empty());
}

/// One acquire breaks two rules.
fn panics_at_the_first() {
    let (pair, before_both) = (Pair::new(), Mutex::new(0_u32));
    let outer = before_both.lock().unwrap();
    drop(pair.first.lock());
    drop(pair.second.lock());
    drop(outer);
    set_hook(|_| assert_ne!(CALLS.fetch_add(1, Relaxed), 0, "the hook panics"));
    catch_unwind(AssertUnwindSafe(|| {
        let _first = pair.first.lock().unwrap();
        let _second = pair.second.lock().unwrap();
        lockdep::might_lock!(&before_both);
    }))
    .unwrap_err();
    assert_eq!(CALLS.load(Relaxed), 2);
}
