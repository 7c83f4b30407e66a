//! A held lock as a value.

use crate::class::Class;
use crate::mode::Mode;
use crate::place::Place;

/// A lock that the current task holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLock {
    /// Its class.
    pub class: Class,
    /// How it is held.
    pub mode: Mode,
    /// Whether it was taken by a try-lock.
    pub trylock: bool,
    /// Where it was taken.
    pub place: Place,
    /// Tells locks of one class apart.
    pub instance: u64,
}
