//! What an acquire event says besides which lock.

use std::fmt;

use crate::mode::Mode;
use crate::wait_type::Traits;

/// How a lock is taken: its mode, whether the call can block, and its nesting level.
///
/// One byte, because it is passed with every event: mode in bits 0 and 1, try-lock in bit 2,
/// subclass in bits 3 to 5, in bit 6 whether an exclusive hold was downgraded.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct How(u8);

impl How {
    const MODE_MASK: u8 = 3;
    const TRYLOCK_BIT: u8 = 4;
    const SUBCLASS_SHIFT: u32 = 3;
    const DOWNGRADED_BIT: u8 = 64;
    /// Number of bits in use.
    pub const BITS: u32 = 7;

    /// The largest nesting level.
    pub const MAX_SUBCLASS: u8 = 7;
    /// A blocking acquire of a mutex or of the write side.
    pub const EXCLUSIVE: How = How(Mode::Exclusive as u8);
    /// A blocking acquire by a reader that queues behind waiting writers.
    pub const SHARED: How = How(Mode::Shared as u8);
    /// A blocking acquire by a reader that passes waiting writers.
    pub const SHARED_RECURSIVE: How = How(Mode::SharedRecursive as u8);
    /// A blocking acquire by a reader that may become the writer.
    pub const UPGRADABLE: How = How(Mode::Upgradable as u8);

    /// The same acquire as a try-lock, which never waits: no dependency leads to it.
    #[must_use]
    pub const fn trylock(self) -> How {
        How(self.0 | How::TRYLOCK_BIT)
    }

    /// The same acquire at nesting level `subclass`: locks of one class taken at different levels
    /// are different classes.
    ///
    /// # Panics
    ///
    /// If `subclass` is more than [`How::MAX_SUBCLASS`]; in a constant, at compile time.
    #[must_use]
    #[track_caller]
    pub const fn subclass(self, subclass: u8) -> How {
        assert!(subclass <= How::MAX_SUBCLASS, "lockdep: a subclass is a number from 0 to 7");
        How(self.0 & !(How::MAX_SUBCLASS << How::SUBCLASS_SHIFT) | subclass << How::SUBCLASS_SHIFT)
    }

    /// The same hold in another mode. That it was exclusive before is kept in mind.
    #[must_use]
    pub const fn with_mode(self, mode: Mode) -> How {
        let other = self.0 & !(How::MODE_MASK | How::DOWNGRADED_BIT) | mode as u8;
        let was_alone = matches!(self.mode(), Mode::Exclusive) || self.0 & How::DOWNGRADED_BIT != 0;
        How(other | if was_alone && mode.is_shared() { How::DOWNGRADED_BIT } else { 0 })
    }

    /// Whether the hold was exclusive before.
    #[must_use]
    pub const fn is_downgraded(self) -> bool {
        self.0 & How::DOWNGRADED_BIT != 0
    }

    /// The mode the lock is held in afterwards.
    #[must_use]
    pub const fn mode(self) -> Mode {
        match self.0 & How::MODE_MASK {
            0 => Mode::Exclusive,
            1 => Mode::Shared,
            2 => Mode::SharedRecursive,
            _ => Mode::Upgradable,
        }
    }

    /// Whether this is a try-lock.
    #[must_use]
    pub const fn is_trylock(self) -> bool {
        self.0 & How::TRYLOCK_BIT != 0
    }

    /// The nesting level, 0 to [`How::MAX_SUBCLASS`].
    #[must_use]
    pub const fn level(self) -> u8 {
        self.0 >> How::SUBCLASS_SHIFT & How::MAX_SUBCLASS
    }

    /// All of it, in [`How::BITS`] bits.
    #[inline]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// From what [`How::bits`] gave.
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u8) -> How {
        How(bits)
    }
}

impl fmt::Debug for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("How")
            .field("mode", &self.mode())
            .field("trylock", &self.is_trylock())
            .field("subclass", &self.level())
            .finish()
    }
}

/// What a lock is, in words; asked for once per class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// The lock's type without its payload: `Mutex`.
    pub kind: &'static str,
    /// The payload's type, as `std::any::type_name` gives it; empty if there is none.
    pub payload: &'static str,
    /// What holds for all locks of the class.
    pub traits: Traits,
}

impl Description {
    /// The description of a lock that blocks its thread.
    #[must_use]
    pub const fn new(kind: &'static str, payload: &'static str) -> Description {
        Description { kind, payload, traits: Traits::BLOCKING }
    }

    /// The same for locks of which `traits` holds.
    #[must_use]
    pub const fn with_traits(self, traits: Traits) -> Description {
        Description { traits, ..self }
    }
}

/// Gives a lock's description. A function, so that the warm path passes one word and calls nothing.
pub type Describe = fn() -> Description;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_kept_apart() {
        let how = How::SHARED.subclass(5).trylock();
        assert_eq!((how.mode(), how.is_trylock(), how.level()), (Mode::Shared, true, 5));
        assert_eq!(How::from_bits(how.bits()), how);
        assert_eq!(how.with_mode(Mode::Exclusive).subclass(0), How::EXCLUSIVE.trylock());
        assert_eq!(How::UPGRADABLE.subclass(7).mode(), Mode::Upgradable);
        assert!(how.bits() < 1 << How::BITS);
    }

    #[test]
    fn a_downgraded_hold_stays_one_until_it_is_exclusive_again() {
        let how = How::EXCLUSIVE.subclass(3).with_mode(Mode::Shared);
        assert_eq!((how.mode(), how.is_downgraded(), how.level()), (Mode::Shared, true, 3));
        assert!(!How::SHARED.is_downgraded());
        assert_eq!(how.with_mode(Mode::Exclusive), How::EXCLUSIVE.subclass(3));
    }
}
