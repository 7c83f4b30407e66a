//! A cycle that the level holds back, as the tracker knows it: what [`HeldBack`] is made of.

use std::sync::Arc;

use crate::held_back::{HeldBack, Reason};
use crate::on::finding;
use crate::on::found::Identity;
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
    /// Which cycle it is, whatever the reason.
    pub(crate) fn identity(&self) -> Identity {
        Identity::of_cycle(2, self.cycle.iter().map(|witness| witness.held.entry.node()).collect())
    }

    /// Looks classes and stacks up. Slow; to be called with no lock held.
    pub(crate) fn resolve(&self, style: BacktraceStyle) -> HeldBack {
        let (cycle, closing) = finding::turned(&self.cycle, self.closing, style);
        HeldBack { cycle, closing, reason: self.reason.clone() }
    }
}
