//! A cycle that the level holds back, and a writer that was seen to wait, as the tracker knows
//! them: what the recorder writes and [`HeldBack`] is made of.

use std::sync::Arc;

use crate::held_back::{HeldBack, Reason};
use crate::on::map::Word;
use crate::on::registry::Node;
use crate::on::settings::BacktraceStyle;
use crate::on::witness::Witness;

/// A cycle that is held back, its stacks unresolved.
#[derive(Clone, Debug)]
pub(crate) struct Withheld {
    /// Each waits for the lock that the next one holds, the last for the first.
    pub(crate) cycle: Vec<Arc<Witness>>,
    /// Index of the one that closed the cycle.
    pub(crate) closing: usize,
    pub(crate) reason: Reason,
}

impl Withheld {
    #[allow(dead_code, reason = "for a tracker that holds cycles back")]
    /// Looks classes and stacks up. Slow; to be called with no lock held.
    pub(crate) fn resolve(&self, style: BacktraceStyle) -> HeldBack {
        let mut cycle: Vec<_> = self.cycle.iter().map(|witness| witness.resolve(style)).collect();
        let length = cycle.len();
        let smallest = (0..length).min_by_key(|&at| &cycle[at].held.class).unwrap_or_default();
        cycle.rotate_left(smallest);
        let closing = (self.closing + length - smallest) % length.max(1);
        HeldBack { cycle, closing, reason: self.reason.clone() }
    }
}

/// Somebody waited to write, for the first time with so few locks held.
#[derive(Clone, Debug)]
pub(crate) struct SeenWriter {
    /// The class that was waited for.
    pub(crate) class: Node,
    /// What else was held meanwhile.
    pub(crate) guards: Arc<[Word]>,
}
