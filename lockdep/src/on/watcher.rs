//! The thread that lists all held locks when it is asked to.
//!
//! It is started only if the environment wants it: `LOCKDEP_SIGNAL` names a signal whose arrival has
//! the list printed, `LOCKDEP_HUNG` a time after which a task that waits for one lock is reported.
//! The handler of the signal sets a flag and does nothing else; the thread looks at it twenty times
//! a second. A child of `fork` gets a thread of its own with its first cold event.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64};
use std::thread;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::on::directory;
use crate::on::hook;
use crate::on::listing::held_locks;
use crate::on::stack::Stack;
use crate::on::task::State;
use crate::on::thread::with_task;
use crate::until::Until;

/// How often the thread looks.
const PERIOD: Duration = Duration::from_millis(50);

/// After how many milliseconds a task has hung; 0 if nobody wants to know.
static HUNG: AtomicU64 = AtomicU64::new(0);
/// The signal that asks for the list; 0 for none.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
/// Whether the signal has come and was not answered.
static ASKED: AtomicBool = AtomicBool::new(false);
/// The process whose thread runs.
static RUNS_IN: AtomicU32 = AtomicU32::new(0);

/// Has the list printed as the environment says.
pub(crate) fn prepare(signal: Option<i32>, hung: Option<Duration>) {
    if let Some(hung) = hung {
        HUNG.store(hung.as_millis() as u64, Relaxed);
    }
    if let Some(signal) = signal {
        SIGNAL.store(signal, Relaxed);
        if !listen(signal) {
            hook::say(format_args!("lockdep: signal {signal} cannot be handled\n"));
        }
    }
}

/// Has `signal` ask for the list; false if the system refuses.
#[allow(unsafe_code, reason = "std has no signals")]
fn listen(signal: i32) -> bool {
    let handler: extern "C" fn(libc::c_int) = ask;
    // SAFETY: the handler lives as long as the process and does nothing but a store to an atomic,
    // which is allowed at any moment.
    let before = unsafe { libc::signal(signal, handler as libc::sighandler_t) };
    before != libc::SIG_ERR
}

extern "C" fn ask(_signal: libc::c_int) {
    ASKED.store(true, SeqCst);
}

/// Starts the thread, if it is wanted and does not run in this process yet.
#[inline]
pub(crate) fn ensure() {
    if HUNG.load(Relaxed) != 0 || SIGNAL.load(Relaxed) != 0 {
        start();
    }
}

#[cold]
fn start() {
    let process = std::process::id();
    if RUNS_IN.swap(process, SeqCst) == process {
        return;
    }
    let watch = || {
        // What it allocates and locks is the tracker's own.
        with_task(|task| task.set_state(State::Working));
        let mut waits = Waits::default();
        loop {
            thread::sleep(PERIOD);
            if ASKED.swap(false, SeqCst) {
                hook::say(format_args!("lockdep: {}\n", held_locks()));
            }
            waits.look();
        }
    };
    if thread::Builder::new().name("lockdep".to_owned()).spawn(watch).is_err() {
        hook::say(format_args!("lockdep: no thread can be started to list held locks\n"));
    }
}

/// The waits that were seen, by stack: which one, since when, and whether it was told.
#[derive(Debug, Default)]
struct Waits(FxHashMap<usize, (u64, Instant, bool)>);

impl Waits {
    fn look(&mut self) {
        let hung = Duration::from_millis(HUNG.load(Relaxed));
        if hung.is_zero() {
            return;
        }
        let now = Instant::now();
        let mut waits = FxHashMap::default();
        for stack in directory::stacks() {
            let wanted = stack.wait.look();
            let Some(wanted) = wanted.filter(|wanted| wanted.until != Until::Notified) else {
                continue;
            };
            let key = std::ptr::from_ref::<Stack>(stack).addr();
            let seen = self.0.get(&key).filter(|(round, ..)| *round == wanted.round);
            let &(_, since, told) = seen.unwrap_or(&(0, now, false));
            let is_due = !told && now - since >= hung;
            if is_due {
                let name = stack.owner.name();
                hook::say(format_args!(
                    "lockdep: `{name}` has waited for a lock for {} s; {}\n",
                    (now - since).as_secs(),
                    held_locks()
                ));
            }
            waits.insert(key, (wanted.round, since, told || is_due));
        }
        self.0 = waits;
    }
}
