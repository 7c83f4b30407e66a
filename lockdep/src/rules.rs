//! The rules that an acquire can break.
//!
//! | rule | looks at | reported at |
//! |---|---|---|
//! | recursion | the instance: the task holds this very lock and would wait for itself | every level |
//! | nesting | other instances of the class | `order`: always; `deadlock`: when the learned order is inverted |
//! | order | the graph of classes, by an edge from every held lock | every level |
//!
//! The first two depend on the instance and are asked whenever the class is already held; the third
//! once per chain. A try-lock never waits, so it breaks none of them.

use std::hash::Hash;
use std::sync::Arc;

use crate::graph::{Graph, Inserted, Kind, Step};
use crate::knowledge::{Graphs, Order};
use crate::mode::Mode;
use crate::registry::Node;
use crate::settings::Level;
use crate::witness::Witness;

/// A broken rule, unresolved.
#[derive(Clone, Debug)]
pub(crate) enum Finding {
    Recursion(Arc<Witness>),
    UnorderedNesting(Arc<Witness>),
    /// The dependencies of a cycle, the one that closed it first.
    Inversion(Vec<Arc<Witness>>),
    /// The same between locks of one class.
    InstanceInversion(Vec<Arc<Witness>>),
}

/// What makes two findings the same, cheap to compare: neither tasks nor places nor instances.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    rule: u8,
    locks: Vec<(Node, Mode, Mode)>,
}

impl Finding {
    /// The dependencies that the finding is made of.
    pub(crate) fn witnesses(&self) -> &[Arc<Witness>] {
        match self {
            Finding::Recursion(witness) | Finding::UnorderedNesting(witness) => {
                std::slice::from_ref(witness)
            }
            Finding::Inversion(cycle) | Finding::InstanceInversion(cycle) => cycle,
        }
    }

    pub(crate) fn identity(&self) -> Identity {
        let rule = match self {
            Finding::Recursion(_) => 1,
            Finding::Inversion(_) => 2,
            Finding::InstanceInversion(_) => 3,
            Finding::UnorderedNesting(_) => 4,
        };
        let mut locks: Vec<_> = self
            .witnesses()
            .iter()
            .map(|witness| {
                let (held, wanted) = (witness.held.entry, witness.wanted.entry);
                (held.node(), held.how().mode(), wanted.how().mode())
            })
            .collect();
        let smallest = (0..locks.len()).min_by_key(|&at| locks[at]).unwrap_or(0);
        locks.rotate_left(smallest);
        Identity { rule, locks }
    }
}

/// What the rules say of one dependency.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Nothing is wrong and nothing is new.
    Known,
    /// Nothing is wrong; the dependency was not known.
    New,
    /// A rule is broken for the first time by this dependency.
    Broken(Finding),
    /// A dependency that broke a rule before, and which finding that was.
    Again(usize),
}

/// The rule for a lock that the task holds already.
///
/// Two recursive readers pass, as does a recursive reader in a read section.
pub(crate) fn recursion(witness: &Arc<Witness>) -> Option<Finding> {
    let (held, wanted) = (witness.held.entry.how().mode(), witness.wanted.entry.how().mode());
    held.blocks(wanted).then(|| Finding::Recursion(Arc::clone(witness)))
}

/// The rule for two locks of one class.
pub(crate) fn nesting(graphs: &mut Graphs, level: Level, witness: &Arc<Witness>) -> Verdict {
    match level {
        Level::Order => {
            let (held, wanted) =
                (witness.held.entry.how().mode(), witness.wanted.entry.how().mode());
            match held.blocks(wanted) {
                true => Verdict::Broken(Finding::UnorderedNesting(Arc::clone(witness))),
                false => Verdict::Known,
            }
        }
        Level::Deadlock => {
            let edge = witness.between_instances();
            insert(&mut graphs.instances, edge, witness, Finding::InstanceInversion)
        }
    }
}

/// The rule for locks of two classes.
pub(crate) fn order(graphs: &mut Graphs, witness: &Arc<Witness>) -> Verdict {
    insert(&mut graphs.classes, witness.between_classes(), witness, Finding::Inversion)
}

/// The rule for two locks of one class as a part of the order of classes: where some task waits as
/// a recursive reader for the one and some reader holds the other, the class alone says that
/// nobody blocks. A task that holds the one and wants the other, both exclusively, joins the two.
pub(crate) fn joint(graphs: &mut Graphs, level: Level, witness: &Arc<Witness>) -> Verdict {
    match (level, witness.kind()) {
        (Level::Deadlock, Kind::ExclusiveQueued) => order(graphs, witness),
        _ => Verdict::Known,
    }
}

fn insert<N: Copy + Ord + Hash>(
    order: &mut Order<N>,
    edge: Step<N>,
    witness: &Arc<Witness>,
    finding: fn(Vec<Arc<Witness>>) -> Finding,
) -> Verdict {
    match order.graph.insert(edge.from, edge.to, edge.kind, || Arc::clone(witness)) {
        Inserted::Known => match order.broken.get(&edge) {
            Some(&index) => Verdict::Again(index),
            None => Verdict::Known,
        },
        Inserted::New => Verdict::New,
        Inserted::Closes(cycle) => Verdict::Broken(finding(witnesses(&order.graph, &cycle))),
    }
}

/// The witnesses along a cycle that the graph found in itself.
fn witnesses<N: Copy + Ord + Hash>(
    graph: &Graph<N, Arc<Witness>>,
    cycle: &[Step<N>],
) -> Vec<Arc<Witness>> {
    cycle
        .iter()
        .filter_map(|step| graph.witness(step.from, step.to, step.kind))
        .map(Arc::clone)
        .collect()
}
