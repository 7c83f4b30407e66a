//! Panics through critical sections.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use instrumented::sync::{Condvar, Mutex, RwLock};

use crate::orders::{Pair, unpoisoned};
use crate::stage::{Played, Scene, scene};

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("a_panic_through_critical_sections_leaves_nothing_held", sections),
        scene("a_panic_in_a_condition_leaves_nothing_held", conditions),
        scene("a_violation_found_while_panicking_is_printed", violates)
            .with("LOCKDEP", "panic")
            .reports(1),
        scene("a_panic_for_a_violation_leaves_what_is_held_right", panics)
            .with("LOCKDEP", "panic")
            .ends(Played::ended_well),
    ]
}

/// Runs `f`, which unwinds, and looks at what is held then.
fn unwinds(f: impl FnOnce()) {
    catch_unwind(AssertUnwindSafe(f)).unwrap_err();
    assert!(lockdep::held().is_empty());
}

fn quit() -> ! {
    resume_unwind(Box::new("given up"))
}

fn sections() {
    let (mutex, table) = (Mutex::new(0), RwLock::new(0));
    for _ in 0..3 {
        unwinds(|| {
            let _mutex = unpoisoned(&mutex);
            let _reader = table.read();
            quit();
        });
        unwinds(|| {
            let guard = unpoisoned(&mutex);
            let _writer = table.write();
            drop(guard);
            quit();
        });
        unwinds(|| {
            let many: Vec<_> = (0..100).map(Mutex::new).collect();
            let _guards: Vec<_> = many.iter().map(|mutex| mutex.lock().unwrap()).collect();
            quit();
        });
    }
}

fn conditions() {
    let (mutex, condvar) = (Mutex::new(0), Condvar::new());
    unwinds(|| drop(condvar.wait_while(unpoisoned(&mutex), |_| quit())));
    unwinds(|| {
        let time = std::time::Duration::ZERO;
        drop(condvar.wait_timeout_while(unpoisoned(&mutex), time, |_| quit()));
    });
}

/// Breaks a rule when it is dropped.
struct Late<'a>(&'a Pair);

impl Drop for Late<'_> {
    fn drop(&mut self) {
        self.0.backward();
    }
}

fn violates() {
    let pair = Pair::new();
    pair.forward();
    unwinds(|| {
        let _late = Late(&pair);
        quit();
    });
}

fn panics() {
    let pair = Pair::new();
    pair.forward();
    for _ in 0..3 {
        unwinds(|| pair.backward());
        unwinds(|| {
            let _first = unpoisoned(&pair.first);
            drop(pair.first.lock());
        });
        assert!(pair.first.try_lock().is_ok() || pair.first.is_poisoned());
        pair.forward();
    }
}
