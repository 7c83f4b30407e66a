//! The file format between a tracked process and the command that gathers its records.
//!
//! One JSON value a line, appended at once: a killed process loses nothing but the line in flight.
//! A class, module or edge is written before anything that refers to it. Ids are local to the
//! file.
//!
//! Addresses stay addresses here: resolving them in every process would cost each of them the
//! parsing of its own debug information. The command resolves the few that a report needs.

use serde::{Deserialize, Serialize};

use crate::class::Class;
use crate::held_back::Reason;
use crate::mode::Mode;
use crate::on::statistics::{PlaceStatistics, Times};
use crate::place::Place;
use crate::violation::Violation;

/// Version of the format, in the first line of each file.
pub const VERSION: u32 = 2;

/// The ending of a record file's name.
pub const EXTENSION: &str = "lockdep";

/// The ending of the name of a file with statistics: a process, what it refers to, and
/// [`Record::Statistics`] lines.
pub const STATISTICS: &str = "lockdep-stat";

/// One line of a record file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a record lives for one line, never in a collection")]
pub enum Record {
    /// The first line: which process wrote this.
    Process {
        /// Version of the format.
        version: u32,
        /// Process id.
        pid: u32,
        /// Path of the executable.
        executable: String,
        /// Working directory at the start, to which relative places may refer.
        directory: String,
    },
    /// A class that later lines refer to by `id`.
    Class {
        /// Id within this file.
        id: u32,
        /// The class.
        class: Class,
    },
    /// A loaded object that later lines refer to by `id`.
    Module {
        /// Id within this file.
        id: u32,
        /// Path of the executable or shared object.
        path: String,
    },
    /// A dependency that this process saw for the first time, or for the first time with so few
    /// locks held besides.
    Edge(Edge),
    /// A task waited to write, for the first time with so few locks held: from now on a plain
    /// reader of the class may block behind another.
    Writer(Writer),
    /// A cycle that the level holds back. The last line with the same classes and modes counts; a
    /// violation with them counts more.
    HeldBack {
        /// Each waits for the lock that the next one holds, the last for the first.
        cycle: Vec<Edge>,
        /// Index of the dependency that closed the cycle.
        closing: u32,
        /// Why it is no violation.
        reason: Reason,
    },
    /// A violation that this process found.
    Violation {
        /// The violation, with its stacks resolved.
        violation: Violation,
    },
    /// A violation was met again; written at the 2nd, 4th, 8th … time.
    Repeat {
        /// Which of this file's `Violation` lines, from 0.
        violation: u32,
        /// How often it was met so far.
        times: u64,
    },
    /// How long the locks of one class were waited for and held in one mode.
    Statistics {
        /// Id of the class within this file.
        class: u32,
        /// Whether these are the readers.
        shared: bool,
        /// All of it.
        times: Times,
        /// By place of acquire.
        places: Vec<PlaceStatistics>,
        /// How often one of too many places was forgotten.
        forgotten: u64,
        /// The longest hold whose stack is known.
        longest: Option<LongestRecord>,
    },
    /// Something was not checked or not kept; written at the 1st, 2nd, 4th … time, so that no
    /// loss is silent.
    Loss {
        /// What, in words without a number.
        what: String,
        /// How often so far.
        times: u64,
    },
}

/// A hold that was longer than all others of its class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongestRecord {
    /// How long, in nanoseconds.
    pub hold: u64,
    /// The task.
    pub task: String,
    /// Where the lock was taken.
    pub place: Place,
    /// The stack under the release, innermost first.
    pub stack: Vec<Address>,
}

/// A dependency between two classes with its first witness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The task that made it.
    pub task: String,
    /// The lock it held.
    pub held: EdgeEnd,
    /// The lock it wanted.
    pub wanted: EdgeEnd,
    /// What it held meanwhile.
    pub guards: GuardSet,
}

/// A task that waited for a lock as a writer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    /// The task.
    pub task: String,
    /// The lock it wanted.
    pub wanted: EdgeEnd,
    /// What it held meanwhile.
    pub guards: GuardSet,
}

/// All that a task held when it wanted one more lock, as far as it keeps others away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardSet {
    /// The locks that can be told from all others of their class.
    pub held: Vec<Guard>,
    /// Whether these are all that was held, and the lock that was wanted can be told from others too.
    pub complete: bool,
}

/// A lock that was held while another dependency was made, or while a writer waited. Two tasks that
/// hold one lock in modes that exclude each other cannot both be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Guard {
    /// Id of the class within this file.
    pub class: u32,
    /// Tells locks of one class apart within this process.
    pub instance: u64,
    /// How it was held.
    pub mode: Mode,
    /// Whether the hold was exclusive before.
    pub downgraded: bool,
}

/// One end of a recorded edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeEnd {
    /// Id of the class within this file.
    pub class: u32,
    /// How it was held or wanted.
    pub mode: Mode,
    /// Whether it was taken by a try-lock.
    pub trylock: bool,
    /// Tells locks of one class apart within this process; 0 if it is not known.
    pub instance: u64,
    /// Where the lock was taken.
    pub place: Place,
    /// The stack, innermost first; empty if no backtrace was taken.
    pub stack: Vec<Address>,
}

/// An address within a call, as a byte of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    /// Id of the module within this file.
    pub module: u32,
    /// Offset within the module's file, in bytes.
    pub offset: u64,
}
