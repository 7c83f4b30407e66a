//! Locks that a process has one of: the panic hook's, and those of the streams that macros print to.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use instrumented::panic::{set_hook, take_hook};
use instrumented::sync::Mutex;
use instrumented::{__stdio as stdio, thread};

use crate::orders::{Pair, unpoisoned};
use crate::stage::{Played, Scene, check, scene};

static STATE: Mutex<u8> = Mutex::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn scenes() -> Vec<Scene> {
    [panic_hook(), printing()].into_iter().flatten().collect()
}

fn panic_hook() -> Vec<Scene> {
    vec![
        scene("a_hook_that_takes_a_lock_under_which_a_hook_is_set_is_told", || {
            set_hook(Box::new(|_| touch()));
            panics();
            let _state = unpoisoned(&STATE);
            set_hook(Box::new(|_| ()));
        })
        .reports(1),
        scene("a_hook_that_takes_a_lock_under_which_a_hook_is_taken_is_told", || {
            {
                let _state = unpoisoned(&STATE);
                drop(take_hook());
            }
            set_hook(Box::new(|_| touch()));
            panics();
        })
        .reports(1),
        scene("a_hook_may_take_a_lock_under_which_none_is_set", || {
            set_hook(Box::new(|_| touch()));
            panics();
            touch();
            drop(take_hook());
            set_hook(Box::new(|_| touch()));
        }),
        scene("a_hook_may_be_set_under_a_lock_that_no_hook_takes", || {
            let _state = unpoisoned(&STATE);
            set_hook(Box::new(|_| called()));
            panics();
            drop(take_hook());
        }),
        scene("an_old_hook_is_dropped_outside_the_lock", || {
            set_hook(Box::new(Touches::hook(Touches)));
            {
                let _state = unpoisoned(&STATE);
                let old = take_hook();
                set_hook(old);
            }
            set_hook(Box::new(|_| ()));
        }),
        scene("a_hook_may_call_the_one_before_it", || {
            set_hook(Box::new(|_| called()));
            for _ in 0..3 {
                let old = take_hook();
                set_hook(Box::new(move |info| {
                    called();
                    old(info);
                }));
            }
            panics();
            assert_eq!(CALLS.load(Relaxed), 4);
        }),
        scene("a_hook_that_was_taken_is_as_it_was_set", || {
            set_hook(Box::new(|info| {
                assert_eq!(info.payload().downcast_ref(), Some(&"the scene panics"));
                called();
            }));
            let hook = take_hook();
            set_hook(hook);
            panics();
            thread::spawn(panics).join().unwrap();
            assert_eq!(CALLS.load(Relaxed), 2);
            assert!(lockdep::held().is_empty());
        }),
        scene("a_hook_that_takes_what_its_thread_holds_is_told_before_it_hangs", || {
            set_hook(Box::new(|_| touch()));
            let _state = unpoisoned(&STATE);
            panics();
        })
        .with("LOCKDEP", "abort")
        .ends(|played| {
            played.killed_by(libc::SIGABRT)?;
            played.says("error[LD0001]")?;
            played.reports(1)
        }),
        scene("what_a_hook_breaks_does_not_panic_in_it", || {
            Pair::new().forward();
            set_hook(Box::new(|_| {
                let pair = Pair::new();
                pair.invert();
                called();
            }));
            panics();
            assert_eq!(CALLS.load(Relaxed), 1);
            assert!(lockdep::held().is_empty());
        })
        .with("LOCKDEP", "panic")
        .reports(1),
        // The real function does not wait: it panics, and a panic in a hook ends the process.
        scene("a_hook_that_sets_a_hook_is_ended_by_the_real_one", || {
            set_hook(Box::new(|_| set_hook(Box::new(|_| ()))));
            panics();
        })
        .ends(|played| {
            played.killed_by(libc::SIGABRT)?;
            played.says("cannot modify the panic hook from a panicking thread")?;
            played.reports(0)
        }),
        scene("a_hook_may_end_the_process", || {
            set_hook(Box::new(|_| std::process::exit(0)));
            panics();
            unreachable!("the hook ends the process");
        }),
        scene("a_hook_is_not_set_if_the_tracker_panics", || {
            set_hook(Box::new(|_| {
                touch();
                called();
            }));
            panics();
            catch_unwind(|| {
                let _state = STATE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                // The hook takes the lock again: in this thread it must not.
                LENT.with(|lent| lent.set(true));
                set_hook(Box::new(|_| ()));
            })
            .expect_err("the tracker panics");
            LENT.with(|lent| lent.set(false));
            panics();
            assert_eq!(CALLS.load(Relaxed), 3);
        })
        .with("LOCKDEP", "panic")
        .ends(Played::ended_well),
    ]
}

