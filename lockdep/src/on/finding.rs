//! A broken rule as the tracker finds it, with nothing looked up yet.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::on::found::Identity;
use crate::on::registry::Node;
use crate::on::settings::BacktraceStyle;
use crate::on::witness::{Waiter, Witness};
use crate::violation::{Dependency, Violation};

/// A broken rule, unresolved.
#[derive(Clone, Debug)]
pub(crate) enum Finding {
    Recursion(Arc<Witness>),
    UnorderedNesting(Arc<Witness>),
    /// Two locks of one class against their declared order, and their ranks.
    DeclaredOrder(Arc<Witness>, (u64, u64)),
    Inversion(Cycle),
    /// The same between locks of one class.
    InstanceInversion(Cycle),
}

/// The parties of a deadlock.
#[derive(Clone, Debug)]
pub(crate) struct Cycle {
    /// The dependencies, the one that closed the cycle first.
    pub(crate) dependencies: Vec<Arc<Witness>>,
    /// The writers that wait between two readers.
    pub(crate) writers: Vec<Arc<Waiter>>,
    /// Whether the parties were shown to be able to meet.
    pub(crate) proven: bool,
}

impl Finding {
    /// The dependencies that the finding is made of.
    pub(crate) fn witnesses(&self) -> &[Arc<Witness>] {
        match self {
            Finding::Recursion(witness)
            | Finding::UnorderedNesting(witness)
            | Finding::DeclaredOrder(witness, _) => std::slice::from_ref(witness),
            Finding::Inversion(cycle) | Finding::InstanceInversion(cycle) => &cycle.dependencies,
        }
    }

    /// A cycle is the same as another one through the same classes, in whatever modes: it is mended
    /// in the same place. Of a nesting the modes tell.
    pub(crate) fn identity(&self) -> Identity {
        let nodes = self.witnesses().iter().map(|witness| witness.held.entry.node());
        match self {
            Finding::Inversion(_) => Identity::of_cycle(2, nodes.collect()),
            Finding::InstanceInversion(_) => Identity::of_cycle(3, nodes.collect()),
            Finding::Recursion(witness) => Identity::of_nesting(1, witness),
            Finding::UnorderedNesting(witness) => Identity::of_nesting(4, witness),
            Finding::DeclaredOrder(witness, _) => Identity::of_nesting(9, witness),
        }
    }

    /// Of the cycle alone, whatever the rule: what the ledger goes by.
    pub(crate) fn cycle_identity(&self) -> Identity {
        let nodes = self.witnesses().iter().map(|witness| witness.held.entry.node());
        Identity::of_cycle(2, nodes.collect())
    }

    /// The classes that the finding is about.
    fn nodes(&self) -> BTreeSet<Node> {
        self.witnesses().iter().map(|witness| witness.held.entry.node()).collect()
    }

    /// Looks up all that the report says. Slow; to be called with no lock held.
    pub(crate) fn resolve(&self, style: BacktraceStyle) -> Violation {
        match self {
            Finding::Recursion(witness) => Violation::Recursion(witness.resolve(style)),
            Finding::UnorderedNesting(witness) => {
                Violation::UnorderedNesting(witness.resolve(style))
            }
            Finding::DeclaredOrder(witness, ranks) => {
                Violation::DeclaredOrder { dependency: witness.resolve(style), ranks: *ranks }
            }
            Finding::Inversion(cycle) => {
                let (dependencies, closing) = turned(&cycle.dependencies, 0, style);
                let writers = cycle.writers.iter().map(|waiter| waiter.resolve(style)).collect();
                let proven = cycle.proven;
                Violation::Inversion { cycle: dependencies, closing, writers, proven }
            }
            Finding::InstanceInversion(cycle) => {
                let (cycle, closing) = turned(&cycle.dependencies, 0, style);
                Violation::InstanceInversion { cycle, closing }
            }
        }
    }
}

/// A cycle looked up and turned so that it starts at its smallest class, and where in it the
/// dependency is that was at `closing`.
pub(crate) fn turned(
    cycle: &[Arc<Witness>],
    closing: usize,
    style: BacktraceStyle,
) -> (Vec<Dependency>, usize) {
    let mut turned: Vec<_> = cycle.iter().map(|witness| witness.resolve(style)).collect();
    let length = turned.len();
    let smallest = (0..length).min_by_key(|&at| &turned[at].held.class).unwrap_or_default();
    turned.rotate_left(smallest);
    (turned, (closing + length - smallest) % length.max(1))
}

/// Of the findings of one acquire, which one stands for each: a cycle through classes that a
/// smaller one goes through too says nothing more.
pub(crate) fn representatives(findings: &[Finding]) -> Vec<usize> {
    let nodes: Vec<BTreeSet<Node>> = findings.iter().map(Finding::nodes).collect();
    let smaller = |at: usize| {
        let parts = (0..nodes.len())
            .filter(|&other| nodes[other].len() < nodes[at].len())
            .filter(|&other| nodes[other].is_subset(&nodes[at]));
        parts.min_by_key(|&other| nodes[other].len()).unwrap_or(at)
    };
    (0..findings.len()).map(smaller).collect()
}
