//! Contexts around tracked locks: a logger, a signal handler, what both may and may not do.

#![cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use instrumented::sync::{Arc, Mutex, RwLock};
use lockdep::violation::{Assertion, ClosedBy, Limit};
use lockdep::{
    BacktraceStyle, Context, Level, LockState, SIGNAL, Settings, Tracker, Violation, WaitType,
};

/// A program that logs into a buffer of its own.
struct Program {
    sink: Mutex<Vec<String>>,
    disk: Mutex<u64>,
    config: RwLock<u8>,
}

static LOGGER: Context = Context::new("logger");

impl Program {
    fn new() -> Program {
        Program { sink: Mutex::new(Vec::new()), disk: Mutex::new(0), config: RwLock::new(0) }
    }

    fn log(&self, line: &str) {
        let _inside = LOGGER.enter();
        self.sink.lock().unwrap().push(line.to_owned());
    }

    /// Something may be logged while the sink is held.
    fn rotate(&self) {
        self.sink.lock().unwrap().clear();
    }

    fn rotate_quietly(&self) {
        let _blocked = LOGGER.block();
        self.rotate();
    }

    /// Takes the disk's lock while it holds the sink's, with the logger kept out.
    fn flush(&self) {
        let _blocked = LOGGER.block();
        let sink = self.sink.lock().unwrap();
        *self.disk.lock().unwrap() += sink.len() as u64;
    }

    /// Something may be logged while the disk is held.
    fn check(&self) {
        assert!(*self.disk.lock().unwrap() < 1 << 20);
    }
}

/// What a tracker of its own finds in `f`, without repeats.
fn violations(f: impl FnOnce(&Program)) -> Vec<Violation> {
    let settings = Settings { level: Level::Deadlock, backtrace: BacktraceStyle::Short };
    let program = Program::new();
    let ((), met) = Arc::new(Tracker::new(settings)).run(|| f(&program));
    let new = met.iter().filter(|met| met.times == 1);
    new.map(|met| Violation::clone(&met.violation)).collect()
}

#[test]
fn a_logger_whose_lock_is_held_where_something_may_be_logged_is_reported() {
    let orders: [fn(&Program); 2] = [
        |program| {
            program.log("started");
            program.rotate();
        },
        |program| {
            program.rotate();
            program.log("started");
        },
    ];
    for (order, last) in orders.into_iter().zip([ClosedBy::Open, ClosedBy::Taken]) {
        let found = violations(order);
        let [Violation::InconsistentState { context, taken, open, closing }] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!((context.as_str(), *closing), ("logger", last));
        let function = |frames: &[lockdep::violation::Frame]| frames[0].function.clone();
        assert!(function(&taken.touch.at.frames).ends_with("log"), "{taken:?}");
        assert!(function(&open.touch.at.frames).ends_with("rotate"), "{open:?}");
    }
}

#[test]
fn a_logger_that_is_kept_out_is_not_reported() {
    let found = violations(|program| {
        program.log("started");
        program.rotate_quietly();
        program.flush();
        program.log("ended");
    });
    assert_eq!(found, []);
}

#[test]
fn a_way_from_the_loggers_lock_to_one_held_where_it_may_come_is_reported() {
    let found = violations(|program| {
        program.log("started");
        program.flush();
        program.check();
    });
    let [Violation::ContextInversion { way, closing: ClosedBy::Open, .. }] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(way.len(), 1);
}

/// A limit: what keeps the parties of a usual inversion apart is not looked at where a context is
/// one of them.
#[test]
fn a_gate_does_not_excuse_a_context() {
    let found = violations(|program| {
        program.log("started");
        let gate = program.config.write().unwrap();
        program.flush();
        program.check();
        drop(gate);
    });
    assert!(matches!(found[..], [Violation::ContextInversion { .. }]), "{found:?}");
}

#[test]
fn a_read_in_a_context_queues_behind_a_writer() {
    let found = violations(|program| {
        drop(program.config.read());
        let _inside = LOGGER.enter();
        drop(program.config.read());
    });
    assert!(matches!(found[..], [Violation::InconsistentState { .. }]), "{found:?}");
}

#[test]
fn a_lock_held_when_a_context_is_let_in_counts() {
    let found = violations(|program| {
        program.log("started");
        let blocked = LOGGER.block();
        let sink = program.sink.lock().unwrap();
        drop(blocked);
        drop(sink);
    });
    let [Violation::InconsistentState { open, .. }] = &found[..] else {
        panic!("{found:?}");
    };
    assert!(open.opened.is_some());
}

