//! What the tracker hears of the locks and tasks of `tokio`, and what it makes of it.

#![cfg(all(
    feature = "tokio",
    feature = "full",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use instrumented::tokio;
use lockdep::{BacktraceStyle, Level, Mode, Settings, Tracker, Violation};
use tokio::runtime::{Builder, Handle, LocalRuntime, Runtime};
use tokio::sync::{
    Mutex, MutexGuard, OnceCell, OwnedMutexGuard, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard,
    RwLockWriteGuard, Semaphore,
};
use tokio::task::{self, JoinSet, LocalSet};

/// What this task holds, oldest first.
fn modes() -> Vec<Mode> {
    lockdep::held().iter().map(|lock| lock.mode).collect()
}

/// Runs a future to its end on this thread.
fn run<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread().enable_all().build().expect("a runtime is made").block_on(future)
}

/// The codes of what a tracker of its own finds in `future`, without repeats.
fn codes(future: impl Future<Output = ()>) -> Vec<&'static str> {
    let settings = Settings { level: Level::Deadlock, backtrace: BacktraceStyle::Off };
    let ((), met) = Arc::new(Tracker::new(settings)).run(|| run(future));
    let new = met.iter().filter(|met| met.times == 1);
    new.map(|met| Violation::code(&met.violation)).collect()
}

/// The lines on which the classes of what is held were made.
fn lines() -> Vec<u32> {
    lockdep::held().iter().map(|lock| lock.class.place.line).collect()
}

/// Polls a future once.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_lock_is_held_in_its_mode_until_its_guard_is_dropped() {
    run(async {
        let (mutex, lock, semaphore) = (Mutex::new(0), RwLock::new(0), Semaphore::new(2));
        let guard = mutex.lock().await;
        let reader = lock.read().await;
        let permit = semaphore.acquire().await.unwrap();
        assert_eq!(modes(), [Mode::Exclusive, Mode::Shared, Mode::Shared]);
        drop(guard);
        assert_eq!(modes(), [Mode::Shared, Mode::Shared]);
        drop((reader, permit));
        let writer = lock.write().await;
        let all = semaphore.acquire_many(2).await.unwrap();
        assert_eq!(modes(), [Mode::Exclusive, Mode::Exclusive]);
        drop((writer, all));
        assert_eq!(modes(), []);
    });
}

#[test]
fn owned_guards_are_held_like_the_others() {
    run(async {
        let (mutex, lock) = (Arc::new(Mutex::new(0)), Arc::new(RwLock::new(0)));
        let semaphore = Arc::new(Semaphore::new(1));
        let guard = Arc::clone(&mutex).lock_owned().await;
        let reader = Arc::clone(&lock).read_owned().await;
        let permit = Arc::clone(&semaphore).acquire_owned().await.unwrap();
        assert_eq!(modes(), [Mode::Exclusive, Mode::Shared, Mode::Exclusive]);
        drop((guard, reader, permit));
        let writer = lock.write_owned().await;
        assert_eq!(modes(), [Mode::Exclusive]);
        drop(writer);
        assert_eq!(modes(), []);
    });
}

#[test]
fn a_class_is_the_place_of_the_constructor_whichever_it_is() {
    static CONSTANT: Mutex<u8> = Mutex::const_new(0);
    static OTHER: RwLock<u8> = RwLock::const_with_max_readers(0, 3);
    static PERMITS: Semaphore = Semaphore::const_new(1);
    const FIRST: u32 = line!() - 3;
    run(async {
        let default = Mutex::<u8>::default();
        let from = RwLock::from(0);
        let limited = RwLock::with_max_readers(0, 2);
        let guards = (
            CONSTANT.lock().await,
            OTHER.read().await,
            PERMITS.acquire().await,
            default.lock().await,
            from.read().await,
            limited.write().await,
        );
        assert_eq!(lines(), [FIRST, FIRST + 1, FIRST + 2, FIRST + 5, FIRST + 6, FIRST + 7]);
        drop(guards);
    });
}

#[test]
fn the_place_of_an_acquire_is_the_call_that_makes_its_future() {
    run(async {
        let mutex = Mutex::new(0);
        let future = mutex.lock();
        let line = line!() - 1;
        let guard = future.await;
        assert_eq!(lockdep::held()[0].place.line, line);
        drop(guard);
    });
}

