//! What the tracker makes of streams that are locked by hand.

#![cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]

use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex as Plain, PoisonError};

use instrumented::io::{stderr, stdout};
use instrumented::sync::Mutex;
use lockdep::Violation;

/// The codes of what is found meanwhile. One at a time: there is one tracker.
fn codes(run: impl FnOnce()) -> Vec<&'static str> {
    static ONE: Plain<()> = Plain::new(());
    static FOUND: Plain<Vec<&str>> = Plain::new(Vec::new());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    lockdep::set_hook(|violation| FOUND.lock().unwrap().push(Violation::code(violation)));
    // What is found ends the run by a panic.
    let _ = catch_unwind(AssertUnwindSafe(run));
    lockdep::take_hook();
    std::mem::take(&mut *FOUND.lock().unwrap())
}

/// Takes a lock to show itself.
struct Locks<'a>(&'a Mutex<u8>);

impl fmt::Display for Locks<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        *self.0.lock().unwrap() += 1;
        Ok(())
    }
}

#[test]
fn a_lock_that_is_taken_under_a_stream_and_held_over_a_write_to_it_is_found() {
    let held = Mutex::new(0_u8);
    let found = codes(|| {
        let out = stdout().lock();
        drop(held.lock().unwrap());
        drop(out);
        let _held = held.lock().unwrap();
        stdout().flush().unwrap();
    });
    assert_eq!(found, ["LD0002"]);
    let held = Mutex::new(0_u8);
    let found = codes(|| {
        {
            let _held = held.lock().unwrap();
            let _err = stderr().lock();
        }
        write!(stderr(), "{}", Locks(&held)).unwrap();
    });
    assert_eq!(found, ["LD0002"]);
}

#[test]
fn a_stream_that_is_taken_again_by_its_holder_is_fine() {
    let held = Mutex::new(0_u8);
    let found = codes(|| {
        for _ in 0..2 {
            let first = stdout().lock();
            let mut second = stdout().lock();
            drop(first);
            write!(second, "{}", Locks(&held)).unwrap();
            let _held = held.lock().unwrap();
            // It does not wait.
            stdout().write_all(b"").unwrap();
        }
        stdout().flush().unwrap();
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn streams_and_locks_in_one_order_are_fine() {
    let held = Mutex::new(0_u8);
    let found = codes(|| {
        for _ in 0..2 {
            let _held = held.lock().unwrap();
            let _out = stdout().lock();
            let _err = stderr().lock();
        }
        (&stdout()).flush().unwrap();
        let _held = held.lock().unwrap();
        write!(&stderr(), "").unwrap();
    });
    assert_eq!(found, [""; 0]);
}
