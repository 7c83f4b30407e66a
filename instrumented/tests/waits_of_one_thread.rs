//! What the tracker makes of a thread that blocks for what only it could do, over channels of `tokio`.
//!
//! One test: it is certain only if no other thread of the process could go on.

#![cfg(all(
    feature = "tokio",
    feature = "full",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]

use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use instrumented::{thread, tokio};
use tokio::runtime::Builder;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::sleep;

/// Longer than it takes to look as often as it is looked.
const MOMENT: Duration = Duration::from_millis(300);

/// The title of what `work` panics with.
fn panicked<R>(work: impl FnOnce() -> R) -> String {
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let panicked = result.err().expect("it does not come back");
    let text = panicked.downcast_ref::<String>().cloned().unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_thread_that_waits_for_itself_is_told_before_it_blocks_and_no_other() {
    const ENDLESS: &str = "error[LD0021]: wait that nobody can end";
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));

    // A full channel whose only receiver is here.
    let (sender, mut receiver) = mpsc::channel(1);
    sender.blocking_send(1).unwrap();
    assert_eq!(receiver.blocking_recv(), Some(1));
    sender.blocking_send(2).unwrap();
    assert_eq!(panicked(|| sender.blocking_send(3).unwrap()), ENDLESS);
    // An empty one whose only sender is.
    assert_eq!(receiver.blocking_recv(), Some(2));
    assert_eq!(panicked(|| receiver.blocking_recv()), ENDLESS);
    let (sender, mut receiver) = mpsc::unbounded_channel();
    sender.send(1).unwrap();
    let mut messages = Vec::new();
    assert_eq!(receiver.blocking_recv_many(&mut messages, 3), 1);
    assert_eq!(panicked(|| receiver.blocking_recv_many(&mut messages, 3)), ENDLESS);
    let (sender, receiver) = oneshot::channel::<u8>();
    assert_eq!(panicked(|| receiver.blocking_recv()), ENDLESS);
    let (other, mut receiver) = broadcast::channel::<u8>(1);
    assert_eq!(panicked(|| receiver.blocking_recv()), ENDLESS);
    drop((sender, other));

    // Ends that other threads have, who come to them late.
    let (sender, mut receiver) = mpsc::channel(1);
    let late = thread::spawn(move || {
        std::thread::sleep(MOMENT);
        std::iter::from_fn(|| receiver.blocking_recv()).sum::<u8>()
    });
    (1..4).for_each(|number| sender.blocking_send(number).unwrap());
    drop(sender);
    assert_eq!(late.join().unwrap(), 6);
    let (sender, receiver) = oneshot::channel();
    let late = thread::spawn(move || {
        std::thread::sleep(MOMENT);
        sender.send(1)
    });
    assert_eq!(receiver.blocking_recv(), Ok(1));
    late.join().unwrap().unwrap();

    // An end that a task has, which time will wake.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (sender, mut receiver) = mpsc::channel(1);
    runtime.spawn(async move {
        sleep(MOMENT).await;
        sender.send(1).await.unwrap();
    });
    assert_eq!(receiver.blocking_recv(), Some(1));
    let (sender, mut receiver) = mpsc::channel(1);
    sender.blocking_send(1).unwrap();
    runtime.spawn(async move {
        sleep(MOMENT).await;
        while receiver.recv().await.is_some() {}
    });
    sender.blocking_send(2).unwrap();
    drop(runtime);
    panic::set_hook(hook);
}