#[test]
fn attempts_are_recorded_once_they_succeed() {
    let (mutex, lock, semaphore) = (Mutex::new(0), RwLock::new(0), Semaphore::new(1));
    let guards = (mutex.try_lock().unwrap(), lock.try_read().unwrap(), semaphore.try_acquire());
    assert_eq!(modes(), [Mode::Exclusive, Mode::Shared, Mode::Exclusive]);
    assert!(mutex.try_lock().is_err() && lock.try_write().is_err());
    assert!(semaphore.try_acquire().is_err());
    assert_eq!(modes().len(), 3);
    drop(guards);
    assert_eq!(modes(), []);
}

#[test]
fn a_future_that_is_dropped_has_taken_nothing() {
    let mutex = Mutex::new(0);
    assert!(poll_once(async { drop(mutex.lock()) }).is_ready());
    let guard = mutex.try_lock().unwrap();
    let found = codes(async {
        tokio::spawn(async {}).await.unwrap();
        let mut waits = pin!(mutex.lock());
        assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(modes(), []);
    });
    assert_eq!(found, [""; 0]);
    drop(guard);
    assert!(mutex.try_lock().is_ok());
    assert_eq!(modes(), []);
}

/// Polls a future once, as the task that awaits this.
async fn poll_here<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

#[test]
fn an_acquire_that_is_known_and_has_to_wait_holds_nothing_before_it_is_ready() {
    const KNOWN: usize = 4;
    // The tracker of the process, for one of its own knows nothing by heart.
    run(async {
        let mutex = Arc::new(Mutex::new(0));
        let mut ways = Vec::new();
        for round in 0..=KNOWN + 1 {
            // Another thread, so that this one goes on knowing what it knows.
            let ((held, is_held), (release, released)) = (mpsc::channel(), mpsc::channel());
            let others = Arc::clone(&mutex);
            let holder = std::thread::spawn(move || {
                let guard = (round >= KNOWN).then(|| others.try_lock().unwrap());
                held.send(()).unwrap();
                released.recv().unwrap();
                drop(guard);
            });
            is_held.recv().unwrap();
            let mut lock = pin!(mutex.lock());
            let polled = poll_here(lock.as_mut()).await;
            ways.push(polled.is_ready());
            assert_eq!(modes().len(), usize::from(polled.is_ready()));
            drop(polled);
            assert_eq!(modes(), []);
            release.send(()).unwrap();
            // One is awaited, one is dropped.
            if round == KNOWN {
                let guard = lock.await;
                assert_eq!(modes(), [Mode::Exclusive]);
                drop(guard);
            }
            holder.join().unwrap();
            assert_eq!(modes(), []);
        }
        assert_eq!(ways, [true, true, true, true, false, false]);
    });
}

#[test]
fn a_task_that_takes_a_free_lock_for_ever_lets_others_run_as_often_as_with_the_real_one() {
    /// How often a lock is taken before another task runs.
    macro_rules! taken {
        ($tokio:path) => {{
            use $tokio as tokio;
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let mutex = Arc::new(tokio::sync::Mutex::new(0_u32));
                let (others, is_over) = (Arc::clone(&mutex), Arc::new(AtomicBool::new(false)));
                let over = Arc::clone(&is_over);
                let greedy = tokio::spawn(async move {
                    while !over.load(Relaxed) {
                        *others.lock().await += 1;
                    }
                });
                let ends = tokio::spawn(async move { is_over.store(true, Relaxed) });
                greedy.await.unwrap();
                ends.await.unwrap();
                *mutex.lock().await
            })
        }};
    }
    assert_eq!(taken!(instrumented::tokio), taken!(::tokio));
}

#[test]
fn an_acquire_that_is_known_of_a_semaphore_that_is_closed_holds_nothing() {
    run(async {
        let semaphore = Semaphore::new(1);
        for is_closed in [false, false, false, true] {
            if is_closed {
                semaphore.close();
            }
            let permit = semaphore.acquire().await;
            assert_eq!((permit.is_err(), modes().is_empty()), (is_closed, is_closed));
            drop(permit);
        }
    });
}

