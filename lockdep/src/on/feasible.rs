//! Whether the parties of a cycle can all be where they have to be at the same time.
//!
//! A strong cycle of the graph says that each of its dependencies was seen and that at each lock
//! the one who waits can be kept waiting by the one who holds. Two things can make it impossible
//! nevertheless:
//!
//! * *gates*: two of the parties hold a lock that keeps them apart (`guards`), in every
//!   combination of sightings;
//! * *no writer*: a reader waits for another reader only if a writer waits between them. The writer
//!   is one more party: it has a sighting of its own, whose guards must let all others be.
//!
//! At level `observed` there is a third: no two of the tasks that were seen to be the parties were
//! there at the same time.
//!
//! The search goes through simple cycles from the shortest on and through their sightings, one party
//! at a time, and gives a way up as soon as the newest party cannot be together with the others. It
//! is exhaustive up to a number of steps, [`BUDGET`]; past that the cycle is taken for possible: a
//! deadlock must not be missed.
//!
//! ```text
//! 1. Without a strong cycle (graph) there is nothing to search.
//! 2. Distances to the closing edge's start bound how long a way can still become.
//! 3. For each length from 2 on: choose an edge out of the present node, a kind, a sighting;
//!    check it against all parties chosen so far; go on from its end.
//! 4. Where a queueing reader waits for a reader, choose a waiting writer too.
//! 5. A node stands for all locks of a class, so it may be passed twice, if that makes a
//!    difference: arrived at by a recursive reader and left exclusively once, arrived at by anybody
//!    else and left by a reader once. Any other two passes have a shorter cycle between them.
//! ```

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use rustc_hash::FxBuildHasher;

use crate::mode::Mode;
use crate::on::graph::{Graph, Kind, Step};
use crate::on::guards::{Apart, Guards};
use crate::on::kinship::Relation;
use crate::on::sightings::{Sighting, Sightings};

/// How many parties are tried at most.
pub const BUDGET: usize = 20_000;

/// Dependencies with all their sightings.
pub type Sighted<N, W> = Graph<N, Sightings<W>>;

/// Who was seen to wait for a lock as a writer.
pub type WritersOf<'w, N, V> = &'w dyn Fn(N) -> Option<&'w Sightings<V>>;

/// The parties of a deadlock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties<W, V> {
    /// The dependencies along the cycle.
    pub cycle: Vec<W>,
    /// The writers that wait between two readers.
    pub writers: Vec<V>,
}

/// Whether a deadlock through one sighting is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feasible<W, V> {
    /// There is no strong cycle.
    Never,
    /// These can meet. The sighting that was asked about is the first of the cycle.
    Yes(Parties<W, V>),
    /// These probably cannot, but there are too many others to try.
    Unproven(Parties<W, V>),
    /// These, on a shortest cycle, cannot meet, nor can those of any other.
    No(Parties<W, V>, Obstacle),
}

/// What makes a cycle impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Two of its parties hold a lock of this class, which keeps them apart.
    Gate(u32),
    /// One task made all of it.
    OneTask,
    /// It takes so many tasks, and fewer made it.
    Tasks(usize),
    /// Two of its parties did not come together.
    Moments(Relation),
    /// Nobody waits as a writer for the lock that this party, counted from 0, waits for as a reader.
    NoWriter(usize),
}

/// Searches parties that can meet, on a cycle through the edge `from → to` in the way it was seen by
/// `closing`.
pub fn search<N: Copy + Ord + Hash, W: Clone, V: Clone>(
    graph: &Sighted<N, W>,
    writers: WritersOf<'_, N, V>,
    (from, to): (N, N),
    closing: &Sighting<W>,
) -> Feasible<W, V> {
    let kind = Kind::of(closing.held, closing.wanted);
    if graph.cycle(Step { from, to, kind }).is_none() {
        return Feasible::Never;
    }
    let distances = distances(graph, from);
    let with = |ignored| {
        let mut search = Search {
            graph,
            writers,
            ignored,
            closing,
            target: from,
            distances: &distances,
            present: vec![closing.guards.clone()],
            cycle: vec![closing],
            waiting: Vec::new(),
            passes: Vec::new(),
            obstacles: Vec::new(),
            cut: false,
            steps: 0,
        };
        search.run(to)
    };
    let possible = with(Ignored::Nothing);
    if let Ok(Some((parties, _))) = possible {
        return Feasible::Yes(parties);
    }
    let impossible = with(Ignored::Gates).ok().flatten();
    let Some((parties, obstacles)) = impossible.or_else(|| with(Ignored::All).ok().flatten())
    else {
        return Feasible::Never;
    };
    let no_writer = obstacles.iter().find(|at| matches!(at, Obstacle::NoWriter(_)));
    match (possible, no_writer.or(obstacles.first())) {
        (Ok(_), Some(obstacle)) => Feasible::No(parties, *obstacle),
        _ => Feasible::Unproven(parties),
    }
}

/// What a search lets pass, to find out what stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ignored {
    Nothing,
    Gates,
    All,
}

