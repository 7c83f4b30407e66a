//! Judges what several processes saw as if one had seen it.
//!
//! The graph and the search are the tracker's own (`lockdep::graph`, `lockdep::feasible`). Classes are
//! compared by what they are made of; two processes share no lock. So a gate that was held in two
//! processes counts by its class, as it does for two objects that bring a gate of their own: what
//! the two did has to be carried over to one process, and then so does the gate.

use std::collections::{BTreeMap, BTreeSet};

use lockdep::class::Class;
use lockdep::feasible::{self, Feasible, Obstacle, Parties, Sighted};
use lockdep::graph::{Kind, Step};
use lockdep::guards::{Guard, Guards};
use lockdep::held_back::Reason;
use lockdep::record::{Edge, EdgeEnd, GuardSet, Writer};
use lockdep::settings::Level;
use lockdep::sightings::{Sighting, Sightings};

use crate::gather::{HeldBackRecord, Process};

/// Index of a class in the order of all.
type Node = usize;

/// What one process saw: its index, and the record.
pub(crate) type Seen<'a> = (usize, &'a Edge);
/// The same of a task that waited to write.
pub(crate) type Waiting<'a> = (usize, &'a Writer);

/// What is to be said of several processes.
#[derive(Debug)]
pub(crate) enum Verdict<'a> {
    /// These can deadlock.
    Broken {
        /// Each waits for the lock that the next one holds, the last for the first.
        cycle: Vec<Seen<'a>>,
        /// Who waits between two readers.
        writers: Vec<Waiting<'a>>,
        /// Whether it was shown that they can meet.
        proven: bool,
    },
    /// These would, but the level holds them back.
    HeldBack {
        /// As above.
        cycle: Vec<Seen<'a>>,
        /// Why.
        reason: Reason,
    },
}

