//! An async lock, and executors to take it in.

use std::cell::UnsafeCell;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use lockdep::task::polled_by;
use lockdep::{Description, How, Map, Traits, event};

/// A mutex whose waiters await. Its guards can be sent.
pub(crate) struct AsyncMutex<T> {
    map: Map,
    is_locked: AtomicBool,
    waiters: Mutex<Vec<Waker>>,
    _value: UnsafeCell<T>,
}

// SAFETY: the value is never looked at.
unsafe impl<T> Sync for AsyncMutex<T> {}

/// Releases its lock.
pub(crate) struct Guard<'a, T>(&'a AsyncMutex<T>);

fn describe<T>() -> Description {
    Description::new("AsyncMutex", std::any::type_name::<T>()).with_traits(Traits::AWAITED)
}

impl<T> AsyncMutex<T> {
    #[track_caller]
    pub(crate) const fn new(value: T) -> AsyncMutex<T> {
        AsyncMutex {
            map: Map::new(),
            is_locked: AtomicBool::new(false),
            waiters: Mutex::new(Vec::new()),
            _value: UnsafeCell::new(value),
        }
    }

    #[track_caller]
    pub(crate) fn lock(&self) -> impl Future<Output = Guard<'_, T>> + Send
    where
        T: Send,
    {
        let site = Location::caller();
        let mut is_announced = false;
        poll_fn(move |cx| {
            let _polled = polled_by(cx);
            if !is_announced {
                event::before_acquire(&self.map, How::EXCLUSIVE, describe::<T>, site);
                is_announced = true;
            }
            if self.is_locked.swap(true, SeqCst) {
                let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
                waiters.push(cx.waker().clone());
                return Poll::Pending;
            }
            event::acquired(&self.map, How::EXCLUSIVE, site);
            event::can_be_sent(&self.map);
            Poll::Ready(Guard(self))
        })
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        event::released_anywhere(&self.0.map);
        self.0.is_locked.store(false, SeqCst);
        let mut waiters = self.0.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        waiters.drain(..).for_each(Waker::wake);
    }
}

/// Returns `Pending` once.
pub(crate) fn pause() -> impl Future<Output = ()> + Send {
    let mut is_over = false;
    poll_fn(move |cx| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// A future with a waker of its own, polled by hand.
pub(crate) struct Job<'a> {
    future: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
    waker: Waker,
}

struct Nobody(#[expect(dead_code, reason = "so that each has an address")] u8);

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

impl<'a> Job<'a> {
    pub(crate) fn new(future: impl Future<Output = ()> + Send + 'a) -> Job<'a> {
        Job { future: Box::pin(future), waker: Waker::from(Arc::new(Nobody(0))) }
    }

    /// Whether it is done.
    pub(crate) fn poll(&mut self) -> bool {
        self.poll_under(&self.waker.clone())
    }

    fn poll_under(&mut self, waker: &Waker) -> bool {
        self.future.as_mut().poll(&mut Context::from_waker(waker)).is_ready()
    }

    pub(crate) fn finish(&mut self) {
        while !self.poll() {}
    }
}

/// Polls a future to its end.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Nobody(0)));
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
    }
}

/// Polls two futures in turn under the waker of whoever polls this, as `join!` does.
pub(crate) async fn join<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) {
    let (mut one, mut other) = (std::pin::pin!(one), std::pin::pin!(other));
    let (mut is_one, mut is_other) = (false, false);
    poll_fn(move |cx| {
        is_one = is_one || one.as_mut().poll(cx).is_ready();
        is_other = is_other || other.as_mut().poll(cx).is_ready();
        if is_one && is_other { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Polls jobs in turn, each under its own waker, as `FuturesUnordered` does.
pub(crate) async fn each_woken_by_itself(mut jobs: Vec<Job<'_>>) {
    poll_fn(move |_| {
        jobs.retain_mut(|job| !job.poll());
        if jobs.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
