//! Contexts in a process whose own tracker judges them.

use std::thread;

use instrumented::sync::Mutex;
use lockdep::{Context, SIGNAL};

use crate::records::{folder, recorded};
use crate::stage::{Scene, check, scene};

static LOGGER: Context = Context::new("logger");

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("each_rule_about_contexts_is_reported", broken).reports(3),
        scene("each_rule_about_contexts_is_recorded", || {
            drop(std::fs::remove_dir_all(folder("contexts")));
            broken();
        })
        .with("LOCKDEP_OUT", &folder("contexts"))
        .ends(|played| {
            played.silent()?;
            check(recorded(&folder("contexts")) == 3, "not three violations are recorded")
        }),
        scene("contexts_do_nothing_when_all_is_off", broken).with("LOCKDEP", "off").reports(0),
        scene("a_thread_may_end_in_a_context_and_with_one_blocked", ended_inside).reports(0),
    ]
}

/// Breaks each rule once.
fn broken() {
    let (sink, disk, other) = (Mutex::new('s'), Mutex::new(1), Mutex::new("o"));
    let log = |mutex: &Mutex<char>| {
        let _inside = LOGGER.enter();
        drop(mutex.lock());
    };
    // The logger's lock leads to one that is held where the logger may come,
    log(&sink);
    {
        let _blocked = LOGGER.block();
        let _sink = sink.lock().unwrap();
        drop(disk.lock());
    }
    drop(disk.lock());
    // and is itself held there.
    drop(sink.lock());
    let _inside = SIGNAL.enter();
    drop(other.lock());
}

/// The next task of the same stack starts with nothing.
fn ended_inside() {
    thread_local! {
        static KEPT: std::cell::RefCell<Vec<Box<dyn std::any::Any>>> = const {
            std::cell::RefCell::new(Vec::new())
        };
    }
    for _ in 0..100 {
        let ended = thread::spawn(|| {
            assert!(!LOGGER.is_running() && !SIGNAL.is_blocked());
            let guards = (LOGGER.enter(), SIGNAL.block());
            drop(Mutex::new(1).lock());
            KEPT.with_borrow_mut(|kept| kept.push(Box::new(guards)));
        });
        ended.join().unwrap();
    }
}
