//! Lock programs: what the suites record in a tracker and what the oracle interleaves.
//!
//! These types are the tests' own and share nothing with the tracker's, so that a mistake there is
//! not repeated here. [`crate::notation`] reads and writes them as text.

/// One lock. Locks of one class have one letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lock {
    /// A capital letter.
    pub class: char,
    /// Tells the locks of a class apart; 0 for a class with one lock.
    pub instance: u8,
}

/// How a lock is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// `W`: a mutex, or a writer. Waits for all holders.
    Write,
    /// `r`: a reader that waits for a writer that holds the lock or waits for it.
    Read,
    /// `R`: a reader that waits for a writer that holds the lock.
    ReadRecursive,
    /// `U`: the one reader that may become the writer. Waits as `r` does, and for a holder like
    /// itself; readers do not wait for it.
    Upgradable,
}

impl Mode {
    /// Whether who wants a lock like this waits for writers that wait.
    pub fn queues(self) -> bool {
        matches!(self, Mode::Read | Mode::Upgradable)
    }
}

/// The number of an acquire within its run; what gives the lock back carries it too.
pub type Guard = u8;

/// One step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Takes a lock, waits for it if need be.
    Lock {
        /// Number of this acquire.
        guard: Guard,
        /// The lock.
        lock: Lock,
        /// How.
        mode: Mode,
        /// Nesting level.
        subclass: u8,
    },
    /// Takes a lock unless it would have to wait. If it fails, the steps of its guard are skipped.
    Try {
        /// Number of this acquire.
        guard: Guard,
        /// The lock.
        lock: Lock,
        /// How.
        mode: Mode,
    },
    /// Gives a lock back.
    Unlock {
        /// Number of the acquire.
        guard: Guard,
        /// The lock.
        lock: Lock,
    },
    /// Turns a write hold into a read hold.
    Downgrade {
        /// Number of the acquire.
        guard: Guard,
        /// The lock.
        lock: Lock,
    },
    /// Turns an upgradable hold into a write hold, once there is no other reader.
    Upgrade {
        /// Number of the acquire.
        guard: Guard,
        /// The lock.
        lock: Lock,
    },
    /// Waits until nobody holds the lock, and does not take it.
    Sync {
        /// The lock.
        lock: Lock,
    },
    /// Initialises the lock again.
    Init {
        /// The lock.
        lock: Lock,
    },
}

impl Op {
    /// The lock the step is about.
    pub fn lock(&self) -> Lock {
        match *self {
            Op::Lock { lock, .. }
            | Op::Try { lock, .. }
            | Op::Unlock { lock, .. }
            | Op::Downgrade { lock, .. }
            | Op::Upgrade { lock, .. }
            | Op::Sync { lock }
            | Op::Init { lock } => lock,
        }
    }

    /// The acquire the step belongs to.
    pub fn guard(&self) -> Option<Guard> {
        match *self {
            Op::Lock { guard, .. }
            | Op::Try { guard, .. }
            | Op::Unlock { guard, .. }
            | Op::Downgrade { guard, .. }
            | Op::Upgrade { guard, .. } => Some(guard),
            Op::Sync { .. } | Op::Init { .. } => None,
        }
    }
}

/// What one task does from holding nothing to holding nothing.
pub type Run = Vec<Op>;

/// A run with one more lock around all of it.
pub fn within(lock: Lock, run: &Run) -> Run {
    const GUARD: Guard = 31;
    let mut within = vec![Op::Lock { guard: GUARD, lock, mode: Mode::Write, subclass: 0 }];
    within.extend(run);
    within.push(Op::Unlock { guard: GUARD, lock });
    within
}

/// Which try-locks of a run failed: one bit for each guard.
pub type Failed = u32;

/// One way through a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// Which try-locks fail.
    pub failed: Failed,
    /// How many steps are completed. The next one, if there is one, is begun: it waits for ever.
    pub completed: usize,
}

impl Path {
    /// The way on which all steps are completed and no try-lock fails.
    pub fn all_of(run: &Run) -> Path {
        Path { failed: 0, completed: run.len() }
    }

    /// Whether a step is skipped because its try-lock failed.
    pub fn skips(&self, op: &Op) -> bool {
        op.guard().is_some_and(|guard| self.failed & (1 << guard) != 0)
    }
}
