//! The graph of dependencies, and the search for a cycle that can deadlock.
//!
//! An edge `A → B` says: somebody held A while waiting for B. It has up to four kinds, by how A was
//! held and how B was wanted:
//!
//! | held \ wanted | queues (W or r) | passes writers (R) |
//! |---|---|---|
//! | exclusive | `ExclusiveQueued` (EN) | `ExclusiveRecursive` (ER) |
//! | shared | `SharedQueued` (SN) | `SharedRecursive` (SR) |
//!
//! A closed walk is a deadlock iff nowhere an edge that wants recursively (xR) is followed by an
//! edge that holds shared (Sx): at that lock waiter and holder would not block each other. The
//! search walks states (node, arrived weakly or strongly), where weakly means "only by xR", and a
//! strong arrival subsumes a weak one; so each node is visited at most twice, and the cycle found
//! is a shortest one. Visiting each node once, as Linux does, loses deadlocks.
//!
//! An edge from a node to itself stands for two locks of one class, of which a task held the one and
//! wanted the other. It is no cycle, but a walk that arrived weakly may go round it and leave
//! strongly. Only an `ExclusiveQueued` one makes a difference.
//!
//! An edge that closes a cycle is stored like any other, because the next one may close another
//! cycle through it. Edges go only with their nodes. A search stays within one strongly connected
//! component, which `order` knows: an edge between two of them is on no cycle.
//!
//! What an edge carries for each kind is the caller's: a witness, or all that must be known to say
//! whether the parties of a cycle can meet (`feasible`).

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::Hash;

use petgraph::Direction;
use petgraph::graphmap::DiGraphMap;
use rustc_hash::FxBuildHasher;

use crate::mode::Mode;
use crate::on::order::Order;

/// How the lock at an edge's start was held and the lock at its end was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Held exclusively, wanted as a writer or as a queueing reader.
    ExclusiveQueued,
    /// Held exclusively, wanted as a reader that passes writers.
    ExclusiveRecursive,
    /// Held by a reader, wanted as a writer or as a queueing reader.
    SharedQueued,
    /// Held by a reader, wanted as a reader that passes writers.
    SharedRecursive,
}

impl Kind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Kind; 4] = [
        Kind::ExclusiveQueued,
        Kind::ExclusiveRecursive,
        Kind::SharedQueued,
        Kind::SharedRecursive,
    ];

    /// The kind of an edge from a lock held in one mode to a lock wanted in another.
    pub const fn of(held: Mode, wanted: Mode) -> Kind {
        match (held.is_shared(), matches!(wanted, Mode::SharedRecursive)) {
            (false, false) => Kind::ExclusiveQueued,
            (false, true) => Kind::ExclusiveRecursive,
            (true, false) => Kind::SharedQueued,
            (true, true) => Kind::SharedRecursive,
        }
    }

    /// Whether the edge's lock is held by a reader.
    pub const fn holds_shared(self) -> bool {
        matches!(self, Kind::SharedQueued | Kind::SharedRecursive)
    }

    /// Whether the edge's lock is wanted by a reader that passes writers.
    pub const fn wants_recursively(self) -> bool {
        matches!(self, Kind::ExclusiveRecursive | Kind::SharedRecursive)
    }
}

/// The kinds that an edge was seen in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Whether the edge was seen in this kind.
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// The kinds, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

/// One edge of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step<N> {
    /// The lock that is held.
    pub from: N,
    /// The lock that is waited for.
    pub to: N,
    /// Which kind of the edge the cycle needs.
    pub kind: Kind,
}

/// What became of an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inserted<N> {
    /// The edge had this kind already.
    Known,
    /// The edge is new, or has a new kind, and closes no cycle that can deadlock.
    New,
    /// The edge closes this cycle, a shortest one; the edge itself is its first step.
    Closes(Vec<Step<N>>),
}

/// What an edge carries, for each kind it was seen in.
type Edge<W> = [Option<W>; Kind::ALL.len()];

