//! Locks taken while a thread, or the process, ends.

use std::any::Any;
use std::cell::RefCell;
use std::sync::Arc;
use std::thread;

use instrumented::sync::{Mutex, RwLock};

use crate::orders::Pair;
use crate::stage::{Scene, scene};

const THREADS: usize = 200;

static SHARED: Pair = Pair::new();
static TABLE: RwLock<u32> = RwLock::new(0);

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("a_thread_may_lock_while_it_ends", || {
            threads(|| {
                at_the_end(Sections);
                SHARED.forward();
            });
        }),
        scene("a_thread_may_lock_for_the_first_time_while_it_ends", || {
            threads(|| at_the_end(Sections));
        }),
        scene("a_thread_may_find_a_violation_while_it_ends", || {
            SHARED.forward();
            threads(|| at_the_end(Backward));
        })
        .with("LOCKDEP_BACKTRACE", "1")
        .reports(1),
        scene("a_thread_may_call_a_hook_while_it_ends", || {
            lockdep::set_hook(|violation| drop(format!("{violation:?} {:?}", lockdep::held())));
            SHARED.forward();
            threads(|| at_the_end(Backward));
        })
        .reports(1),
        scene("a_thread_may_write_records_while_it_ends", || {
            threads(|| at_the_end(Sections));
        })
        .with("LOCKDEP_OUT", &crate::records::folder("teardown")),
        scene("a_thread_may_end_with_a_scope_behind_it", || {
            threads(|| {
                at_the_end(Sections);
                let tracker = Arc::new(lockdep::Tracker::new(lockdep::Settings::default()));
                let ((), met) = tracker.run(|| SHARED.forward());
                assert_eq!(met.len(), 0);
            });
        }),
        scene("the_main_thread_may_lock_while_it_ends", || {
            at_the_end(Sections);
            SHARED.forward();
        }),
        scene("the_main_thread_may_lock_for_the_first_time_while_it_ends", || {
            at_the_end(Sections);
        }),
        scene("the_process_may_lock_while_it_exits", || {
            extern "C" fn sections() {
                drop(Sections);
            }
            // SAFETY: the function lives as long as the process and does not unwind.
            assert_eq!(unsafe { libc::atexit(sections) }, 0);
            at_the_end(Sections);
            thread::spawn(|| SHARED.forward()).join().unwrap();
            std::process::exit(0);
        }),
        scene("threads_may_lock_on_after_the_main_thread", || {
            thread::spawn(|| {
                loop {
                    SHARED.forward();
                    drop(Mutex::new(0).lock());
                }
            });
            SHARED.forward();
        }),
    ]
}

/// Starts and ends many threads that do `work`.
fn threads(work: impl Fn() + Copy + Send + 'static) {
    for _ in 0..THREADS {
        thread::spawn(work).join().unwrap();
    }
}

thread_local! {
    /// What is dropped when the thread ends.
    static LAST: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

fn at_the_end(last: impl Any) {
    LAST.with_borrow_mut(|all| all.push(Box::new(last)));
}

/// Takes locks, old ones and new ones, when it is dropped.
struct Sections;

impl Drop for Sections {
    fn drop(&mut self) {
        SHARED.forward();
        let new = Mutex::new("new");
        let _new = new.lock().unwrap();
        *TABLE.write().unwrap() += 1;
        drop(TABLE.read());
        assert_eq!(lockdep::held().len(), 1);
    }
}

/// Breaks a rule when it is dropped.
struct Backward;

impl Drop for Backward {
    fn drop(&mut self) {
        SHARED.backward();
        assert_eq!(lockdep::held().len(), 0);
    }
}
