//! What can end a selection: the operations that it is made among.

use std::panic::Location;

use lockdep::wait::{self, Idle};
use lockdep::{Describe, Map};

use super::channel::{Receiver, Sender, Source};
use super::ends::{Site, message, room};

/// One operation.
#[derive(Clone, Copy, Debug)]
pub enum Arm<'a> {
    /// It waits for another task to do this.
    Event(&'a Map, Describe),
    /// It never waits, or time ends the wait.
    Ends,
    /// Nothing ever ends the wait.
    Never,
}

impl<'a> Arm<'a> {
    /// Receives.
    pub(super) fn of_receiver<T>(receiver: &'a Receiver<T>) -> Arm<'a> {
        match &receiver.source {
            Source::Senders(ends) => Arm::Event(ends.message(), message::<T>),
            Source::Time => Arm::Ends,
            Source::Nobody => Arm::Never,
        }
    }

    /// Sends.
    pub(super) fn of_sender<T>(sender: &'a Sender<T>) -> Arm<'a> {
        sender.ends.room().map_or(Arm::Ends, |map| Arm::Event(map, room::<T>))
    }
}

/// The current task is about to wait until one of these can be done.
///
/// # Panics
///
/// If waiting is not allowed here and the tracker is told to panic.
#[allow(single_use_lifetimes, reason = "one without a name is not stable here")]
pub(super) fn before<'a>(arms: impl Iterator<Item = Arm<'a>> + Clone, site: Site) -> Option<Idle> {
    if arms.clone().any(|arm| matches!(arm, Arm::Ends)) {
        return None;
    }
    let events = arms.filter_map(|arm| match arm {
        Arm::Event(map, describe) => Some((map, describe)),
        Arm::Ends | Arm::Never => None,
    });
    wait::before_any(events, site);
    Some(wait::idle())
}

/// For the macros: one of these is to be selected.
#[track_caller]
pub fn choose(arms: &[Arm<'_>]) {
    // It ends where the macro's code goes on, out of our sight, so the task is not said to be idle.
    drop(before(arms.iter().copied(), Location::caller()));
}

/// For the macros: one of them is to receive.
pub fn receives<T>(receiver: &Receiver<T>) -> Arm<'_> {
    Arm::of_receiver(receiver)
}

/// For the macros: one of them is to send.
pub fn sends<T>(sender: &Sender<T>) -> Arm<'_> {
    Arm::of_sender(sender)
}

/// For the macros: it has received.
#[track_caller]
pub fn received<T>(receiver: &Receiver<T>) {
    receiver.selected(Location::caller());
}

/// For the macros: it is about to send.
#[track_caller]
pub fn sending<T>(sender: &Sender<T>) {
    sender.ends.sends::<T>(Location::caller());
}

/// For the macros: it has sent, or knows that it cannot.
#[track_caller]
pub fn selected() {
    wait::over(Location::caller());
}
