//! A future that is dropped, or not polled any more, after some time.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use lockdep::task::{Patience, awaits};

use super::real::time::error::Elapsed;
use super::real::time::{self as real, Duration, Instant};

/// [`tokio::time::timeout`](::tokio::time::timeout); a lock that is awaited in it is an attempt.
///
/// # Panics
///
/// As the real one: if there is no timer.
#[track_caller]
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    // Of a time that cannot be reckoned tokio makes none, or one in many years.
    let patience = match Instant::now().checked_add(duration) {
        Some(_) => Patience::Timed,
        None => Patience::Endless,
    };
    Timeout { patience, inner: real::timeout(duration, future.into_future()) }
}

/// [`tokio::time::timeout_at`](::tokio::time::timeout_at); a lock that is awaited in it is an attempt.
///
/// # Panics
///
/// As the real one: if there is no timer.
#[track_caller]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    let inner = real::timeout_at(deadline, future.into_future());
    Timeout { patience: Patience::Timed, inner }
}

/// [`tokio::time::Timeout`](::tokio::time::Timeout), which says that it is one.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Timeout<T> {
    patience: Patience,
    inner: real::Timeout<T>,
}

impl<T> Timeout<T> {
    /// The future.
    pub fn get_ref(&self) -> &T {
        self.inner.get_ref()
    }

    /// The future, to be changed.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    /// The future, without the timeout.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: Future> Future for Timeout<T> {
    type Output = Result<T::Output, Elapsed>;

    #[allow(unsafe_code, reason = "pins a field of a pinned value")]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let _awaits = (self.patience == Patience::Timed).then(|| awaits(Patience::Timed));
        // SAFETY: `inner` is pinned as the whole is: nothing moves it once it is, there is no `drop`,
        // and the whole is `Unpin` only if it is.
        let inner = unsafe { self.map_unchecked_mut(|timeout| &mut timeout.inner) };
        inner.poll(cx)
    }
}

impl<T: fmt::Debug> fmt::Debug for Timeout<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