/// Dependencies between nodes, each with something of the caller's for every kind.
pub struct Graph<N, W> {
    edges: DiGraphMap<N, Edge<W>, FxBuildHasher>,
    order: Order<N>,
}

impl<N: Copy + Ord + Hash, W> Default for Graph<N, W> {
    fn default() -> Graph<N, W> {
        Graph::new()
    }
}

impl<N: Copy + Ord + Hash, W> fmt::Debug for Graph<N, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("nodes", &self.edges.node_count())
            .field("edges", &self.edges.edge_count())
            .finish()
    }
}

impl<N: Copy + Ord + Hash, W> Graph<N, W> {
    /// A graph without edges.
    pub fn new() -> Graph<N, W> {
        Graph { edges: DiGraphMap::default(), order: Order::new() }
    }

    /// Adds an edge and says whether it closes a cycle that can deadlock.
    ///
    /// `weight` is called if the edge was not known in this kind.
    ///
    /// Cost: constant if the edge is known or its ends stand in order; O(√edges) amortised while
    /// it closes no cycle; else up to the size of the component that its ends are in.
    pub fn insert(
        &mut self,
        from: N,
        to: N,
        kind: Kind,
        weight: impl FnOnce() -> W,
    ) -> Inserted<N> {
        let step = Step { from, to, kind };
        if self.weight(step).is_some() {
            return Inserted::Known;
        }
        self.weight_or_insert(step, weight);
        match self.cycle(step) {
            Some(cycle) => Inserted::Closes(cycle),
            None => Inserted::New,
        }
    }

    /// What the edge carries in this kind; `weight` makes it if the edge is new.
    pub fn weight_or_insert(&mut self, step: Step<N>, weight: impl FnOnce() -> W) -> &mut W {
        let Step { from, to, kind } = step;
        if !self.edges.contains_edge(from, to) {
            // An edge from a node to itself leads nowhere.
            if from != to {
                self.place(from, to);
            }
            self.edges.add_edge(from, to, [const { None }; Kind::ALL.len()]);
        }
        let edge = self.edges.edge_weight_mut(from, to).expect("the edge is there or was added");
        edge[kind as usize].get_or_insert_with(weight)
    }

    /// What an edge carries in one kind.
    pub fn weight(&self, step: Step<N>) -> Option<&W> {
        self.edges.edge_weight(step.from, step.to)?[step.kind as usize].as_ref()
    }

    /// What an edge carries, by kind.
    pub fn weights(&self, from: N, to: N) -> impl Iterator<Item = (Kind, &W)> {
        let edge = self.edges.edge_weight(from, to);
        edge.into_iter().flat_map(|edge| {
            Kind::ALL.into_iter().filter_map(|kind| Some((kind, edge[kind as usize].as_ref()?)))
        })
    }

    /// Where edges lead from a node, and in which kinds.
    pub fn successors(&self, node: N) -> impl Iterator<Item = (N, Kinds)> {
        let edges = self.edges.edges_directed(node, Direction::Outgoing);
        edges.map(|(_, to, edge)| (to, kinds(edge)))
    }

    /// From where edges lead to a node, and in which kinds.
    pub fn predecessors(&self, node: N) -> impl Iterator<Item = (N, Kinds)> {
        let edges = self.edges.edges_directed(node, Direction::Incoming);
        edges.map(|(from, _, edge)| (from, kinds(edge)))
    }

    /// Whether an edge between two nodes is on a cycle, strong or not.
    pub fn is_joined(&self, from: N, to: N) -> bool {
        from == to || self.order.is_joined(from, to)
    }

    /// All nodes that have or had an edge.
    pub fn nodes(&self) -> impl Iterator<Item = N> {
        self.edges.nodes()
    }

    /// How many pairs of nodes have an edge.
    pub fn edge_count(&self) -> usize {
        self.edges.edge_count()
    }

