//! Waiting for a lock by blocking the thread.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use super::real::sync::Mutex;

/// Checks that the current thread may block.
///
/// # Panics
///
/// With tokio's own words, if it runs tasks.
#[track_caller]
pub(super) fn check() {
    // Nobody holds this one, so it is taken at once, after tokio's own check.
    #[cfg(not(before = "1.13"))]
    drop(Mutex::new(()).blocking_lock());
}

/// Blocks the thread until `future` is ready.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// What a thread does that waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    /// Looks again after so long, if it was not woken before.
    Looks(Duration),
    /// Waits until it is woken.
    Waits,
}

/// Blocks the thread until `future` is ready; `look` says again and again what to do until then.
pub(super) fn block_on_and_look<F: Future>(future: F, mut look: impl FnMut() -> Next) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => match look() {
                Next::Looks(pause) => thread::park_timeout(pause),
                Next::Waits => thread::park(),
            },
        }
    }
}

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}
