//! Sending into a channel without a bound.

use std::fmt;
use std::panic::Location;

use super::link::Link;
use super::real::{self, error::SendError};
use super::receiver::UnboundedReceiver;

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

    /// A sender that does not keep the channel open.
    #[cfg(not(before = "1.22"))]
    #[must_use = "the sender stays as it is"]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender { inner: self.inner.downgrade(), link: self.link.clone() }
    }

    /// How many senders there are.
    #[cfg(not(before = "1.37"))]
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }

    /// How many weak senders there are.
    #[cfg(not(before = "1.37"))]
    pub fn weak_count(&self) -> usize {
        self.inner.weak_count()
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

/// [`tokio::sync::mpsc::WeakUnboundedSender`](::tokio::sync::mpsc::WeakUnboundedSender), tracked.
#[cfg(not(before = "1.22"))]
pub struct WeakUnboundedSender<T> {
    inner: real::WeakUnboundedSender<T>,
    link: Link,
}

#[cfg(not(before = "1.22"))]
impl<T> WeakUnboundedSender<T> {
    /// A sender, if there is still another one.
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        let inner = self.inner.upgrade()?;
        Some(UnboundedSender { inner, link: self.link.clone() })
    }

    /// How many senders there are.
    #[cfg(not(before = "1.37"))]
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }

    /// How many weak senders there are.
    #[cfg(not(before = "1.37"))]
    pub fn weak_count(&self) -> usize {
        self.inner.weak_count()
    }
}

#[cfg(not(before = "1.22"))]
impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        WeakUnboundedSender { inner: self.inner.clone(), link: self.link.clone() }
    }
}

#[cfg(not(before = "1.22"))]
impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
