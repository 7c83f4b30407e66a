//! What `std::sync`'s locks do and are, written over `crate::sync`: each test crate that includes
//! this module says which one that is.
//!
//! Panics are raised with `resume_unwind`, which poisons like any other and prints nothing.

#![allow(unused_qualifications, reason = "`std::sync::X` is the real one, `X` may not be")]

mod barrier;
mod bounds;
mod channels;
mod condvar;
mod mutex;
mod names;
mod rwlock;
mod streams;
#[path = "../traits/mod.rs"]
mod traits;
mod unsizing;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Runs `f` to its panic, which must come.
fn panics(f: impl FnOnce()) {
    catch_unwind(AssertUnwindSafe(f)).expect_err("no panic came");
}

/// Panics without a message.
fn give_up() -> ! {
    resume_unwind(Box::new("given up"))
}

/// A payload that prints itself differently in `Debug` and `Display`.
#[derive(Debug, Default, PartialEq)]
struct Named(&'static str);

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.0)
    }
}