fn printing() -> Vec<Scene> {
    vec![
        scene("a_text_that_takes_a_lock_under_which_something_is_printed_is_told", || {
            stdio::print(format_args!("{}\n", Locks(&STATE)));
            let _state = unpoisoned(&STATE);
            stdio::print(format_args!("under the lock\n"));
        })
        .reports(1),
        scene("the_same_holds_of_standard_error", || {
            {
                let _state = unpoisoned(&STATE);
                stdio::eprint(format_args!("under the lock\n"));
            }
            stdio::eprint(format_args!("{}\n", Locks(&STATE)));
        })
        .reports(1),
        scene("printing_under_a_lock_that_no_text_takes_is_fine", || {
            let other = Mutex::new(0_u32);
            stdio::print(format_args!("{}\n", Locks(&other)));
            let state = unpoisoned(&STATE);
            stdio::print(format_args!("{state}\n"));
        }),
        scene("what_is_evaluated_to_be_printed_is_not_under_the_lock", || {
            stdio::print(format_args!("{}\n", unpoisoned(&STATE)));
            stdio::print(format_args!("{}\n", Locks(&Mutex::new(0_u32))));
            let _state = unpoisoned(&STATE);
            stdio::print(format_args!("under the lock\n"));
        }),
        scene("a_text_may_print", || {
            stdio::print(format_args!("{}\n", Prints));
            assert!(lockdep::held().is_empty());
        })
        .ends(|played| {
            played.silent()?;
            check(played.stdout == "outer inner\n\n", "something else was printed")
        }),
        scene("the_two_streams_are_two_locks", || {
            stdio::print(format_args!("{}\n", Says(stdio::eprint)));
            stdio::eprint(format_args!("{}\n", Says(stdio::print)));
        })
        .reports(1),
        scene("after_a_panic_in_a_text_the_lock_is_free", || {
            let text = || stdio::print(format_args!("{}\n", Panics));
            catch_unwind(text).expect_err("the text panics");
            assert!(lockdep::held().is_empty());
            touch();
            stdio::print(format_args!("{}\n", Locks(&Mutex::new(0_u32))));
            let _state = unpoisoned(&STATE);
            stdio::print(format_args!("under the lock\n"));
        }),
        scene("if_the_tracker_panics_nothing_is_printed", || {
            stdio::print(format_args!("{}\n", Locks(&STATE)));
            catch_unwind(AssertUnwindSafe(|| {
                let _state = unpoisoned(&STATE);
                stdio::print(format_args!("never\n"));
            }))
            .expect_err("the tracker panics");
            assert!(lockdep::held().is_empty());
            stdio::print(format_args!("{}\n", "after"));
        })
        .with("LOCKDEP", "panic")
        .ends(|played| {
            played.ended_well()?;
            played.says("error[LD0002]")?;
            check(played.stdout == "0\nafter\n", "another text was printed")
        }),
    ]
}

std::thread_local! {
    /// Whether the thread holds the lock itself.
    static LENT: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Takes the lock for a moment.
fn touch() {
    if !LENT.get() {
        drop(unpoisoned(&STATE));
    }
}

fn called() {
    CALLS.fetch_add(1, Relaxed);
}

/// Panics, which runs the hook.
fn panics() {
    catch_unwind(|| std::panic::panic_any("the scene panics")).expect_err("it panics");
}

/// Takes the lock when it is dropped.
struct Touches;

impl Touches {
    fn hook(self) -> impl Fn(&std::panic::PanicHookInfo<'_>) {
        move |_| {
            let _ = &self;
        }
    }
}

impl Drop for Touches {
    fn drop(&mut self) {
        touch();
    }
}

/// Takes a lock when it is printed.
struct Locks<'a, T>(&'a Mutex<T>);

impl<T: fmt::Display> fmt::Display for Locks<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        unpoisoned(self.0).fmt(f)
    }
}

/// Prints when it is printed.
struct Prints;

impl fmt::Display for Prints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outer ")?;
        stdio::print(format_args!("inner\n"));
        Ok(())
    }
}

/// Prints to another stream when it is printed.
struct Says(fn(fmt::Arguments<'_>));

impl fmt::Display for Says {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)(format_args!("aside\n"));
        f.write_str("text")
    }
}

/// Panics when it is printed, without a word.
struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        resume_unwind(Box::new(()))
    }
}