    /// All edges, one for each kind they were seen in.
    pub fn edges(&self) -> impl Iterator<Item = (Step<N>, &W)> {
        self.edges.all_edges().flat_map(|(from, to, edge)| {
            Kind::ALL.into_iter().filter_map(move |kind| {
                Some((Step { from, to, kind }, edge[kind as usize].as_ref()?))
            })
        })
    }

    /// Removes a node and its edges.
    pub fn remove(&mut self, node: N) {
        self.edges.remove_node(node);
        self.order.remove(node);
    }

    /// Finds room for a new edge in the order.
    fn place(&mut self, from: N, to: N) {
        let edges = &self.edges;
        self.order.place(
            from,
            to,
            |node| edges.neighbors_directed(node, Direction::Outgoing),
            |node| edges.neighbors_directed(node, Direction::Incoming),
        );
    }

    /// A shortest cycle through an edge that is a deadlock by the rule of the module's head. The
    /// edge is its first step.
    ///
    ///
    /// 1. Start at the edge's end; the arrival is weak if the edge wants recursively.
    /// 2. From a weak arrival only edges that hold exclusively lead on.
    /// 3. An arrival over an edge that has a queueing kind among those usable is strong.
    /// 4. The edge's start closes the cycle if the arrival there is strong or the edge holds
    ///    exclusively.
    /// 5. An edge from a node to itself joins a walk that leaves as a reader and comes back weakly.
    ///    From where walks come back strongly they do without the edge, and were found before.
    pub fn cycle(&self, closing: Step<N>) -> Option<Vec<Step<N>>> {
        let round = closing.from == closing.to;
        if round && closing.kind != Kind::ExclusiveQueued {
            return None;
        }
        if !self.is_joined(closing.from, closing.to) {
            return None;
        }
        let start = (closing.to, !closing.kind.wants_recursively());
        let mut reached: Reached<N> = HashMap::default();
        reached.insert(start, None);
        let mut queue = VecDeque::from([start]);
        let (mut weakly_back, mut strongly_back) = (Vec::new(), Vec::new());
        while let Some(state) = queue.pop_front() {
            let (node, strong) = state;
            let as_reader = round && node == closing.from;
            let from = node;
            for (to, kinds) in self.successors(node) {
                if as_reader && from == to || !self.is_joined(to, closing.from) {
                    continue;
                }
                let usable = |kind: &Kind| {
                    let leads_on = if as_reader { kind.holds_shared() } else { true };
                    kinds.contains(*kind) && leads_on && (strong || !kind.holds_shared())
                };
                let queueing = |kind: &Kind| usable(kind) && !kind.wants_recursively();
                let best = Kind::ALL.into_iter().find(queueing);
                let Some(kind) = best.or_else(|| Kind::ALL.into_iter().find(usable)) else {
                    continue;
                };
                let arrival: State<N> = (to, best.is_some());
                let step = Step { from, to, kind };
                if to == closing.from && round {
                    match arrival.1 {
                        true => strongly_back.push(node),
                        false => weakly_back.push((state, step)),
                    }
                    continue;
                }
                if to == closing.from && (arrival.1 || !closing.kind.holds_shared()) {
                    return Some(cycle(closing, &reached, (state, step)));
                }
                if reached.contains_key(&(to, true)) || reached.contains_key(&arrival) {
                    continue;
                }
                reached.insert(arrival, Some((state, step)));
                queue.push_back(arrival);
            }
        }
        let last = weakly_back.into_iter().find(|(_, step)| !strongly_back.contains(&step.from))?;
        Some(cycle(closing, &reached, last))
    }
}

fn kinds<W>(edge: &Edge<W>) -> Kinds {
    let bit = |kind: Kind| u8::from(edge[kind as usize].is_some()) << kind as u8;
    Kinds(Kind::ALL.into_iter().map(bit).sum())
}

/// A node, and whether it was arrived at strongly.
type State<N> = (N, bool);
/// From which state and over which edge each state was reached first; none for the start.
type Reached<N> = HashMap<State<N>, Option<(State<N>, Step<N>)>, FxBuildHasher>;

