//! [`tokio::sync::watch`](::tokio::sync::watch) with its channels replaced by tracked ones. Errors and
//! [`Ref`] are the real ones.
//!
//! # Tracking
//!
//! As for those of [`mpsc`](super::mpsc): who waits for a change waits for who makes one. A look at
//! the value is no wait.

use std::fmt;
use std::future::Future;
use std::panic::Location;

use super::link::Link;
use super::real::sync::watch as real;

use real::error::{RecvError, SendError};

pub use super::real::sync::watch::*;

/// Creates a channel with a value; the place of this call is its class, together with `T`.
#[track_caller]
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = real::channel(init);
    let link = Link::new(false);
    (Sender { inner: sender, link: link.clone() }, Receiver { inner: receiver, link })
}

/// [`tokio::sync::watch::Sender`](::tokio::sync::watch::Sender), tracked.
///
/// # Tracking
///
/// Every way to change the value ends the wait of the receivers.
pub struct Sender<T> {
    inner: real::Sender<T>,
    link: Link,
}

impl<T> Sender<T> {
    /// Creates a channel that nobody watches; the place of this call is its class.
    #[cfg(not(before = "1.33"))]
    #[track_caller]
    pub fn new(init: T) -> Self {
        Sender { inner: real::Sender::new(init), link: Link::new(false) }
    }

    /// Changes the value, if anybody watches.
    ///
    /// # Errors
    ///
    /// The value, if nobody does.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.link.sends::<T>(Location::caller());
        self.inner.send(value)
    }

    /// Changes the value by `modify`.
    ///
    /// # Panics
    ///
    /// If `modify` does.
    #[cfg(not(before = "1.18"))]
    #[track_caller]
    pub fn send_modify<F>(&self, modify: F)
    where
        F: FnOnce(&mut T),
    {
        self.link.sends::<T>(Location::caller());
        self.inner.send_modify(modify);
    }

    /// Changes the value by `modify`, which tells whether it did; what it told.
    ///
    /// # Panics
    ///
    /// If `modify` does.
    #[cfg(not(before = "1.19"))]
    #[track_caller]
    pub fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        let site = Location::caller();
        self.inner.send_if_modified(|value| {
            let is_modified = modify(value);
            if is_modified {
                self.link.sends::<T>(site);
            }
            is_modified
        })
    }

    /// Changes the value, whether anybody watches or not; the one before.
    #[cfg(not(before = "1.13"))]
    #[track_caller]
    pub fn send_replace(&self, value: T) -> T {
        self.link.sends::<T>(Location::caller());
        self.inner.send_replace(value)
    }

    /// The value. As long as what is returned lives it cannot be changed.
    pub fn borrow(&self) -> Ref<'_, T> {
        self.inner.borrow()
    }

    /// Whether nobody watches any more.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// Waits until nobody watches any more. Records nothing.
    pub async fn closed(&self) {
        self.inner.closed().await;
    }

    /// A receiver that has seen the present value.
    #[cfg(not(before = "1.11"))]
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver { inner: self.inner.subscribe(), link: self.link.clone() }
    }

    /// How many receivers there are.
    #[cfg(not(before = "1.7"))]
    pub fn receiver_count(&self) -> usize {
        self.inner.receiver_count()
    }

    /// How many senders there are.
    #[cfg(not(before = "1.41"))]
    pub fn sender_count(&self) -> usize {
        self.inner.sender_count()
    }

    /// Whether both send into one channel.
    #[cfg(not(before = "1.39"))]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }
}

#[cfg(not(before = "1.37"))]
impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender { inner: self.inner.clone(), link: self.link.clone() }
    }
}

#[cfg(not(before = "1.39"))]
impl<T: Default> Default for Sender<T> {
    /// A channel with the default value; its class is the place of this call.
    #[track_caller]
    fn default() -> Self {
        Sender::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`tokio::sync::watch::Receiver`](::tokio::sync::watch::Receiver), tracked.
///
/// # Tracking
///
/// [`changed`](Self::changed) and [`wait_for`](Self::wait_for) wait for the channel's senders,
/// whether there is a change already or not; their futures are checked when they are first polled.
pub struct Receiver<T> {
    inner: real::Receiver<T>,
    link: Link,
}

impl<T> Receiver<T> {
    /// The value. As long as what is returned lives it cannot be changed.
    pub fn borrow(&self) -> Ref<'_, T> {
        self.inner.borrow()
    }

    /// The value, which is seen now. As long as what is returned lives it cannot be changed.
    #[cfg(not(before = "1.8"))]
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        self.inner.borrow_and_update()
    }

    /// Whether the value was changed since it was seen.
    ///
    /// # Errors
    ///
    /// If nobody can change it any more.
    #[cfg(not(before = "1.16"))]
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        self.inner.has_changed()
    }

    /// Whether nobody can change the value any more.
    #[cfg(not(before = "1.54"))]
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// Has the value be one that was not seen.
    #[cfg(not(before = "1.33"))]
    pub fn mark_changed(&mut self) {
        self.inner.mark_changed();
    }

    /// Has the value be one that was seen.
    #[cfg(not(before = "1.36"))]
    pub fn mark_unchanged(&mut self) {
        self.inner.mark_unchanged();
    }

    /// Waits until the value is one that was not seen.
    ///
    /// # Errors
    ///
    /// If nobody can change it any more.
    ///
    /// # Panics
    ///
    /// The future panics if waiting is not allowed here and the tracker is told to panic.
    #[track_caller]
    pub fn changed(&mut self) -> impl Future<Output = Result<(), RecvError>> {
        let site = Location::caller();
        async move { self.link.receive::<T, _>(site, self.inner.changed(), Result::is_ok).await }
    }

    /// Waits for a value for which `f` says so.
    ///
    /// # Errors
    ///
    /// If nobody can change it any more.
    ///
    /// # Panics
    ///
    /// The future panics if `f` does, or as that of [`changed`](Self::changed).
    #[cfg(not(before = "1.28"))]
    #[track_caller]
    pub fn wait_for(
        &mut self,
        f: impl FnMut(&T) -> bool,
    ) -> impl Future<Output = Result<Ref<'_, T>, RecvError>> {
        let site = Location::caller();
        async move { self.link.receive::<T, _>(site, self.inner.wait_for(f), Result::is_ok).await }
    }

    /// Whether both watch one value.
    #[cfg(not(before = "1.18"))]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Receiver { inner: self.inner.clone(), link: self.link.clone() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
