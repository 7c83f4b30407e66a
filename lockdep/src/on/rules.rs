//! The rules for locks of two classes, and what every rule gives back.
//!
//! | rule | looks at | reported at |
//! |---|---|---|
//! | recursion | the instance: the task holds this very lock and would wait for itself | `order`: always; else if a writer can wait in between, where that is needed |
//! | nesting | other instances of the class | `order`: always; else when the learned order is inverted |
//! | order | the graph of classes, by an edge from every held lock | `order`: every strong cycle; else those whose parties can meet (`feasible`) |
//!
//! The first two depend on the instance (`same_class`) and are asked whenever the class is already
//! held; the third once per chain. A try-lock never waits, so it breaks none of them.
//!
//! A dependency that is new opens the question for the cycles through it; so does a new sighting
//! of an old one, and a writer where there was none.

use std::hash::Hash;
use std::sync::Arc;

use crate::held_back::Reason;
use crate::mode::Mode;
use crate::on::feasible::{self, Feasible, Obstacle, Parties, WritersOf};
use crate::on::finding::{Cycle, Finding};
use crate::on::graph::{Kind, Step};
use crate::on::guards::Guards;
use crate::on::kinship::Relation;
use crate::on::knowledge::{Graphs, Order};
use crate::on::map::{self, Word};
use crate::on::nested;
use crate::on::registry::{self, Node};
use crate::on::settings::Level;
use crate::on::sightings::{Sighting, Sightings};
use crate::on::withheld::Withheld;
use crate::on::witness::{Waiter, Witness};

/// Remembers that a task which held `held` wanted `wanted` under a nest lock.
pub(crate) fn set_nested(graphs: &mut Graphs, held: Word, wanted: Word) {
    let kind = Kind::of(held.how().mode(), wanted.how().mode());
    graphs.classes.nested.insert(Step { from: held.node(), to: wanted.node(), kind });
}

/// How one task held a lock and wanted another.
pub(crate) type Dependency = Sighting<Arc<Witness>>;

/// What the rules said of the dependencies of one acquire.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// Sightings that say something new.
    pub(crate) new: Vec<Arc<Witness>>,
    /// Broken rules.
    pub(crate) findings: Vec<Finding>,
    /// The same, of dependencies that broke nothing when they were new: no news if somebody else has
    /// told of it.
    pub(crate) late: Vec<Finding>,
    /// Rules that earlier acquires broke, as is clear only now.
    pub(crate) reopened: Vec<Finding>,
    /// Cycles that the level holds back.
    pub(crate) withheld: Vec<Withheld>,
    /// Who waits for a lock as a writer, if that is news.
    pub(crate) writers: Vec<Arc<Waiter>>,
}

impl Judged {
    pub(crate) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Fine => {}
            Verdict::Broken(finding) => self.findings.push(finding),
            Verdict::Late(finding) => self.late.push(finding),
            Verdict::HeldBack(withheld) => self.withheld.push(withheld),
        }
    }
}

/// What the rules say of one dependency.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Nothing is wrong.
    Fine,
    /// A rule is broken.
    Broken(Finding),
    /// A dependency that broke nothing when it was new is part of this; it is news if nobody else
    /// has told of it.
    Late(Finding),
    /// There is a cycle, but the level does not report it.
    HeldBack(Withheld),
}

/// What is seen when a task that holds `held` wants `wanted`. Who it was is asked only if that is
/// news: most of what a new chain shows is known from others.
fn sighting((held, wanted): (Word, Word), guards: &Guards) -> Sighting<()> {
    let (held, wanted) = (held.how().mode(), wanted.how().mode());
    Sighting { held, wanted, guards: guards.clone(), witness: () }
}

/// The rule for locks of two classes.
pub(crate) fn order(
    level: Level,
    graphs: &mut Graphs,
    (held, wanted): (Word, Word),
    guards: &Guards,
    witness: impl FnOnce() -> Arc<Witness>,
    judged: &mut Judged,
) {
    let Graphs { classes, writers, .. } = graphs;
    let (ends, seen) = ((held.node(), wanted.node()), sighting((held, wanted), guards));
    let writers_of = |node| writers.get(&node);
    let (news, verdict) =
        depend(level, classes, &writers_of, ends, seen, witness, Finding::Inversion);
    judged.new.extend(news);
    judged.add(verdict);
}

/// The rule for two locks of one class, which must keep the order they were seen in.
///
/// That order is no dependency between classes, so it is not told as new.
pub(crate) fn instances(
    level: Level,
    graphs: &mut Graphs,
    (held, wanted): (Word, Word),
    guards: &Guards,
    witness: impl FnOnce() -> Arc<Witness>,
    judged: &mut Judged,
) {
    let Graphs { instances, writers, .. } = graphs;
    let writers = writers.get(&wanted.node());
    let (ends, seen) = ((held.lock(), wanted.lock()), sighting((held, wanted), guards));
    let (_, verdict) =
        depend(level, instances, &|_| writers, ends, seen, witness, Finding::InstanceInversion);
    judged.add(verdict);
}

