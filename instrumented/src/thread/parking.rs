//! Parked threads, and handles by which they are woken.
//!
//! A thread that parks waits for whoever unparks it. What it waits for is its own: all handles of one
//! thread share it. It is of the kind of the thread's code: the place that started it, or for a thread
//! that was started by other means the place that first asked for its handle.

use std::cell::OnceCell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Duration;

use lockdep::event::{self, Child};
use lockdep::{Description, Map, wait};

thread_local! {
    /// What the current thread waits for when it parks.
    static OWN: OnceCell<Arc<Map>> = const { OnceCell::new() };
}

/// What reports call it.
fn describe() -> Description {
    Description::new("unpark of a thread", "")
}

/// What a thread that the caller starts will wait for when it parks.
#[track_caller]
pub(super) fn of_child() -> Arc<Map> {
    Arc::new(Map::new())
}

/// The current thread is the one that this was made for.
pub(super) fn begin(parking: Arc<Map>) {
    // Whatever asked before was no handle that anybody else has.
    let _ = OWN.try_with(|own| own.set(parking));
}

/// What the current thread waits for; none if its locals are gone.
#[track_caller]
fn own() -> Option<Arc<Map>> {
    let new = of_child();
    OWN.try_with(|own| Arc::clone(own.get_or_init(|| new))).ok()
}

/// [`std::thread::Thread`]; unparking says whose wait is ended.
#[derive(Clone)]
pub struct Thread {
    inner: std::thread::Thread,
    parking: Option<Arc<Map>>,
    /// The thread among its kin, if this is of a handle to join it by.
    child: Option<Child>,
}

impl Thread {
    pub(super) fn new(inner: std::thread::Thread, parking: Arc<Map>, child: Child) -> Thread {
        Thread { inner, parking: Some(parking), child: Some(child) }
    }

    /// As [`std::thread::Thread::unpark`]; says that the current thread ends the other one's wait.
    #[track_caller]
    pub fn unpark(&self) {
        if let Some(map) = &self.parking {
            wait::made(map, describe, Location::caller());
        }
        self.inner.unpark();
    }

    /// As [`std::thread::Thread::id`].
    #[must_use]
    pub fn id(&self) -> ThreadId {
        if let Some(child) = &self.child {
            event::told_apart(child);
        }
        self.inner.id()
    }

    /// As [`std::thread::Thread::name`].
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.inner.name()
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// As [`std::thread::current`].
#[must_use]
#[track_caller]
pub fn current() -> Thread {
    Thread { inner: std::thread::current(), parking: own(), child: None }
}

/// As [`std::thread::park`]; says that the current thread waits for whoever unparks it.
#[track_caller]
pub fn park() {
    let (site, parking) = (Location::caller(), own());
    if let Some(map) = &parking {
        wait::before(map, describe, site);
    }
    let idle = wait::idle();
    std::thread::park();
    drop(idle);
    if parking.is_some() {
        wait::over(site);
    }
}

/// As [`std::thread::park_timeout`].
#[track_caller]
pub fn park_timeout(timeout: Duration) {
    std::thread::park_timeout(timeout);
    if own().is_some() {
        wait::over(Location::caller());
    }
}

/// As `std::thread::park_timeout_ms`.
#[deprecated(since = "0.1.0", note = "as in `std::thread`; use `park_timeout`")]
#[track_caller]
pub fn park_timeout_ms(ms: u32) {
    park_timeout(Duration::from_millis(u64::from(ms)));
}
