//! What the tracker makes of tasks that wait for each other's ends.

#![cfg(all(
    feature = "tokio",
    feature = "full",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]

mod found;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use found::found;
use instrumented::{sync, thread, tokio};
use tokio::runtime::{Builder, Handle};
use tokio::sync::{Mutex, Notify};
use tokio::task::{JoinHandle, JoinSet, LocalSet, spawn_blocking, spawn_local, yield_now};
use tokio::time::{sleep, timeout};

const LONG: Duration = Duration::from_secs(60);

type Lock = Arc<Mutex<u8>>;

/// A lock whose class is the place of the call.
#[track_caller]
fn lock() -> Lock {
    Arc::new(Mutex::new(0))
}

/// A lock of a class that nobody holds who waits.
fn another() -> Lock {
    Arc::new(Mutex::new(0))
}

/// What a task does that takes the lock.
async fn takes(lock: Lock) {
    *lock.lock().await += 1;
}

/// Waits by `wait` for a task that takes the lock, or not, with the lock held.
#[track_caller]
fn joins<W: Future<Output = ()>>(
    takes_it: bool,
    wait: impl FnOnce(JoinHandle<()>) -> W,
) -> impl Future<Output = ()> {
    let (lock, other) = (lock(), another());
    async move {
        let task = tokio::spawn(takes(Arc::clone(if takes_it { &lock } else { &other })));
        yield_now().await;
        let _guard = lock.lock().await;
        wait(task).await;
    }
}

#[test]
fn a_task_that_is_awaited_under_a_lock_which_it_takes_is_found() {
    let innocent = found(joins(false, |task| async { task.await.unwrap() }));
    let guilty = found(joins(true, |task| async { task.await.unwrap() }));
    assert_eq!((innocent, guilty), (vec![], vec!["LD0019"]));
}

#[test]
fn a_task_that_is_awaited_by_reference_under_a_lock_which_it_takes_is_found() {
    let innocent = found(joins(false, |mut task| async move { (&mut task).await.unwrap() }));
    let guilty = found(joins(true, |mut task| async move { (&mut task).await.unwrap() }));
    assert_eq!((innocent, guilty), (vec![], vec!["LD0019"]));
}

#[test]
fn a_lock_that_a_task_takes_after_somebody_waits_for_it_is_found_too() {
    let found = found(async {
        let (lock, go) = (lock(), Arc::new(Notify::new()));
        let (others, goes) = (Arc::clone(&lock), Arc::clone(&go));
        let mut task = tokio::spawn(async move {
            goes.notified().await;
            *others.lock().await += 1;
        });
        let guard = lock.lock().await;
        go.notify_one();
        // The wait is known before the task comes to the lock.
        assert!(
            std::future::poll_fn(|context| {
                std::task::Poll::Ready(Pin::new(&mut task).poll(context))
            })
            .await
            .is_pending()
        );
        drop(guard);
        task.await.unwrap();
    });
    // The task was told under the lock that is held, and then takes it.
    assert_eq!(found, ["LD0020", "LD0019"]);
}

#[test]
fn a_task_of_a_handle_and_a_job_are_found() {
    let scene = |spawn: fn(Lock) -> JoinHandle<()>, lock: Lock| {
        found(async move {
            let task = spawn(Arc::clone(&lock));
            yield_now().await;
            let _guard = lock.lock().await;
            task.await.unwrap();
        })
    };
    let by_handle = scene(|lock| Handle::current().spawn(takes(lock)), lock());
    let job_that = |takes_it: bool| {
        found(async move {
            let lock = lock();
            let other = Arc::clone(&lock);
            let job = spawn_blocking(move || match takes_it {
                true => *other.blocking_lock() += 1,
                false => drop(other),
            });
            while !job.is_finished() {
                yield_now().await;
            }
            let _guard = lock.lock().await;
            job.await.unwrap();
        })
    };
    assert_eq!(by_handle, ["LD0019"]);
    assert_eq!((job_that(false), job_that(true)), (vec![], vec!["LD0019"]));
}

#[test]
fn what_is_awaited_for_a_time_or_beside_something_else_is_silent() {
    let timed = found(joins(true, |task| async { timeout(LONG, task).await.unwrap().unwrap() }));
    let one_of_two = found(joins(true, |mut task| async move {
        tokio::select! {
            done = &mut task => done.unwrap(),
            () = sleep(LONG) => {}
        }
    }));
    let looked_at = found(joins(true, |task| async move { assert!(task.is_finished()) }));
    assert_eq!([timed, one_of_two, looked_at], [const { Vec::<&str>::new() }; 3]);
}

