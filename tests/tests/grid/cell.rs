//! One cell: what is recorded, and what must come of it.

use std::fmt;
use std::sync::Arc;

use lockdep::violation::ClosedBy;
use lockdep::{Level, Task, Violation};
use tests::notation::parse;
use tests::recording::Recording;
use tests::ww::Misuse;

use crate::events::Events;
use crate::script::play;

/// What a cell must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Silent,
    /// The task would wait for a lock that it holds itself.
    Recursion,
    /// Two locks of one class are held together: the kernel calls this recursive too.
    Nesting,
    Circular,
    /// Only where locks of one class may be nested in one order.
    CircularInClass,
    UnlockImbalance,
    HeldLockFreed,
    AssertionFailed,
    /// The nest lock is not held.
    NestNotHeld,
    /// A comparison function declares the other order: the kernel calls this recursive.
    DeclaredOrder,
    PinBroken,
    BadModeChange,
    /// One class is used in a context and where it may come.
    Inconsistent,
    /// A way leads from the one to the other, found by what the context took,
    ContextByTake,
    /// by what was held where it may come,
    ContextByHold,
    /// or by a dependency.
    ContextByDependency,
    WaitNotAllowed,
    /// A thread ends and holds a lock.
    EndedHolding,
    /// Not the tracker but the lock itself says that it is misused.
    Misused(Misuse),

    /// What a cell, which has no threads, cannot do.
    OfThreads,
}

use Verdict::{
    AssertionFailed, BadModeChange, Circular, CircularInClass, ContextByDependency, ContextByHold,
    ContextByTake, DeclaredOrder, EndedHolding, HeldLockFreed, Inconsistent, Misused, NestNotHeld,
    Nesting, OfThreads, PinBroken, Recursion, Silent, UnlockImbalance, WaitNotAllowed,
};

impl Verdict {
    pub(crate) fn of(violation: &Violation) -> Verdict {
        match violation {
            Violation::Recursion(_) => Recursion,
            Violation::UnorderedNesting(_) => Nesting,
            Violation::Inversion { .. } => Circular,
            Violation::InstanceInversion { .. } => CircularInClass,
            Violation::ReleaseNotHeld { .. } => UnlockImbalance,
            Violation::HeldLockFreed { .. } => HeldLockFreed,
            Violation::AssertionFailed { .. } => AssertionFailed,
            Violation::NestNotHeld { .. } => NestNotHeld,
            Violation::DeclaredOrder { .. } => DeclaredOrder,
            Violation::PinBroken { .. } => PinBroken,
            Violation::BadModeChange { .. } => BadModeChange,
            Violation::InconsistentState { .. } => Inconsistent,
            Violation::ContextInversion { closing, .. } => match closing {
                ClosedBy::Taken => ContextByTake,
                ClosedBy::Open => ContextByHold,
                ClosedBy::Dependency(_) => ContextByDependency,
            },
            Violation::InvalidWait { .. } => WaitNotAllowed,
            Violation::EndedHolding { .. } => EndedHolding,
            Violation::HeldAcross { .. }
            | Violation::HeldAcrossAwait { .. }
            | Violation::Deadlock { .. }
            | Violation::WaitCircle { .. }
            | Violation::JoinUnderLock { .. }
            | Violation::EndlessWait { .. } => OfThreads,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misused(misuse) => return write!(f, "misused: {misuse:?}"),
            Silent => "silent",
            Recursion => "recursive",
            Nesting => "nesting",
            Circular => "circular",
            CircularInClass => "circular in class",
            UnlockImbalance => "unlock imbalance",
            HeldLockFreed => "held lock freed",
            AssertionFailed => "assertion failed",
            NestNotHeld => "nest lock not held",
            DeclaredOrder => "declared order",
            PinBroken => "pin broken",
            BadModeChange => "bad mode change",
            Inconsistent => "inconsistent state",
            ContextByTake => "context inversion, by take",
            ContextByHold => "context inversion, by hold",
            ContextByDependency => "context inversion, by dependency",
            WaitNotAllowed => "wait not allowed",
            EndedHolding => "ended holding",
            OfThreads => "of threads",
        })
    }
}

pub(crate) struct Cell {
    pub(crate) row: String,
    pub(crate) column: String,
    pub(crate) body: Body,
    pub(crate) verdict: Verdict,
}

pub(crate) enum Body {
    /// Runs of one task, one after the other.
    Runs(Level, String),
    Events(Events),
    /// Runs in contexts.
    Script(String),
    /// Anything else.
    Scene(Box<dyn Fn() -> Vec<Arc<Violation>> + Send + Sync>),
    /// What is judged by more than the tracker.
    Judged(Box<dyn Fn() -> Vec<Verdict> + Send + Sync>),
}

impl Cell {
    pub(crate) fn new(
        row: impl Into<String>,
        column: impl Into<String>,
        text: String,
        is: Verdict,
    ) -> Cell {
        let (row, column) = (row.into(), column.into());
        Cell { row, column, body: Body::Runs(Level::Order, text), verdict: is }
    }

    /// What was reported must be the verdict, once and nothing else.
    pub(crate) fn check(&self) -> Result<(), String> {
        let found = match &self.body {
            Body::Judged(scene) => scene(),
            body => body.record().iter().map(|violation| Verdict::of(violation)).collect(),
        };
        let expected = match self.verdict {
            Silent => vec![],
            verdict => vec![verdict],
        };
        if found == expected {
            return Ok(());
        }
        Err(format!("must be {}, but the tracker found {found:?}", self.verdict))
    }
}

impl Body {
    fn record(&self) -> Vec<Arc<Violation>> {
        match self {
            Body::Events(events) => events(),
            Body::Script(text) => play(text),
            Body::Scene(scene) => scene(),
            Body::Judged(_) => Vec::new(),
            Body::Runs(level, text) => {
                let (task, mut recording) = (Task::new("main"), Recording::at(*level));
                for run in parse(text) {
                    recording.run(&task, &run);
                }
                recording.violations()
            }
        }
    }
}
