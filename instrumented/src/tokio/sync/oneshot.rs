//! [`tokio::sync::oneshot`](::tokio::sync::oneshot) with its channels replaced by tracked ones. Errors
//! are the real ones.
//!
//! # Tracking
//!
//! As for those of [`mpsc`](super::mpsc): who receives waits for who sends. It is checked at each poll
//! of the receiver, for it may have been polled before a lock was taken. The place of the wait is the
//! `await`, or that of whatever polls.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lockdep::task::polled_by;

#[cfg(not(before = "1.16"))]
use super::blocking;
use super::link::Link;
use super::real::sync::oneshot as real;

use real::error::{RecvError, TryRecvError};

pub use super::real::sync::oneshot::*;

/// Creates a channel for one message; the place of this call is its class, together with `T`.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = real::channel();
    let link = Link::new(false);
    (Sender { inner: sender, link: link.clone() }, Receiver { inner: receiver, link })
}

/// [`tokio::sync::oneshot::Sender`](::tokio::sync::oneshot::Sender), tracked.
pub struct Sender<T> {
    inner: real::Sender<T>,
    link: Link,
}

impl<T> Sender<T> {
    /// Sends.
    ///
    /// # Errors
    ///
    /// The message, if nobody can receive it any more.
    #[track_caller]
    pub fn send(self, t: T) -> Result<(), T> {
        self.link.sends::<T>(Location::caller());
        self.inner.send(t)
    }

    /// Waits until nobody can receive any more. Records nothing.
    pub async fn closed(&mut self) {
        self.inner.closed().await;
    }

    /// Whether nobody can receive any more.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// Polls for that nobody can receive any more. Records nothing.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_closed(cx)
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`tokio::sync::oneshot::Receiver`](::tokio::sync::oneshot::Receiver), tracked.
pub struct Receiver<T> {
    inner: real::Receiver<T>,
    link: Link,
}

impl<T> Receiver<T> {
    /// Lets nobody send any more. What was sent can still be received.
    pub fn close(&mut self) {
        self.inner.close();
    }

    /// Whether the message, or the end, was received.
    #[cfg(not(before = "1.44"))]
    pub fn is_terminated(&self) -> bool {
        self.inner.is_terminated()
    }

    /// Whether there is no message in the channel.
    #[cfg(not(before = "1.44"))]
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// The message, if it is there.
    ///
    /// # Errors
    ///
    /// If it is not, or there will never be one.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let result = self.inner.try_recv();
        if result.is_ok() {
            self.link.received::<T>(Location::caller(), true);
        }
        result
    }

    /// The message, blocking the thread until it is there.
    ///
    /// # Errors
    ///
    /// If there will never be one.
    ///
    /// # Panics
    ///
    /// If the thread runs tasks, or if waiting is not allowed here and the tracker is told to panic.
    #[cfg(not(before = "1.16"))]
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        blocking::check();
        let Receiver { inner, link } = self;
        link.block_to_receive::<T, _>(Location::caller(), inner, Result::is_ok)
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let site = Location::caller();
        let _polled = polled_by(cx);
        self.link.polls::<T>(site);
        let message = ready!(Pin::new(&mut self.inner).poll(cx));
        self.link.received::<T>(site, message.is_ok());
        Poll::Ready(message)
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
