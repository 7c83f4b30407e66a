//! The locks of standard output and standard error, where a macro prints.
//!
//! The standard library formats what is printed with the stream locked, so the `Display` of a user's
//! type runs under that lock. A thread that prints while it prints takes the lock again and does not
//! wait.
//!
//! A lock counts as held exactly while code of the user's runs under it. Whoever locks a stream by
//! hand, or writes to it by other means than a macro, is not seen.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::sync::LazyLock;
use std::thread::LocalKey;

use lockdep::{Description, How, Map, event};

static OUTPUT: LazyLock<Map> = LazyLock::new(|| Map::named("stdout"));
static ERROR: LazyLock<Map> = LazyLock::new(|| Map::named("stderr"));

thread_local! {
    /// Whether the thread formats what it prints to standard output.
    static IN_OUTPUT: Cell<bool> = const { Cell::new(false) };
    /// Whether the thread formats what it prints to standard error.
    static IN_ERROR: Cell<bool> = const { Cell::new(false) };
}

/// What reports call them.
fn describe() -> Description {
    Description::new("ReentrantLock", "")
}

/// As [`std::print!`] of the arguments.
///
/// # Panics
///
/// If standard output cannot be written to; or if the acquire of its lock breaks a rule and the
/// tracker is told to panic.
#[track_caller]
pub fn print(arguments: fmt::Arguments<'_>) {
    let text = Text::new(&OUTPUT, &IN_OUTPUT, arguments, Location::caller());
    std::print!("{text}");
}

/// As [`std::eprint!`] of the arguments.
///
/// # Panics
///
/// If standard error cannot be written to; or if the acquire of its lock breaks a rule and the
/// tracker is told to panic.
#[track_caller]
pub fn eprint(arguments: fmt::Arguments<'_>) {
    let text = Text::new(&ERROR, &IN_ERROR, arguments, Location::caller());
    std::eprint!("{text}");
}

/// What is about to be printed.
struct Text<'a> {
    map: &'static Map,
    is_inside: &'static LocalKey<Cell<bool>>,
    arguments: fmt::Arguments<'a>,
    site: &'static Location<'static>,
}

impl<'a> Text<'a> {
    /// Checks that the current task may wait for the stream's lock.
    fn new(
        map: &'static Map,
        is_inside: &'static LocalKey<Cell<bool>>,
        arguments: fmt::Arguments<'a>,
        site: &'static Location<'static>,
    ) -> Text<'a> {
        if !is_inside.get() {
            event::before_acquire(map, How::EXCLUSIVE, describe, site);
        }
        Text { map, is_inside, arguments, site }
    }
}

/// Is called once, with the stream locked.
impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Ends with the text, after a panic too.
        struct Inside<'a>(&'a Text<'a>);
        impl Drop for Inside<'_> {
            fn drop(&mut self) {
                event::released(self.0.map);
                self.0.is_inside.set(false);
            }
        }
        if self.is_inside.replace(true) {
            return f.write_fmt(self.arguments);
        }
        event::acquired(self.map, How::EXCLUSIVE, self.site);
        let _inside = Inside(self);
        f.write_fmt(self.arguments)
    }
}