/// The budget is spent.
struct Spent;

type Found<W, V> = (Parties<W, V>, Vec<Obstacle>);

/// One way through a node.
#[derive(Clone, Copy, Debug)]
struct Pass<N> {
    node: N,
    /// How the node's lock is wanted by who arrives.
    wanted: Mode,
    /// How it is held by who leaves.
    held: Mode,
}

impl<N> Pass<N> {
    fn is_weak(&self) -> bool {
        self.wanted == Mode::SharedRecursive && !self.held.is_shared()
    }

    fn is_as_reader(&self) -> bool {
        self.wanted != Mode::SharedRecursive && self.held.is_shared()
    }

    /// Whether two ways through one node are no detour.
    fn complements(&self, other: &Pass<N>) -> bool {
        self.is_weak() && other.is_as_reader() || self.is_as_reader() && other.is_weak()
    }
}

struct Search<'g, 'w, N, W, V> {
    graph: &'g Sighted<N, W>,
    writers: WritersOf<'w, N, V>,
    ignored: Ignored,
    closing: &'g Sighting<W>,
    target: N,
    distances: &'g Distances<N>,
    /// The guards of all parties so far.
    present: Vec<Guards>,
    cycle: Vec<&'g Sighting<W>>,
    waiting: Vec<V>,
    passes: Vec<Pass<N>>,
    obstacles: Vec<Obstacle>,
    /// Whether a way was given up only because it would have become too long.
    cut: bool,
    steps: usize,
}

impl<N: Copy + Ord + Hash, W: Clone, V: Clone> Search<'_, '_, N, W, V> {
    fn run(&mut self, start: N) -> Result<Option<Found<W, V>>, Spent> {
        for length in 1.. {
            self.cut = false;
            if self.walk(start, length)? {
                let cycle = self.cycle.iter().map(|sighting| sighting.witness.clone()).collect();
                let writers = std::mem::take(&mut self.waiting);
                let obstacles = self.obstacles.iter().map(|obstacle| self.in_tasks(*obstacle));
                let obstacles = obstacles.collect();
                return Ok(Some((Parties { cycle, writers }, obstacles)));
            }
            if !self.cut {
                break;
            }
        }
        Ok(None)
    }

    /// What a task that would have to be two says of all that are there.
    fn in_tasks(&self, obstacle: Obstacle) -> Obstacle {
        if obstacle != Obstacle::Moments(Relation::SameTask) {
            return obstacle;
        }
        match self.present.iter().all(|party| party.is_of_one_task(&self.present[0])) {
            true => Obstacle::OneTask,
            false => Obstacle::Tasks(self.present.len()),
        }
    }

    /// Whether a way of exactly this length leads on from `node`, where the last party waits.
    fn walk(&mut self, node: N, length: usize) -> Result<bool, Spent> {
        let (graph, arrival) = (self.graph, self.cycle[self.cycle.len() - 1]);
        for (to, _) in graph.successors(node) {
            let Some(&distance) = self.distances.get(&to) else {
                continue;
            };
            if distance >= length {
                self.cut = true;
                continue;
            }
            let sightings = graph.weights(node, to).flat_map(|(_, sightings)| sightings.iter());
            for sighting in sightings.filter(|sighting| sighting.held.blocks(arrival.wanted)) {
                let pass = Pass { node, wanted: arrival.wanted, held: sighting.held };
                if !self.is_open(&pass) {
                    continue;
                }
                self.passes.push(pass);
                self.cycle.push(sighting);
                let arrived = self.cycle.len() - 2;
                let led = self.meet(&sighting.guards, |search| {
                    search.past_writer(pass, arrived, |search| {
                        if length > 1 {
                            search.walk(to, length - 1)
                        } else if to == search.target {
                            search.close()
                        } else {
                            Ok(false)
                        }
                    })
                })?;
                if led {
                    return Ok(true);
                }
                self.cycle.pop();
                self.passes.pop();
            }
        }
        Ok(false)
    }

    /// Whether the last party waits for the first.
    fn close(&mut self) -> Result<bool, Spent> {
        let wanted = self.cycle[self.cycle.len() - 1].wanted;
        let pass = Pass { node: self.target, wanted, held: self.closing.held };
        if !pass.held.blocks(pass.wanted) || !self.is_open(&pass) {
            // The way may lead on through the target and come back otherwise.
            self.cut = true;
            return Ok(false);
        }
        self.past_writer(pass, self.cycle.len() - 1, |_| Ok(true))
    }

    /// Whether a node may be passed this way after all that was passed.
    fn is_open(&self, pass: &Pass<N>) -> bool {
        let mut before = self.passes.iter().filter(|before| before.node == pass.node);
        match (before.next(), before.next()) {
            (None, _) => true,
            (Some(before), None) => before.complements(pass),
            _ => false,
        }
    }

