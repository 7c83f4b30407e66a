//! A topological order of the acyclic part of the graph, kept up to date edge by edge.
//!
//! It answers one question fast: can the new edge `from → to` close a cycle at all? If `from`
//! already stands before `to` it cannot, and nothing is searched.
//!
//! Source: the compatible two-way search of Haeupler, Kavitha, Mathew, Sen and Tarjan, *Incremental
//! Cycle Detection, Topological Ordering, and Strong Component Maintenance* (2012). In three lines:
//! search forward from `to`, always on from the first node reached, and backward from `from`,
//! always on from the last; if the searches meet there is a cycle; once they pass each other, move
//! what was searched forward to behind what was searched backward.
//!
//! Stopping there is what makes the bound: every pair of an edge searched forward and one searched
//! backward was unordered before and is ordered after, so m edges cost O(√m log m) each, amortised.
//! A search that goes on until one side has no more can be made to walk the same long paths again
//! and again.
//!
//! The caller owns the edges and passes its neighbours in; edges that close a cycle must be kept
//! out of what the neighbour functions show.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;

use rustc_hash::FxBuildHasher;

use crate::on::list::{Index, List};

/// Every node's position.
#[derive(Debug)]
pub(crate) struct Order<N> {
    indices: HashMap<N, Index, FxBuildHasher>,
    /// By index.
    nodes: Vec<Reached<N>>,
    list: List,
    searches: u64,
}

/// A node, and by which search it was reached last, and from where.
#[derive(Clone, Copy, Debug)]
struct Reached<N> {
    node: N,
    search: u64,
    side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Forward,
    Backward,
}

/// What became of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// The order holds with the edge in it.
    Ordered,
    /// A path leads from the edge's end to its start; the order is unchanged.
    Cyclic,
}

impl<N: Copy + Eq + Hash> Order<N> {
    pub(crate) fn new() -> Order<N> {
        Order { indices: HashMap::default(), nodes: Vec::new(), list: List::default(), searches: 0 }
    }

    /// Makes room for the edge `from → to`.
    ///
    /// `after` and `before` give a node's neighbours along and against the edges that are already
    /// in the order.
    pub(crate) fn place<A, B>(
        &mut self,
        from: N,
        to: N,
        after: impl Fn(N) -> A,
        before: impl Fn(N) -> B,
    ) -> Placed
    where
        A: Iterator<Item = N>,
        B: Iterator<Item = N>,
    {
        if from == to {
            return Placed::Cyclic;
        }
        // A new node has no edges yet, so it can stand at the end that suits the edge.
        match (self.indices.get(&from).copied(), self.indices.get(&to).copied()) {
            (Some(from), Some(to)) => self.join(from, to, after, before),
            (from_known, to_known) => {
                if from_known.is_none() {
                    let index = if to_known.is_some() {
                        self.list.add_first()
                    } else {
                        self.list.add_last()
                    };
                    self.name(from, index);
                }
                if to_known.is_none() {
                    let index = self.list.add_last();
                    self.name(to, index);
                }
                Placed::Ordered
            }
        }
    }

    /// Forgets a node whose edges are gone.
    pub(crate) fn remove(&mut self, node: N) {
        if let Some(index) = self.indices.remove(&node) {
            self.list.remove(index);
        }
    }

    fn name(&mut self, node: N, index: Index) {
        self.indices.insert(node, index);
        let reached = Reached { node, search: 0, side: Side::Forward };
        match self.nodes.get_mut(index as usize) {
            Some(reused) => *reused = reached,
            None => self.nodes.push(reached),
        }
    }

