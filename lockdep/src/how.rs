//! What an acquire event says besides which lock.

use crate::mode::Mode;

/// How a lock is taken: its mode, whether the call can block, and its nesting level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct How {
    /// The mode it is held in afterwards.
    pub mode: Mode,
    /// A try-lock never waits: no dependency leads to it.
    pub trylock: bool,
    /// The nesting level, 0 to [`How::MAX_SUBCLASS`]: locks of one class taken at different levels
    /// are different classes.
    pub subclass: u8,
}

impl How {
    /// The largest nesting level.
    pub const MAX_SUBCLASS: u8 = 7;
    /// A blocking acquire of a mutex or of the write side.
    pub const EXCLUSIVE: How = How::blocking(Mode::Exclusive);
    /// A blocking acquire by a reader that queues behind waiting writers.
    pub const SHARED: How = How::blocking(Mode::Shared);
    /// A blocking acquire by a reader that passes waiting writers.
    pub const SHARED_RECURSIVE: How = How::blocking(Mode::SharedRecursive);

    const fn blocking(mode: Mode) -> How {
        How { mode, trylock: false, subclass: 0 }
    }

    /// The same acquire as a try-lock.
    pub const fn trylock(self) -> How {
        How { trylock: true, ..self }
    }

    /// The same acquire at nesting level `subclass`.
    ///
    /// # Panics
    ///
    /// If `subclass` is more than [`How::MAX_SUBCLASS`]; in a constant, at compile time.
    pub const fn subclass(self, subclass: u8) -> How {
        assert!(subclass <= How::MAX_SUBCLASS, "a subclass is 0 to 7");
        How { subclass, ..self }
    }
}

/// What a lock is, in words; asked for once per class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// The lock's type without its payload: `Mutex`.
    pub kind: &'static str,
    /// The payload's type, as `std::any::type_name` gives it; empty if there is none.
    pub payload: &'static str,
}

/// Gives a lock's description. A function, so that the warm path passes one word and calls nothing.
pub type Describe = fn() -> Description;
