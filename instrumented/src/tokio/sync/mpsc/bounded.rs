//! Sending into a channel with a bound.

use std::fmt;
use std::future::Future;
use std::panic::Location;

use super::blocking;
use super::link::Link;
#[cfg(not(before = "1.6"))]
use super::permit::OwnedPermit;
use super::permit::Permit;
use super::real::{
    self,
    error::{SendError, TrySendError},
};
use super::receiver::Receiver;
use super::weak_sender::weak_sender;

/// Creates a channel for `buffer` messages; the place of this call is its class, together with `T`.
///
/// # Panics
///
/// If `buffer` is 0 or too large.
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = real::channel(buffer);
    let link = Link::new(true);
    (Sender { inner: sender, link: link.clone() }, Receiver::of(receiver, link))
}

/// [`tokio::sync::mpsc::Sender`](::tokio::sync::mpsc::Sender), tracked.
///
/// # Tracking
///
/// [`send`](Self::send) and the ways to reserve wait for the channel's receiver, with or without a
/// full channel, and are checked when their futures are first polled. Every way to send ends the wait
/// of the receiver.
pub struct Sender<T> {
    pub(super) inner: real::Sender<T>,
    pub(super) link: Link,
}

impl<T> Sender<T> {
    /// Sends, waiting for room.
    ///
    /// # Errors
    ///
    /// The message, if nobody can receive it any more.
    ///
    /// # Panics
    ///
    /// The future panics if waiting is not allowed here and the tracker is told to panic.
    #[track_caller]
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        let site = Location::caller();
        async move { self.link.wait_for_room::<T, _>(site, self.inner.send(value)).await }
    }

    /// Waits until nobody can receive any more. Records nothing.
    pub async fn closed(&self) {
        self.inner.closed().await;
    }

    /// Sends if there is room.
    ///
    /// # Errors
    ///
    /// The message, if there is none or nobody can receive it any more.
    #[track_caller]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        #[cfg(before = "1.1")]
        return self.inner.try_send(message).inspect(|()| self.link.sends::<T>(Location::caller()));
        #[cfg(not(before = "1.1"))]
        match self.try_reserve() {
            Ok(permit) => {
                permit.send(message);
                Ok(())
            }
            Err(TrySendError::Full(())) => Err(TrySendError::Full(message)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(message)),
        }
    }

    /// Sends if there is room within `timeout`.
    ///
    /// # Errors
    ///
    /// The message, if there is none or nobody can receive it any more.
    ///
    /// # Panics
    ///
    /// The future panics if there is no timer.
    #[cfg(feature = "time")]
    #[track_caller]
    pub fn send_timeout(
        &self,
        value: T,
        timeout: std::time::Duration,
    ) -> impl Future<Output = Result<(), real::error::SendTimeoutError<T>>> {
        use real::error::SendTimeoutError;

        let site = Location::caller();
        async move {
            match super::super::real::time::timeout(timeout, self.inner.reserve()).await {
                Ok(Ok(permit)) => {
                    self.link.sends::<T>(site);
                    permit.send(value);
                    Ok(())
                }
                Ok(Err(_)) => Err(SendTimeoutError::Closed(value)),
                Err(_) => Err(SendTimeoutError::Timeout(value)),
            }
        }
    }

    /// Sends, blocking the thread until there is room.
    ///
    /// # Errors
    ///
    /// The message, if nobody can receive it any more.
    ///
    /// # Panics
    ///
    /// If the thread runs tasks, or as [`send`](Self::send).
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        blocking::check();
        let site = Location::caller();
        self.link.block_for_room::<T, _>(site, self.inner.send(value))
    }

    /// Whether nobody can receive any more.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// Waits for room, and reserves it.
    ///
    /// # Errors
    ///
    /// If nobody can receive any more.
    ///
    /// # Panics
    ///
    /// As [`send`](Self::send).
    #[track_caller]
    pub fn reserve(&self) -> impl Future<Output = Result<Permit<'_, T>, SendError<()>>> {
        let site = Location::caller();
        async move {
            let inner = self.link.wait_for_room::<T, _>(site, self.inner.reserve()).await?;
            Ok(Permit { inner, link: &self.link })
        }
    }

    /// Waits for room for `n` messages, and reserves it.
    ///
    /// # Errors
    ///
    /// If nobody can receive any more, or the channel is smaller.
    ///
    /// # Panics
    ///
    /// As [`send`](Self::send).
    #[cfg(not(before = "1.36"))]
    #[track_caller]
    pub fn reserve_many(
        &self,
        n: usize,
    ) -> impl Future<Output = Result<super::PermitIterator<'_, T>, SendError<()>>> {
        let site = Location::caller();
        async move {
            let real = self.inner.reserve_many(n);
            let inner = self.link.wait_for_room::<T, _>(site, real).await?;
            Ok(super::PermitIterator { inner, link: &self.link })
        }
    }

    /// Waits for room, and reserves it for who has the permit, which is the sender meanwhile.
    ///
    /// # Errors
    ///
    /// If nobody can receive any more.
    ///
    /// # Panics
    ///
    /// As [`send`](Self::send).
    #[cfg(not(before = "1.6"))]
    #[track_caller]
    pub fn reserve_owned(self) -> impl Future<Output = Result<OwnedPermit<T>, SendError<()>>> {
        let site = Location::caller();
        async move {
            let Sender { inner, link } = self;
            let inner = link.wait_for_room::<T, _>(site, inner.reserve_owned()).await?;
            Ok(OwnedPermit { inner, link })
        }
    }

    /// Reserves room if there is any.
    ///
    /// # Errors
    ///
    /// If there is none or nobody can receive any more.
    #[cfg(not(before = "1.1"))]
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        let inner = self.inner.try_reserve()?;
        Ok(Permit { inner, link: &self.link })
    }

    /// Reserves room for `n` messages if there is any.
    ///
    /// # Errors
    ///
    /// If there is none or nobody can receive any more.
    #[cfg(not(before = "1.36"))]
    pub fn try_reserve_many(
        &self,
        n: usize,
    ) -> Result<super::PermitIterator<'_, T>, TrySendError<()>> {
        let inner = self.inner.try_reserve_many(n)?;
        Ok(super::PermitIterator { inner, link: &self.link })
    }

    /// Reserves room if there is any, for who has the permit, which is the sender meanwhile.
    ///
    /// # Errors
    ///
    /// The sender, if there is none or nobody can receive any more.
    #[cfg(not(before = "1.6"))]
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        let Sender { inner, link } = self;
        match inner.try_reserve_owned() {
            Ok(inner) => Ok(OwnedPermit { inner, link }),
            Err(TrySendError::Full(inner)) => Err(TrySendError::Full(Sender { inner, link })),
            Err(TrySendError::Closed(inner)) => Err(TrySendError::Closed(Sender { inner, link })),
        }
    }

    /// Whether both send into one channel.
    #[cfg(not(before = "1.3"))]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// For how many messages there is room now.
    #[cfg(not(before = "1.5"))]
    pub fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    /// For how many messages there is room in the empty channel.
    #[cfg(not(before = "1.21"))]
    pub fn max_capacity(&self) -> usize {
        self.inner.max_capacity()
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
    /// [`tokio::sync::mpsc::WeakSender`](::tokio::sync::mpsc::WeakSender), tracked.
    WeakSender of Sender, since "1.21", counted since "1.37";
}