/// The rule for a lock that the task holds itself, in modes that block: a task that reads a lock
/// twice waits for itself only if somebody waits to write in between.
pub(crate) fn recursion(
    level: Level,
    graphs: &mut Graphs,
    (held, wanted): (Word, Word),
    guards: &Guards,
    witness: impl FnOnce() -> Arc<Witness>,
    judged: &mut Judged,
) {
    let (node, seen) = (wanted.node(), sighting((held, wanted), guards));
    let certain = level == Level::Order || seen.held.excludes(seen.wanted);
    if certain || can_write(graphs.writers.get(&node), &seen.guards) {
        judged.findings.push(Finding::Recursion(witness()));
        return;
    }
    let known = graphs.recursions.entry(node).or_default();
    if known.covers(&seen) {
        return;
    }
    let Some(added) = known.add(seen.with(witness())) else {
        return;
    };
    let witness = Arc::clone(&added.witness);
    // What many sightings became may have fewer guards than each of them.
    if can_write(graphs.writers.get(&node), &added.guards) {
        judged.findings.push(Finding::Recursion(witness));
    } else {
        let reason = Reason::NoWriter { class: registry::describe(node) };
        judged.withheld.push(Withheld { cycle: vec![witness], closing: 0, reason });
    }
}

/// Somebody waits for a lock as a writer: readers that come after it wait too. If that is news, it
/// opens the question for all cycles where a reader waits for a reader of the class.
pub(crate) fn writer(
    graphs: &mut Graphs,
    wanted: Word,
    guards: &Guards,
    waiter: impl FnOnce() -> Arc<Waiter>,
    judged: &mut Judged,
) {
    let node = wanted.node();
    let known = graphs.writers.entry(node).or_default();
    let (held, wanted_mode, guards) = (Mode::Exclusive, Mode::Exclusive, guards.clone());
    let sighting = Sighting { held, wanted: wanted_mode, guards, witness: () };
    if known.covers(&sighting) {
        return;
    }
    let waiter = waiter();
    known.add(sighting.with(Arc::clone(&waiter)));
    judged.writers.push(waiter);
    let Graphs { classes, instances, writers, recursions, .. } = graphs;
    let of_node = writers.get(&node);
    for recursion in recursions.get(&node).into_iter().flat_map(Sightings::iter) {
        if can_write(of_node, &recursion.guards) {
            judged.reopened.push(Finding::Recursion(Arc::clone(&recursion.witness)));
        }
    }
    let writers_of = |node| writers.get(&node);
    reopen(classes, &writers_of, node, Finding::Inversion, judged);
    if nested::has(wanted.class()) {
        let of_class = |lock: &u64| map::class_of(*lock) == wanted.class();
        for lock in instances.graph.nodes().filter(of_class) {
            reopen(instances, &|_| of_node, lock, Finding::InstanceInversion, judged);
        }
    }
}

/// Whether one of these writers can wait while a reader is in its section.
fn can_write(writers: Option<&Sightings<Arc<Waiter>>>, reader: &Guards) -> bool {
    let mut writers = writers.into_iter().flat_map(Sightings::iter);
    // What the reader holds of this lock is what the writer waits for; it is not in its guards.
    writers.any(|writer| writer.guards.apart(reader).is_none())
}

/// Judges the cycles through a node where a queueing reader may wait for a reader.
fn reopen<N: Copy + Ord + Hash>(
    order: &Order<N>,
    writers_of: WritersOf<'_, N, Arc<Waiter>>,
    node: N,
    finding: fn(Cycle) -> Finding,
    judged: &mut Judged,
) {
    let graph = &order.graph;
    let edges = graph.predecessors(node).filter(|&(from, _)| graph.is_joined(from, node));
    let readers = edges
        .flat_map(|(from, _)| graph.weights(from, node).map(move |(_, all)| (from, all)))
        .flat_map(|(from, all)| all.iter().map(move |sighting| (from, sighting)))
        .filter(|(_, sighting)| matches!(sighting.wanted, Mode::Shared | Mode::Upgradable));
    for (from, sighting) in readers {
        match feasible::search(graph, writers_of, (from, node), sighting) {
            Feasible::Never => {}
            Feasible::Yes(parties) => judged.reopened.push(finding(cycle(parties, true))),
            Feasible::Unproven(parties) => judged.reopened.push(finding(cycle(parties, false))),
            Feasible::No(parties, obstacle) => judged.withheld.push(withheld(parties, obstacle)),
        }
    }
}

