//! The graph of dependencies against a naive twin: an edge list, and a search that walks it edge by
//! edge. Both get the same random operations on few nodes and are compared after every one.
//!
//! The twin knows no order, no states and no kinds of arrival: only which edge may follow which.

use fastrand::Rng;
use lockdep::graph::{Graph, Inserted, Kind, Step};

const ROUNDS: u64 = 1_200;
const OPERATIONS: usize = 100;

fn wants_recursively(kind: Kind) -> bool {
    matches!(kind, Kind::ExclusiveRecursive | Kind::SharedRecursive)
}

fn holds_shared(kind: Kind) -> bool {
    matches!(kind, Kind::SharedQueued | Kind::SharedRecursive)
}

/// Edges as a list.
#[derive(Default)]
struct Twin {
    edges: Vec<Step<u32>>,
}

impl Twin {
    /// Whether the task that wants `edge.to` can wait for the one that holds `next.from`.
    fn follows(edge: Step<u32>, next: Step<u32>) -> bool {
        edge.to == next.from && !(wants_recursively(edge.kind) && holds_shared(next.kind))
    }

    /// Adds an edge; returns how many edges a shortest closed walk through it has.
    ///
    /// An edge from a node to itself counts if it holds and wants exclusively, and a walk that leaves
    /// the node as a reader comes back as a recursive reader from where none comes back otherwise.
    fn insert(&mut self, new: Step<u32>) -> Option<usize> {
        if new.from != new.to {
            self.edges.push(new);
            return Twin::shortest(&self.edges, new);
        }
        let known = self.edges.clone();
        self.edges.push(new);
        let others: Vec<_> = known.iter().copied().filter(|edge| edge.from != new.from).collect();
        let leaves = |edge: &Step<u32>| {
            edge.from == new.from && edge.to != new.from && holds_shared(edge.kind)
        };
        let first = known.iter().filter(|edge| leaves(edge));
        if new.kind != Kind::ExclusiveQueued {
            return None;
        }
        // From where walks come back strongly they need no joint, and closed a cycle before.
        let strongly = |from: u32| {
            let back = |last: Step<u32>| {
                (last.from, last.to) == (from, new.from) && !wants_recursively(last.kind)
            };
            first.clone().any(|edge| Twin::walk(&others, *edge, back).is_some())
        };
        let back = |last: Step<u32>| {
            last.to == new.from && wants_recursively(last.kind) && !strongly(last.from)
        };
        first.clone().filter_map(|edge| Some(Twin::walk(&others, *edge, back)? + 1)).min()
    }

    /// How many edges a shortest closed walk through an edge has.
    fn shortest(edges: &[Step<u32>], through: Step<u32>) -> Option<usize> {
        Twin::walk(edges, through, |last| Twin::follows(last, through))
    }

    /// How many edges a shortest walk has that begins with `first` and ends as it should.
    fn walk(
        edges: &[Step<u32>],
        first: Step<u32>,
        ends_well: impl Fn(Step<u32>) -> bool,
    ) -> Option<usize> {
        let mut walked = vec![first];
        let mut ends = vec![first];
        for length in 1.. {
            if ends.iter().any(|&end| ends_well(end)) {
                return Some(length);
            }
            let mut next = Vec::new();
            for &end in &ends {
                for &edge in edges {
                    if Twin::follows(end, edge) && !walked.contains(&edge) {
                        walked.push(edge);
                        next.push(edge);
                    }
                }
            }
            if next.is_empty() {
                return None;
            }
            ends = next;
        }
        None
    }
}

/// Two graphs that must agree.
#[derive(Default)]
struct Pair {
    graph: Graph<u32, usize>,
    twin: Twin,
    operations: usize,
}

impl Pair {
    fn insert(&mut self, from: u32, to: u32, kind: Kind) -> Inserted<u32> {
        let (new, operation) = (Step { from, to, kind }, self.operations);
        self.operations += 1;
        let known = self.twin.edges.contains(&new);
        let mut asked = 0;
        let inserted = self.graph.insert(from, to, kind, || {
            asked += 1;
            operation
        });
        assert_eq!(asked, usize::from(!known), "a witness is asked for once, for a new edge");
        if known {
            assert_eq!(inserted, Inserted::Known, "{new:?}");
            return inserted;
        }
        assert_eq!(self.graph.weight(Step { from, to, kind }), Some(&operation));
        match (self.twin.insert(new), &inserted) {
            (None, Inserted::New) => {}
            (Some(length), Inserted::Closes(cycle)) => self.check(new, cycle, length),
            (expected, found) => panic!("expected a cycle of {expected:?} edges, found {found:?}"),
        }
        inserted
    }