#[test]
fn an_order_that_is_known_is_not_forgotten() {
    let found = codes(async {
        let (first, second) = (Mutex::new(1), Mutex::new(2));
        for is_inverted in [false, false, false, true, true] {
            let (outer, inner) = if is_inverted { (&second, &first) } else { (&first, &second) };
            let _outer = outer.lock().await;
            let _inner = inner.lock().await;
        }
    });
    assert_eq!(found, ["LD0002"]);
}

#[test]
fn a_branch_that_select_drops_leaves_no_hold() {
    let found = codes(async {
        let (first, second) = (Mutex::new(1), Mutex::new(2));
        let held = second.lock().await;
        tokio::select! {
            biased;
            () = async { let _first = first.lock().await; std::future::pending().await } => {}
            () = tokio::time::sleep(Duration::from_millis(1)) => {}
        }
        assert_eq!(modes(), [Mode::Exclusive]);
        drop(held);
        let (other, one) = tokio::join!(second.lock(), first.lock());
        assert_eq!((*one, *other, modes().len()), (1, 2, 2));
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn branches_of_a_task_do_not_wait_for_themselves() {
    async fn section(mutex: &Mutex<u8>) -> Result<(), ()> {
        let _guard = mutex.lock().await;
        task::yield_now().await;
        assert_eq!(modes(), [Mode::Exclusive]);
        Ok(())
    }
    let found = codes(async {
        let mutex = Mutex::new(0);
        let _both = tokio::join!(section(&mutex), section(&mutex));
        tokio::try_join!(section(&mutex), section(&mutex)).unwrap();
        for _ in 0..4 {
            tokio::select! {
                _ = section(&mutex) => {}
                _ = section(&mutex) => {}
            }
        }
        assert_eq!(modes(), []);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_guard_that_a_branch_gives_is_its_tasks() {
    let found = codes(async {
        let (first, second) = (Mutex::new(0), Mutex::new(0));
        let guard = tokio::select! { guard = first.lock() => guard };
        assert_eq!(modes(), [Mode::Exclusive]);
        let (inner, ()) = tokio::join!(second.lock(), async {});
        assert_eq!(modes(), [Mode::Exclusive, Mode::Exclusive]);
        drop((inner, guard));
        assert_eq!(modes(), []);
        drop((second.lock().await, first.lock().await));
    });
    assert_eq!(found, ["LD0002"]);
}

#[test]
fn a_hold_follows_its_guard_through_every_change() {
    run(async {
        let mutex = Mutex::new((1, 2));
        let part = MutexGuard::map(mutex.lock().await, |pair| &mut pair.0);
        assert_eq!((modes(), *part), (vec![Mode::Exclusive], 1));
        drop(part);
        let lock = Arc::new(RwLock::new((1, 2)));
        let writer = lock.write().await;
        let reader = writer.downgrade();
        assert_eq!(modes(), [Mode::Shared]);
        let part = RwLockReadGuard::map(reader, |pair| &pair.1);
        assert_eq!((modes(), *part), (vec![Mode::Shared], 2));
        let other = lock.try_read().unwrap();
        drop((part, other));
        let writer = RwLockWriteGuard::into_mapped(lock.write().await);
        assert_eq!(modes(), [Mode::Exclusive]);
        drop(writer);
        let writer = Arc::clone(&lock).write_owned().await;
        let reader = OwnedRwLockWriteGuard::downgrade_map(writer, |pair| &pair.0);
        assert_eq!((modes(), *reader), (vec![Mode::Shared], 1));
        drop(reader);
        let part = OwnedMutexGuard::map(Arc::new(mutex).lock_owned().await, |pair| &mut pair.0);
        assert_eq!(modes(), [Mode::Exclusive]);
        drop(part);
        assert_eq!(modes(), []);
    });
}

#[test]
fn permits_are_held_one_by_one_and_together() {
    run(async {
        let semaphore = Semaphore::new(4);
        let mut most = semaphore.acquire_many(4).await.unwrap();
        assert_eq!(modes(), [Mode::Exclusive]);
        let one = most.split(1).unwrap();
        assert_eq!((modes(), most.num_permits()), (vec![Mode::Shared, Mode::Shared], 3));
        let none = most.split(0).unwrap();
        assert!(most.split(4).is_none());
        assert_eq!(modes().len(), 2);
        drop(none);
        most.merge(one);
        assert_eq!((modes(), most.num_permits()), (vec![Mode::Shared], 4));
        let all = most.split(4).unwrap();
        assert_eq!((modes(), most.num_permits()), (vec![Mode::Shared], 0));
        drop(most);
        assert_eq!(modes(), [Mode::Shared]);
        all.forget();
        assert_eq!((modes(), semaphore.available_permits()), (vec![], 0));
        drop(semaphore.acquire_many(0).await.unwrap());
        semaphore.add_permits(4);
        let counted = semaphore.acquire_many(4).await.unwrap();
        assert_eq!(modes(), [Mode::Shared]);
        drop(counted);
        assert_eq!((modes(), semaphore.available_permits()), (vec![], 4));
    });
}

/// Two tasks, one after the other, that take two mutexes in either order.
async fn inverts(first: &Mutex<u8>, second: &Mutex<u16>) {
    drop((first.lock().await, second.lock().await));
    drop((second.lock().await, first.lock().await));
}

#[test]
fn an_inversion_is_found_before_anything_waits() {
    assert_eq!(codes(async { inverts(&Mutex::new(0), &Mutex::new(0)).await }), ["LD0002"]);
}

#[test]
fn one_order_is_silent() {
    let found = codes(async {
        let (first, second) = (Mutex::new(0_u8), Mutex::new(0_u16));
        for _ in 0..2 {
            let _guards = (first.lock().await, second.lock().await);
        }
        let _guards = (second.lock().await, first.try_lock().unwrap());
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_writer_that_reads_waits_for_itself() {
    let found = codes(async {
        let lock = RwLock::new(0);
        let _writer = lock.write().await;
        let mut reads = pin!(lock.read());
        assert!(reads.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
    assert_eq!(found, ["LD0001"]);
}

#[test]
fn readers_queue_behind_writers() {
    async fn reads_twice(lock: &RwLock<u8>) {
        let _outer = lock.read().await;
        let _inner = lock.read().await;
    }
    let alone = RwLock::new(0);
    assert_eq!(codes(async { reads_twice(&alone).await }), [""; 0]);
    let found = codes(async {
        let lock = RwLock::new(0);
        drop(lock.write().await);
        reads_twice(&lock).await;
    });
    assert_eq!(found, ["LD0001"]);
}

#[test]
fn a_lock_that_is_awaited_for_some_time_is_an_attempt() {
    const SOON: Duration = Duration::from_millis(1);
    let found = codes(async {
        let (mutex, lock, other) = (Mutex::new(0), RwLock::new(0), Mutex::new(0));
        let held = (mutex.lock().await, lock.read().await);
        tokio::time::timeout(SOON, mutex.lock()).await.unwrap_err();
        let deadline = tokio::time::Instant::now() + SOON;
        tokio::time::timeout_at(deadline, lock.write()).await.unwrap_err();
        // In what else is polled in it too.
        let both = async { tokio::join!(mutex.lock(), lock.write()) };
        assert!(tokio::time::timeout(SOON, both).await.is_err());
        drop(held);
        drop((mutex.lock().await, other.lock().await));
        let _other = other.lock().await;
        let guard = tokio::time::timeout(SOON, mutex.lock()).await.unwrap();
        assert_eq!(modes(), [Mode::Exclusive, Mode::Exclusive]);
        drop(guard);
        assert_eq!(modes(), [Mode::Exclusive]);
    });
    assert_eq!(found, [""; 0]);
}

/// What is found if a task that holds a mutex polls a future that awaits it, once.
fn awaited_by_its_holder(
    awaits: impl for<'a> FnOnce(&'a Mutex<u8>) -> Pin<Box<dyn Future<Output = ()> + 'a>>,
) -> Vec<&'static str> {
    codes(async {
        let mutex = Mutex::new(0);
        let _held = mutex.lock().await;
        let mut future = awaits(&mutex);
        std::future::poll_fn(|context| {
            assert!(future.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
    })
}

#[test]
fn only_as_long_as_time_ends_it_is_a_wait_an_attempt() {
    const LONG: Duration = Duration::from_secs(3_600);
    let plain = awaited_by_its_holder(|mutex| Box::pin(async { drop(mutex.lock().await) }));
    assert_eq!(plain, ["LD0001"]);
    let timed = awaited_by_its_holder(|mutex| {
        Box::pin(async { drop(tokio::time::timeout(LONG, mutex.lock()).await) })
    });
    assert_eq!(timed, [""; 0]);
    let for_ever = awaited_by_its_holder(|mutex| {
        Box::pin(async { drop(tokio::time::timeout(Duration::MAX, mutex.lock()).await) })
    });
    assert_eq!(for_ever, ["LD0001"]);
    let afterwards = awaited_by_its_holder(|mutex| {
        Box::pin(async {
            let mut wait = Box::pin(mutex.lock());
            let mut timed = Box::pin(tokio::time::timeout(LONG, &mut wait));
            std::future::poll_fn(|context| {
                assert!(timed.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
            drop(timed);
            drop(wait.await);
        })
    });
    assert_eq!(afterwards, ["LD0001"]);
}

/// A semaphore and a mutex in either order; so many permits at a time.
async fn semaphore_in_either_order(semaphore: &Semaphore, under: u32, wanted: u32) {
    let mutex = Mutex::new(0);
    let permits = semaphore.acquire_many(under).await.unwrap();
    drop(mutex.lock().await);
    drop(permits);
    let guard = mutex.lock().await;
    drop(semaphore.acquire_many(wanted).await.unwrap());
    drop(guard);
}

#[test]
fn a_semaphore_of_one_permit_is_a_lock() {
    assert_eq!(
        codes(async { semaphore_in_either_order(&Semaphore::new(1), 1, 1).await }),
        ["LD0002"]
    );
}

#[test]
fn whoever_takes_all_permits_is_in_the_way_of_all() {
    let semaphore = || Semaphore::new(3);
    assert_eq!(codes(async { semaphore_in_either_order(&semaphore(), 1, 3).await }), ["LD0002"]);
    assert_eq!(codes(async { semaphore_in_either_order(&semaphore(), 3, 1).await }), ["LD0002"]);
}

#[test]
fn a_circle_that_needs_several_holders_is_not_reported() {
    let semaphore = Semaphore::new(3);
    assert_eq!(codes(async { semaphore_in_either_order(&semaphore, 1, 1).await }), [""; 0]);
    let found = codes(async {
        let semaphore = Semaphore::new(3);
        let _both = (semaphore.acquire().await, semaphore.acquire().await);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_semaphore_that_counts_events_is_no_lock() {
    let semaphore = Semaphore::new(0);
    semaphore.add_permits(1);
    assert_eq!(codes(async { semaphore_in_either_order(&semaphore, 1, 1).await }), [""; 0]);
    let found = codes(async {
        let (semaphore, mutex) = (Semaphore::new(1), Mutex::new(0));
        semaphore.acquire().await.unwrap().forget();
        drop(mutex.lock().await);
        semaphore.add_permits(1);
        let _guard = mutex.lock().await;
        semaphore.acquire().await.unwrap().forget();
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn an_initialiser_that_wants_its_own_cell_waits_for_itself() {
    static CELL: OnceCell<u8> = OnceCell::const_new();
    let found = codes(async {
        CELL.get_or_init(|| async {
            assert_eq!(modes(), [Mode::Exclusive]);
            assert!(poll_once(CELL.get_or_init(|| async { 1 })).is_pending());
            2
        })
        .await;
        assert_eq!(CELL.get(), Some(&2));
        assert_eq!(modes(), []);
    });
    assert_eq!(found, ["LD0001"]);
}

#[test]
fn a_lock_that_an_initialiser_wants_comes_after_the_cell() {
    async fn fills(cell: &OnceCell<u8>, mutex: &Mutex<u8>) {
        cell.get_or_try_init(|| async { Err(*mutex.lock().await) }).await.unwrap_err();
    }
    let mutex = Mutex::new(0);
    let found = codes(async {
        let cell = OnceCell::new();
        fills(&cell, &mutex).await;
        let _guard = mutex.lock().await;
        cell.get_or_init(|| async { 1 }).await;
    });
    assert_eq!(found, ["LD0002"]);
    let found = codes(async {
        let cell = OnceCell::new();
        fills(&cell, &mutex).await;
        cell.set(1).unwrap();
        let _guard = mutex.lock().await;
        cell.get_or_init(|| async { 1 }).await;
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn blocking_acquires_are_recorded_and_refused_where_tasks_run() {
    let (mutex, lock, semaphore) = (Mutex::new(0), RwLock::new(0), Semaphore::new(1));
    let guards = (mutex.blocking_lock(), lock.blocking_read(), semaphore.blocking_acquire());
    assert_eq!(modes(), [Mode::Exclusive, Mode::Shared, Mode::Exclusive]);
    drop(guards);
    drop(lock.blocking_write());
    let refused = run(async {
        panic::catch_unwind(AssertUnwindSafe(|| drop(mutex.blocking_lock()))).unwrap_err()
    });
    let words = refused.downcast_ref::<String>().map(String::as_str);
    let words = words.or(refused.downcast_ref::<&str>().copied()).unwrap();
    assert!(words.contains("Cannot block the current thread from within a runtime"), "{words}");
    assert_eq!(modes(), []);
}

#[test]
fn a_thread_that_blocks_is_woken() {
    let lock = Arc::new(RwLock::new(0));
    let guard = lock.try_write().unwrap();
    let other = Arc::clone(&lock);
    let thread = std::thread::spawn(move || *other.blocking_read());
    std::thread::sleep(Duration::from_millis(20));
    drop(guard);
    assert_eq!(thread.join().unwrap(), 0);
}

#[test]
fn a_guard_may_be_dropped_by_another_task() {
    run(async {
        let mutex = Arc::new(Mutex::new(0));
        let semaphore = Arc::new(Semaphore::new(1));
        let guard = Arc::clone(&mutex).lock_owned().await;
        let permit = Arc::clone(&semaphore).acquire_owned().await.unwrap();
        tokio::spawn(async move { drop((guard, permit)) }).await.unwrap();
        assert_eq!(modes(), []);
        drop(mutex.lock().await);
        let writer = Arc::new(RwLock::new(0)).write_owned().await;
        let reader = tokio::spawn(async move { writer.downgrade() }).await.unwrap();
        drop(reader);
        assert_eq!(modes(), []);
    });
}

#[test]
fn a_guard_may_be_given_to_a_task_that_is_started() {
    run(async {
        let (mutex, semaphore) = (Arc::new(Mutex::new(0)), Arc::new(Semaphore::new(1)));
        for _ in 0..3 {
            // Each of the two is free again only when the task has ended that was given the last.
            let guard = Arc::clone(&mutex).lock_owned().await;
            let permit = Arc::clone(&semaphore).acquire_owned().await.unwrap();
            tokio::spawn(async move {
                task::yield_now().await;
                drop((guard, permit));
            });
            assert_eq!(modes(), []);
        }
        let guard = Arc::clone(&mutex).lock_owned().await;
        let thread = std::thread::spawn(move || drop(guard));
        thread.join().unwrap();
        let kept = mutex.lock_owned().await;
        tokio::spawn(async {}).await.unwrap();
        drop(kept);
        assert_eq!(modes(), []);
    });
}

#[test]
fn an_owned_guard_that_is_kept_is_waited_for() {
    let found = codes(async {
        let mutex = Arc::new(Mutex::new(0));
        let _kept = Arc::clone(&mutex).lock_owned().await;
        assert!(poll_once(mutex.lock_owned()).is_pending());
    });
    assert_eq!(found, ["LD0001"]);
}

/// Locks `mutex` and holds it while `inside` says what it sees.
async fn holding<F: Future>(mutex: &Mutex<u8>, inside: F) -> F::Output {
    let _guard = mutex.lock().await;
    assert_eq!(modes(), [Mode::Exclusive]);
    inside.await
}

#[test]
fn every_kind_of_task_has_a_held_stack_of_its_own() {
    async fn sees_nothing() -> usize {
        let own = Mutex::new(0);
        holding(&own, task::yield_now()).await;
        modes().len()
    }
    let mutex = Mutex::new(0);
    run(holding(&mutex, async {
        assert_eq!(tokio::spawn(sees_nothing()).await.unwrap(), 0);
        assert_eq!(Handle::current().spawn(sees_nothing()).await.unwrap(), 0);
        assert_eq!(task::spawn_blocking(|| modes().len()).await.unwrap(), 0);
        let mut set = JoinSet::new();
        set.spawn(sees_nothing());
        set.spawn_on(sees_nothing(), &Handle::current());
        set.spawn_blocking(|| modes().len());
        assert_eq!(set.join_all().await, [0, 0, 0]);
        let mut set: JoinSet<usize> = [sees_nothing()].into_iter().collect();
        assert_eq!(set.join_next().await.unwrap().unwrap(), 0);
        assert_eq!(modes(), [Mode::Exclusive]);
    }));
    run(async {
        let local = LocalSet::new();
        local.spawn_local(sees_nothing());
        let task = async { task::spawn_local(sees_nothing()).await.unwrap() };
        assert_eq!(local.run_until(task).await, 0);
        let mut set = JoinSet::new();
        set.spawn_local_on(sees_nothing(), &local);
        local.run_until(async { set.spawn_local(sees_nothing()) }).await;
        local.await;
        assert_eq!(set.join_all().await, [0, 0]);
    });
    let runtime = Runtime::new().unwrap();
    runtime.block_on(holding(&mutex, async {
        assert_eq!(task::block_in_place(|| modes().len()), 1);
        assert_eq!(runtime.spawn(sees_nothing()).await.unwrap(), 0);
        assert_eq!(runtime.spawn_blocking(|| modes().len()).await.unwrap(), 0);
        assert_eq!(runtime.handle().spawn_blocking(|| modes().len()).await.unwrap(), 0);
    }));
    let guard = mutex.blocking_lock();
    // What blocks the thread waits for what the task does, so its holds count.
    assert_eq!(runtime.block_on(async { modes().len() }), 1);
    drop(guard);
    runtime.shutdown_background();
    let local = LocalRuntime::new().unwrap();
    local.block_on(holding(&mutex, async {
        assert_eq!(local.spawn_local(sees_nothing()).await.unwrap(), 0);
    }));
    assert_eq!(modes(), []);
}

#[test]
fn tasks_of_a_set_do_not_wait_for_whoever_runs_it() {
    let found = codes(async {
        let (outer, inner) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
        let local = LocalSet::new();
        let guard = outer.lock().await;
        let other = Arc::clone(&inner);
        let task = async { task::spawn_local(async move { drop(other.lock().await) }).await };
        local.run_until(task).await.unwrap();
        drop(guard);
        drop((inner.lock().await, outer.lock().await));
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_hold_goes_with_its_task_from_thread_to_thread() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mutexes: Vec<Arc<Mutex<u8>>> = (0..8).map(|_| Arc::new(Mutex::new(0))).collect();
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let mutex = Arc::clone(&mutexes[number % 8]);
            runtime.spawn(async move {
                for _ in 0..20 {
                    holding(&mutex, async {
                        task::yield_now().await;
                        assert_eq!(modes(), [Mode::Exclusive]);
                    })
                    .await;
                    assert_eq!(modes(), []);
                }
            })
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
}

#[test]
fn an_aborted_task_leaves_nothing_held() {
    let found = codes(async {
        let mutex = Arc::new(Mutex::new(0));
        let other = Arc::clone(&mutex);
        let task = tokio::spawn(async move {
            let _guard = other.lock().await;
            std::future::pending::<()>().await;
        });
        task::yield_now().await;
        assert!(mutex.try_lock().is_err());
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        drop(mutex.lock().await);
        assert_eq!(modes(), []);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn only_a_lock_that_blocks_threads_is_not_to_be_held_across_an_await() {
    async fn awaits<G>(guard: G) {
        task::yield_now().await;
        drop(guard);
    }
    let blocking = instrumented::sync::Mutex::new(0);
    assert_eq!(codes(async { awaits(blocking.lock().unwrap()).await }), ["LD0018"]);
    let found = codes(async {
        let (mutex, semaphore) = (Mutex::new(0), Semaphore::new(1));
        awaits((mutex.lock().await, semaphore.acquire().await)).await;
        drop(blocking.lock().unwrap());
        task::yield_now().await;
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_plain_executor_keeps_tasks_apart_too() {
    let mutexes: [Mutex<u8>; 2] = [Mutex::new(0), Mutex::new(0)];
    // Two tasks polled in turn by one thread that knows nothing of them.
    let mut tasks: Vec<_> = mutexes
        .iter()
        .map(|mutex| {
            Box::pin(async move {
                let _guard = mutex.lock().await;
                let mut is_first = true;
                std::future::poll_fn(|_| {
                    if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }
                })
                .await;
            })
        })
        .collect();
    for round in 0..2 {
        for task in &mut tasks {
            let poll = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(poll.is_ready(), round == 1);
        }
    }
    assert_eq!(modes(), []);
}
