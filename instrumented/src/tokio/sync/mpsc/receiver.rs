//! Receiving, from a channel with or without a bound.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::task::{Context, Poll, ready};

use lockdep::task::polled_by;

use super::blocking;
use super::link::Link;
use super::real;
#[cfg(not(before = "1.12"))]
use super::real::error::TryRecvError;

/// The receiving end of one kind of channel.
macro_rules! receiver {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        ///
        /// # Tracking
        ///
        /// [`recv`](Self::recv) and its like wait for the channel's senders; their futures are checked
        /// when they are first polled. Every way to receive from a channel with a bound ends the wait
        /// of senders, and so does closing or dropping the receiver.
        pub struct $name<T> {
            inner: real::$name<T>,
            link: Link,
        }

        impl<T> $name<T> {
            pub(super) fn of(inner: real::$name<T>, link: Link) -> Self {
                $name { inner, link }
            }

            /// The next message, waiting for it; none if there will never be one any more.
            ///
            /// # Panics
            ///
            /// The future panics if waiting is not allowed here and the tracker is told to panic.
            #[track_caller]
            pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
                let site = Location::caller();
                async move {
                    self.link.receive::<T, _>(site, self.inner.recv(), Option::is_some).await
                }
            }

            /// Receives up to `limit` messages, waiting for the first; how many it received.
            ///
            /// # Panics
            ///
            /// As [`recv`](Self::recv).
            #[cfg(not(before = "1.34"))]
            #[track_caller]
            pub fn recv_many(
                &mut self,
                buffer: &mut Vec<T>,
                limit: usize,
            ) -> impl Future<Output = usize> {
                let site = Location::caller();
                async move {
                    let real = self.inner.recv_many(buffer, limit);
                    if limit == 0 {
                        return real.await;
                    }
                    self.link.receive::<T, _>(site, real, |received| *received > 0).await
                }
            }

            /// The next message, if there is one.
            ///
            /// # Errors
            ///
            /// If there is none, or there will never be one any more.
            #[cfg(not(before = "1.12"))]
            #[track_caller]
            pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
                let result = self.inner.try_recv();
                if result.is_ok() {
                    self.link.received::<T>(Location::caller(), true);
                }
                result
            }

            /// The next message, blocking the thread until there is one; none if there will never be
            /// one any more.
            ///
            /// # Panics
            ///
            /// If the thread runs tasks, or as [`recv`](Self::recv).
            #[track_caller]
            pub fn blocking_recv(&mut self) -> Option<T> {
                blocking::check();
                let real = self.inner.recv();
                self.link.block_to_receive::<T, _>(Location::caller(), real, Option::is_some)
            }

            /// Receives up to `limit` messages, blocking the thread until there is one; how many it
            /// received.
            ///
            /// # Panics
            ///
            /// As [`blocking_recv`](Self::blocking_recv).
            #[cfg(not(before = "1.41"))]
            #[track_caller]
            pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
                if limit == 0 {
                    return self.inner.blocking_recv_many(buffer, limit);
                }
                blocking::check();
                let is_message = |received: &usize| *received > 0;
                let real = self.inner.recv_many(buffer, limit);
                self.link.block_to_receive::<T, _>(Location::caller(), real, is_message)
            }

            /// Lets nobody send any more. What was sent can still be received.
            #[track_caller]
            pub fn close(&mut self) {
                self.link.closes::<T>(Location::caller());
                self.inner.close();
            }

            /// Whether nobody can send any more.
            #[cfg(not(before = "1.37"))]
            pub fn is_closed(&self) -> bool {
                self.inner.is_closed()
            }

            /// Whether there is no message in the channel.
            #[cfg(not(before = "1.37"))]
            pub fn is_empty(&self) -> bool {
                self.inner.is_empty()
            }

            /// How many messages are in the channel.
            #[cfg(not(before = "1.37"))]
            pub fn len(&self) -> usize {
                self.inner.len()
            }

            /// Polls for the next message; none if there will never be one any more.
            ///
            /// # Tracking
            ///
            /// A poll by hand is no wait: who polls holds a lock for the poll, and lets go of it
            /// when there is no message.
            #[track_caller]
            pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
                let site = Location::caller();
                let _polled = polled_by(cx);
                let message = ready!(self.inner.poll_recv(cx));
                self.link.received::<T>(site, message.is_some());
                Poll::Ready(message)
            }

            /// Polls for up to `limit` messages; how many it received.
            ///
            /// # Tracking
            ///
            /// As [`poll_recv`](Self::poll_recv).
            #[cfg(not(before = "1.36"))]
            #[track_caller]
            pub fn poll_recv_many(
                &mut self,
                cx: &mut Context<'_>,
                buffer: &mut Vec<T>,
                limit: usize,
            ) -> Poll<usize> {
                if limit == 0 {
                    return self.inner.poll_recv_many(cx, buffer, limit);
                }
                let site = Location::caller();
                let _polled = polled_by(cx);
                let received = ready!(self.inner.poll_recv_many(cx, buffer, limit));
                self.link.received::<T>(site, received > 0);
                Poll::Ready(received)
            }

            /// How many senders there are.
            #[cfg(not(before = "1.39"))]
            pub fn sender_strong_count(&self) -> usize {
                self.inner.sender_strong_count()
            }

            /// How many weak senders there are.
            #[cfg(not(before = "1.39"))]
            pub fn sender_weak_count(&self) -> usize {
                self.inner.sender_weak_count()
            }
        }

        impl<T> Drop for $name<T> {
            fn drop(&mut self) {
                self.link.closes::<T>(Location::caller());
            }
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }
    };
}

receiver! {
    /// [`tokio::sync::mpsc::Receiver`](::tokio::sync::mpsc::Receiver), tracked.
    Receiver
}

receiver! {
    /// [`tokio::sync::mpsc::UnboundedReceiver`](::tokio::sync::mpsc::UnboundedReceiver), tracked.
    UnboundedReceiver
}

impl<T> Receiver<T> {
    /// For how many messages there is room now.
    #[cfg(not(before = "1.38"))]
    pub fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    /// For how many messages there is room in the empty channel.
    #[cfg(not(before = "1.38"))]
    pub fn max_capacity(&self) -> usize {
        self.inner.max_capacity()
    }
}
