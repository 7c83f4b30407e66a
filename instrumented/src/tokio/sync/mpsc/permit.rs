//! Room in a channel that was reserved.

use std::fmt;
#[cfg(not(before = "1.36"))]
use std::iter::FusedIterator;
use std::panic::Location;

#[cfg(not(before = "1.6"))]
use super::bounded::Sender;
use super::link::Link;
use super::real;

/// [`tokio::sync::mpsc::Permit`](::tokio::sync::mpsc::Permit), tracked.
pub struct Permit<'a, T> {
    pub(super) inner: real::Permit<'a, T>,
    pub(super) link: &'a Link,
}

impl<T> Permit<'_, T> {
    /// Sends.
    #[track_caller]
    pub fn send(self, value: T) {
        self.link.sends::<T>(Location::caller());
        self.inner.send(value);
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`tokio::sync::mpsc::PermitIterator`](::tokio::sync::mpsc::PermitIterator), tracked.
#[cfg(not(before = "1.36"))]
pub struct PermitIterator<'a, T> {
    pub(super) inner: real::PermitIterator<'a, T>,
    pub(super) link: &'a Link,
}

#[cfg(not(before = "1.36"))]
impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        let inner = self.inner.next()?;
        Some(Permit { inner, link: self.link })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

#[cfg(not(before = "1.36"))]
impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
#[cfg(not(before = "1.36"))]
impl<T> FusedIterator for PermitIterator<'_, T> {}

#[cfg(not(before = "1.36"))]
impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`tokio::sync::mpsc::OwnedPermit`](::tokio::sync::mpsc::OwnedPermit), tracked.
#[cfg(not(before = "1.6"))]
pub struct OwnedPermit<T> {
    pub(super) inner: real::OwnedPermit<T>,
    pub(super) link: Link,
}

#[cfg(not(before = "1.6"))]
impl<T> OwnedPermit<T> {
    /// Sends, and gives the sender back.
    #[track_caller]
    pub fn send(self, value: T) -> Sender<T> {
        self.link.sends::<T>(Location::caller());
        Sender { inner: self.inner.send(value), link: self.link }
    }

    /// Gives the room back, and the sender.
    pub fn release(self) -> Sender<T> {
        Sender { inner: self.inner.release(), link: self.link }
    }

    /// Whether both are of one channel.
    #[cfg(not(before = "1.46"))]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// Whether `sender` sends into the channel.
    #[cfg(not(before = "1.46"))]
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.inner.same_channel_as_sender(&sender.inner)
    }
}

#[cfg(not(before = "1.6"))]
impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
