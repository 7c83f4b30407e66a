//! The two ends of a channel, and the functions that make them.

use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::time::{Duration, Instant};

use lockdep::wait;

use super::ends::{Ends, Site};
use super::iter::{IntoIter, Iter, TryIter};
use super::real::{
    self, RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};

/// Creates a channel without limit; the place of this call is its class, together with `T`.
#[track_caller]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    of(real::unbounded(), false)
}

/// Creates a channel for `cap` messages, which may be none; the place of this call is its class,
/// together with `T`.
#[track_caller]
pub fn bounded<T>(cap: usize) -> (Sender<T>, Receiver<T>) {
    of(real::bounded(cap), true)
}

#[track_caller]
fn of<T>(
    (sender, receiver): (real::Sender<T>, real::Receiver<T>),
    is_bounded: bool,
) -> (Sender<T>, Receiver<T>) {
    let ends = Ends::new(is_bounded);
    let source = Source::Senders(ends.clone());
    (Sender { ends, inner: sender }, Receiver { source, inner: receiver })
}

/// A channel that gives one message after this time. Waiting for it records nothing.
pub fn after(duration: Duration) -> Receiver<Instant> {
    Receiver { source: Source::Time, inner: real::after(duration) }
}

#[cfg(not(before = "0.5"))]
/// A channel that gives one message at that time. Waiting for it records nothing.
pub fn at(when: Instant) -> Receiver<Instant> {
    Receiver { source: Source::Time, inner: real::at(when) }
}

/// A channel that never gives a message. Waiting for it records nothing.
#[cfg(any(before = "0.5", before = "0.5.16"))]
pub fn never<T>() -> Receiver<T> {
    Receiver { source: Source::Nobody, inner: real::never() }
}

/// A channel that never gives a message. Waiting for it records nothing.
#[cfg(not(any(before = "0.5", before = "0.5.16")))]
pub const fn never<T>() -> Receiver<T> {
    Receiver { source: Source::Nobody, inner: real::never() }
}

/// A channel that gives a message each time that `duration` is over. Waiting for it records nothing.
pub fn tick(duration: Duration) -> Receiver<Instant> {
    Receiver { source: Source::Time, inner: real::tick(duration) }
}

/// The sending end of a channel.
///
/// # Tracking
///
/// [`send`](Self::send) into a channel of limited size waits for its receivers, with or without a
/// full channel, and is checked before it blocks. Every way to send ends the wait of receivers.
pub struct Sender<T> {
    pub(super) ends: Ends,
    pub(super) inner: real::Sender<T>,
}

impl<T> Sender<T> {
    /// Sends if there is room.
    ///
    /// # Errors
    ///
    /// The message, if there is none or nobody can receive it any more.
    #[track_caller]
    pub fn try_send(&self, msg: T) -> Result<(), TrySendError<T>> {
        self.sent(Location::caller(), self.inner.try_send(msg))
    }

    /// Sends, waiting for room.
    ///
    /// # Errors
    ///
    /// The message, if nobody can receive it any more.
    ///
    /// # Panics
    ///
    /// If waiting is not allowed here, or if nobody but this thread could make room, which is certain,
    /// and the tracker is told to panic.
    #[track_caller]
    pub fn send(&self, msg: T) -> Result<(), SendError<T>> {
        let attempt = |msg| {
            self.inner.try_send(msg).map_err(|error| match error {
                TrySendError::Full(msg) => Ok(msg),
                TrySendError::Disconnected(msg) => Err(SendError(msg)),
            })
        };
        let within = |msg, pause| {
            self.inner.send_timeout(msg, pause).map_err(|error| match error {
                SendTimeoutError::Timeout(msg) => Ok(msg),
                SendTimeoutError::Disconnected(msg) => Err(SendError(msg)),
            })
        };
        self.ends.send(Location::caller(), msg, attempt, within, |msg| self.inner.send(msg))
    }

    /// Sends if there is room within `timeout`.
    ///
    /// # Errors
    ///
    /// The message, if there is none or nobody can receive it any more.
    #[track_caller]
    pub fn send_timeout(&self, msg: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        self.sent(Location::caller(), self.inner.send_timeout(msg, timeout))
    }

