//! What the host does with a violation.
//!
//! The library decides, the host speaks: a hook gets every violation as a value, once, with no lock
//! of the tracker held. What the hook itself locks is not tracked.

use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::violation::Violation;

type Hook = Arc<dyn Fn(&Violation) + Send + Sync>;

static HOOK: RwLock<Option<Hook>> = RwLock::new(None);

/// Has `hook` called with every violation that the process's tracker finds, once for each, on the
/// thread that broke the rule and before that thread blocks. Replaces an earlier hook.
///
/// The reaction that `LOCKDEP` names follows after the hook. A hook that panics takes the panic
/// into the call that broke the rule, unless the thread is panicking already: then it ends there.
pub fn set_hook(hook: impl Fn(&Violation) + Send + Sync + 'static) {
    *HOOK.write() = Some(Arc::new(hook));
}

/// Removes the hook.
pub fn take_hook() {
    *HOOK.write() = None;
}

/// Calls the hook, if there is one.
pub(crate) fn call(violation: &Violation) {
    let hook = HOOK.read().clone();
    let Some(hook) = hook else {
        return;
    };
    if std::thread::panicking() {
        // A second panic would abort the process.
        drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| hook(violation))));
    } else {
        hook(violation);
    }
}

/// Writes a line or more to standard error past `std`'s lock and past the test harness's capture:
/// the program may hold the one, and the other would keep the report of a passing test to itself.
pub(crate) fn say(text: fmt::Arguments<'_>) {
    use std::io::Write;
    use std::os::fd::AsFd;
    let Ok(descriptor) = std::io::stderr().as_fd().try_clone_to_owned() else {
        return;
    };
    // A closed standard error leaves nobody to tell.
    drop(std::fs::File::from(descriptor).write_all(text.to_string().as_bytes()));
}