    /// A cycle that was found exists, can deadlock, starts with the new edge and is a shortest one.
    fn check(&self, new: Step<u32>, cycle: &[Step<u32>], length: usize) {
        assert_eq!(cycle[0], new, "the cycle starts with the new edge");
        assert_eq!(cycle.len(), length, "the cycle is a shortest one: {cycle:?}");
        for (index, &step) in cycle.iter().enumerate() {
            assert!(self.twin.edges.contains(&step), "{step:?} exists");
            let next = cycle[(index + 1) % cycle.len()];
            assert!(Twin::follows(step, next), "{step:?} waits for {next:?}");
        }
    }

    fn remove(&mut self, node: u32) {
        self.operations += 1;
        self.graph.remove(node);
        self.twin.edges.retain(|edge| edge.from != node && edge.to != node);
    }

    fn compare(&self) {
        let mut edges: Vec<_> = self.graph.edges().map(|(step, _)| step).collect();
        let mut expected = self.twin.edges.clone();
        let key = |step: &Step<u32>| (step.from, step.to, step.kind);
        edges.sort_unstable_by_key(key);
        expected.sort_unstable_by_key(key);
        assert_eq!(edges, expected);
        expected.dedup_by_key(|step| (step.from, step.to));
        assert_eq!(self.graph.edge_count(), expected.len());
    }
}

/// Random operations; `removals` of 100 remove a node. Returns how many edges closed a cycle.
fn play(seed: u64, nodes: u32, kinds: &[Kind], removals: u32) -> usize {
    let mut random = Rng::with_seed(seed);
    let mut pair = Pair::default();
    let mut cycles = 0;
    for _ in 0..OPERATIONS {
        let (from, to) = (random.u32(0..nodes), random.u32(0..nodes));
        if random.u32(0..100) < removals {
            pair.remove(from);
        } else {
            // Few edges from a node to itself, or there would be little else.
            let to = if from == to && random.bool() { (to + 1) % nodes } else { to };
            let kind = *random.choice(kinds).expect("there are kinds");
            cycles += usize::from(matches!(pair.insert(from, to, kind), Inserted::Closes(_)));
        }
        pair.compare();
    }
    cycles
}

#[test]
fn the_graph_agrees_with_its_twin_on_random_operations() {
    let mut cycles = 0;
    for seed in 0..ROUNDS {
        let nodes = 3 + (seed % 6) as u32;
        let removals = [0, 5, 20][seed as usize % 3];
        // All kinds, exclusive ones only, and recursive readers as often as nothing else.
        let kinds = match seed % 4 {
            0 => &[Kind::ExclusiveQueued][..],
            1 => &[Kind::ExclusiveRecursive, Kind::SharedQueued][..],
            _ => &Kind::ALL[..],
        };
        cycles += play(seed, nodes, kinds, removals);
    }
    assert!(cycles > 1_000, "only {cycles} cycles were met");
}

#[test]
fn sparse_graphs_agree_with_their_twin_before_their_first_cycle() {
    let cycles: usize = (0..ROUNDS / 4).map(|seed| play(seed, 40, &Kind::ALL, 3)).sum();
    assert!(cycles > 10, "only {cycles} cycles were met");
}

#[test]
fn every_order_of_the_same_edges_gives_the_same_verdict() {
    for seed in 0..ROUNDS {
        let mut random = Rng::with_seed(seed);
        let mut edges: Vec<Step<u32>> = (0..8)
            .filter_map(|_| {
                let (from, to) = (random.u32(0..4), random.u32(0..4));
                let kind = *random.choice(Kind::ALL.iter()).expect("there are kinds");
                (from != to || random.bool()).then_some(Step { from, to, kind })
            })
            .collect();
        let verdicts: Vec<bool> = (0..6)
            .map(|_| {
                random.shuffle(&mut edges);
                let mut graph = Graph::new();
                let inserted = edges.iter().map(|s| graph.insert(s.from, s.to, s.kind, || ()));
                inserted.fold(false, |found, i| found | matches!(i, Inserted::Closes(_)))
            })
            .collect();
        assert!(verdicts.windows(2).all(|pair| pair[0] == pair[1]), "{edges:?}");
    }
}
