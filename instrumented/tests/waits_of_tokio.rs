//! What the tracker makes of tasks that wait for what other tasks send.

#![cfg(all(
    feature = "tokio",
    feature = "full",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]

mod found;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use found::found;
use instrumented::{sync, thread, tokio};
use tokio::sync::mpsc::{Receiver, Sender, channel, unbounded_channel};
use tokio::sync::{Mutex, oneshot};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

const LONG: Duration = Duration::from_secs(60);

/// Sends two messages, the second one by `send` once the receiver has done whatever it does before it
/// receives that. It receives by `receive`.
#[track_caller]
fn sends_two<S: Future<Output = ()>, R: Future<Output = ()> + Send + 'static>(
    send: impl FnOnce(Arc<Mutex<u8>>, Sender<u8>) -> S,
    receive: impl FnOnce(Arc<Mutex<u8>>, Receiver<u8>) -> R,
) -> impl Future<Output = ()> {
    // Their classes are those of the caller.
    let lock = Arc::new(Mutex::new(0));
    let (sender, receiver) = channel(1);
    async move {
        let task = tokio::spawn(receive(Arc::clone(&lock), receiver));
        sender.send(1).await.unwrap();
        while sender.capacity() == 0 {
            yield_now().await;
        }
        send(lock, sender).await;
        task.await.unwrap();
    }
}

/// Receives two messages, and takes the lock before each.
async fn locks_before(lock: Arc<Mutex<u8>>, mut receiver: Receiver<u8>) {
    for number in 1..3 {
        *lock.lock().await += 1;
        assert_eq!(receiver.recv().await, Some(number));
    }
}

#[test]
fn room_that_is_awaited_under_a_lock_which_the_receiver_takes_is_found() {
    let found = found(sends_two(
        |lock, sender| async move {
            let _guard = lock.lock().await;
            sender.send(2).await.unwrap();
        },
        locks_before,
    ));
    assert_eq!(found, ["LD0019"]);
}

#[test]
fn room_that_is_reserved_under_a_lock_which_the_receiver_takes_is_found() {
    let once = found(sends_two(
        |lock, sender| async move {
            let _guard = lock.lock().await;
            sender.reserve().await.unwrap().send(2);
        },
        locks_before,
    ));
    let owned = found(sends_two(
        |lock, sender| async move {
            let _guard = lock.lock().await;
            drop(sender.reserve_owned().await.unwrap().send(2));
        },
        locks_before,
    ));
    let many = found(sends_two(
        |lock, sender| async move {
            let _guard = lock.lock().await;
            sender.reserve_many(1).await.unwrap().for_each(|permit| permit.send(2));
        },
        locks_before,
    ));
    assert_eq!([once, owned, many], [["LD0019"]; 3]);
}

