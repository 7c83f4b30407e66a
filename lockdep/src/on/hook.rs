//! What the host does with a violation.
//!
//! The library decides, the host speaks: a hook gets every violation as a value, once, with no lock
//! of the tracker held. What the hook itself locks is not tracked.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

use parking_lot::RwLock;

use crate::on::fork;
use crate::violation::Violation;

type Hook = Arc<dyn Fn(&Violation) + Send + Sync>;

static HOOK: RwLock<Option<Hook>> = RwLock::new(None);

/// Has `hook` called with every violation that the process's tracker finds, once for each, on the
/// thread that broke the rule and before that thread blocks. Replaces an earlier hook.
///
/// The reaction that `LOCKDEP` names follows after the hook. The panic of a hook goes on after that
/// in the call that broke the rule, unless the thread is panicking already: then it ends there.
pub fn set_hook(hook: impl Fn(&Violation) + Send + Sync + 'static) {
    replace(Some(Arc::new(hook)));
}

/// Removes the hook.
pub fn take_hook() {
    replace(None);
}

fn replace(hook: Option<Hook>) {
    let _pass = fork::pass();
    let old = std::mem::replace(&mut *HOOK.write(), hook);
    // Dropped with the lock free: what the old hook owns is the host's.
    drop(old);
}

/// Calls the hook, if there is one. The error is its panic.
pub(crate) fn call(violation: &Violation) -> thread::Result<()> {
    let hook = {
        let _pass = fork::pass();
        HOOK.read().clone()
    };
    match hook {
        Some(hook) => panic::catch_unwind(AssertUnwindSafe(|| hook(violation))),
        None => Ok(()),
    }
}

/// Writes a line or more to standard error past `std`'s lock and past the test harness's capture:
/// the program may hold the one, and the other would keep the report of a passing test to itself.
pub(crate) fn say(text: fmt::Arguments<'_>) {
    let text = text.to_string();
    // A closed standard error leaves nobody to tell.
    let _ = match io::stderr().as_fd().try_clone_to_owned() {
        Ok(descriptor) => File::from(descriptor).write_all(text.as_bytes()),
        // The process has no descriptor to spare, so `std`'s lock it is.
        Err(_) => io::stderr().write_all(text.as_bytes()),
    };
}
