//! Sending into a channel without a bound.

use std::fmt;
use std::panic::Location;

use super::link::Link;
use super::real::{self, error::SendError};
use super::receiver::UnboundedReceiver;
use super::weak_sender::weak_sender;

/// Creates a channel without a bound; the place of this call is its class, together with `T`.
#[track_caller]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (sender, receiver) = real::unbounded_channel();
    let link = Link::new(false);
    (UnboundedSender { inner: sender, link: link.clone() }, UnboundedReceiver::of(receiver, link))
}

/// [`tokio::sync::mpsc::UnboundedSender`](::tokio::sync::mpsc::UnboundedSender), tracked.
///
/// # Tracking
///
/// [`send`](Self::send) ends the wait of the receiver. It never waits.
pub struct UnboundedSender<T> {
    inner: real::UnboundedSender<T>,
    link: Link,
}

impl<T> UnboundedSender<T> {
    /// Sends.
    ///
    /// # Errors
    ///
    /// The message, if nobody can receive it any more.
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.link.sends::<T>(Location::caller());
        self.inner.send(message)
    }

    /// Waits until nobody can receive any more. Records nothing.
    pub async fn closed(&self) {
        self.inner.closed().await;
    }

    /// Whether nobody can receive any more.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// Whether both send into one channel.
    #[cfg(not(before = "1.3"))]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        UnboundedSender { inner: self.inner.clone(), link: self.link.clone() }
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

weak_sender! {
    /// [`tokio::sync::mpsc::WeakUnboundedSender`](::tokio::sync::mpsc::WeakUnboundedSender), tracked.
    WeakUnboundedSender of UnboundedSender, since "1.22", counted since "1.37";
}