#[test]
fn no_lock_may_be_taken_in_a_signal_handler() {
    let found = violations(|program| {
        let _inside = SIGNAL.enter();
        drop(program.disk.try_lock());
        drop(program.disk.lock());
    });
    let [Violation::InvalidWait { needs, allowed, limit: Limit::Context(context), .. }] =
        &found[..]
    else {
        panic!("{found:?}");
    };
    assert_eq!((*needs, *allowed), (WaitType::Blocking, WaitType::Free));
    assert_eq!(context, SIGNAL.name());
}

#[test]
fn an_await_under_a_blocking_lock_is_reported_and_a_wait_is_not() {
    let found = violations(|program| {
        let _disk = program.disk.lock().unwrap();
        lockdep::might_wait!();
        assert!(program.sink.try_lock().is_ok());
        lockdep::might_await!();
    });
    let [Violation::InvalidWait { wanted: None, needs: WaitType::Async, limit, .. }] = &found[..]
    else {
        panic!("{found:?}");
    };
    assert!(matches!(limit, Limit::Held(_)));
}

#[test]
fn what_is_asserted_of_a_context_is_checked() {
    let assertions = || {
        lockdep::lockdep_assert_in_context!(&LOGGER);
        lockdep::lockdep_assert_not_in_context!(&LOGGER);
        lockdep::lockdep_assert_context_blocked!(&LOGGER);
        lockdep::lockdep_assert_context_open!(&LOGGER);
    };
    let failed = |scene: &dyn Fn()| -> Vec<Assertion> {
        let of = |violation| match violation {
            Violation::AssertionFailed { assertion, context, .. } => {
                assert_eq!(context.as_deref(), Some("logger"));
                assertion
            }
            other => panic!("{other:?}"),
        };
        violations(|_| scene()).into_iter().map(of).collect()
    };
    assert_eq!(failed(&assertions), [Assertion::InContext, Assertion::ContextBlocked]);
    let inside = failed(&|| {
        let _inside = LOGGER.enter();
        assertions();
    });
    assert_eq!(inside, [Assertion::NotInContext, Assertion::ContextOpen]);
    let blocked = failed(&|| {
        let _blocked = LOGGER.block();
        assertions();
    });
    assert_eq!(blocked, [Assertion::InContext, Assertion::ContextOpen]);
}

#[test]
fn queries_answer_per_context() {
    let found = violations(|program| {
        let disk = program.disk.lock().unwrap();
        {
            let _inside = LOGGER.enter();
            assert!(LOGGER.is_running() && LOGGER.is_blocked());
            assert_eq!(lockdep::held(), []);
            assert_eq!(lockdep::is_held(&program.disk, None), LockState::NotHeld);
            let _sink = program.sink.lock().unwrap();
            assert_eq!(lockdep::held().len(), 1);
            thread::scope(|scope| {
                scope.spawn(|| assert!(!LOGGER.is_running() && !LOGGER.is_blocked()));
            });
        }
        assert!(!LOGGER.is_running() && !LOGGER.is_blocked());
        assert_eq!(lockdep::is_held(&program.disk, None), LockState::Held);
        drop(disk);
        assert_eq!(lockdep::held(), []);
    });
    assert_eq!(found, []);
}

#[test]
fn a_guard_may_be_given_to_a_context_and_kept_by_it() {
    let found = violations(|program| {
        let disk = program.disk.lock().unwrap();
        let kept = {
            let _inside = LOGGER.enter();
            drop(disk);
            program.config.read().unwrap()
        };
        assert_eq!(lockdep::held().len(), 1);
        drop(kept);
        assert_eq!(lockdep::held(), []);
    });
    // It was taken in the logger and is held where the logger may come.
    assert!(matches!(found[..], [Violation::InconsistentState { .. }]), "{found:?}");
}

#[test]
fn a_context_ends_with_the_panic_that_leaves_it() {
    let program = Program::new();
    program.rotate();
    let panics = |f: &dyn Fn()| catch_unwind(AssertUnwindSafe(f)).expect_err("no panic came");
    panics(&|| program.log("never"));
    assert!(!LOGGER.is_running() && program.sink.try_lock().unwrap().is_empty());
    // What comes though it is blocked is reported before it begins.
    {
        let _inside = LOGGER.enter();
        drop(program.disk.lock());
    }
    let blocked = LOGGER.block();
    let disk = program.disk.lock();
    panics(&|| drop(LOGGER.enter()));
    assert!(!LOGGER.is_running() && LOGGER.is_blocked());
    drop((disk, blocked));
    assert!(!LOGGER.is_blocked());
    assert_eq!(lockdep::held(), []);
}
