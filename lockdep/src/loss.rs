//! What the tracker could not do, counted: nothing is lost without saying so.
//!
//! Counters of the process, because a loss can happen where no tracker can be reached.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A reason for which an event was not checked or a fact was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// A lock was taken for the first time in some order while an allocator's lock was held:
    /// checking it would have needed memory from that very allocator.
    UnderAllocator,
    /// A record could not be written.
    Unwritten,
    /// A backtrace was not kept because there are too many.
    Backtraces,
    /// A lock could not be numbered: there are no more numbers. It is not tracked.
    Instances,
    /// The set of validated chains was full and was emptied; chains are validated again.
    Chains,
}

impl Loss {
    const ALL: [Loss; 5] =
        [Loss::UnderAllocator, Loss::Unwritten, Loss::Backtraces, Loss::Instances, Loss::Chains];

    fn words(self, times: u64) -> String {
        match self {
            Loss::UnderAllocator => format!(
                "{times} acquires were not checked: a lock of the global allocator was held"
            ),
            Loss::Unwritten => format!("{times} records could not be written"),
            Loss::Backtraces => format!("{times} backtraces were not kept: too many"),
            Loss::Instances => {
                format!("{times} acquires of locks without a number were not checked")
            }
            Loss::Chains => format!("the validated chains were forgotten {times} times: too many"),
        }
    }
}

static COUNTS: [AtomicU64; Loss::ALL.len()] = [const { AtomicU64::new(0) }; Loss::ALL.len()];

/// Counts one; returns how many there are now. Allocates nothing and takes no lock.
pub(crate) fn count(loss: Loss) -> u64 {
    COUNTS[loss as usize].fetch_add(1, Relaxed) + 1
}

/// What was lost so far in this process, one sentence for each kind.
#[must_use]
pub fn losses() -> Vec<String> {
    Loss::ALL
        .into_iter()
        .map(|loss| (loss, COUNTS[loss as usize].load(Relaxed)))
        .filter(|&(_, times)| times != 0)
        .map(|(loss, times)| loss.words(times))
        .collect()
}