    #[cfg(not(before = "0.5"))]
    /// Sends if there is room before `deadline`.
    ///
    /// # Errors
    ///
    /// The message, if there is none or nobody can receive it any more.
    #[track_caller]
    pub fn send_deadline(&self, msg: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        self.sent(Location::caller(), self.inner.send_deadline(msg, deadline))
    }

    /// Says that a message was sent, if one was.
    fn sent<E>(&self, site: Site, result: Result<(), E>) -> Result<(), E> {
        if result.is_ok() {
            self.ends.sends::<T>(site);
        }
        result
    }

    /// Whether there is no message in the channel.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// Whether there is no room in the channel.
    pub fn is_full(&self) -> bool {
        self.inner.is_full()
    }

    /// How many messages are in the channel.
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// How many messages the channel has room for, if that is limited.
    pub fn capacity(&self) -> Option<usize> {
        self.inner.capacity()
    }

    /// Whether both send into one channel.
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        self.inner.same_channel(&other.inner)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender { ends: self.ends.clone(), inner: self.inner.clone() }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// For the macros of the real crate, which want a real one.
impl<T> Deref for Sender<T> {
    type Target = real::Sender<T>;

    fn deref(&self) -> &real::Sender<T> {
        &self.inner
    }
}

/// The receiving end of a channel.
///
/// # Tracking
///
/// [`recv`](Self::recv) and the iterators wait for the channel's senders and are checked before they
/// block. Every way to receive from a channel of limited size ends the wait of senders.
pub struct Receiver<T> {
    pub(super) source: Source,
    pub(super) inner: real::Receiver<T>,
}

/// Who sends.
#[derive(Clone)]
pub(super) enum Source {
    Senders(Ends),
    Time,
    Nobody,
}

impl<T> Receiver<T> {
    /// Receives if there is a message.
    ///
    /// # Errors
    ///
    /// If there is none, or there will never be one any more.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.received(Location::caller(), self.inner.try_recv())
    }

    /// Receives, waiting for a message.
    ///
    /// # Errors
    ///
    /// If there will never be one any more.
    ///
    /// # Panics
    ///
    /// If waiting is not allowed here and the tracker is told to panic.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        match &self.source {
            Source::Senders(ends) => ends.receive::<T, _>(Location::caller(), || self.inner.recv()),
            Source::Time | Source::Nobody => self.inner.recv(),
        }
    }

    /// Receives if there is a message within `timeout`.
    ///
    /// # Errors
    ///
    /// If there is none, or there will never be one any more.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.received(Location::caller(), self.inner.recv_timeout(timeout))
    }

    #[cfg(not(before = "0.5"))]
    /// Receives if there is a message before `deadline`.
    ///
    /// # Errors
    ///
    /// If there is none, or there will never be one any more.
    #[track_caller]
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.received(Location::caller(), self.inner.recv_deadline(deadline))
    }

    /// A selection has come to receiving here.
    pub(super) fn selected(&self, site: Site) {
        match &self.source {
            Source::Senders(ends) => ends.received::<T>(site),
            Source::Time | Source::Nobody => wait::over(site),
        }
    }

    /// Says that a message was received, if one was.
    fn received<E>(&self, site: Site, result: Result<T, E>) -> Result<T, E> {
        if let (Source::Senders(ends), Ok(_)) = (&self.source, &result) {
            ends.received::<T>(site);
        }
        result
    }

    /// Whether there is no message in the channel.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// Whether there is no room in the channel.
    pub fn is_full(&self) -> bool {
        self.inner.is_full()
    }

    /// How many messages are in the channel.
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// How many messages the channel has room for, if that is limited.
    pub fn capacity(&self) -> Option<usize> {
        self.inner.capacity()
    }

    /// The messages, waiting for each, until there will be no more.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter::new(self)
    }

    /// The messages that are there.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter::new(self)
    }

    /// Whether both receive from one channel.
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        self.inner.same_channel(&other.inner)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Receiver { source: self.source.clone(), inner: self.inner.clone() }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// For the macros of the real crate, which want a real one.
impl<T> Deref for Receiver<T> {
    type Target = real::Receiver<T>;

    fn deref(&self) -> &real::Receiver<T> {
        &self.inner
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter::new(self)
    }
}
