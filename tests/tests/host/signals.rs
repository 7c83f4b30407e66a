//! Signal handlers that take locks.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use instrumented::sync::Mutex;
use lockdep::task::Tracked;
use lockdep::{Context, Map, Traits, WaitType};

use crate::awaited::{AsyncMutex, Job, pause};
use crate::orders::{Pair, name, section};
use crate::records::folder;
use crate::stage::{Scene, scene};
use crate::timing::timed;

/// How many signals are to be handled in each scene.
const SIGNALS: usize = 2_000;

static HANDLED: AtomicUsize = AtomicUsize::new(0);
static OF_HANDLER: Mutex<usize> = Mutex::new(0);
static IN_HANDLER: Mutex<usize> = Mutex::new(0);
static OF_OTHER: Mutex<usize> = Mutex::new(0);
static PAIR: Pair = Pair::new();
static HANDLER: Context = Context::new("handler");
static OTHER: Context = Context::new("other");

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("a_handler_may_lock_between_two_events", raised),
        scene("a_handler_may_lock_inside_a_warm_event", || rained_on(|| PAIR.forward())),
        scene("a_handler_may_lock_inside_a_release_out_of_order", || {
            rained_on(|| {
                let first = PAIR.first.lock().unwrap();
                let second = PAIR.second.lock().unwrap();
                drop(first);
                drop(second);
            });
        }),
        scene("a_handler_may_lock_inside_a_deep_stack", || {
            let maps: Vec<_> = (0..100).map(|number| Map::named(name(number))).collect();
            rained_on(|| {
                for map in &maps {
                    lockdep::lock_acquire_exclusive!(map);
                    lockdep::lock_acquired_exclusive!(map);
                }
                for map in maps.iter().rev() {
                    lockdep::lock_release!(map);
                }
            });
        }),
        scene("a_handler_may_lock_while_a_task_is_polled", polling),
        scene("a_handler_may_lock_inside_a_cold_event", cold),
        timed("a_handler_may_lock_inside_a_timed_event", || rained_on(|| PAIR.forward()))
            .with("LOCKDEP_OUT", &folder("timed signals")),
        timed("a_handler_may_lock_inside_a_cold_timed_event", cold)
            .with("LOCKDEP_OUT", &folder("timed signals")),
        scene("a_handler_may_make_a_class_inside_a_known_event", making_classes),
        scene("a_handler_may_enter_its_context_anywhere", in_context),
    ]
}

/// Takes two locks that nobody else takes.
extern "C" fn handle(_signal: libc::c_int) {
    let mut outer = OF_HANDLER.lock().unwrap();
    *IN_HANDLER.lock().unwrap() += 1;
    *outer += 1;
    HANDLED.fetch_add(1, Relaxed);
}

/// What [`handle`] does, in a context.
extern "C" fn handle_in_context(signal: libc::c_int) {
    let _inside = HANDLER.enter();
    handle(signal);
}

fn install(signal: libc::c_int) {
    install_as(signal, handle);
}

fn install_as(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) {
    // SAFETY: the handler does not unwind. It takes locks that only it takes, on one thread at a
    // time, since the signal is blocked while it runs.
    let before = unsafe { libc::signal(signal, handler as libc::sighandler_t) };
    assert_ne!(before, libc::SIG_ERR);
}

fn raised() {
    install(libc::SIGUSR1);
    for _ in 0..SIGNALS {
        let _first = PAIR.first.lock().unwrap();
        // SAFETY: a handler is installed.
        unsafe { libc::raise(libc::SIGUSR1) };
        let _second = PAIR.second.lock().unwrap();
        // SAFETY: a handler is installed.
        unsafe { libc::raise(libc::SIGUSR1) };
        assert_eq!(lockdep::held().len(), 2);
    }
    assert_eq!(HANDLED.load(Relaxed), 2 * SIGNALS);
    assert!(lockdep::held().is_empty());
}

/// Repeats `work` under a rain of signals. After each round nothing is held.
fn rained_on(work: impl FnMut()) {
    rained_on_by(handle, work);
}

