//! What is done when a thread ends, or the process.
//!
//! A destructor of the C library's thread-specific data runs after those of Rust's thread-locals,
//! which may still take and release locks. Those of other such data run in no order that is known;
//! so a thread that holds a lock is looked at again after them.
//!
//! The main thread ends with the process and comes here only if it calls `pthread_exit`.

use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::on::process;
use crate::on::settings::Level;
use crate::violation::Boundary;

/// The key plus one; 0 if there is none.
static KEY: AtomicU64 = AtomicU64::new(0);

/// How often a thread's end may be put off. The C library asks each key four times at most.
const ROUNDS: usize = 2;

/// Has the end of threads heard of from now on, given [`watch`]; at level `order` that of the
/// process too.
#[allow(unsafe_code, reason = "std has no thread-local whose destructor runs after all others")]
pub(crate) fn prepare(level: Level) {
    if KEY.load(Relaxed) != 0 {
        return;
    }
    if level == Level::Order {
        // SAFETY: the function lives as long as the process, which never unloads its own code, and
        // does not unwind: `process::leaves` never panics.
        let failed = unsafe { libc::atexit(exit) };
        // Only a lack of memory can fail; then nothing is said at the end.
        let _ = failed;
    }
    let mut key = 0;
    // SAFETY: the key is written to a valid place; the destructor lives as long as the process,
    // which never unloads its own code, and does not unwind: `process::thread_ended` never panics.
    let failed = unsafe { libc::pthread_key_create(&raw mut key, Some(end)) };
    // Two threads may come here at once: the key that stays unused costs nothing.
    if failed == 0 {
        let _ = KEY.compare_exchange(0, u64::from(key) + 1, Relaxed, Relaxed);
    }
}

/// Has the end of the current thread heard of.
pub(crate) fn watch() {
    watch_round(1);
}

#[allow(unsafe_code, reason = "as in `prepare`")]
fn watch_round(round: usize) {
    if let Some(key) = KEY.load(Relaxed).checked_sub(1) {
        let value = std::ptr::without_provenance::<c_void>(round);
        // SAFETY: the key was made by `prepare` and is never deleted. The value is no pointer to
        // anything; `end` reads it as the number that it is.
        let failed = unsafe { libc::pthread_setspecific(key as libc::pthread_key_t, value) };
        // Only a lack of memory can fail; then this thread's stack is not used again.
        let _ = failed;
    }
}

extern "C" fn end(round: *mut c_void) {
    let round = round.addr();
    if !process::thread_ended(round > ROUNDS) {
        watch_round(round + 1);
    }
}

extern "C" fn exit() {
    process::leaves(Boundary::Exit);
}
