//! Survival of `fork`.
//!
//! A child process has the memory of its parent but only the thread that forked. A lock that
//! another thread held at that moment stays locked for ever. So all cold paths pass a gate, and
//! `fork` closes it first: when the child starts, no lock inside the tracker is held.
//!
//! The gate is `std`'s lock, because its state is one word: nobody queues in memory that a child
//! would find half changed.

use std::cell::RefCell;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::Duration;

static GATE: RwLock<()> = RwLock::new(());

thread_local! {
    static CLOSED: RefCell<Option<RwLockWriteGuard<'static, ()>>> = const { RefCell::new(None) };
}

/// How often and how long `fork` waits for the cold paths of other threads, which take
/// microseconds. Then it goes on: a child at risk is better than a parent that hangs.
const ATTEMPTS: u32 = 2_000;
const PAUSE: Duration = Duration::from_micros(500);

/// Passes the gate; `fork` waits until the guard is dropped.
pub(crate) fn pass() -> RwLockReadGuard<'static, ()> {
    GATE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Has `fork` close the gate from now on.
#[allow(unsafe_code, reason = "there is no safe binding of pthread_atfork")]
pub(crate) fn prepare() {
    // SAFETY: the three functions live as long as the process, which never unloads its own code,
    // and none of them unwinds: they allocate nothing and contain no panic.
    let failed = unsafe { libc::pthread_atfork(Some(close), Some(open), Some(open)) };
    // Only a lack of memory can fail; then fork is as it was without the gate.
    let _ = failed;
}

extern "C" fn close() {
    for _ in 0..ATTEMPTS {
        let guard = match GATE.try_write() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                std::thread::sleep(PAUSE);
                continue;
            }
        };
        // A thread that ends has no place to keep the guard; the gate opens at once.
        let _ = CLOSED.try_with(|closed| closed.replace(Some(guard)));
        return;
    }
}

extern "C" fn open() {
    let _ = CLOSED.try_with(RefCell::take);
}
