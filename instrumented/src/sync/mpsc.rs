//! [`std::sync::mpsc`] with its channels replaced by tracked ones.
//!
//! Senders, receivers and their iterators do what the real ones do; errors and all other names are
//! the real ones.
//!
//! # Tracking
//!
//! Who receives waits for who sends; who sends into a channel with a bound waits for who receives.
//! If the one holds a lock meanwhile that the other takes on its way, both can wait for ever
//! (LD0019). A receiver that is dropped while there are senders ends their wait for room, too. An
//! attempt that does not wait, or not for ever, is none of that. The place that made
//! the channel is its class. A send costs an addition of some nanoseconds, and more when it is the
//! first since the thread has taken a lock that it had not taken before.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use lockdep::{Description, Map, wait};

use crate::locks::alone::{Attempt, this_thread, try_alone};

pub use std::sync::mpsc::*;

type Site = &'static Location<'static>;

/// What the two ends of a channel have in common.
#[derive(Debug)]
struct Link {
    /// What the receiver waits for.
    messages: Map,
    /// What a sender waits for, if the channel has a bound.
    room: Option<Map>,
    /// Which thread made the receiver or was the last to use it.
    receiver: AtomicUsize,
}

/// What reports call the messages of a channel.
fn messages<T>() -> Description {
    Description::new("channel", type_name::<T>())
}

/// What reports call the room in a channel.
fn room<T>() -> Description {
    Description::new("room in channel", type_name::<T>())
}

impl Link {
    fn before_receive<T>(&self, site: Site) {
        wait::before(&self.messages, messages::<T>, site);
        self.make_room::<T>(site);
    }

    fn make_room<T>(&self, site: Site) {
        self.receiver.store(this_thread(), Relaxed);
        if let Some(map) = &self.room {
            wait::made(map, room::<T>, site);
        }
    }

    fn received(&self, site: Site) {
        wait::over(site);
    }

    /// The same for a message that was received without a wait.
    fn received_at_once<T>(&self, site: Site) {
        self.make_room::<T>(site);
        self.received(site);
    }

    fn send<T>(&self, site: Site) {
        wait::made(&self.messages, messages::<T>, site);
    }

    fn wait_for_room<T>(&self, site: Site) {
        if let Some(map) = &self.room {
            wait::before(map, room::<T>, site);
        }
    }
}

/// As [`std::sync::mpsc::channel`]; the place of this call is the channel's class.
#[must_use]
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let receiver = AtomicUsize::new(this_thread());
    let link = Arc::new(Link { messages: Map::new(), room: None, receiver });
    let (sender, receiver) = std::sync::mpsc::channel();
    (Sender { inner: sender, link: Arc::clone(&link) }, Receiver { inner: receiver, link })
}

/// As [`std::sync::mpsc::sync_channel`]; the place of this call is the channel's class.
#[must_use]
#[track_caller]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    let (room, receiver) = (Some(Map::new()), AtomicUsize::new(this_thread()));
    let link = Arc::new(Link { messages: Map::new(), room, receiver });
    let (sender, receiver) = std::sync::mpsc::sync_channel(bound);
    (SyncSender { inner: sender, link: Arc::clone(&link) }, Receiver { inner: receiver, link })
}

/// [`std::sync::mpsc::Sender`], tracked.
pub struct Sender<T> {
    inner: std::sync::mpsc::Sender<T>,
    link: Arc<Link>,
}