/// All that the processes saw.
pub(crate) struct Judge<'a> {
    processes: &'a [Process],
    level: Level,
    classes: Vec<&'a Class>,
    nodes: BTreeMap<&'a Class, Node>,
    pairs: BTreeSet<(Node, Node)>,
    graph: Sighted<Node, Seen<'a>>,
    writers: BTreeMap<Node, Sightings<Waiting<'a>>>,
    locks: BTreeMap<(usize, u64), u64>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(processes: &'a [Process], level: Level) -> Judge<'a> {
        let classes: BTreeSet<&Class> =
            processes.iter().flat_map(|one| one.classes.values()).collect();
        let nodes = classes.iter().copied().zip(0..).collect();
        let mut judge = Judge {
            processes,
            level,
            classes: classes.into_iter().collect(),
            nodes,
            pairs: BTreeSet::new(),
            graph: Sighted::new(),
            writers: BTreeMap::new(),
            locks: BTreeMap::new(),
        };
        for (index, process) in processes.iter().enumerate() {
            for writer in &process.writers {
                let node = judge.node(index, writer.wanted.class);
                let guards = judge.guards(index, &writer.guards, &writer.wanted);
                let (held, wanted) = (writer.wanted.mode, writer.wanted.mode);
                let sighting = Sighting { held, wanted, guards, witness: (index, writer) };
                judge.writers.entry(node).or_default().add(sighting);
            }
        }
        judge
    }

    /// How many classes of locks were met.
    pub(crate) fn class_count(&self) -> usize {
        self.classes.len()
    }

    /// How many pairs of classes were nested; known after [`Judge::verdicts`].
    pub(crate) fn pair_count(&self) -> usize {
        self.pairs.len()
    }

    /// Judges everything, and says what it takes more than one process to see.
    pub(crate) fn verdicts(&mut self) -> Vec<Verdict<'a>> {
        let mut all: Vec<(Step<Node>, Seen<'a>)> = Vec::new();
        for (index, process) in self.processes.iter().enumerate() {
            for edge in &process.edges {
                let (from, to) =
                    (self.node(index, edge.held.class), self.node(index, edge.wanted.class));
                if from != to {
                    self.pairs.insert((from, to));
                }
                let kind = Kind::of(edge.held.mode, edge.wanted.mode);
                all.push((Step { from, to, kind }, (index, edge)));
            }
        }
        all.sort_by(|(step, one), (other_step, other)| {
            let by_step = (step.from, step.to, step.kind).cmp(&(
                other_step.from,
                other_step.to,
                other_step.kind,
            ));
            by_step.then_with(|| self.who(*one).cmp(&self.who(*other)))
        });
        all.into_iter().filter_map(|(step, seen)| self.judge(step, seen)).collect()
    }

    fn judge(&mut self, step: Step<Node>, (process, edge): Seen<'a>) -> Option<Verdict<'a>> {
        let guards = match self.level {
            Level::Order => Guards::none(),
            _ => self.guards(process, &edge.guards, &edge.wanted),
        };
        let (held, wanted) = (edge.held.mode, edge.wanted.mode);
        let sighting = Sighting { held, wanted, guards, witness: (process, edge) };
        let sightings = self.graph.weight_or_insert(step, Sightings::default);
        let sighting = sightings.add(sighting)?.clone();
        if self.level == Level::Order {
            let steps = self.graph.cycle(step)?;
            let seen: Vec<Vec<Seen<'a>>> = steps.iter().map(|step| self.sightings(*step)).collect();
            let cycle = seen.iter().map(|seen| seen[0]).collect();
            let broken = Verdict::Broken { cycle, writers: Vec::new(), proven: true };
            return (!seen_by_one(&seen)).then_some(broken);
        }
        let writers = |node| self.writers.get(&node);
        match feasible::search(&self.graph, &writers, (step.from, step.to), &sighting) {
            Feasible::Never => None,
            // Two processes were seen to do it, which are no tasks of one.
            Feasible::Yes(Parties { cycle, writers }) if self.level == Level::Observed => {
                let reason = Reason::NeverTogether;
                is_joint(&cycle, &writers).then_some(Verdict::HeldBack { cycle, reason })
            }
            Feasible::Yes(parties) => broken(parties, true),
            Feasible::Unproven(parties) => broken(parties, false),
            Feasible::No(Parties { cycle, .. }, obstacle) => {
                let reason = self.reason(&cycle, obstacle);
                is_joint(&cycle, &[]).then_some(Verdict::HeldBack { cycle, reason })
            }
        }
    }

    fn sightings(&self, step: Step<Node>) -> Vec<Seen<'a>> {
        let all = self.graph.weight(step).into_iter().flat_map(Sightings::iter);
        all.map(|sighting| sighting.witness).collect()
    }

    fn reason(&self, cycle: &[Seen<'a>], obstacle: Obstacle) -> Reason {
        match obstacle {
            Obstacle::Gate(class) => Reason::Gate { class: self.classes[class as usize].clone() },
            Obstacle::NoWriter(reader) => {
                let (process, edge) = cycle[reader];
                let class = self.processes[process].classes[&edge.wanted.class].clone();
                Reason::NoWriter { class }
            }
            // What moments say is with the processes; none of theirs are here.
            Obstacle::OneTask => Reason::OneThread,
            Obstacle::Tasks(_) | Obstacle::Moments(_) => Reason::NeverTogether,
        }
    }

    /// Whether another process has the writer for want of which `process` held a cycle within one
    /// class back. One of several classes is in the graph.
    pub(crate) fn has_writer_elsewhere(&mut self, process: usize, one: &HeldBackRecord) -> bool {
        let HeldBackRecord { cycle, reason: Reason::NoWriter { class }, .. } = one else {
            return false;
        };
        let of_class = |end: &EdgeEnd| self.processes[process].classes[&end.class] == *class;
        if !cycle.iter().all(|edge| of_class(&edge.held) && of_class(&edge.wanted)) {
            return false;
        }
        let parties: Vec<Guards> =
            cycle.iter().map(|edge| self.guards(process, &edge.guards, &edge.wanted)).collect();
        let writers = self.nodes.get(class).and_then(|node| self.writers.get(node));
        let writers = writers.into_iter().flat_map(Sightings::iter);
        let mut others = writers.filter(|writer| writer.witness.0 != process);
        others.any(|writer| parties.iter().all(|party| party.apart(&writer.guards).is_none()))
    }

    fn node(&self, process: usize, class: u32) -> Node {
        self.nodes[&self.processes[process].classes[&class]]
    }

    /// What was held, in terms of all processes.
    fn guards(&mut self, process: usize, set: &GuardSet, wanted: &EdgeEnd) -> Guards {
        let held = set.held.iter().map(|guard| Guard {
            lock: self.lock(process, guard.instance),
            class: u32::try_from(self.node(process, guard.class)).unwrap_or(u32::MAX),
            mode: guard.mode,
            downgraded: guard.downgraded,
        });
        let held: Vec<Guard> = held.collect();
        // Where two locks of one class are told apart, a class does not stand for one lock of it.
        let complete = set.complete && !self.holds_sibling(process, set, wanted);
        let wanted = complete.then(|| self.lock(process, wanted.instance));
        Guards::new(held, wanted, complete)
    }

    /// Whether another lock of the wanted one's class was held, at whatever level of nesting.
    fn holds_sibling(&self, process: usize, set: &GuardSet, wanted: &EdgeEnd) -> bool {
        let classes = &self.processes[process].classes;
        let class = Class { subclass: 0, ..classes[&wanted.class].clone() };
        let mut others = set.held.iter().filter(|guard| guard.instance != wanted.instance);
        others.any(|guard| classes[&guard.class] == class)
    }

    /// A number for a lock of one process, from 1.
    fn lock(&mut self, process: usize, instance: u64) -> u64 {
        let next = self.locks.len() as u64 + 1;
        *self.locks.entry((process, instance)).or_insert(next)
    }

    /// By what sightings of one kind are ordered; the same whoever wrote first.
    fn who(&self, (process, edge): Seen<'a>) -> impl Ord + 'a {
        let process = &self.processes[process];
        (&edge.task, program(process), &edge.held.place, &edge.wanted.place, edge.guards.held.len())
    }
}

/// A deadlock, if it takes more than one process.
fn broken<'a>(parties: Parties<Seen<'a>, Waiting<'a>>, proven: bool) -> Option<Verdict<'a>> {
    let Parties { cycle, writers } = parties;
    is_joint(&cycle, &writers).then_some(Verdict::Broken { cycle, writers, proven })
}

/// Whether these are of more than one process.
fn is_joint(cycle: &[Seen<'_>], writers: &[Waiting<'_>]) -> bool {
    let all = cycle.iter().map(|(process, _)| process);
    let all: BTreeSet<_> = all.chain(writers.iter().map(|(process, _)| process)).collect();
    all.len() > 1
}

/// Whether one process saw all edges of a cycle.
fn seen_by_one(seen: &[Vec<Seen<'_>>]) -> bool {
    let of_edge = |seen: &Vec<Seen<'_>>| -> BTreeSet<usize> {
        seen.iter().map(|(process, _)| *process).collect()
    };
    let common = seen.iter().map(of_edge).reduce(|one, other| &one & &other);
    common.is_some_and(|processes| !processes.is_empty())
}

/// A process's program, without the hash that cargo adds to the names of tests.
pub(crate) fn program(process: &Process) -> &str {
    let name = process.executable.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('-') {
        Some((stem, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            stem
        }
        _ => name,
    }
}
