//! [`tokio::sync::broadcast`](::tokio::sync::broadcast) with its channels replaced by tracked ones.
//! Errors are the real ones.
//!
//! # Tracking
//!
//! As for those of [`mpsc`](super::mpsc): who receives waits for who sends. Nobody waits for room:
//! the oldest message makes it.

use std::fmt;
use std::future::Future;
use std::panic::Location;

use super::blocking;
use super::link::Link;
use super::real::sync::broadcast as real;
use super::weak_sender::weak_sender;

use real::error::{RecvError, SendError, TryRecvError};

pub use super::real::sync::broadcast::*;

/// Creates a channel for `capacity` messages; the place of this call is its class, together with `T`.
///
/// # Panics
///
/// If `capacity` is 0 or too large.
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = real::channel(capacity);
    let link = Link::new(false);
    (Sender { inner: sender, link: link.clone() }, Receiver { inner: receiver, link })
}

/// [`tokio::sync::broadcast::Sender`](::tokio::sync::broadcast::Sender), tracked.
pub struct Sender<T> {
    inner: real::Sender<T>,
    link: Link,
}

impl<T> Sender<T> {
    /// Creates a channel that nobody receives from; the place of this call is its class.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0 or too large.
    #[cfg(not(before = "1.30"))]
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        Sender { inner: real::Sender::new(capacity), link: Link::new(false) }
    }

    /// Sends to all receivers; how many there are.
    ///
    /// # Errors
    ///
    /// The message, if there are none.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.link.sends::<T>(Location::caller());
        self.inner.send(value)
    }

    /// A receiver of what is sent from now on.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver { inner: self.inner.subscribe(), link: self.link.clone() }
    }

    /// How many messages are in the channel.
    #[cfg(not(before = "1.25"))]
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Whether there is no message in the channel.
    #[cfg(not(before = "1.25"))]
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.inner.receiver_count()
    }

    /// Whether both send into one channel.
    #[cfg(not(before = "1.28"))]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// Waits until nobody can receive any more. Records nothing.
    #[cfg(not(before = "1.44"))]
    pub async fn closed(&self) {
        self.inner.closed().await;
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender { inner: self.inner.clone(), link: self.link.clone() }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

weak_sender! {
    /// [`tokio::sync::broadcast::WeakSender`](::tokio::sync::broadcast::WeakSender), tracked.
    WeakSender of Sender, since "1.44", counted since "1.44";
    #[must_use]
}

/// [`tokio::sync::broadcast::Receiver`](::tokio::sync::broadcast::Receiver), tracked.
pub struct Receiver<T> {
    inner: real::Receiver<T>,
    link: Link,
}

impl<T> Receiver<T> {
    /// How many messages are left for this receiver.
    #[cfg(not(before = "1.18"))]
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Whether no message is left for this receiver.
    #[cfg(not(before = "1.18"))]
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// Whether both receive from one channel.
    #[cfg(not(before = "1.28"))]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// How many senders there are.
    #[cfg(not(before = "1.44"))]
    pub fn sender_strong_count(&self) -> usize {
        self.inner.sender_strong_count()
    }

    /// How many weak senders there are.
    #[cfg(not(before = "1.44"))]
    pub fn sender_weak_count(&self) -> usize {
        self.inner.sender_weak_count()
    }

    /// Whether nobody can send any more.
    #[cfg(not(before = "1.44"))]
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }
}

impl<T: Clone> Receiver<T> {
    /// Another receiver, of what is sent from now on.
    #[cfg(not(before = "1.19"))]
    pub fn resubscribe(&self) -> Self {
        Receiver { inner: self.inner.resubscribe(), link: self.link.clone() }
    }

    /// The next message, waiting for it.
    ///
    /// # Errors
    ///
    /// If messages were missed, or there will never be one any more.
    ///
    /// # Panics
    ///
    /// The future panics if waiting is not allowed here and the tracker is told to panic.
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Result<T, RecvError>> {
        let site = Location::caller();
        async move { self.link.receive::<T, _>(site, self.inner.recv(), Result::is_ok).await }
    }

    /// The next message, if it is there.
    ///
    /// # Errors
    ///
    /// If it is not, if messages were missed, or if there will never be one any more.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let result = self.inner.try_recv();
        if result.is_ok() {
            self.link.received::<T>(Location::caller(), true);
        }
        result
    }

    /// The next message, blocking the thread until it is there.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Panics
    ///
    /// If the thread runs tasks, or as [`recv`](Self::recv).
    #[cfg(not(before = "1.29"))]
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        blocking::check();
        let real = self.inner.recv();
        self.link.block_to_receive::<T, _>(Location::caller(), real, Result::is_ok)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
