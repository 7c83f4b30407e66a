//! Trackers of a test's own around real locks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use instrumented::sync::Mutex;
use lockdep::{BacktraceStyle, Met, Settings, Tracker};

use crate::orders::Pair;
use crate::stage::{Scene, scene};

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("a_scope_keeps_its_violations_to_itself", || {
            let met = run(|| Pair::new().invert());
            assert_eq!(met.len(), 1);
        }),
        scene("scopes_nest", nested),
        scene("a_lock_may_be_taken_before_a_scope_and_released_inside", taken_before),
        scene("a_lock_may_be_taken_inside_a_scope_and_released_after", released_after),
        scene("a_lock_may_be_taken_in_one_scope_and_released_in_the_next", between_scopes),
        scene("a_panic_ends_a_scope", panics),
        scene("a_scope_is_of_one_thread", of_one_thread).reports(1),
        scene("a_scope_may_be_the_threads_first_use", || {
            thread::spawn(|| {
                assert_eq!(run(|| Pair::new().invert()).len(), 1);
                Pair::new().forward();
                assert!(lockdep::held().is_empty());
            })
            .join()
            .unwrap();
        }),
        scene("a_scope_tracks_with_tracking_off", || {
            assert_eq!(run(|| Pair::new().invert()).len(), 1);
            let mutex = Mutex::new(0);
            let _guard = mutex.lock().unwrap();
            assert!(lockdep::held().is_empty());
        })
        .with("LOCKDEP", "off"),
    ]
}

fn run(f: impl FnOnce()) -> Vec<Met> {
    tracker().run(f).1
}

fn tracker() -> Arc<Tracker> {
    Arc::new(Tracker::new(Settings { backtrace: BacktraceStyle::Off, ..Settings::default() }))
}

fn nested() {
    let (outer, inner) = (Pair::new(), Pair::new());
    let met = run(|| {
        outer.forward();
        let met = run(|| {
            inner.invert();
            // Of this order the inner tracker knows nothing.
            outer.backward();
        });
        assert_eq!(met.len(), 1);
        assert!(lockdep::held().is_empty());
        outer.backward();
        inner.backward();
    });
    assert_eq!(met.len(), 1);
    assert!(lockdep::held().is_empty());
}

fn taken_before() {
    let pair = Pair::new();
    let guard = pair.first.lock().unwrap();
    let met = run(|| {
        drop(guard);
        pair.forward();
    });
    assert!(met.is_empty(), "{met:?}");
    assert!(lockdep::held().is_empty());
    // Were it still taken to be held, this would be an inversion.
    pair.forward();
    drop(pair.second.lock());
    pair.forward();
}

fn released_after() {
    let pair = Pair::new();
    pair.forward();
    let (guard, met) = tracker().run(|| pair.first.lock().unwrap());
    assert!(met.is_empty());
    drop(guard);
    assert!(lockdep::held().is_empty());
    pair.forward();
}

fn between_scopes() {
    let pair = Pair::new();
    let met = run(|| {
        let guard = pair.first.lock().unwrap();
        let met = run(|| drop(guard));
        assert!(met.is_empty(), "{met:?}");
        assert!(lockdep::held().is_empty());
        let (guard, met) = tracker().run(|| pair.second.lock().unwrap());
        assert!(met.is_empty(), "{met:?}");
        drop(guard);
        pair.forward();
    });
    assert!(met.is_empty(), "{met:?}");
}

fn panics() {
    let pair = Pair::new();
    for depth in 0..3 {
        catch_unwind(AssertUnwindSafe(|| {
            run(|| {
                let _first = pair.first.lock();
                run(|| {
                    let _second = pair.second.lock();
                    if depth < 2 {
                        std::panic::resume_unwind(Box::new("given up"));
                    }
                });
                std::panic::resume_unwind(Box::new("given up"));
            });
        }))
        .unwrap_err();
        assert!(lockdep::held().is_empty());
        let _first = pair.first.lock();
        assert_eq!(lockdep::held().len(), 1);
    }
}

/// The thread that a scope starts stays with the process's tracker.
fn of_one_thread() {
    let met = run(|| {
        thread::spawn(|| Pair::new().invert()).join().unwrap();
    });
    assert!(met.is_empty());
}
