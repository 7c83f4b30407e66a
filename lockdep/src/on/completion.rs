//! A wait of the user's own: "this code must run" and "I wait for it".

use std::marker::PhantomData;
use std::panic::Location;

use crate::how::Description;
use crate::on::map::Map;
use crate::on::process;
use crate::on::thread;
use crate::on::wait;

/// Something that some code must do and other code waits for, in whatever way.
///
/// Like a lock it has the place that made it for its class, and like a lock it is no more than a name:
/// it does not wait. If code that must run for it wants a lock that somebody holds who waits for it,
/// the two can wait for each other (LD0019).
///
/// ```
/// use lockdep::wait::Completion;
///
/// static FLUSHED: Completion = Completion::new();
///
/// fn writer() {
///     let _must_run = FLUSHED.must_run();
///     // … takes locks, writes, and then tells who waits …
///     FLUSHED.done();
/// }
///
/// fn shut_down() {
///     FLUSHED.wait();
///     // … waits, with a lock held or not …
/// }
/// # writer();
/// # shut_down();
/// ```
#[derive(Debug)]
pub struct Completion {
    map: Map,
}

fn describe() -> Description {
    Description::new("Completion", "")
}

impl Completion {
    /// One that nobody waits for; the caller's place is its class.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "its place is its class")]
    pub const fn new() -> Completion {
        Completion { map: Map::new() }
    }

    /// As long as what this returns lives, the current task runs code that whoever waits waits for:
    /// every lock it takes meanwhile is needed. Guards of one task end in the opposite order of their
    /// beginning.
    #[track_caller]
    pub fn must_run(&self) -> MustRun<'_> {
        let site = Location::caller();
        let scope = process::begin_scope(&self.map, describe, site);
        MustRun { scope, _completion: PhantomData }
    }

    /// The current task is about to wait: to be called before it does. Records nothing if it holds
    /// nothing.
    ///
    /// # Panics
    ///
    /// With the report, if waiting is not allowed here (LD0014) and `LOCKDEP` is `panic`.
    #[track_caller]
    pub fn wait(&self) {
        wait::before(&self.map, describe, Location::caller());
    }

    /// The current task has just ended the wait of others: the locks that it took since it last had
    /// to wait itself were needed for that.
    #[track_caller]
    pub fn done(&self) {
        wait::made(&self.map, describe, Location::caller());
    }
}

/// The current task runs code that others wait for; see [`Completion::must_run`].
#[derive(Debug)]
#[must_use = "the code ends when this is dropped"]
pub struct MustRun<'a> {
    /// None if the tracker was not to be told.
    scope: Option<u32>,
    /// It belongs to the thread.
    _completion: PhantomData<(&'a Completion, *const ())>,
}

impl Drop for MustRun<'_> {
    fn drop(&mut self) {
        if let Some(class) = self.scope {
            let _ = thread::with_current_task(|task| task.end_scope(class));
        }
    }
}
