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

use std::collections::BTreeSet;
use std::hash::Hash;
use std::sync::Arc;

use crate::on::found::Identity;
use crate::on::graph::{Graph, Inserted, Kind, Step};
use crate::on::knowledge::{Graphs, Order};
use crate::on::map::Word;
use crate::on::registry::Node;
use crate::on::witness::Witness;

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
        let locks = self.witnesses().iter().map(|witness| {
            let (held, wanted) = (witness.held.entry, witness.wanted.entry);
            (held.node(), held.how().mode(), wanted.how().mode())
        });
        Identity::of_cycle(rule, locks.collect())
    }

    /// The classes that the finding is about.
    fn nodes(&self) -> BTreeSet<Node> {
        self.witnesses().iter().map(|witness| witness.held.entry.node()).collect()
    }
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

/// What the rules say of one dependency.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Nothing is wrong and nothing is new.
    Known,
    /// Nothing is wrong; the dependency was not known.
    New(Arc<Witness>),
    /// A rule is broken for the first time by this dependency.
    Broken(Finding),
    /// A dependency that broke a rule before, and which finding that was.
    Again(usize),
}

/// The rule for a lock that the task holds already and, at level `order`, for another one of its
/// class: whoever wants it must not have to wait for whoever holds it.
///
/// Two recursive readers pass, as does a recursive reader in a read section.
pub(crate) fn blocks(held: Word, wanted: Word) -> bool {
    held.how().mode().blocks(wanted.how().mode())
}

/// The rule for two locks of one class at level `deadlock`: they must keep the order they were
/// seen in.
pub(crate) fn instances(
    graphs: &mut Graphs,
    held: Word,
    wanted: Word,
    witness: impl FnOnce() -> Arc<Witness>,
) -> Verdict {
    let step = Step { from: held.lock(), to: wanted.lock(), kind: kind(held, wanted) };
    insert(&mut graphs.instances, step, witness, Finding::InstanceInversion)
}

/// The rule for locks of two classes.
pub(crate) fn order(
    graphs: &mut Graphs,
    held: Word,
    wanted: Word,
    witness: impl FnOnce() -> Arc<Witness>,
) -> Verdict {
    let step = between_classes(held, wanted);
    insert(&mut graphs.classes, step, witness, Finding::Inversion)
}

/// The rule for two locks of one class as a part of the order of classes: where some task waits as
/// a recursive reader for the one and some reader holds the other, the class alone says that
/// nobody blocks. A task that holds the one and wants the other, both exclusively, joins the two.
pub(crate) fn joint(
    graphs: &mut Graphs,
    held: Word,
    wanted: Word,
    witness: impl FnOnce() -> Arc<Witness>,
) -> Verdict {
    match kind(held, wanted) {
        Kind::ExclusiveQueued => order(graphs, held, wanted, witness),
        _ => Verdict::Known,
    }
}

/// The edge between the classes of two locks.
fn between_classes(held: Word, wanted: Word) -> Step<Node> {
    Step { from: held.node(), to: wanted.node(), kind: kind(held, wanted) }
}

fn kind(held: Word, wanted: Word) -> Kind {
    Kind::of(held.how().mode(), wanted.how().mode())
}

/// Remembers that the dependency which closed `finding`'s cycle broke a rule.
pub(crate) fn set_broken(graphs: &mut Graphs, finding: &Finding, number: usize) {
    let closing = &finding.witnesses()[0];
    let (held, wanted) = (closing.held.entry, closing.wanted.entry);
    match finding {
        Finding::Inversion(_) => {
            graphs.classes.broken.insert(between_classes(held, wanted), number);
        }
        Finding::InstanceInversion(_) => {
            let (from, to) = (held.lock(), wanted.lock());
            let step = Step { from, to, kind: kind(held, wanted) };
            graphs.instances.broken.insert(step, number);
        }
        // Asked anew at every acquire.
        Finding::Recursion(_) | Finding::UnorderedNesting(_) => {}
    }
}

fn insert<N: Copy + Ord + Hash>(
    order: &mut Order<N>,
    step: Step<N>,
    witness: impl FnOnce() -> Arc<Witness>,
    finding: fn(Vec<Arc<Witness>>) -> Finding,
) -> Verdict {
    match order.graph.insert(step.from, step.to, step.kind, witness) {
        Inserted::Known => match order.broken.get(&step) {
            Some(&number) => Verdict::Again(number),
            None => Verdict::Known,
        },
        Inserted::New => {
            let witness = order.graph.witness(step.from, step.to, step.kind);
            Verdict::New(Arc::clone(witness.expect("the edge was just inserted")))
        }
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
