//! Survival of `fork`.
//!
//! A child process has the memory of its parent but only the thread that forked. A lock that
//! another thread held at that moment stays locked for ever. So whatever takes a lock of the
//! tracker passes a gate, and `fork` closes it first and waits until nobody is inside.
//!
//! | atomic | counts | changed |
//! |---|---|---|
//! | `INSIDE` | threads that have passed | by `pass` and its guard; set to the child's own thread |
//! | `CLOSED` | forks under way | before and after each; none in the child |
//!
//! All accesses are sequentially consistent: a thread that passes writes the one and reads the
//! other, `fork` the other way round, and one of them must see the other.
//!
//! Both sides wait only so long. A handler that the program gave to `pthread_atfork` may itself wait
//! for a lock whose holder waits here, and then a child at risk is better than a host that hangs.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use crate::on::stat;
use crate::on::thread::with_task;

static INSIDE: AtomicUsize = AtomicUsize::new(0);
static CLOSED: AtomicUsize = AtomicUsize::new(0);
/// Whether this process is the child of one that the tracker ran in.
static CHILD: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// How often this thread has passed.
    static PASSES: Cell<usize> = const { Cell::new(0) };
    /// Whether this thread has closed the gate. It may pass: it is the one that will live on.
    static FORKING: Cell<bool> = const { Cell::new(false) };
}

/// How often and how long one side waits for the other. The work behind the gate takes
/// microseconds, a fork a little more; but the stacks of a violation may take seconds to look up.
const ATTEMPTS: u32 = 50_000;
const PAUSE: Duration = Duration::from_micros(100);

/// Keeps `fork` waiting.
#[derive(Debug)]
pub(crate) struct Pass(());

/// Passes the gate; `fork` waits until the pass is dropped. A thread may pass more than once.
pub(crate) fn pass() -> Pass {
    if PASSES.get() == 0 {
        enter();
    }
    PASSES.set(PASSES.get() + 1);
    Pass(())
}

impl Drop for Pass {
    fn drop(&mut self) {
        PASSES.set(PASSES.get() - 1);
        if PASSES.get() == 0 {
            INSIDE.fetch_sub(1, SeqCst);
        }
    }
}

fn enter() {
    INSIDE.fetch_add(1, SeqCst);
    for _ in 0..ATTEMPTS {
        if CLOSED.load(SeqCst) == 0 || FORKING.get() {
            return;
        }
        INSIDE.fetch_sub(1, SeqCst);
        thread::sleep(PAUSE);
        INSIDE.fetch_add(1, SeqCst);
    }
}

/// Whether tasks were left behind in a parent of this process.
pub(crate) fn is_child() -> bool {
    CHILD.load(SeqCst)
}

/// Has `fork` close the gate from now on.
#[allow(unsafe_code, reason = "there is no safe binding of pthread_atfork")]
pub(crate) fn prepare() {
    // SAFETY: the three functions live as long as the process, which never unloads its own code,
    // and none of them unwinds: they allocate nothing and contain no panic.
    let failed = unsafe { libc::pthread_atfork(Some(close), Some(open), Some(open_in_child)) };
    // Only a lack of memory can fail; then fork is as it was without the gate.
    let _ = failed;
}

extern "C" fn close() {
    FORKING.set(true);
    CLOSED.fetch_add(1, SeqCst);
    for _ in 0..ATTEMPTS {
        if INSIDE.load(SeqCst) <= own() {
            return;
        }
        thread::sleep(PAUSE);
    }
}

extern "C" fn open() {
    FORKING.set(false);
    CLOSED.fetch_sub(1, SeqCst);
}

/// The other threads are gone, and with them what they counted.
extern "C" fn open_in_child() {
    CHILD.store(true, SeqCst);
    with_task(|task| task.stack().into_iter().for_each(|stack| stack.owner.survive()));
    FORKING.set(false);
    stat::reset_in_child();
    INSIDE.store(own(), SeqCst);
    CLOSED.store(0, SeqCst);
}

/// What this thread adds to [`INSIDE`]: a signal handler may fork while its thread is inside.
fn own() -> usize {
    usize::from(PASSES.get() != 0)
}