fn rained_on_by(handler: extern "C" fn(libc::c_int), mut work: impl FnMut()) {
    // What allocates is done before: a handler that allocates while its thread does would wait for
    // itself without any tracker.
    work();
    handler(0);
    install_as(libc::SIGUSR1, handler);
    // SAFETY: asks nothing of its caller.
    let target = unsafe { libc::pthread_self() };
    thread::scope(|scope| {
        scope.spawn(move || rain(target));
        while HANDLED.load(Relaxed) < SIGNALS {
            work();
            lockdep::lockdep_assert_none_held!();
        }
    });
    assert!(lockdep::held().is_empty());
    let _blocked = HANDLER.block();
    assert_eq!(*OF_HANDLER.lock().unwrap(), *IN_HANDLER.lock().unwrap());
}

/// Two tasks that hold something between their polls are polled in turn, at times under a lock.
fn polling() {
    static OUTER: Mutex<char> = Mutex::new('o');
    fn job(first: &'static AsyncMutex<u8>, second: &'static AsyncMutex<u16>) -> Job<'static> {
        Job::new(Tracked::spawned(async {
            loop {
                pause().await;
                let _first = first.lock().await;
                PAIR.forward();
                pause().await;
                let _second = second.lock().await;
                pause().await;
            }
        }))
    }
    static LOCKS: (AsyncMutex<u8>, AsyncMutex<u16>) = (AsyncMutex::new(0), AsyncMutex::new(0));
    static OTHERS: (AsyncMutex<u8>, AsyncMutex<u16>) = (AsyncMutex::new(0), AsyncMutex::new(0));
    let (mut one, mut other) = (job(&LOCKS.0, &LOCKS.1), job(&OTHERS.0, &OTHERS.1));
    let mut round = 0_u32;
    rained_on(|| {
        round += 1;
        let _outer = round.is_multiple_of(5).then(|| OUTER.lock().unwrap());
        assert!(!one.poll() && !other.poll());
    });
}

/// Contexts come, go, are kept out and let in while the handler's comes upon them.
fn in_context() {
    rained_on_by(handle_in_context, || {
        PAIR.forward();
        let first = PAIR.first.lock().unwrap();
        {
            let _inside = OTHER.enter();
            let _lock = OF_OTHER.lock().unwrap();
            assert_eq!(lockdep::held().len(), 1);
        }
        let blocked = OTHER.block();
        let lock = OF_OTHER.lock().unwrap();
        assert_eq!(lockdep::held().len(), 2);
        drop(lock);
        drop(blocked);
        drop(first);
    });
    assert!(!HANDLER.is_running() && !OTHER.is_blocked());
}

/// Names for classes, made before the handler that may not.
static NAMES: OnceLock<Vec<&'static str>> = OnceLock::new();

/// What [`handle`] does, and takes a lock of a new class.
extern "C" fn handle_with_new_class(signal: libc::c_int) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    if let Some(name) = NAMES.get().and_then(|names| names.get(NEXT.fetch_add(1, Relaxed))) {
        section(&Map::named(name), || ());
    }
    handle(signal);
}

/// The interrupted events look up what was said of a class, and allocate nothing.
fn making_classes() {
    NAMES.set((0..2 * SIGNALS).map(name).collect()).unwrap();
    // Something other than the usual, under which the handler's locks may be taken.
    let traits = Traits::of(WaitType::Config, WaitType::Waiting);
    let maps = [Map::named_with("two", traits), Map::named_with("two", traits)];
    rained_on_by(handle_with_new_class, || {
        (0..100).for_each(|_| section(&maps[0], || section(&maps[1], || ())));
    });
}

/// Sends the next signal as soon as the one before is handled.
fn rain(target: libc::pthread_t) {
    loop {
        let handled = HANDLED.load(Relaxed);
        if handled >= SIGNALS {
            return;
        }
        // SAFETY: the target waits for this thread before it ends.
        assert_eq!(unsafe { libc::pthread_kill(target, libc::SIGUSR1) }, 0);
        // The two may share a processor.
        while HANDLED.load(Relaxed) == handled {
            thread::yield_now();
        }
    }
}

/// The interrupted events allocate, but only inside the tracker, where the handler's locks are not
/// tracked.
fn cold() {
    let maps: Vec<_> = (0..100_000).map(|number| Map::named(name(number))).collect();
    let mut pairs = maps.chunks(2);
    rained_on(|| {
        if let Some(pair) = pairs.next() {
            section(&pair[0], || section(&pair[1], || ()));
        }
    });
}
