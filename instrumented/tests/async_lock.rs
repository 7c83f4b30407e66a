//! What the tracker makes of the locks of `async_lock`.

#![cfg(all(
    feature = "async_lock",
    feature = "futures",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex as Plain, PoisonError};
use std::task::Poll;

use instrumented::async_lock::{
    Barrier, Mutex, OnceCell, RwLock, RwLockUpgradableReadGuard, RwLockUpgradableReadGuardArc,
    RwLockWriteGuard, RwLockWriteGuardArc, Semaphore, SemaphoreGuard,
};
use instrumented::futures::executor::block_on;
use instrumented::thread;
use lockdep::task::Tracked;
use lockdep::{LockState, Mode, Violation, is_held};

/// The codes of what is found meanwhile. One at a time: there is one tracker.
fn codes(run: impl FnOnce()) -> Vec<&'static str> {
    static ONE: Plain<()> = Plain::new(());
    static FOUND: Plain<Vec<&str>> = Plain::new(Vec::new());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    lockdep::set_hook(|violation| FOUND.lock().unwrap().push(Violation::code(violation)));
    // What is found ends the run by a panic.
    let _ = catch_unwind(AssertUnwindSafe(run));
    lockdep::take_hook();
    std::mem::take(&mut *FOUND.lock().unwrap())
}

/// The same of a future, run by an executor that says so.
fn codes_of(future: impl Future) -> Vec<&'static str> {
    codes(|| drop(block_on(Tracked::root(future))))
}

/// Polls a future once.
async fn once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

#[test]
fn mutexes_that_are_locked_in_both_orders_are_found() {
    let (a, b) = (Mutex::new(0_u8), Arc::new(Mutex::new(0_u16)));
    let found = codes_of(async {
        {
            let _a = a.lock().await;
            let _b = b.lock_arc().await;
        }
        let _b = b.lock().await;
        let _a = a.lock().await;
    });
    assert_eq!(found, ["LD0002"]);
}

#[test]
fn mutexes_that_are_locked_in_both_orders_by_blocking_are_found() {
    let (a, b) = (Mutex::new(0_u8), Arc::new(Mutex::new(0_u16)));
    let found = codes(|| {
        {
            let _a = a.lock_blocking();
            let _b = b.lock_arc_blocking();
        }
        let _b = b.lock_blocking();
        let _a = block_on(a.lock());
    });
    assert_eq!(found, ["LD0002"]);
}

