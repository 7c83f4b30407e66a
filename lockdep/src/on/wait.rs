//! Waiting for what another task must do: a message, room for one, a notification, an arrival.
//!
//! Such a wait is a dependency too: who holds a lock meanwhile keeps it until the other one comes, and
//! if that one wants the lock first, it never comes. For wrappers of channels, barriers, condition
//! variables; a wait of one's own is a [`Completion`].
//!
//! Each thing that can be waited for has a [`Map`], and with it a class, like a lock: what is made at
//! one place is one class. The way of one wait is [`before`], the real wait, [`over`]; who ends it says
//! [`made`] before it does.
//!
//! What counts as needed for an event are the locks that its maker took since it last had to wait
//! itself (`pass`). A wait that may time out or fail is no wait: nothing is said of it but [`over`],
//! if it brought what was waited for.

use std::panic::Location;

use crate::how::{Describe, How};
use crate::on::idle;
use crate::on::learn_wait::Waiter;
use crate::on::map::Map;
use crate::on::process;
use crate::on::task::Task;
use crate::on::thread::{self, with_task};

pub use crate::on::completion::{Completion, MustRun};
pub use crate::on::idle::Idle;

/// The current task is about to wait until another one does what `map` stands for. To be called
/// whether it will have to block or not, before it does.
///
/// Costs a few nanoseconds if nothing is held.
///
/// # Panics
///
/// With the report, if that way of waiting is not allowed here (LD0014) and `LOCKDEP` is `panic`.
#[inline(never)]
pub fn before(map: &Map, describe: Describe, site: &'static Location<'static>) {
    before_turn(map, 0, describe, site);
}

/// [`before`], for a future that is about to wait: to be called in its poll, before it does. Unlike
/// a thread that blocks, it does not keep what goes on meanwhile: what whoever polls the task holds,
/// and locks that block threads which were taken in this very poll, for they are released with its
/// end (if not, that is LD0018).
///
/// # Panics
///
/// As [`before`].
#[inline(never)]
pub fn awaits(map: &Map, describe: Describe, site: &'static Location<'static>) {
    awaits_turn(map, 0, describe, site);
}

/// The current task is about to wait until others do any one of the things that these maps stand for,
/// and nothing else ends its wait. To be called whether it will have to block or not, before it does.
///
/// That can hang only if each of them is stuck: so a circle is found only if all of them lead back. Of
/// two of one class nothing is learned. Costs a few nanoseconds if nothing is held.
///
/// # Panics
///
/// As [`before`].
#[allow(single_use_lifetimes, reason = "one without a name is not stable here")]
pub fn before_any<'a>(
    events: impl Iterator<Item = (&'a Map, Describe)> + Clone,
    site: &'static Location<'static>,
) {
    let is_known = |task: &Task| {
        let words = events.clone().map(|(map, _)| map.word());
        task.may_wait_freely() || task.has_waited_for_any(words, site) || task.is_idle()
    };
    if !with_task(is_known) {
        let events: Vec<_> = events.clone().collect();
        process::judge(|tracker, task| tracker.waits_for_any(task, &events, site));
    }
}

/// The current task does what `map` stands for, and with that ends the wait of others. To be called
/// before it does.
///
/// Costs a few nanoseconds if the task has taken no lock since it last said so.
#[inline(never)]
pub fn made(map: &Map, describe: Describe, site: &'static Location<'static>) {
    made_turn(map, 0, describe, site);
}

/// The current task has what it waited for: what it does from now on it does because of that, and
/// what it did before is no condition of it any more.
#[inline(never)]
pub fn over(site: &'static Location<'static>) {
    let _ = thread::with_current_task(|task| task.begin_pass(site));
}

/// [`before`], for a thing that is waited for again and again by the same tasks: only who ends the
/// wait in the same turn counts. Turns are counted modulo 8.
#[doc(hidden)]
#[inline(never)]
pub fn before_turn(map: &Map, turn: u8, describe: Describe, site: &'static Location<'static>) {
    waits_in(map, turn, Waiter::Thread, describe, site);
}

/// [`awaits`], as [`before_turn`] is to [`before`].
#[doc(hidden)]
#[inline(never)]
pub fn awaits_turn(map: &Map, turn: u8, describe: Describe, site: &'static Location<'static>) {
    waits_in(map, turn, Waiter::Future, describe, site);
}

fn waits_in(
    map: &Map,
    turn: u8,
    waiter: Waiter,
    describe: Describe,
    site: &'static Location<'static>,
) {
    let how = How::EXCLUSIVE.subclass(turn % (How::MAX_SUBCLASS + 1));
    let is_known =
        |task: &Task| task.may_wait_freely() || task.has_waited(map, how, site) || task.is_idle();
    if !with_task(is_known) {
        process::judge(|tracker, task| tracker.waits(task, map, (how, waiter), describe, site));
    }
}

/// [`made`] in this turn.
#[doc(hidden)]
#[inline(never)]
pub fn made_turn(map: &Map, turn: u8, describe: Describe, site: &'static Location<'static>) {
    let how = How::EXCLUSIVE.subclass(turn % (How::MAX_SUBCLASS + 1));
    let has_made = |task: &Task| {
        task.note_made();
        task.has_made(map, how)
    };
    if !with_task(has_made) {
        process::judge(|tracker, task| tracker.made(task, map, how, describe, site));
    }
}

/// The current task waits, in the real wait, as long as what this returns lives. To be said if the
/// wait has no end of its own: no timeout. What it waits for meanwhile is how that wait is done, and
/// is not told again. Costs two stores.
pub fn idle() -> Idle {
    idle::begin()
}

/// Whether at this moment every other task that the tracker knows of waits, without an end of its
/// own. If the current task too waits for another one then none of them ever goes on; look again
/// after a while, for one of them may just have been woken. Takes time for each task.
pub fn is_alone() -> bool {
    idle::is_alone()
}

/// The current task is about to wait for what only it could do itself, which is certain.
///
/// # Panics
///
/// With the report (LD0021), if `LOCKDEP` is `panic`.
#[cold]
pub fn endless(map: &Map, describe: Describe, site: &'static Location<'static>) {
    process::judge(|tracker, task| tracker.waits_for_itself(task, map, describe, site).into());
}