#[test]
fn attempts_to_send_under_a_lock_which_the_receiver_takes_are_silent() {
    let found = found(async {
        let attempt = |lock: Arc<Mutex<u8>>, sender: Sender<u8>| async move {
            let _guard = lock.lock().await;
            sender.try_send(2).unwrap();
        };
        sends_two(attempt, locks_before).await;
        let attempt = |lock: Arc<Mutex<u8>>, sender: Sender<u8>| async move {
            let _guard = lock.lock().await;
            sender.try_reserve().unwrap().send(2);
        };
        sends_two(attempt, locks_before).await;
        let timed = |lock: Arc<Mutex<u8>>, sender: Sender<u8>| async move {
            let _guard = lock.lock().await;
            sender.send_timeout(2, LONG).await.unwrap();
        };
        sends_two(timed, locks_before).await;
        let timed = |lock: Arc<Mutex<u8>>, sender: Sender<u8>| async move {
            let _guard = lock.lock().await;
            timeout(LONG, sender.send(2)).await.unwrap().unwrap();
        };
        sends_two(timed, locks_before).await;
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_lock_that_the_receiver_takes_after_its_last_message_is_silent() {
    let found = found(sends_two(
        |lock, sender| async move {
            let _guard = lock.lock().await;
            sender.send(2).await.unwrap();
        },
        |lock, mut receiver| async move {
            while receiver.recv().await.is_some() {}
            *lock.lock().await += 1;
        },
    ));
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_blocking_send_under_a_lock_which_the_receiver_takes_is_found() {
    let found = found(async {
        let lock = Arc::new(sync::Mutex::new(0));
        let (sender, mut receiver) = channel(1);
        let other = Arc::clone(&lock);
        let receives = thread::spawn(move || {
            for number in 1..3 {
                *other.lock().unwrap() += 1;
                assert_eq!(receiver.blocking_recv(), Some(number));
            }
        });
        let sends = thread::spawn(move || {
            sender.blocking_send(1).unwrap();
            while *lock.lock().unwrap() < 2 {
                thread::yield_now();
            }
            let _guard = lock.lock().unwrap();
            sender.blocking_send(2).unwrap();
        });
        sends.join().unwrap();
        receives.join().unwrap();
    });
    assert_eq!(found, ["LD0019"]);
}

/// Awaits a message by `receive` with the lock held that its sender has taken before.
#[track_caller]
fn awaits_message<F: Future<Output = Option<u8>>>(
    receive: impl FnOnce(Receiver<u8>) -> F,
    is_taken_before: bool,
) -> impl Future<Output = ()> {
    // Their classes are those of the caller.
    let lock = Arc::new(Mutex::new(0));
    let (sender, receiver) = channel(1);
    async move {
        let other = Arc::clone(&lock);
        tokio::spawn(async move {
            if is_taken_before {
                *other.lock().await += 1;
            }
            sender.send(1).await.unwrap();
            *other.lock().await += 1;
        });
        yield_now().await;
        let _guard = lock.lock().await;
        assert_eq!(receive(receiver).await, Some(1));
    }
}

#[test]
fn a_message_that_is_awaited_under_a_lock_which_its_sender_takes_is_found() {
    let one = found(awaits_message(|mut receiver| async move { receiver.recv().await }, true));
    let many = |mut receiver: Receiver<u8>| async move {
        let mut messages = Vec::new();
        receiver.recv_many(&mut messages, 3).await;
        messages.pop()
    };
    let many = found(awaits_message(many, true));
    assert_eq!([one, many], [["LD0019"]; 2]);
}

#[test]
fn a_message_that_may_be_missed_or_needs_no_lock_is_silent() {
    let found = found(async {
        awaits_message(|mut receiver| async move { receiver.recv().await }, false).await;
        awaits_message(|mut receiver| async move { receiver.try_recv().ok() }, true).await;
        // Who polls by hand may hold a lock for the poll alone.
        let polled = |mut receiver: Receiver<u8>| async move {
            std::future::poll_fn(|context| receiver.poll_recv(context)).await
        };
        awaits_message(polled, true).await;
        let timed = |mut receiver: Receiver<u8>| async move {
            timeout(LONG, receiver.recv()).await.unwrap()
        };
        awaits_message(timed, true).await;
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_message_that_is_awaited_beside_a_time_is_silent() {
    let found = found(awaits_message(
        |mut receiver| async move {
            tokio::select! {
                message = receiver.recv() => message,
                () = sleep(LONG) => None,
            }
        },
        true,
    ));
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_branch_that_waits_with_a_lock_of_its_own_is_found() {
    let found = found(async {
        let lock = Arc::new(Mutex::new(0));
        let (sender, mut receiver) = channel(1);
        let other = Arc::clone(&lock);
        tokio::spawn(async move {
            *other.lock().await += 1;
            sender.send(1).await.unwrap();
        });
        yield_now().await;
        tokio::select! {
            () = async {
                let _guard = lock.lock().await;
                assert_eq!(receiver.recv().await, Some(1));
            } => {}
            () = sleep(LONG) => {}
        }
    });
    assert_eq!(found, ["LD0019"]);
}

#[test]
fn a_worker_that_answers_requests_with_a_lock_of_its_own_is_silent() {
    let found = found(async {
        let (requests, mut incoming) = channel::<u8>(1);
        let (outgoing, mut answers) = unbounded_channel();
        let (outer, inner) = (Mutex::new(0), Arc::new(Mutex::new(0)));
        let workers = Arc::clone(&inner);
        let worker = tokio::spawn(async move {
            while let Some(request) = incoming.recv().await {
                *workers.lock().await += request;
                outgoing.send(request).unwrap();
            }
        });
        for number in 0..4 {
            let _guard = outer.lock().await;
            requests.send(number).await.unwrap();
            assert_eq!(answers.recv().await, Some(number));
            *inner.lock().await += 1;
        }
        drop(requests);
        worker.await.unwrap();
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_worker_whose_lock_is_held_over_the_wait_for_its_answer_is_found() {
    let found = found(async {
        let (requests, mut incoming) = unbounded_channel::<u8>();
        let (outgoing, mut answers) = unbounded_channel();
        let lock = Arc::new(Mutex::new(0));
        let workers = Arc::clone(&lock);
        tokio::spawn(async move {
            while let Some(request) = incoming.recv().await {
                *workers.lock().await += request;
                outgoing.send(request).unwrap();
            }
        });
        requests.send(1).unwrap();
        assert_eq!(answers.recv().await, Some(1));
        requests.send(2).unwrap();
        while answers.is_empty() {
            yield_now().await;
        }
        let _guard = lock.lock().await;
        assert_eq!(answers.recv().await, Some(2));
    });
    assert_eq!(found, ["LD0019"]);
}

#[test]
fn what_a_task_did_for_an_earlier_message_is_not_needed_for_the_next() {
    let found = found(async {
        let (requests, mut incoming) = unbounded_channel::<u8>();
        let (outgoing, mut answers) = unbounded_channel();
        let lock = Arc::new(Mutex::new(0));
        let workers = Arc::clone(&lock);
        tokio::spawn(async move {
            while let Some(request) = incoming.recv().await {
                match request {
                    0 => *workers.lock().await += 1,
                    _ => outgoing.send(request).unwrap(),
                }
            }
        });
        requests.send(0).unwrap();
        yield_now().await;
        let _guard = lock.lock().await;
        requests.send(1).unwrap();
        assert_eq!(answers.recv().await, Some(1));
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_send_that_never_waits_is_silent() {
    let found = found(async {
        let (sender, mut receiver) = unbounded_channel();
        let lock = Arc::new(Mutex::new(0));
        let other = Arc::clone(&lock);
        let task = tokio::spawn(async move {
            for number in 1..3 {
                *other.lock().await += 1;
                assert_eq!(receiver.recv().await, Some(number));
            }
        });
        sender.send(1).unwrap();
        yield_now().await;
        let guard = lock.lock().await;
        sender.send(2).unwrap();
        drop(guard);
        task.await.unwrap();
    });
    assert_eq!(found, [""; 0]);
}

/// Asks a worker twice, and awaits the second answer with the lock held that it takes `before` it
/// answers or after.
#[track_caller]
fn asks_twice(is_taken_before: bool) -> impl Future<Output = ()> {
    // Their classes are those of the caller.
    let lock = Arc::new(Mutex::new(0));
    let (requests, mut incoming) = unbounded_channel::<oneshot::Sender<u8>>();
    let answers = [oneshot::channel(), oneshot::channel()];
    async move {
        let workers = Arc::clone(&lock);
        let worker = tokio::spawn(async move {
            while let Some(answer) = incoming.recv().await {
                if is_taken_before {
                    *workers.lock().await += 1;
                }
                answer.send(1).unwrap();
                *workers.lock().await += 1;
            }
        });
        let [first, second] = answers;
        requests.send(first.0).unwrap();
        assert_eq!(first.1.await, Ok(1));
        requests.send(second.0).unwrap();
        yield_now().await;
        let guard = lock.lock().await;
        assert_eq!(second.1.await, Ok(1));
        drop((guard, requests));
        worker.await.unwrap();
    }
}

#[test]
fn the_one_answer_that_needs_a_lock_which_is_held_meanwhile_is_found() {
    assert_eq!(found(asks_twice(true)), ["LD0019"]);
}

#[test]
fn a_lock_that_is_taken_after_the_one_answer_is_silent() {
    assert_eq!(found(asks_twice(false)), [""; 0]);
}