impl<T> Sender<T> {
    /// Sends without waiting.
    ///
    /// # Errors
    ///
    /// If the receiver is gone; the error holds the message.
    #[track_caller]
    pub fn send(&self, t: T) -> Result<(), SendError<T>> {
        self.link.send::<T>(Location::caller());
        self.inner.send(t)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        Sender { inner: self.inner.clone(), link: Arc::clone(&self.link) }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`std::sync::mpsc::SyncSender`], tracked.
pub struct SyncSender<T> {
    inner: std::sync::mpsc::SyncSender<T>,
    link: Arc<Link>,
}

impl<T> SyncSender<T> {
    /// Sends, and waits until there is room for the message.
    ///
    /// # Errors
    ///
    /// If the receiver is gone; the error holds the message.
    ///
    /// # Panics
    ///
    /// If nobody but this thread could make room, which is certain, and the tracker is told to panic.
    #[track_caller]
    pub fn send(&self, t: T) -> Result<(), SendError<T>> {
        let site = Location::caller();
        self.link.wait_for_room::<T>(site);
        self.link.send::<T>(site);
        let attempt = |t| {
            self.inner.try_send(t).map_err(|error| match error {
                TrySendError::Disconnected(t) => Err(SendError(t)),
                TrySendError::Full(t) => Ok(t),
            })
        };
        let t = match attempt(t) {
            Ok(()) => return Ok(()),
            Err(Err(error)) => return Err(error),
            Err(Ok(t)) => t,
        };
        let _idle = wait::idle();
        let receives = || self.link.receiver.load(Relaxed) == this_thread();
        let later = |t, pause| {
            std::thread::sleep(pause);
            attempt(t)
        };
        match try_alone(t, receives, later) {
            Attempt::Done(result) => result,
            Attempt::Elsewhere(t) => self.inner.send(t),
            Attempt::Stuck(t) => {
                if let Some(map) = &self.link.room {
                    wait::endless(map, room::<T>, site);
                }
                self.inner.send(t)
            }
        }
    }

    /// Sends if there is room.
    ///
    /// # Errors
    ///
    /// If there is none, or the receiver is gone; the error holds the message.
    #[track_caller]
    pub fn try_send(&self, t: T) -> Result<(), TrySendError<T>> {
        self.link.send::<T>(Location::caller());
        self.inner.try_send(t)
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> SyncSender<T> {
        SyncSender { inner: self.inner.clone(), link: Arc::clone(&self.link) }
    }
}

impl<T> fmt::Debug for SyncSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`std::sync::mpsc::Receiver`], tracked.
pub struct Receiver<T> {
    inner: std::sync::mpsc::Receiver<T>,
    link: Arc<Link>,
}

impl<T> Receiver<T> {
    /// The next message, if there is one.
    ///
    /// # Errors
    ///
    /// If there is none, or there will never be one.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let result = self.inner.try_recv();
        if result.is_ok() {
            self.link.received_at_once::<T>(Location::caller());
        }
        result
    }

    /// Waits for the next message.
    ///
    /// # Errors
    ///
    /// If there will never be one, because all senders are gone.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        let site = Location::caller();
        self.link.before_receive::<T>(site);
        let idle = wait::idle();
        let result = self.inner.recv();
        drop(idle);
        self.link.received(site);
        result
    }

    /// Waits for the next message for as long as `timeout`.
    ///
    /// # Errors
    ///
    /// If none came, or there will never be one.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        let site = Location::caller();
        self.link.make_room::<T>(site);
        let result = self.inner.recv_timeout(timeout);
        if result.is_ok() {
            self.link.received(site);
        }
        result
    }

    /// All messages until the senders are gone, each waited for.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { rx: self }
    }

    /// All messages that are there.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { rx: self }
    }
}

impl<T> Drop for Receiver<T> {
    /// Senders that wait for room wait no more. If there are none left, nobody does.
    fn drop(&mut self) {
        if let Some(map) = &self.link.room
            && Arc::strong_count(&self.link) > 1
        {
            wait::made(map, room::<T>, Location::caller());
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`std::sync::mpsc::Iter`], tracked.
#[derive(Debug)]
pub struct Iter<'a, T> {
    rx: &'a Receiver<T>,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.rx.recv().ok()
    }
}

/// [`std::sync::mpsc::TryIter`], tracked.
#[derive(Debug)]
pub struct TryIter<'a, T> {
    rx: &'a Receiver<T>,
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.rx.try_recv().ok()
    }
}

/// [`std::sync::mpsc::IntoIter`], tracked.
#[derive(Debug)]
pub struct IntoIter<T> {
    rx: Receiver<T>,
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.rx.recv().ok()
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
        IntoIter { rx: self }
    }
}
