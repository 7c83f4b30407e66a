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
    /// A lock's class could not be registered: there are too many. It is not tracked.
    Classes,
    /// A lock was taken whose class was dropped. It is not checked.
    DroppedClass,
    /// A lock was taken or released by a signal handler while its thread timed another, or there
    /// was no memory to time it in.
    Untimed,
    /// The set of validated chains was full and was emptied; chains are validated again.
    Chains,
    /// A context could not be numbered, or one task ran in too many. It is not tracked.
    Contexts,
    /// A cycle that the level holds back was not kept because there are too many.
    Withheld,
    /// What code did before it ended a wait of others was not kept because there is too much.
    Waits,
}

impl Loss {
    const ALL: [Loss; 11] = [
        Loss::UnderAllocator,
        Loss::Unwritten,
        Loss::Backtraces,
        Loss::Instances,
        Loss::Classes,
        Loss::DroppedClass,
        Loss::Untimed,
        Loss::Chains,
        Loss::Contexts,
        Loss::Withheld,
        Loss::Waits,
    ];

    const NUMBER: usize = Loss::ALL.len();

    fn words(self) -> &'static str {
        match self {
            Loss::UnderAllocator => {
                "acquires not checked, because a lock of the global allocator was held"
            }
            Loss::Unwritten => "records not written",
            Loss::Backtraces => "backtraces not kept, because there are too many",
            Loss::Instances => "acquires not checked, because the numbers for locks ran out",
            Loss::Classes => "acquires not checked, because there are too many classes",
            Loss::Withheld => "cycles held back and not kept, because there are too many",
            Loss::Waits => "facts about waits not kept, because there are too many",
            Loss::DroppedClass => "acquires not checked, of locks whose class was dropped before",
            Loss::Untimed => "acquires, waits or releases not timed",
            Loss::Chains => "times that all validated chains were forgotten, being too many",
            Loss::Contexts => "contexts not tracked, because there are too many",
        }
    }
}

static COUNTS: [AtomicU64; Loss::NUMBER] = [const { AtomicU64::new(0) }; Loss::NUMBER];

/// How often each kind was said to whoever reads the process's records.
#[derive(Debug, Default)]
pub(crate) struct Said([u64; Loss::NUMBER]);

impl Said {
    /// Whether something was lost that was not said.
    pub(crate) fn is_behind(&self) -> bool {
        Loss::ALL.into_iter().any(|loss| self.is_behind_in(loss))
    }

    /// What to say now. A kind is said at its first loss and then whenever its number has doubled.
    pub(crate) fn catch_up(&mut self) -> Vec<(&'static str, u64)> {
        let behind = Loss::ALL.into_iter().filter(|&loss| self.is_behind_in(loss));
        let new: Vec<_> = behind.map(|loss| (loss, count_of(loss))).collect();
        new.into_iter()
            .map(|(loss, times)| {
                self.0[loss as usize] = times;
                (loss.words(), times)
            })
            .collect()
    }

    fn is_behind_in(&self, loss: Loss) -> bool {
        count_of(loss) > self.0[loss as usize].saturating_mul(2).saturating_sub(1)
            && count_of(loss) != self.0[loss as usize]
    }
}

fn count_of(loss: Loss) -> u64 {
    COUNTS[loss as usize].load(Relaxed)
}

/// Counts one; returns how many there are now. Allocates nothing and takes no lock.
pub(crate) fn count(loss: Loss) -> u64 {
    COUNTS[loss as usize].fetch_add(1, Relaxed) + 1
}

/// Whether anything was lost so far.
pub(crate) fn any() -> bool {
    Loss::ALL.into_iter().any(|loss| count_of(loss) != 0)
}

/// What was lost so far in this process, one sentence for each kind.
#[must_use]
pub fn losses() -> Vec<String> {
    Loss::ALL
        .into_iter()
        .map(|loss| (loss, count_of(loss)))
        .filter(|&(_, times)| times != 0)
        .map(|(loss, times)| format!("{times} {}", loss.words()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_said_at_once_and_then_whenever_its_number_doubles() {
        // No other test counts this kind.
        let mut said = Said::default();
        let mut heard = Vec::new();
        for times in 1..=9 {
            assert_eq!(count(Loss::Instances), times);
            if said.is_behind() {
                heard.push(times);
                assert_eq!(said.catch_up(), [(Loss::Instances.words(), times)]);
            }
        }
        assert_eq!(heard, [1, 2, 4, 8]);
        assert_eq!(losses(), [format!("9 {}", Loss::Instances.words())]);
    }
}
