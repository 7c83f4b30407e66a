//! What the tracker makes of tasks that wait for broadcasts, changes, notifications and each other's
//! coming.

#![cfg(all(
    feature = "tokio",
    feature = "full",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]

mod found;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use found::found;
use instrumented::{sync, thread, tokio};
use tokio::sync::{Barrier, Mutex, Notify, broadcast, oneshot, watch};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

const LONG: Duration = Duration::from_secs(60);

/// When the task that ends a wait takes the lock that is held over it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Before,
    After,
}

/// Awaits `wait` with a lock held, which a task that makes an end of that by `make` has taken before,
/// or takes after.
#[track_caller]
fn awaits<M: Future<Output = ()> + Send + 'static>(
    taken: Taken,
    make: M,
    wait: impl Future<Output = ()>,
) -> impl Future<Output = ()> {
    // Its class is that of the caller.
    let lock = Arc::new(Mutex::new(0));
    async move {
        let other = Arc::clone(&lock);
        tokio::spawn(async move {
            if taken == Taken::Before {
                *other.lock().await += 1;
            }
            make.await;
            *other.lock().await += 1;
        });
        yield_now().await;
        let _guard = lock.lock().await;
        wait.await;
    }
}

#[test]
fn a_broadcast_that_is_awaited_under_a_lock_which_its_sender_takes_is_found() {
    let scene = |taken| {
        let (sender, mut receiver) = broadcast::channel(1);
        let make = async move { drop(sender.send(1)) };
        found(awaits(taken, make, async move { assert_eq!(receiver.recv().await, Ok(1)) }))
    };
    assert_eq!((scene(Taken::After), scene(Taken::Before)), (vec![], vec!["LD0019"]));
}

#[test]
fn a_subscriber_waits_for_the_clone_of_a_sender() {
    let scene = |taken| {
        let sender = broadcast::Sender::new(1);
        let mut receiver = sender.subscribe().resubscribe();
        let sender = sender.downgrade().upgrade().unwrap().clone();
        let make = async move { drop(sender.send(1)) };
        found(awaits(taken, make, async move { assert_eq!(receiver.recv().await, Ok(1)) }))
    };
    assert_eq!((scene(Taken::After), scene(Taken::Before)), (vec![], vec!["LD0019"]));
}

#[test]
fn a_broadcast_that_a_thread_waits_for_under_a_lock_which_its_sender_takes_is_found() {
    let scene = |taken| {
        let (lock, (sender, mut receiver)) = (Arc::new(sync::Mutex::new(0)), broadcast::channel(1));
        found(async move {
            let other = Arc::clone(&lock);
            let sends = thread::spawn(move || {
                if taken == Taken::Before {
                    *other.lock().unwrap() += 1;
                }
                sender.send(1).unwrap();
                *other.lock().unwrap() += 1;
                sender
            });
            let sender = sends.join().unwrap();
            let receives = thread::spawn(move || {
                let _guard = lock.lock().unwrap();
                assert_eq!(receiver.blocking_recv(), Ok(1));
            });
            receives.join().unwrap();
            drop(sender);
        })
    };
    assert_eq!((scene(Taken::After), scene(Taken::Before)), (vec![], vec!["LD0019"]));
}

#[test]
fn a_change_that_is_awaited_under_a_lock_which_its_maker_takes_is_found() {
    /// The classes are those of the place that says this.
    macro_rules! is_found {
        ($make:expr) => {
            let scene = |taken| {
                let (sender, mut receiver) = watch::channel(0);
                let make = async move { $make(&sender) };
                found(awaits(taken, make, async move { receiver.changed().await.unwrap() }))
            };
            assert_eq!((scene(Taken::After), scene(Taken::Before)), (vec![], vec!["LD0019"]));
        };
    }
    type Sender = watch::Sender<u8>;
    is_found!(|sender: &Sender| sender.send(1).unwrap());
    is_found!(|sender: &Sender| sender.send_modify(|value| *value = 1));
    is_found!(|sender: &Sender| {
        assert!(sender.send_if_modified(|value| std::mem::replace(value, 1) == 0));
    });
    is_found!(|sender: &Sender| assert_eq!(sender.send_replace(1), 0));
}

#[test]
fn a_value_that_is_awaited_under_a_lock_which_its_maker_takes_is_found() {
    let scene = |taken| {
        let (sender, receiver) = watch::channel(0);
        let mut receiver = receiver.clone();
        let make = async move { sender.send(1).unwrap() };
        let wait = async move { drop(receiver.wait_for(|value| *value == 1).await.unwrap()) };
        found(awaits(taken, make, wait))
    };
    assert_eq!((scene(Taken::After), scene(Taken::Before)), (vec![], vec!["LD0019"]));
}