/// Adds a dependency and judges it; gives its witness back if it was news.
///
/// What is not news was judged before, and is judged again only if it broke the rule then: another
/// dependency that is covered by one that is part of a deadlock need not be part of one itself.
fn depend<N: Copy + Ord + Hash>(
    level: Level,
    order: &mut Order<N>,
    writers_of: WritersOf<'_, N, Arc<Waiter>>,
    (from, to): (N, N),
    seen: Sighting<()>,
    witness: impl FnOnce() -> Arc<Witness>,
    finding: fn(Cycle) -> Finding,
) -> (Option<Arc<Witness>>, Verdict) {
    let step = Step { from, to, kind: Kind::of(seen.held, seen.wanted) };
    let is_first = order.graph.weight(step).is_none();
    let was_broken = order.broken.contains(&step);
    let sightings = order.graph.weight_or_insert(step, Sightings::default);
    let is_known = sightings.covers(&seen);
    if is_known && !was_broken {
        return (None, Verdict::Fine);
    }
    let witness = witness();
    let mut dependency = seen.with(Arc::clone(&witness));
    if !is_known && let Some(judged) = sightings.add(dependency.clone()) {
        dependency = judged.clone();
    }
    let broken = |parties, proven| {
        let finding = finding(cycle(parties, proven));
        if is_first || was_broken { Verdict::Broken(finding) } else { Verdict::Late(finding) }
    };
    let verdict = match level {
        Level::Order => match order.graph.cycle(step) {
            Some(steps) if steps.iter().any(|step| order.nested.contains(step)) => {
                // As at the other levels, but a writer may always come.
                let mut always = Sightings::default();
                let (held, wanted, guards) = (Mode::Exclusive, Mode::Exclusive, Guards::none());
                always.add(Sighting { held, wanted, guards, witness: () });
                match feasible::search(&order.graph, &|_| Some(&always), (from, to), &dependency) {
                    Feasible::Yes(Parties { cycle, .. })
                    | Feasible::Unproven(Parties { cycle, .. }) => {
                        broken(Parties { cycle, writers: Vec::new() }, true)
                    }
                    Feasible::Never | Feasible::No(..) => Verdict::Fine,
                }
            }
            Some(steps) => {
                let cycle = strong(order, &steps, &dependency);
                broken(Parties { cycle, writers: Vec::new() }, true)
            }
            None => Verdict::Fine,
        },
        Level::Deadlock | Level::Observed => {
            match feasible::search(&order.graph, writers_of, (from, to), &dependency) {
                Feasible::Never => Verdict::Fine,
                Feasible::Yes(parties) => broken(parties, true),
                Feasible::Unproven(parties) => broken(parties, false),
                Feasible::No(parties, obstacle) => Verdict::HeldBack(withheld(parties, obstacle)),
            }
        }
    };
    ((!is_known).then_some(witness), verdict)
}

/// Remembers that the dependency which closed `finding`'s cycle is part of a deadlock.
pub(crate) fn set_broken(graphs: &mut Graphs, finding: &Finding) {
    let closing = &finding.witnesses()[0];
    let (held, wanted) = (closing.held.entry, closing.wanted.entry);
    let kind = Kind::of(held.how().mode(), wanted.how().mode());
    match finding {
        Finding::Inversion(_) => {
            let (from, to) = (held.node(), wanted.node());
            graphs.classes.broken.insert(Step { from, to, kind });
        }
        Finding::InstanceInversion(_) => {
            let (from, to) = (held.lock(), wanted.lock());
            graphs.instances.broken.insert(Step { from, to, kind });
        }
        // Asked anew at every acquire.
        Finding::Recursion(_) | Finding::UnorderedNesting(_) | Finding::DeclaredOrder(..) => {}
    }
}

fn withheld(parties: Parties<Arc<Witness>, Arc<Waiter>>, obstacle: Obstacle) -> Withheld {
    let class = |node: Node| registry::describe(node);
    let reason = match obstacle {
        Obstacle::Gate(gate) => Reason::Gate { class: class(Node::new(gate, 0)) },
        Obstacle::NoWriter(reader) => {
            Reason::NoWriter { class: class(parties.cycle[reader].wanted.entry.node()) }
        }
        Obstacle::OneTask => Reason::OneThread,
        Obstacle::Tasks(tasks) => {
            Reason::NeedsTasks { tasks: u32::try_from(tasks).unwrap_or(u32::MAX) }
        }
        Obstacle::Moments(Relation::OrderedBySpawn) => Reason::OrderedBySpawn,
        Obstacle::Moments(Relation::OrderedByJoin) => Reason::OrderedByJoin,
        Obstacle::Moments(_) => Reason::NeverTogether,
    };
    Withheld { cycle: parties.cycle, closing: 0, reason }
}

fn cycle(parties: Parties<Arc<Witness>, Arc<Waiter>>, proven: bool) -> Cycle {
    Cycle { dependencies: parties.cycle, writers: parties.writers, proven }
}

/// A strong cycle that `closing` closes, with the first sighting of each other step.
fn strong<N: Copy + Ord + Hash>(
    order: &Order<N>,
    steps: &[Step<N>],
    closing: &Dependency,
) -> Vec<Arc<Witness>> {
    let others = steps[1..].iter().filter_map(|step| order.graph.weight(*step)?.iter().next());
    let others = others.map(|sighting| Arc::clone(&sighting.witness));
    std::iter::once(Arc::clone(&closing.witness)).chain(others).collect()
}
