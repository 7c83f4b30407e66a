//! What can be waited for in a channel: a message, and room for one.
//!
//! Who receives waits for a message, and makes room; who sends into a channel of limited size waits for
//! room, and makes a message. All handles of a channel share the two. A wait with a timeout, an
//! attempt and a selection among several are no waits: something else may end them.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use lockdep::{Description, Map, wait};

/// A place in the program; every event has one.
pub(super) type Site = &'static Location<'static>;

/// What reports call a message in a channel of `T`.
fn message<T>() -> Description {
    Description::new("channel", type_name::<T>())
}

/// What reports call room in a channel of `T`.
fn room<T>() -> Description {
    Description::new("room in a channel", type_name::<T>())
}

/// A channel, as all of its handles know it.
#[derive(Clone)]
pub(super) struct Ends(Arc<Events>);

struct Events {
    message: Map,
    /// None if there is always room.
    room: Option<Map>,
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
        Ends(Arc::new(Events { message: Map::new(), room }))
    }

    /// Sends by `attempt`, or else by `wait`; either is given the message back to.
    pub(super) fn send<T, E>(
        &self,
        site: Site,
        message: T,
        attempt: impl FnOnce(T) -> Result<(), Result<T, E>>,
        wait: impl FnOnce(T) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(room) = &self.0.room {
            wait::before(room, self::room::<T>, site);
        }
        self.sends::<T>(site);
        match attempt(message) {
            Ok(()) => Ok(()),
            Err(Err(error)) => Err(error),
            Err(Ok(message)) => {
                let result = wait(message);
                if self.0.room.is_some() {
                    wait::over(site);
                }
                result
            }
        }
    }

    /// The current task is about to send, or has just sent.
    #[inline]
    pub(super) fn sends<T>(&self, site: Site) {
        wait::made(&self.0.message, message::<T>, site);
    }

    /// Receives by `wait`.
    pub(super) fn receive<T, U>(&self, site: Site, wait: impl FnOnce() -> U) -> U {
        wait::before(&self.0.message, message::<T>, site);
        let result = wait();
        self.received::<T>(site);
        result
    }

    /// The current task has received: it made room, and has what it waited for.
    #[inline]
    pub(super) fn received<T>(&self, site: Site) {
        if let Some(room) = &self.0.room {
            wait::made(room, self::room::<T>, site);
        }
        wait::over(site);
    }
}