/// The cycle from `closing` to the last step, which leads on from a state that was reached.
fn cycle<N: Copy + Eq + Hash>(
    closing: Step<N>,
    reached: &Reached<N>,
    last: (State<N>, Step<N>),
) -> Vec<Step<N>> {
    let (mut at, step) = last;
    let mut cycle = vec![step];
    while let Some((before, step)) = reached[&at] {
        cycle.push(step);
        at = before;
    }
    cycle.push(closing);
    cycle.reverse();
    cycle
}

#[cfg(test)]
mod tests {
    use super::Kind::{
        ExclusiveQueued as EN, ExclusiveRecursive as ER, SharedQueued as SN, SharedRecursive as SR,
    };
    use super::*;

    fn closes(edges: &[(u32, u32, Kind)]) -> bool {
        let mut graph = Graph::new();
        let results: Vec<_> =
            edges.iter().map(|&(from, to, kind)| graph.insert(from, to, kind, || ())).collect();
        results.iter().any(|inserted| matches!(inserted, Inserted::Closes(_)))
    }

    #[test]
    fn two_orders_close_a_cycle() {
        assert!(closes(&[(1, 2, EN), (2, 1, EN)]));
        assert!(!closes(&[(1, 2, EN), (2, 3, EN), (1, 3, EN)]));
    }

    #[test]
    fn a_recursive_reader_does_not_wait_for_a_reader() {
        assert!(!closes(&[(1, 2, SR), (2, 1, SR)]));
        assert!(closes(&[(1, 2, ER), (2, 1, ER)]));
        assert!(closes(&[(1, 2, SN), (2, 1, SN)]));
        assert!(!closes(&[(1, 2, ER), (2, 3, SR), (3, 1, EN)]));
    }

    #[test]
    fn a_weak_arrival_does_not_hide_a_strong_one() {
        // A→B weakly, A→C→B strongly, B held shared → A.
        assert!(closes(&[(1, 2, ER), (1, 3, EN), (3, 2, EN), (2, 1, SN)]));
        assert!(closes(&[(1, 3, EN), (3, 2, EN), (1, 2, ER), (2, 1, SN)]));
    }

    #[test]
    fn the_cycle_is_a_shortest_one_and_starts_with_the_new_edge() {
        let mut graph = Graph::new();
        for (from, to) in [(1, 2), (2, 3), (3, 4), (1, 4)] {
            assert_eq!(graph.insert(from, to, EN, || ()), Inserted::New);
        }
        let Inserted::Closes(cycle) = graph.insert(4, 1, EN, || ()) else {
            panic!("4 → 1 closes a cycle");
        };
        assert_eq!(cycle, [Step { from: 4, to: 1, kind: EN }, Step { from: 1, to: 4, kind: EN }]);
    }

    #[test]
    fn two_locks_of_one_class_join_a_recursive_reader_and_a_reader() {
        // A waits as R for X₁, held exclusively by who wants X₂, held by a reader who wants A.
        for edges in [
            [(1, 2, ER), (2, 2, EN), (2, 1, SN)],
            [(2, 2, EN), (2, 1, SN), (1, 2, ER)],
            [(2, 1, SN), (1, 2, ER), (2, 2, EN)],
        ] {
            assert!(closes(&edges), "{edges:?}");
        }
        assert!(!closes(&[(1, 2, ER), (2, 2, ER), (2, 1, SN)]));
        assert!(!closes(&[(1, 2, ER), (2, 2, SN), (2, 1, SN)]));
        assert!(!closes(&[(1, 2, EN), (2, 2, EN), (2, 3, EN)]));
    }

    #[test]
    fn a_removed_node_takes_its_cycles_along() {
        let mut graph = Graph::new();
        graph.insert(1, 2, EN, || ());
        assert!(matches!(graph.insert(2, 1, EN, || ()), Inserted::Closes(_)));
        graph.remove(2);
        assert_eq!(graph.insert(1, 3, EN, || ()), Inserted::New);
        assert_eq!(graph.edge_count(), 1);
    }
}
