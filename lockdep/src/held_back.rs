//! A cycle that is no violation, and why.
//!
//! A level does not report every cycle of the order: some cannot hang, others could only if the
//! program did something that nobody has seen it do. Such a cycle is kept, with the reason, for
//! the ledger at the end of a run: silence that can be asked.

use std::fmt;

use crate::class::Class;
use crate::violation::{Dependency, Signature};

/// A cycle of dependencies that the level holds back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
pub struct HeldBack {
    /// As in `Violation::Inversion`: starting at the dependency that holds the smallest class.
    pub cycle: Vec<Dependency>,
    /// Index of the dependency that closed the cycle.
    pub closing: usize,
    /// Why it is no violation.
    pub reason: Reason,
}

/// Why a cycle is held back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lockdep", serde(tag = "why", rename_all = "snake_case"))]
pub enum Reason {
    /// Two of its dependencies were only ever seen with one and the same further lock held, in
    /// modes that exclude each other: they cannot overlap.
    Gate {
        /// The class of that lock.
        class: Class,
    },
    /// A reader would have to wait behind a waiting writer, and nobody was seen to wait for this
    /// class for writing.
    NoWriter {
        /// The class that is read only.
        class: Class,
    },
    /// One task alone made all of it (level `observed`).
    OneThread,
    /// The tasks that made one part ended, and were joined, before those of another began (level
    /// `observed`).
    OrderedByJoin,
    /// One part was made before the task of another was started (level `observed`).
    OrderedBySpawn,
    /// The tasks that made it were never alive at the same time (level `observed`).
    NeverTogether,
    /// It takes more tasks at once than were ever alive together (level `observed`).
    NeedsTasks {
        /// How many.
        tasks: u32,
    },
}

impl HeldBack {
    /// What to compare when repeats are to be dropped: that of the cycle as an inversion, whatever
    /// the reason.
    pub fn signature(&self) -> Signature {
        Signature::of_inversion(&self.cycle)
    }
}

/// The kind of reason in a few words, as the ledger counts by it; names no class.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Gate { .. } => "kept apart by a lock that both sides hold",
            Reason::NoWriter { .. } => "read only: nobody waits to write",
            Reason::OneThread => "made by one thread alone",
            Reason::OrderedByJoin => "ordered by a join",
            Reason::OrderedBySpawn => "ordered by a spawn",
            Reason::NeverTogether => "made by threads that were never alive together",
            Reason::NeedsTasks { .. } => "in need of more threads than were alive together",
        })
    }
}
