//! What can be waited for in a channel: a message, and room for one.
//!
//! A thread that blocks here is not said to be idle (`wait::idle`): who ends its wait may be a task
//! that holds nothing and that is woken on a thread of which nothing is known.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use lockdep::{Description, Map, wait};

use super::awaited::{Site, announce, awaited};

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
pub(super) struct Link(Arc<Events>);

struct Events {
    message: Map,
    /// None if there is always room.
    room: Option<Map>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    /// That of a channel that the caller makes.
    #[track_caller]
    pub(super) fn new(is_bounded: bool) -> Link {
        let room = if is_bounded { Some(Map::new()) } else { None };
        Link(Arc::new(Events { message: Map::new(), room }))
    }

    /// The current task is about to send, or to wait for room to do so.
    pub(super) fn sends<T>(&self, site: Site) {
        wait::made(&self.0.message, message::<T>, site);
    }

    /// Awaits `real`, which waits for room and then sends, or makes a permit to.
    pub(super) async fn wait_for_room<T, F: Future>(&self, site: Site, real: F) -> F::Output {
        // What it took to come here is needed for the message, whatever the wait for room takes.
        self.sends::<T>(site);
        let map = self.0.room.as_ref();
        let (output, has_waited) = awaited(map, room::<T>, site, real).await;
        if map.is_some() && has_waited {
            wait::over(site);
        }
        output
    }

    /// The same by a call that blocks the thread.
    pub(super) fn block_for_room<T, R>(&self, site: Site, real: impl FnOnce() -> R) -> R {
        if let Some(map) = &self.0.room {
            wait::before(map, room::<T>, site);
        }
        self.sends::<T>(site);
        real()
    }

    /// Awaits `real`, which receives; `is_message` tells whether it brought any.
    pub(super) async fn receive<T, F: Future>(
        &self,
        site: Site,
        real: F,
        is_message: impl FnOnce(&F::Output) -> bool,
    ) -> F::Output {
        let (output, _) = awaited(Some(&self.0.message), message::<T>, site, real).await;
        self.received::<T>(site, is_message(&output));
        output
    }

    /// The same by a call that blocks the thread.
    pub(super) fn block_to_receive<T, R>(
        &self,
        site: Site,
        real: impl FnOnce() -> R,
        is_message: impl FnOnce(&R) -> bool,
    ) -> R {
        wait::before(&self.0.message, message::<T>, site);
        let output = real();
        self.received::<T>(site, is_message(&output));
        output
    }

    /// A future is polled that receives.
    pub(super) fn polls<T>(&self, site: Site) {
        announce(&self.0.message, message::<T>, site);
    }

    /// The only receiver is about to go: senders that wait for room wait no more. If there are none
    /// left, nobody does.
    pub(super) fn closes<T>(&self, site: Site) {
        if let Some(map) = self.0.room.as_ref().filter(|_| Arc::strong_count(&self.0) > 1) {
            wait::made(map, room::<T>, site);
        }
    }

    /// The current task has what it waited for: messages, so that there is room, or the end of all.
    pub(super) fn received<T>(&self, site: Site, is_message: bool) {
        if let Some(map) = self.0.room.as_ref().filter(|_| is_message) {
            wait::made(map, room::<T>, site);
        }
        wait::over(site);
    }
}