#[test]
fn mutexes_that_are_locked_in_one_order_are_fine() {
    let (a, b) = (Arc::new(Mutex::new(0_u8)), Mutex::new(0_u16));
    let found = codes_of(async {
        for _ in 0..2 {
            let _a = a.lock_arc().await;
            let _ = once(async { std::future::pending::<()>().await }).await;
            let b = b.lock().await;
            assert!(a.try_lock().is_none());
            drop(b);
        }
        let _b = b.lock().await;
        // An attempt waits for nobody.
        let _a = a.try_lock_arc().unwrap();
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_lock_that_is_taken_twice_by_one_task_is_found() {
    let mutex = Mutex::new(0);
    let found = codes_of(async {
        let _guard = mutex.lock().await;
        assert!(once(mutex.lock()).await.is_pending());
    });
    assert_eq!(found, ["LD0001"]);
    // A writer may come in between.
    let lock = Arc::new(RwLock::new(0));
    let found = codes_of(async {
        *lock.write().await += 1;
        let _one = lock.read().await;
        let _other = lock.read_arc().await;
    });
    assert_eq!(found, ["LD0001"]);
    let found = codes_of(async {
        let _one = lock.upgradable_read_arc().await;
        assert!(once(lock.upgradable_read()).await.is_pending());
    });
    assert_eq!(found, ["LD0001"]);
}

#[test]
fn a_reader_beside_an_upgradable_one_waits_for_nobody() {
    let lock = RwLock::new(0);
    let found = codes_of(async {
        let _one = lock.upgradable_read().await;
        let _other = lock.read().await;
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_hold_changes_its_mode_with_its_guard() {
    let lock = Arc::new(RwLock::new(0));
    let found = codes_of(async {
        let is_writer = || is_held(&*lock, Some(Mode::Exclusive)) == LockState::Held;
        let guard = lock.upgradable_read().await;
        assert!(!is_writer());
        let guard = RwLockUpgradableReadGuard::upgrade(guard).await;
        assert!(is_writer());
        let guard = RwLockWriteGuard::downgrade_to_upgradable(guard);
        assert!(!is_writer());
        let guard = RwLockUpgradableReadGuard::try_upgrade(guard).unwrap();
        assert!(is_writer());
        drop(RwLockWriteGuard::downgrade(guard));
        assert_eq!(is_held(&*lock, None), LockState::NotHeld);
        let guard = lock.upgradable_read_arc().await;
        let guard = RwLockUpgradableReadGuardArc::upgrade(guard).await;
        assert!(is_writer());
        let guard = RwLockWriteGuardArc::downgrade(guard);
        assert!(!is_writer());
        drop(guard);
        // One that is given up on its way gives the lock back.
        let reader = lock.try_read_arc().unwrap();
        let guard = lock.upgradable_read_arc().await;
        assert!(once(RwLockUpgradableReadGuardArc::upgrade(guard)).await.is_pending());
        drop(reader);
        assert_eq!(is_held(&*lock, None), LockState::NotHeld);
        assert!(lock.try_write().is_some());
    });
    // The last scene is one that waits for itself.
    assert_eq!(found, ["LD0001"]);
}

#[test]
fn an_upgrade_is_an_acquire_of_its_own() {
    let (lock, mutex) = (RwLock::new(0_u32), Mutex::new(0_u64));
    let found = codes_of(async {
        {
            let _read = lock.read().await;
            let _mutex = mutex.lock().await;
        }
        let guard = lock.upgradable_read().await;
        let _mutex = mutex.lock().await;
        let _guard = RwLockUpgradableReadGuard::upgrade(guard).await;
    });
    assert_eq!(found, ["LD0002"]);
}

#[test]
fn a_guard_that_was_sent_is_released_elsewhere() {
    let lock = Arc::new(RwLock::new(0));
    let found = codes(|| {
        let guard = block_on(lock.write_arc());
        let read = thread::spawn(|| RwLockWriteGuardArc::downgrade(guard)).join().unwrap();
        assert_eq!(is_held(&*lock, None), LockState::NotHeld);
        drop(read);
        drop(lock.write_blocking());
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn the_one_permit_is_a_lock_and_one_of_several_is_none() {
    let (one, mutex) = (Semaphore::new(1), Mutex::new(0_i8));
    let found = codes_of(async {
        {
            let _permit = one.acquire().await;
            let _mutex = mutex.lock().await;
        }
        let _mutex = mutex.lock().await;
        let _permit = one.acquire().await;
    });
    assert_eq!(found, ["LD0002"]);
    let (two, mutex) = (Arc::new(Semaphore::new(2)), Mutex::new(0_i16));
    let found = codes_of(async {
        {
            let _permit = two.acquire_arc().await;
            let _mutex = mutex.lock().await;
        }
        let _mutex = mutex.lock().await;
        let permit = two.acquire().await;
        SemaphoreGuard::forget(permit);
        two.add_permits(1);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn an_initialiser_that_waits_for_itself_is_found() {
    let cell = OnceCell::new();
    let found = codes_of(cell.get_or_init(|| async {
        assert!(once(cell.get_or_init(|| async { 1 })).await.is_pending());
        2
    }));
    assert_eq!(found, ["LD0001"]);
    let cell = OnceCell::new();
    let found = codes(|| {
        cell.get_or_init_blocking(|| {
            // It would hang; the panic comes before.
            cell.get_or_init_blocking(|| 1);
            2
        });
    });
    assert_eq!(found, ["LD0001"]);
}

#[test]
fn an_initialiser_that_runs_alone_is_fine() {
    let (cell, mutex) = (OnceCell::new(), Mutex::new(0));
    let found = codes_of(async {
        cell.get_or_init(|| async { *mutex.lock().await }).await;
        let _mutex = mutex.lock().await;
        // It is full.
        cell.get_or_init(|| async { 1 }).await;
        assert_eq!(cell.set(2).await, Err(2));
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_hold_that_changes_where_nobody_can_see_whose_it_is_is_lost_sight_of() {
    let (lock, mutex) = (Arc::new(RwLock::new(0_u32)), Mutex::new(0_u64));
    let found = codes(|| {
        block_on(async {
            let guard = RwLockWriteGuard::downgrade(lock.write().await);
            let again = mutex.lock().await;
            drop((guard, again));
            let _mutex = mutex.lock().await;
            let _lock = lock.write_arc().await;
        });
        assert_eq!(is_held(&*lock, None), LockState::NotHeld);
    });
    assert_eq!(found, [""; 0]);
}

/// Two threads meet at a barrier: this one with the mutex locked if `holds`, the other one after it
/// locked it if `takes`.
fn meet(mutex: &Arc<Mutex<u8>>, holds: bool, takes: bool) {
    let barrier = Arc::new(Barrier::new(2));
    let other = thread::spawn({
        let (barrier, mutex) = (Arc::clone(&barrier), Arc::clone(mutex));
        move || {
            if takes {
                drop(mutex.lock_blocking());
            }
            barrier.wait_blocking();
        }
    });
    let guard = holds.then(|| mutex.lock_blocking());
    block_on(barrier.wait());
    drop(guard);
    other.join().unwrap();
}

#[test]
fn a_lock_that_is_held_at_a_barrier_is_a_warning_if_another_one_takes_it_on_its_way() {
    let mutex = Arc::new(Mutex::new(0));
    let found = codes(|| {
        meet(&mutex, true, false);
        meet(&mutex, false, true);
    });
    assert_eq!(found, ["LD0019"]);
    let mutex = Arc::new(Mutex::new(0));
    assert_eq!(codes(|| (0..2).for_each(|_| meet(&mutex, false, true))), [""; 0]);
}
