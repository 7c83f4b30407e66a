//! What can be waited for in a channel: a message, and room for one.
//!
//! A thread that blocks here is not said to be idle (`wait::idle`): who ends its wait may be a task
//! that holds nothing and that is woken on a thread of which nothing is known. So it is certain that a
//! thread waits for itself (LD0021) only where no async task lives.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use lockdep::{Description, Map, task, wait};

use super::awaited::{Site, announce, awaited};
use super::blocking::{self, Next};

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
    /// Which thread was the last to use the sending end, or made it, and which the receiving one.
    sends: AtomicUsize,
    receives: AtomicUsize,
}

/// How often a thread has to see that nobody else can end its wait.
const LOOKS: usize = 5;
/// How long it waits between two looks, at least and at most.
const PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Tells the threads that live now apart.
fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.try_with(|here| std::ptr::from_ref(here).addr()).unwrap_or_default()
}

/// This thread uses an end of a channel.
fn uses(end: &AtomicUsize) {
    let here = this_thread();
    if end.load(Relaxed) != here {
        end.store(here, Relaxed);
    }
}

/// Looks whether a thread that blocks waits for itself: it was the last to use the other end of the
/// channel too, all other threads wait for what never ends by itself, and no async task lives that
/// may be woken by anything.
struct Lookout<'a> {
    other_end: &'a AtomicUsize,
    alone: usize,
    pause: Duration,
}

impl<'a> Lookout<'a> {
    fn new(other_end: &'a AtomicUsize) -> Lookout<'a> {
        Lookout { other_end, alone: 0, pause: PAUSE }
    }

    /// What to do next; calls `tell` if it is certain, which comes once.
    fn look(&mut self, tell: impl FnOnce()) -> Next {
        let may_be_stuck = self.other_end.load(Relaxed) == this_thread() && !task::any_lives();
        if !may_be_stuck || self.alone > LOOKS {
            return Next::Waits;
        }
        self.alone = if wait::is_alone() { self.alone + 1 } else { 0 };
        if self.alone > LOOKS {
            tell();
            return Next::Waits;
        }
        self.pause = if self.alone > 0 { PAUSE } else { (self.pause * 2).min(LONGEST_PAUSE) };
        Next::Looks(self.pause)
    }
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
        let [sends, receives] = [(); 2].map(|()| AtomicUsize::new(this_thread()));
        Link(Arc::new(Events { message: Map::new(), room, sends, receives }))
    }

    /// The current task is about to send, or to wait for room to do so.
    pub(super) fn sends<T>(&self, site: Site) {
        uses(&self.0.sends);
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
    #[track_caller]
    pub(super) fn block_for_room<T, F: Future>(&self, site: Site, real: F) -> F::Output {
        if let Some(map) = &self.0.room {
            wait::before(map, room::<T>, site);
        }
        self.sends::<T>(site);
        let mut lookout = Lookout::new(&self.0.receives);
        blocking::block_on_and_look(real, || {
            lookout.look(|| {
                let map = self.0.room.as_ref();
                map.into_iter().for_each(|map| wait::endless(map, room::<T>, site));
            })
        })
    }

    /// Awaits `real`, which receives; `is_message` tells whether it brought any.
    pub(super) async fn receive<T, F: Future>(
        &self,
        site: Site,
        real: F,
        is_message: impl FnOnce(&F::Output) -> bool,
    ) -> F::Output {
        uses(&self.0.receives);
        let (output, _) = awaited(Some(&self.0.message), message::<T>, site, real).await;
        self.received::<T>(site, is_message(&output));
        output
    }

    /// The same by a call that blocks the thread.
    pub(super) fn block_to_receive<T, F: Future>(
        &self,
        site: Site,
        real: F,
        is_message: impl FnOnce(&F::Output) -> bool,
    ) -> F::Output {
        wait::before(&self.0.message, message::<T>, site);
        uses(&self.0.receives);
        let mut lookout = Lookout::new(&self.0.sends);
        let output = blocking::block_on_and_look(real, || {
            lookout.look(|| wait::endless(&self.0.message, message::<T>, site))
        });
        self.received::<T>(site, is_message(&output));
        output
    }

    /// A future is polled that receives.
    pub(super) fn polls<T>(&self, site: Site) {
        uses(&self.0.receives);
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
        uses(&self.0.receives);
        if let Some(map) = self.0.room.as_ref().filter(|_| is_message) {
            wait::made(map, room::<T>, site);
        }
        wait::over(site);
    }
}