#[test]
fn a_task_that_was_aborted_is_not_waited_for() {
    let by_handle = found(joins(true, |task| async {
        task.abort();
        drop(task.await);
    }));
    let by_another = found(joins(true, |task| async {
        task.abort_handle().clone().abort();
        drop(task.await);
    }));
    assert_eq!([by_handle, by_another], [const { Vec::<&str>::new() }; 2]);
}

#[test]
fn a_graceful_end_that_holds_nothing_is_silent() {
    let found = found(async {
        let (lock, shutdown) = (lock(), Arc::new(Notify::new()));
        let tasks: Vec<JoinHandle<()>> = (0..3)
            .map(|_| {
                let (lock, over) = (Arc::clone(&lock), Arc::clone(&shutdown));
                tokio::spawn(async move {
                    *lock.lock().await += 1;
                    over.notified().await;
                    *lock.lock().await += 1;
                })
            })
            .collect();
        yield_now().await;
        *lock.lock().await += 1;
        shutdown.notify_waiters();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*lock.lock().await, 7);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn what_a_task_took_before_it_started_another_one_is_not_waited_for_by_that_one() {
    let found = found(async {
        let lock = lock();
        let outer = Arc::clone(&lock);
        tokio::spawn(async move {
            takes(Arc::clone(&outer)).await;
            let _guard = outer.lock().await;
            tokio::spawn(async {}).await.unwrap();
        })
        .await
        .unwrap();
        takes(lock).await;
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_wait_for_a_task_that_waits_for_one_that_takes_the_lock_is_found() {
    let found = found(async {
        let lock = lock();
        let other = Arc::clone(&lock);
        let task = tokio::spawn(async move { tokio::spawn(takes(other)).await.unwrap() });
        while !task.is_finished() {
            yield_now().await;
        }
        let _guard = lock.lock().await;
        task.await.unwrap();
    });
    assert_eq!(found, ["LD0019"]);
}

#[test]
fn tasks_in_boxes_are_not_taken_for_one_another() {
    type Task = Pin<Box<dyn Future<Output = ()> + Send>>;
    /// All that a library that knows no executor can have.
    fn spawn(task: Task) -> JoinHandle<()> {
        tokio::spawn(task)
    }
    let found = found(async {
        let lock = lock();
        spawn(Box::pin(takes(Arc::clone(&lock)))).await.unwrap();
        let _guard = lock.lock().await;
        spawn(Box::pin(async {})).await.unwrap();
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn the_handle_of_a_task_that_is_awaited_under_its_own_lock_is_told() {
    let found = found(async {
        let handle = Arc::new(Mutex::new(None::<JoinHandle<()>>));
        *handle.lock().await = Some(tokio::spawn(async {}));
        yield_now().await;
        let mut guard = handle.lock().await;
        if let Some(task) = guard.take() {
            task.await.unwrap();
        }
    });
    assert_eq!(found, ["LD0020"]);
}

#[test]
fn a_handle_that_is_taken_out_before_it_is_awaited_is_silent() {
    let found = found(async {
        let handle = Arc::new(Mutex::new(None::<JoinHandle<()>>));
        *handle.lock().await = Some(tokio::spawn(async {}));
        yield_now().await;
        let task = handle.lock().await.take();
        if let Some(task) = task {
            task.await.unwrap();
        }
    });
    assert_eq!(found, [""; 0]);
}

/// Waits by `wait` for a set of tasks that take the lock, or not, with the lock held.
#[track_caller]
fn joins_set<W: Future<Output = ()>>(
    takes_it: bool,
    wait: impl FnOnce(JoinSet<()>) -> W,
) -> impl Future<Output = ()> {
    let (lock, other) = (lock(), another());
    async move {
        let mut set = JoinSet::new();
        for _ in 0..3 {
            set.spawn(takes(Arc::clone(if takes_it { &lock } else { &other })));
        }
        yield_now().await;
        let _guard = lock.lock().await;
        wait(set).await;
    }
}

#[test]
fn a_set_of_tasks_that_is_awaited_under_a_lock_which_they_take_is_found() {
    let next = |takes_it| {
        found(joins_set(takes_it, |mut set| async move {
            set.join_next().await.unwrap().unwrap();
        }))
    };
    let named = |takes_it| {
        found(joins_set(takes_it, |mut set| async move {
            set.join_next_with_id().await.unwrap().unwrap();
        }))
    };
    let all = |takes_it| {
        found(joins_set(takes_it, |set| async move {
            set.join_all().await;
        }))
    };
    assert_eq!([next(false), named(false), all(false)], [const { Vec::<&str>::new() }; 3]);
    assert_eq!([next(true), named(true), all(true)], [["LD0019"]; 3]);
}

#[test]
fn a_set_that_is_not_waited_for_is_silent() {
    let tried = found(joins_set(true, |mut set| async move {
        set.try_join_next().unwrap().unwrap();
    }));
    let timed = found(joins_set(true, |mut set| async move {
        timeout(LONG, set.join_next()).await.unwrap().unwrap().unwrap();
    }));
    let shut_down = found(joins_set(true, |mut set| async move { set.shutdown().await }));
    let aborted = found(joins_set(true, |mut set| async move {
        set.abort_all();
        while set.join_next().await.is_some() {}
    }));
    let empty = found(async {
        let lock = lock();
        let mut set = JoinSet::new();
        set.spawn(takes(Arc::clone(&lock)));
        set.join_next().await.unwrap().unwrap();
        let _guard = lock.lock().await;
        assert!(set.join_next().await.is_none());
    });
    let all = [tried, timed, shut_down, aborted, empty];
    assert_eq!(all, [const { Vec::<&str>::new() }; 5]);
}

#[test]
fn one_of_several_kinds_of_tasks_may_end_first() {
    let scene = |all: bool, lock: Lock| {
        found(async move {
            let mut set = JoinSet::new();
            set.spawn(takes(Arc::clone(&lock)));
            set.spawn(async {});
            yield_now().await;
            let _guard = lock.lock().await;
            if all {
                set.join_all().await;
            } else {
                set.join_next().await.unwrap().unwrap();
            }
        })
    };
    assert_eq!(scene(false, lock()), [""; 0]);
    assert_eq!(scene(true, lock()), ["LD0019"]);
}

#[test]
fn a_local_set_that_is_awaited_under_a_lock_which_its_tasks_take_is_found() {
    let by_set = found(async {
        let (lock, set) = (lock(), LocalSet::new());
        let task = set.spawn_local(takes(Arc::clone(&lock)));
        set.run_until(task).await.unwrap();
        set.spawn_local(takes(Arc::clone(&lock)));
        let _guard = lock.lock().await;
        // Nobody is there who would let go of the lock.
        let mut set = std::pin::pin!(set);
        assert!(futures_poll(set.as_mut()).await);
    });
    let inside = found(async {
        let (lock, set) = (lock(), LocalSet::new());
        let others = Arc::clone(&lock);
        set.run_until(async move { spawn_local(takes(others)).await }).await.unwrap();
        let others = Arc::clone(&lock);
        set.run_until(async move { drop(spawn_local(takes(others))) }).await;
        let _guard = lock.lock().await;
        let mut set = std::pin::pin!(set);
        assert!(futures_poll(set.as_mut()).await);
    });
    assert_eq!([by_set, inside], [["LD0019"]; 2]);
}

/// Polls once; whether it is pending or not is the same here.
async fn futures_poll(mut set: Pin<&mut LocalSet>) -> bool {
    std::future::poll_fn(|context| {
        let _ = set.as_mut().poll(context);
        std::task::Poll::Ready(true)
    })
    .await
}

#[test]
fn a_local_set_whose_tasks_take_no_lock_or_that_runs_for_another_is_silent() {
    let found = found(async {
        let (lock, set) = (lock(), LocalSet::new());
        let other = another();
        set.spawn_local(takes(other));
        let guard = lock.lock().await;
        set.run_until(async {}).await;
        set.await;
        drop(guard);
        let set = LocalSet::new();
        set.spawn_local(takes(Arc::clone(&lock)));
        let guard = lock.lock().await;
        set.run_until(async {}).await;
        drop(guard);
        set.await;
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_thread_that_blocks_on_a_task_with_a_lock_held_which_that_takes_is_found() {
    let scene = |takes_it: bool| {
        let lock = Arc::new(sync::Mutex::new(0));
        let other = Arc::new(sync::Mutex::new(0));
        found(async move {
            let waits = thread::spawn(move || {
                let runtime = Builder::new_current_thread().build().unwrap();
                let taken = Arc::clone(if takes_it { &lock } else { &other });
                let task = runtime.spawn(async move { *taken.lock().unwrap() += 1 });
                runtime.block_on(yield_now());
                let _guard = lock.lock().unwrap();
                runtime.block_on(task).unwrap();
            });
            waits.join().unwrap();
        })
    };
    assert_eq!((scene(false), scene(true)), (vec![], vec!["LD0019"]));
}
