//! The rules that an acquire can break.
//!
//! | rule | looks at | reported at |
//! |---|---|---|
//! | recursion | the instance: the task holds this very lock and would wait for itself | every level |
//! | nesting | other instances of the class | `order`: always; `deadlock`: when the learned order is inverted |
//! | order | the graph of classes, by an edge from every held lock | every level |
//!
//! The first two depend on the instance and are asked whenever the class is already held
//! (`same_class`); the third once per chain. A try-lock never waits, so it breaks none of them.

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

/// What the rules said of the dependencies of one acquire.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub(crate) new: Vec<Arc<Witness>>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) again: Vec<usize>,
}

impl Judged {
    pub(crate) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Known => {}
            Verdict::New(witness) => self.new.push(witness),
            Verdict::Broken(finding) => {
                self.new.push(Arc::clone(&finding.witnesses()[0]));
                self.findings.push(finding);
            }
            Verdict::Again(number) => self.again.push(number),
        }
    }

    /// How many dependencies are broken.
    pub(crate) fn broken_count(&self) -> usize {
        self.findings.len() + self.again.len()
    }
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

/// The edge between the classes of two locks.
fn between_classes(held: Word, wanted: Word) -> Step<Node> {
    Step { from: held.node(), to: wanted.node(), kind: kind(held, wanted) }
}

pub(crate) fn kind(held: Word, wanted: Word) -> Kind {
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

pub(crate) fn insert<N: Copy + Ord + Hash>(
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
