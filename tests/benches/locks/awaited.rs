//! What the locks of `tokio` cost, beside the bare ones.
//!
//! Nobody else wants them, so every future is ready at the first poll. The real ones are awaited in a
//! future, ours in a task.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use lockdep::task::Tracked;

use crate::shapes::Slice;

/// What a future that never waits gives.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nobody else has the lock"),
    }
}

/// The time that `once` takes, so many times.
async fn timed(times: u32, mut once: impl AsyncFnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        once().await;
    }
    start.elapsed()
}

/// The shapes, with one crate's locks.
macro_rules! shapes {
    ($tokio:ident, $task:expr) => {
        use super::*;
        use $tokio::tokio::sync::{Mutex, RwLock};

        pub(crate) fn mutex() -> Slice {
            let mutex = Mutex::new(0);
            Box::new(move |times| {
                now($task(timed(times, async || drop(black_box(&mutex).lock().await))))
            })
        }

        pub(crate) fn read() -> Slice {
            let lock = RwLock::new(0);
            Box::new(move |times| {
                now($task(timed(times, async || drop(black_box(&lock).read().await))))
            })
        }

        pub(crate) fn write() -> Slice {
            let lock = RwLock::new(0);
            Box::new(move |times| {
                now($task(timed(times, async || drop(black_box(&lock).write().await))))
            })
        }

        pub(crate) fn pair() -> Slice {
            // The place is that of the macro, so only the payload tells their classes apart.
            let (outer, inner) = (Mutex::new(0_u8), Mutex::new(0_u16));
            Box::new(move |times| {
                let once = async || {
                    let _outer = black_box(&outer).lock().await;
                    let _inner = black_box(&inner).lock().await;
                };
                now($task(timed(times, once)))
            })
        }
    };
}

/// The real ones.
pub(crate) mod bare {
    /// Where the crate is.
    mod real {
        pub(super) use ::tokio;
    }
    shapes!(real, std::convert::identity);
}

/// Ours.
pub(crate) mod ours {
    shapes!(instrumented, Tracked::spawned);
}
