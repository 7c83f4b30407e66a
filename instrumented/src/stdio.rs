//! The locks of standard output and standard error.
//!
//! The standard library formats what is printed with the stream locked, so the `Display` of a user's
//! type runs under that lock; and who locks a stream by hand runs what he likes under it. A thread that
//! has the lock takes it again and does not wait.
//!
//! A lock counts as held exactly while code of the user's runs under it.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::LazyLock;
use std::thread::LocalKey;

use lockdep::{Description, How, Map, event};

/// A place in the program; every event has one.
type Site = &'static Location<'static>;

/// The lock of one stream.
pub(crate) struct Stream {
    map: LazyLock<Map>,
    /// How often the thread is inside.
    depth: &'static LocalKey<Cell<usize>>,
}

pub(crate) static OUTPUT: Stream =
    Stream { map: LazyLock::new(|| Map::named("stdout")), depth: &IN_OUTPUT };
pub(crate) static ERROR: Stream =
    Stream { map: LazyLock::new(|| Map::named("stderr")), depth: &IN_ERROR };

thread_local! {
    static IN_OUTPUT: Cell<usize> = const { Cell::new(0) };
    static IN_ERROR: Cell<usize> = const { Cell::new(0) };
}

/// What reports call them.
fn describe() -> Description {
    Description::new("ReentrantLock", "")
}

impl Stream {
    /// Checks that the current thread may wait for the lock, unless it has it.
    ///
    /// # Panics
    ///
    /// If that breaks a rule and the tracker is told to panic.
    pub(crate) fn before(&self, site: Site) {
        if self.depth.get() == 0 {
            event::before_acquire(&self.map, How::EXCLUSIVE, describe, site);
        }
    }

    /// The current thread has the lock, as long as this lives.
    pub(crate) fn enter(&'static self, site: Site) -> Inside {
        let depth = self.depth.get();
        if depth == 0 {
            event::acquired(&self.map, How::EXCLUSIVE, site);
        }
        self.depth.set(depth + 1);
        Inside { stream: self, _thread: PhantomData }
    }
}

/// The current thread has the lock of a stream.
pub(crate) struct Inside {
    stream: &'static Stream,
    /// It belongs to the thread that has the lock.
    _thread: PhantomData<*const ()>,
}

impl Drop for Inside {
    fn drop(&mut self) {
        let depth = self.stream.depth.get() - 1;
        self.stream.depth.set(depth);
        if depth == 0 {
            event::released(&self.stream.map);
        }
    }
}

/// As [`std::print!`] of the arguments.
///
/// # Panics
///
/// If standard output cannot be written to; or if the acquire of its lock breaks a rule and the
/// tracker is told to panic.
#[track_caller]
pub fn print(arguments: fmt::Arguments<'_>) {
    let text = Text::new(&OUTPUT, arguments, Location::caller());
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
    let text = Text::new(&ERROR, arguments, Location::caller());
    std::eprint!("{text}");
}

/// What is about to be printed.
struct Text<'a> {
    stream: &'static Stream,
    arguments: fmt::Arguments<'a>,
    site: Site,
}

impl<'a> Text<'a> {
    /// Checks that the current task may wait for the stream's lock.
    fn new(stream: &'static Stream, arguments: fmt::Arguments<'a>, site: Site) -> Text<'a> {
        stream.before(site);
        Text { stream, arguments, site }
    }
}

/// Is called once, with the stream locked.
impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _inside = self.stream.enter(self.site);
        f.write_fmt(self.arguments)
    }
}
