//! What can be waited for in a channel: a message, and room for one.
//!
//! Who receives waits for a message, and makes room; who sends into a channel of limited size waits for
//! room, and makes a message. All handles of a channel share the two. A wait with a timeout, an
//! attempt and a selection among several are no waits: something else may end them.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use lockdep::{Description, Map, wait};

use super::alone::{Attempt, this_thread, try_alone};

/// A place in the program; every event has one.
pub(super) type Site = &'static Location<'static>;

/// What reports call a message in a channel of `T`.
pub(super) fn message<T>() -> Description {
    Description::new("channel", type_name::<T>())
}

/// What reports call room in a channel of `T`.
pub(super) fn room<T>() -> Description {
    Description::new("room in a channel", type_name::<T>())
}

/// A channel, as all of its handles know it.
#[derive(Clone)]
pub(super) struct Ends(Arc<Events>);

struct Events {
    message: Map,
    /// None if there is always room.
    room: Option<Map>,
    /// Which thread made the receiver or was the last to use one. Relaxed: it is looked at again and
    /// again.
    receiver: AtomicUsize,
}

impl fmt::Debug for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ends").finish_non_exhaustive()
    }
}

impl Ends {
    /// Those of a channel that the caller makes.
    #[track_caller]
    pub(super) fn new(is_bounded: bool) -> Ends {
        let room = if is_bounded { Some(Map::new()) } else { None };
        let receiver = AtomicUsize::new(this_thread());
        Ends(Arc::new(Events { message: Map::new(), room, receiver }))
    }

    pub(super) fn message(&self) -> &Map {
        &self.0.message
    }

    /// None if there is always room.
    pub(super) fn room(&self) -> Option<&Map> {
        self.0.room.as_ref()
    }

    /// Sends by `attempt`, or else by `wait`, or as long as that may be for ever by `within` some time;
    /// each gives the message back.
    pub(super) fn send<T, E>(
        &self,
        site: Site,
        message: T,
        attempt: impl FnOnce(T) -> Result<(), Result<T, E>>,
        within: impl Fn(T, Duration) -> Result<(), Result<T, E>>,
        wait: impl FnOnce(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let room = self.room();
        if let Some(room) = room {
            wait::before(room, self::room::<T>, site);
        }
        self.sends::<T>(site);
        let message = match attempt(message) {
            Ok(()) => return Ok(()),
            Err(Err(error)) => return Err(error),
            Err(Ok(message)) => message,
        };
        let idle = wait::idle();
        let receives = || self.0.receiver.load(Relaxed) == this_thread();
        let result = match try_alone(message, receives, within) {
            Attempt::Done(result) => result,
            Attempt::Elsewhere(message) => wait(message),
            Attempt::Stuck(message) => {
                if let Some(room) = room {
                    wait::endless(room, self::room::<T>, site);
                }
                wait(message)
            }
        };
        drop(idle);
        if room.is_some() {
            wait::over(site);
        }
        result
    }

    /// The current task is about to send, or has just sent.
    #[inline]
    pub(super) fn sends<T>(&self, site: Site) {
        wait::made(&self.0.message, message::<T>, site);
    }

    /// Receives by `wait`.
    pub(super) fn receive<T, U>(&self, site: Site, wait: impl FnOnce() -> U) -> U {
        wait::before(&self.0.message, message::<T>, site);
        self.0.receiver.store(this_thread(), Relaxed);
        let idle = wait::idle();
        let result = wait();
        drop(idle);
        self.received::<T>(site);
        result
    }

    /// The current task has received: it made room, and has what it waited for.
    #[inline]
    pub(super) fn received<T>(&self, site: Site) {
        self.0.receiver.store(this_thread(), Relaxed);
        if let Some(room) = &self.0.room {
            wait::made(room, self::room::<T>, site);
        }
        wait::over(site);
    }
}