    /// Goes on if the newest party can be together with all others.
    fn meet(
        &mut self,
        guards: &Guards,
        go_on: impl FnOnce(&mut Self) -> Result<bool, Spent>,
    ) -> Result<bool, Spent> {
        self.steps += 1;
        if self.steps > BUDGET {
            return Err(Spent);
        }
        let apart = self.present.iter().find_map(|party| party.apart(guards));
        if let Some(apart) = apart {
            if self.ignored == Ignored::Nothing {
                return Ok(false);
            }
            self.obstacles.push(match apart {
                Apart::Gate(class) => Obstacle::Gate(class),
                Apart::Moments(relation) => Obstacle::Moments(relation),
            });
        }
        self.present.push(guards.clone());
        if go_on(self)? {
            return Ok(true);
        }
        self.present.pop();
        if apart.is_some() {
            self.obstacles.pop();
        }
        Ok(false)
    }

    /// Goes on if the party `reader`, which arrives, is kept waiting: for certain, or by each writer
    /// in turn that can wait in between.
    fn past_writer(
        &mut self,
        pass: Pass<N>,
        reader: usize,
        mut go_on: impl FnMut(&mut Self) -> Result<bool, Spent>,
    ) -> Result<bool, Spent> {
        if pass.held.excludes(pass.wanted) {
            return go_on(self);
        }
        let writers = (self.writers)(pass.node);
        for writer in writers.into_iter().flat_map(Sightings::iter) {
            self.waiting.push(writer.witness.clone());
            if self.meet(&writer.guards, &mut go_on)? {
                return Ok(true);
            }
            self.waiting.pop();
        }
        if self.ignored != Ignored::All {
            return Ok(false);
        }
        self.obstacles.push(Obstacle::NoWriter(reader));
        let led = go_on(self)?;
        if !led {
            self.obstacles.pop();
        }
        Ok(led)
    }
}

/// Over how many edges each node is from the target; only for nodes that a cycle joins with it.
type Distances<N> = HashMap<N, usize, FxBuildHasher>;

fn distances<N: Copy + Ord + Hash, W>(graph: &Graph<N, W>, target: N) -> Distances<N> {
    let mut distances = Distances::default();
    distances.insert(target, 0);
    let mut open = VecDeque::from([target]);
    while let Some(node) = open.pop_front() {
        let next = distances[&node] + 1;
        for (before, _) in graph.predecessors(node) {
            if graph.is_joined(before, target) && !distances.contains_key(&before) {
                distances.insert(before, next);
                open.push_back(before);
            }
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on::guards::Guard;

    fn sighting(gate: Option<u64>) -> Sighting<()> {
        let guard = |lock: u64| Guard {
            lock,
            class: lock as u32,
            mode: Mode::Exclusive,
            downgraded: false,
        };
        let guards = Guards::new(gate.into_iter().map(guard).collect(), None, false);
        Sighting { held: Mode::Exclusive, wanted: Mode::Exclusive, guards, witness: () }
    }

    /// Layers of so many nodes between 0 and 1, every node before every one of the next layer. Only
    /// the edges into 1 are made under the gate.
    fn layers(wide: u32, deep: u32) -> Sighted<u32, ()> {
        let mut graph = Sighted::new();
        let mut add = |from, to, gate| {
            let step = Step { from, to, kind: Kind::ExclusiveQueued };
            graph.weight_or_insert(step, Sightings::default).add(sighting(gate));
        };
        let node = |layer: u32, at: u32| 2 + layer * wide + at;
        for at in 0..wide {
            add(0, node(0, at), None);
            add(node(deep - 1, at), 1, Some(7));
            for layer in 1..deep {
                (0..wide).for_each(|before| add(node(layer - 1, before), node(layer, at), None));
            }
        }
        graph
    }

    fn closed(mut graph: Sighted<u32, ()>, gate: Option<u64>) -> Feasible<(), ()> {
        let step = Step { from: 1, to: 0, kind: Kind::ExclusiveQueued };
        let closing = sighting(gate);
        graph.weight_or_insert(step, Sightings::default).add(closing.clone());
        search(&graph, &|_| None::<&Sightings<()>>, (1, 0), &closing)
    }

    #[test]
    fn every_way_round_is_tried_before_a_gate_is_believed() {
        let Feasible::No(parties, Obstacle::Gate(7)) = closed(layers(4, 4), Some(7)) else {
            panic!("all ways pass the gate");
        };
        assert_eq!(parties.cycle.len(), 6);
        assert!(matches!(closed(layers(4, 4), Some(8)), Feasible::Yes(_)));
        assert!(matches!(closed(layers(4, 4), None), Feasible::Yes(_)));
        assert_eq!(
            search(&layers(4, 4), &|_| None::<&Sightings<()>>, (1, 0), &sighting(None)),
            Feasible::Never
        );
    }

    #[test]
    fn a_gate_that_cannot_be_proven_is_no_reason_to_be_silent() {
        assert!(matches!(closed(layers(8, 6), Some(7)), Feasible::Unproven(_)));
        assert!(matches!(closed(layers(8, 6), None), Feasible::Yes(_)));
    }
}
