//! What the program said of a class: that its locks are not checked, how they are ordered, that it
//! lives for a time only.
//!
//! Like the class itself these are facts of the process and mean the same to every tracker. They
//! are looked up on cold paths, behind a filter: most classes have none.
//!
//! A chain that was validated is never validated again. So whether a class is checked never
//! changes; a lock that is to be exempt goes to another class instead. A comparison function may
//! come at any time, because it is asked outside the chain cache.

use crate::compare::Compare;
use crate::wait_type::Traits;

/// Properties of one class.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Properties {
    /// Its locks are held and shown like others, but no rule looks at them.
    pub(crate) unchecked: bool,
    /// How long it lives.
    pub(crate) life: Life,
    /// What holds for all its locks.
    pub(crate) traits: Traits,
    /// The order among its locks.
    pub(crate) compare: Option<Compare>,
}

/// How long a class lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Life {
    /// As long as the process.
    #[default]
    Static,
    /// Until its owner drops it.
    Dynamic,
    /// It is over.
    Dropped,
}

impl Properties {
    /// Whether the rules look at locks of the class.
    pub(crate) fn is_checked(self) -> bool {
        !self.unchecked && self.life != Life::Dropped
    }

    /// Whether every acquire has to be looked at outside the warm path.
    pub(crate) fn is_watched(self) -> bool {
        self.life != Life::Static
    }
}