    /// The search for an edge between nodes that have their places.
    fn join<A, B>(
        &mut self,
        from: Index,
        to: Index,
        after: impl Fn(N) -> A,
        before: impl Fn(N) -> B,
    ) -> Placed
    where
        A: Iterator<Item = N>,
        B: Iterator<Item = N>,
    {
        let (first, last) = (self.list.label(to), self.list.label(from));
        if last < first {
            return Placed::Ordered;
        }
        self.searches += 1;
        self.reach(to, Side::Forward);
        self.reach(from, Side::Backward);
        let (mut ahead, mut behind) = (vec![(first, to)], vec![(last, from)]);
        let (mut ahead_open, mut behind_open) = (BinaryHeap::new(), BinaryHeap::new());
        // 1. Of the nodes that still have edges to follow, `at` is the first one reached forward,
        //    `back` the last one reached backward.
        let (mut at, mut back) = ((first, to), (last, from));
        let mut following = after(self.nodes[to as usize].node);
        let mut preceding = before(self.nodes[from as usize].node);
        let stop = loop {
            // 2. One edge forward; only nodes before `from` can lead to it.
            match following.next() {
                Some(node) => {
                    let index = self.indices[&node];
                    let label = self.list.label(index);
                    match self.side(index) {
                        Some(Side::Backward) => return Placed::Cyclic,
                        None if label < last => {
                            self.reach(index, Side::Forward);
                            ahead.push((label, index));
                            ahead_open.push(Reverse((label, index)));
                        }
                        _ => {}
                    }
                }
                None => match ahead_open.pop() {
                    None => break None,
                    Some(Reverse(next)) if next > back => break Some(next),
                    Some(Reverse(next)) => {
                        at = next;
                        following = after(self.nodes[at.1 as usize].node);
                    }
                },
            }
            // 3. One edge backward; only nodes after `to` can be reached from it.
            match preceding.next() {
                Some(node) => {
                    let index = self.indices[&node];
                    let label = self.list.label(index);
                    match self.side(index) {
                        Some(Side::Forward) => return Placed::Cyclic,
                        None if first < label => {
                            self.reach(index, Side::Backward);
                            behind.push((label, index));
                            behind_open.push((label, index));
                        }
                        _ => {}
                    }
                }
                None => match behind_open.pop() {
                    Some(next) if next > at => {
                        back = next;
                        preceding = before(self.nodes[back.1 as usize].node);
                    }
                    _ => break Some(at),
                },
            }
        };
        // 4. What was reached backward after the stop and what was reached forward before it
        //    trade places; the edges of both have all been followed.
        let anchor = match stop {
            None => {
                behind.clear();
                Some(from)
            }
            Some(stop) => {
                ahead.retain(|node| *node < stop);
                behind.retain(|node| *node > stop);
                self.previous_unmoved(stop.1)
            }
        };
        ahead.sort_unstable();
        behind.sort_unstable();
        let moved: Vec<Index> = behind.into_iter().chain(ahead).map(|(_, index)| index).collect();
        self.list.move_after(anchor, &moved);
        Placed::Ordered
    }

    /// The last node before this one that was not reached forward, and so stays where it is.
    fn previous_unmoved(&self, index: Index) -> Option<Index> {
        let mut at = self.list.previous(index);
        while let Some(index) = at.filter(|&index| self.side(index) == Some(Side::Forward)) {
            at = self.list.previous(index);
        }
        at
    }

    fn reach(&mut self, index: Index, side: Side) {
        let reached = &mut self.nodes[index as usize];
        (reached.search, reached.side) = (self.searches, side);
    }

    /// From where the present search has reached a node.
    fn side(&self, index: Index) -> Option<Side> {
        let reached = &self.nodes[index as usize];
        (reached.search == self.searches).then_some(reached.side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph kept as an edge list, and a naive answer to compare with.
    struct Twin {
        order: Order<u32>,
        edges: Vec<(u32, u32)>,
    }

    impl Twin {
        fn reaches(&self, from: u32, to: u32) -> bool {
            let mut seen = vec![from];
            let mut at = 0;
            while at < seen.len() {
                let node = seen[at];
                at += 1;
                for &(a, b) in &self.edges {
                    if a == node && !seen.contains(&b) {
                        seen.push(b);
                    }
                }
            }
            seen.contains(&to)
        }

        fn insert(&mut self, from: u32, to: u32) {
            let cyclic = self.reaches(to, from);
            let edges = &self.edges;
            let placed = self.order.place(
                from,
                to,
                |node| edges.iter().filter(move |e| e.0 == node).map(|e| e.1),
                |node| edges.iter().filter(move |e| e.1 == node).map(|e| e.0),
            );
            assert_eq!(placed == Placed::Cyclic, cyclic, "{from} → {to} after {edges:?}");
            if !cyclic {
                self.edges.push((from, to));
            }
            for &(a, b) in &self.edges {
                let label = |node| self.order.list.label(self.order.indices[node]);
                assert!(label(&a) < label(&b), "{a} → {b} is out of order");
            }
        }
    }

    #[test]
    fn the_order_agrees_with_a_naive_search() {
        for seed in 0..300_u64 {
            let mut state = seed + 1;
            let mut random = |below: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((state >> 33) % below) as u32
            };
            let mut twin = Twin { order: Order::new(), edges: Vec::new() };
            for _ in 0..60 {
                let (from, to) = (random(12), random(12));
                twin.insert(from, to);
            }
        }
    }
}