#[test]
fn what_changes_nothing_and_a_look_are_silent() {
    let found = found(async {
        let (sender, mut receiver) = watch::channel(0);
        let make = async move {
            assert!(!sender.send_if_modified(|_| false));
            // What follows has nothing to do with the lock.
            tokio::spawn(async move { sender.send(1).unwrap() }).await.unwrap();
        };
        let wait = async move { receiver.changed().await.unwrap() };
        awaits(Taken::Before, make, wait).await;
        let (sender, mut receiver) = watch::channel(0);
        let make = async move { sender.send(1).unwrap() };
        let look = async move {
            assert!(receiver.has_changed().is_ok() | (*receiver.borrow_and_update() == 1))
        };
        awaits(Taken::Before, make, look).await;
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_notification_that_is_awaited_under_a_lock_which_its_maker_takes_is_found() {
    let scene = |taken| {
        let notify = Arc::new(Notify::new());
        let other = Arc::clone(&notify);
        let make = async move { other.notify_one() };
        found(awaits(taken, make, async move { notify.notified().await }))
    };
    assert_eq!((scene(Taken::After), scene(Taken::Before)), (vec![], vec!["LD0019"]));
    let scene = |taken| {
        let notify = Arc::new(Notify::new());
        let other = Arc::clone(&notify);
        let make = async move { other.notify_last() };
        found(awaits(taken, make, async move { notify.notified().await }))
    };
    assert_eq!((scene(Taken::After), scene(Taken::Before)), (vec![], vec!["LD0019"]));
    let scene = |taken| {
        let notify = Arc::new(Notify::new());
        let owned = Arc::clone(&notify).notified_owned();
        found(awaits(taken, async move { notify.notify_waiters() }, owned))
    };
    assert_eq!((scene(Taken::After), scene(Taken::Before)), (vec![], vec!["LD0019"]));
}

#[test]
fn a_lock_that_is_released_before_the_notification_is_awaited_is_silent() {
    let found = found(async {
        let (lock, notify) = (Arc::new(Mutex::new(0)), Arc::new(Notify::new()));
        let (others, wakes) = (Arc::clone(&lock), Arc::clone(&notify));
        let task = tokio::spawn(async move {
            for _ in 0..3 {
                *others.lock().await += 1;
                wakes.notify_waiters();
                yield_now().await;
            }
        });
        loop {
            let mut notified = std::pin::pin!(notify.notified());
            notified.as_mut().enable();
            if *lock.lock().await == 3 {
                break;
            }
            notified.await;
        }
        task.await.unwrap();
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn what_something_else_ends_is_no_wait() {
    let found = found(async {
        let notify = Arc::new(Notify::new());
        let other = Arc::clone(&notify);
        let timed = async move { timeout(LONG, notify.notified()).await.unwrap() };
        awaits(Taken::Before, async move { other.notify_one() }, timed).await;
        let notify = Arc::new(Notify::new());
        let other = Arc::clone(&notify);
        let one_of_two = async move {
            tokio::select! {
                () = notify.notified() => {}
                () = sleep(LONG) => {}
            }
        };
        awaits(Taken::Before, async move { other.notify_one() }, one_of_two).await;
        let (sender, mut receiver) = broadcast::channel(1);
        let timed = async move { drop(timeout(LONG, receiver.recv()).await) };
        awaits(Taken::Before, async move { drop(sender.send(1)) }, timed).await;
        let (sender, mut receiver) = broadcast::channel(1);
        let attempt = async move { assert_eq!(receiver.try_recv(), Ok(1)) };
        awaits(Taken::Before, async move { drop(sender.send(1)) }, attempt).await;
        let (sender, mut receiver) = watch::channel(0);
        let one_of_two = async move {
            tokio::select! {
                changed = receiver.changed() => changed.unwrap(),
                () = sleep(LONG) => {}
            }
        };
        awaits(Taken::Before, async move { sender.send(1).unwrap() }, one_of_two).await;
        let barrier = Arc::new(Barrier::new(2));
        let other = Arc::clone(&barrier);
        let timed = async move { assert!(timeout(LONG, barrier.wait()).await.is_ok()) };
        let wait = async move { drop(timeout(LONG, other.wait()).await) };
        awaits(Taken::Before, wait, timed).await;
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_graceful_end_that_holds_nothing_is_silent() {
    let found = found(async {
        let (shutdown, done) = (broadcast::Sender::new(1), Arc::new(Barrier::new(4)));
        let lock = Arc::new(Mutex::new(0));
        for _ in 0..3 {
            let (lock, done) = (Arc::clone(&lock), Arc::clone(&done));
            let mut over: broadcast::Receiver<()> = shutdown.subscribe();
            tokio::spawn(async move {
                *lock.lock().await += 1;
                over.recv().await.unwrap();
                *lock.lock().await += 1;
                done.wait().await;
            });
        }
        *lock.lock().await += 1;
        shutdown.send(()).unwrap();
        done.wait().await;
        assert_eq!(*lock.lock().await, 7);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_barrier_that_is_come_to_with_a_lock_which_another_one_takes_before_is_found() {
    let scene = |taken| {
        let barrier = Arc::new(Barrier::new(2));
        let other = Arc::clone(&barrier);
        let make = async move {
            {
                other.wait().await;
            }
        };
        found(awaits(taken, make, async move {
            {
                barrier.wait().await;
            }
        }))
    };
    assert_eq!((scene(Taken::After), scene(Taken::Before)), (vec![], vec!["LD0019"]));
}

#[test]
fn what_is_done_between_two_turns_of_a_barrier_is_not_needed_for_the_first() {
    let found = found(async {
        let (lock, barrier) = (Arc::new(Mutex::new(0)), Arc::new(Barrier::new(2)));
        let (others, comes) = (Arc::clone(&lock), Arc::clone(&barrier));
        let task = tokio::spawn(async move {
            for _ in 0..3 {
                comes.wait().await;
                *others.lock().await += 1;
                comes.wait().await;
            }
        });
        for _ in 0..3 {
            let guard = lock.lock().await;
            barrier.wait().await;
            drop(guard);
            barrier.wait().await;
        }
        task.await.unwrap();
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn who_comes_alone_waits_for_nobody() {
    let found = found(async {
        let lock = Mutex::new(0);
        let guard = lock.lock().await;
        assert!(Barrier::new(1).wait().await.is_leader());
        drop(guard);
    });
    assert_eq!(found, [""; 0]);
}

/// Awaits an answer, whose sender takes a lock before, by a future that is polled by hand with `guard`
/// of that lock, which is let go of at the end of each poll.
#[test]
fn a_lock_of_threads_that_is_held_for_a_poll_alone_is_silent() {
    let found = found(async {
        let lock = Arc::new(sync::Mutex::new(0));
        let (sender, mut receiver) = oneshot::channel();
        let other = Arc::clone(&lock);
        tokio::spawn(async move {
            *other.lock().unwrap() += 1;
            sender.send(1).unwrap();
        });
        let answer = poll_fn(|context| {
            let _guard = lock.lock().unwrap();
            Pin::new(&mut receiver).poll(context)
        });
        assert_eq!(answer.await, Ok(1));
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_lock_of_threads_that_is_held_over_the_whole_wait_is_found() {
    let scene = |taken| {
        let (lock, (sender, receiver)) = (Arc::new(sync::Mutex::new(0)), oneshot::channel());
        found(async move {
            let other = Arc::clone(&lock);
            let sends = thread::spawn(move || {
                if taken == Taken::Before {
                    *other.lock().unwrap() += 1;
                }
                sender.send(1).unwrap();
                *other.lock().unwrap() += 1;
            });
            sends.join().unwrap();
            let waits = thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                let _guard = lock.lock().unwrap();
                assert_eq!(runtime.block_on(receiver), Ok(1));
            });
            waits.join().unwrap();
        })
    };
    assert_eq!((scene(Taken::After), scene(Taken::Before)), (vec![], vec!["LD0019"]));
}

#[test]
fn a_lock_of_who_polls_a_task_is_not_held_by_the_task() {
    let found = found(async {
        let (lock, notify) = (Arc::new(sync::Mutex::new(0)), Arc::new(Notify::new()));
        let (others, wakes) = (Arc::clone(&lock), Arc::clone(&notify));
        tokio::spawn(async move {
            *others.lock().unwrap() += 1;
            wakes.notify_one();
        });
        yield_now().await;
        // An executor that keeps its tasks under a lock.
        let mut task = Box::pin(lockdep::task::Tracked::spawned(async move {
            notify.notified().await;
        }));
        let _executors = lock.lock().unwrap();
        assert!(task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    });
    assert_eq!(found, [""; 0]);
}
