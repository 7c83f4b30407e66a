//! Selections among several operations.
//!
//! A selection is a wait for any one of its channels. What it comes to is an event like every other: who
//! receives by it has what it waited for, and ends the wait of senders.

use std::fmt;
use std::panic::Location;
use std::time::{Duration, Instant};

use lockdep::wait;

use super::arm::{self, Arm};
use super::channel::{Receiver, Sender};
use super::real::{
    self, ReadyTimeoutError, RecvError, SelectTimeoutError, SendError, TryReadyError,
    TrySelectError,
};

/// Selects one of several operations.
///
/// # Tracking
///
/// A wait without timeout is one for any of the operations, checked before it blocks; the operation
/// that is selected is recorded when it is completed.
#[derive(Clone)]
pub struct Select<'a> {
    inner: real::Select<'a>,
    /// By their indices; none where one was taken away.
    arms: Vec<Option<Arm<'a>>>,
}

impl<'a> Select<'a> {
    /// A selection among none so far.
    #[allow(clippy::new_without_default, reason = "it has one, written out below")]
    pub fn new() -> Select<'a> {
        Select { inner: real::Select::new(), arms: Vec::new() }
    }

    /// The same, which prefers the operation that was added first.
    #[cfg(not(any(before = "0.5", before = "0.5.14")))]
    pub fn new_biased() -> Self {
        Select { inner: real::Select::new_biased(), arms: Vec::new() }
    }

    /// Adds that of sending; the result is its index.
    pub fn send<T>(&mut self, s: &'a Sender<T>) -> usize {
        let index = self.inner.send(&s.inner);
        self.add(index, Arm::of_sender(s))
    }

    /// Adds that of receiving; the result is its index.
    pub fn recv<T>(&mut self, r: &'a Receiver<T>) -> usize {
        let index = self.inner.recv(&r.inner);
        self.add(index, Arm::of_receiver(r))
    }

    /// Notes what can be waited for by the operation with this index.
    fn add(&mut self, index: usize, arm: Arm<'a>) -> usize {
        self.arms.resize(self.arms.len().max(index + 1), None);
        self.arms[index] = Some(arm);
        index
    }

    /// Takes one away.
    ///
    /// # Panics
    ///
    /// If there is none with this index.
    pub fn remove(&mut self, index: usize) {
        self.inner.remove(index);
        self.arms[index] = None;
    }

    /// Selects one that is ready.
    ///
    /// # Errors
    ///
    /// If none is.
    pub fn try_select(&mut self) -> Result<SelectedOperation<'a>, TrySelectError> {
        self.inner.try_select().map(SelectedOperation::of)
    }

    /// Selects one, waiting until one is ready.
    ///
    /// # Panics
    ///
    /// If there are none; or if waiting is not allowed here and the tracker is told to panic.
    #[track_caller]
    pub fn select(&mut self) -> SelectedOperation<'a> {
        let _idle = arm::before(self.arms.iter().copied().flatten(), Location::caller());
        SelectedOperation::of(self.inner.select())
    }

    /// Selects one that is ready within `timeout`.
    ///
    /// # Errors
    ///
    /// If none is.
    pub fn select_timeout(
        &mut self,
        timeout: Duration,
    ) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        self.inner.select_timeout(timeout).map(SelectedOperation::of)
    }

    #[cfg(not(before = "0.5"))]
    /// Selects one that is ready before `deadline`.
    ///
    /// # Errors
    ///
    /// If none is.
    pub fn select_deadline(
        &mut self,
        deadline: Instant,
    ) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        self.inner.select_deadline(deadline).map(SelectedOperation::of)
    }

    /// The index of one that is ready.
    ///
    /// # Errors
    ///
    /// If none is.
    pub fn try_ready(&mut self) -> Result<usize, TryReadyError> {
        self.inner.try_ready()
    }

    /// The index of one that is ready, waiting for one.
    ///
    /// # Panics
    ///
    /// If there are none; or if waiting is not allowed here and the tracker is told to panic.
    #[track_caller]
    pub fn ready(&mut self) -> usize {
        let _idle = arm::before(self.arms.iter().copied().flatten(), Location::caller());
        self.inner.ready()
    }

    /// The index of one that is ready within `timeout`.
    ///
    /// # Errors
    ///
    /// If none is.
    pub fn ready_timeout(&mut self, timeout: Duration) -> Result<usize, ReadyTimeoutError> {
        self.inner.ready_timeout(timeout)
    }

    #[cfg(not(before = "0.5"))]
    /// The index of one that is ready before `deadline`.
    ///
    /// # Errors
    ///
    /// If none is.
    pub fn ready_deadline(&mut self, deadline: Instant) -> Result<usize, ReadyTimeoutError> {
        self.inner.ready_deadline(deadline)
    }
}

impl Default for Select<'_> {
    fn default() -> Self {
        Select::new()
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// An operation that was selected and is to be completed.
#[must_use]
pub struct SelectedOperation<'a> {
    inner: real::SelectedOperation<'a>,
}

impl<'a> SelectedOperation<'a> {
    fn of(inner: real::SelectedOperation<'a>) -> Self {
        SelectedOperation { inner }
    }

    /// Which one it is.
    pub fn index(&self) -> usize {
        self.inner.index()
    }

    /// Sends.
    ///
    /// # Errors
    ///
    /// The message, if nobody can receive it any more.
    ///
    /// # Panics
    ///
    /// If that was not selected.
    #[track_caller]
    pub fn send<T>(self, s: &Sender<T>, msg: T) -> Result<(), SendError<T>> {
        let site = Location::caller();
        s.ends.sends::<T>(site);
        let result = self.inner.send(&s.inner, msg);
        wait::over(site);
        result
    }

    /// Receives.
    ///
    /// # Errors
    ///
    /// If there will never be a message any more.
    ///
    /// # Panics
    ///
    /// If that was not selected.
    #[track_caller]
    pub fn recv<T>(self, r: &Receiver<T>) -> Result<T, RecvError> {
        let site = Location::caller();
        let result = self.inner.recv(&r.inner);
        r.selected(site);
        result
    }
}

impl fmt::Debug for SelectedOperation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
