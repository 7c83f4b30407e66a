//! [`mod@std::panic`] with the lock of the panic hook tracked.
//!
//! The standard library keeps the hook in a reader-writer lock that is a process's own: a panic runs
//! the hook with the lock held for reading, and whoever sets or takes a hook takes it for writing. So
//! a hook that takes a lock which somebody holds who sets a hook can hang, and so can a panic under a
//! lock that the hook takes. All other names are the real ones.
//!
//! # Tracking
//!
//! Setting and taking a hook are each an exclusive acquire, checked before it blocks. A hook runs
//! with the lock held shared; one that is called by another hook is a part of that one. The default
//! hook runs nobody's code and is not recorded. In a panicking thread the real functions wait for
//! nothing: they panic, which ends the process if a hook calls them.

use std::cell::Cell;
use std::sync::LazyLock;

use lockdep::{Description, How, Map, event};

pub use std::panic::*;
#[doc(no_inline)]
pub use std::panic::{Location, PanicHookInfo};

/// What the standard library runs when a thread panics.
type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// The lock around the process's hook.
static LOCK: LazyLock<Map> = LazyLock::new(|| Map::named("panic hook"));

thread_local! {
    /// Whether the thread runs a hook.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// What reports call it.
fn describe() -> Description {
    Description::new("RwLock", "")
}

/// [`std::panic::set_hook`], tracked.
///
/// # Panics
///
/// If the thread is panicking, as the real one; or if the acquire breaks a rule and the tracker is
/// told to panic.
#[track_caller]
pub fn set_hook(hook: Hook) {
    let site = Location::caller();
    writes(site);
    std::panic::set_hook(Box::new(move |info| run(&hook, info, site)));
}

/// [`std::panic::take_hook`], tracked.
///
/// The hook that it returns does what the one does that was set.
///
/// # Panics
///
/// If the thread is panicking, as the real one; or if the acquire breaks a rule and the tracker is
/// told to panic.
#[must_use]
#[track_caller]
pub fn take_hook() -> Hook {
    writes(Location::caller());
    std::panic::take_hook()
}

/// Records that the lock is taken for writing and given back.
///
/// Both come ahead of the real ones, between which nobody's code runs: an old hook is dropped after
/// the unlock, and what its destructor takes is not taken under the lock.
fn writes(site: &'static Location<'static>) {
    if !std::thread::panicking() {
        event::before_acquire(&LOCK, How::EXCLUSIVE, describe, site);
        event::acquired(&LOCK, How::EXCLUSIVE, site);
        event::released(&LOCK);
    }
}

/// Runs a hook that was set at `site`, with the lock held for reading. The thread is panicking, so
/// none of the events panics.
///
/// A panic's description exists only while the process's hook runs, and stays in its thread. So a
/// hook that is called when none runs is the process's own, and any other is called by that one.
fn run(hook: &Hook, info: &PanicHookInfo<'_>, site: &'static Location<'static>) {
    /// Ends with the hook.
    struct Inside;
    impl Drop for Inside {
        fn drop(&mut self) {
            event::released(&LOCK);
            IS_INSIDE.set(false);
        }
    }
    if IS_INSIDE.replace(true) {
        return hook(info);
    }
    event::before_acquire(&LOCK, How::SHARED, describe, site);
    event::acquired(&LOCK, How::SHARED, site);
    let _inside = Inside;
    hook(info);
}
