//! A topological order of the acyclic part of the graph, kept up to date edge by edge.
//!
//! It answers one question fast: can the new edge `from → to` close a cycle at all? If `from`
//! already stands before `to` it cannot, and nothing is searched.
//!
//! Source of the idea: the two-way search of Bender, Fineman, Gilbert and Tarjan, *A New Approach
//! to Incremental Cycle Detection and Related Problems* (2016), on the order-maintenance labels of
//! Bender et al., *Two Simplified Algorithms for Maintaining Order in a List* (2002). In three
//! lines: search forward from `to` and backward from `from` in turn, among the nodes that stand
//! between them; if the searches meet there is a cycle; else move the smaller side, which is the
//! one that ended first, across the other end of the edge.
//!
//! The caller owns the edges and passes its neighbours in; edges that close a cycle must be kept
//! out of what the neighbour functions show.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::Hash;

use rustc_hash::FxBuildHasher;

/// Every node's position: nodes with smaller labels stand before nodes with larger ones.
#[derive(Debug)]
pub(crate) struct Order<N> {
    labels: HashMap<N, u64, FxBuildHasher>,
    nodes: BTreeMap<u64, N>,
}

/// What became of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// The order holds with the edge in it.
    Ordered,
    /// A path leads from the edge's end to its start; the order is unchanged.
    Cyclic,
}

/// Half of the two-way search.
struct Side<N> {
    queue: VecDeque<N>,
    seen: HashSet<N, FxBuildHasher>,
}

impl<N: Copy + Ord + Hash> Side<N> {
    fn from(start: N) -> Side<N> {
        Side { queue: VecDeque::from([start]), seen: HashSet::from_iter([start]) }
    }
}

impl<N: Copy + Ord + Hash> Order<N> {
    /// Far from both ends and from multiples of large powers of two: `spread` has to leave a range
    /// whose border the labels crowd around.
    const MIDDLE: u64 = 0x2aaa_aaaa_aaaa_aaaa;
    const GAP: u64 = 1 << 20;

    pub(crate) fn new() -> Order<N> {
        Order { labels: HashMap::default(), nodes: BTreeMap::new() }
    }

    /// Whether `first` stands before `second`; false if either is unknown.
    fn stands_before(&self, first: N, second: N) -> bool {
        match (self.labels.get(&first), self.labels.get(&second)) {
            (Some(first), Some(second)) => first < second,
            _ => false,
        }
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
        match (self.labels.contains_key(&from), self.labels.contains_key(&to)) {
            (true, true) => {}
            (false, true) => return self.put_first(from),
            (true, false) => return self.put_last(to),
            (false, false) => {
                self.put_last(from);
                return self.put_last(to);
            }
        }
        if self.stands_before(from, to) {
            return Placed::Ordered;
        }
        let mut forward = Side::from(to);
        let mut backward = Side::from(from);
        loop {
            // 1. One node forward; only nodes before `from` can lead to it.
            let Some(node) = forward.queue.pop_front() else {
                self.move_after(from, &forward.seen);
                return Placed::Ordered;
            };
            for next in after(node) {
                if backward.seen.contains(&next) {
                    return Placed::Cyclic;
                }
                if self.stands_before(next, from) && forward.seen.insert(next) {
                    forward.queue.push_back(next);
                }
            }
            // 2. One node backward; only nodes after `to` can be reached from it.
            let Some(node) = backward.queue.pop_front() else {
                self.move_before(to, &backward.seen);
                return Placed::Ordered;
            };
            for previous in before(node) {
                if forward.seen.contains(&previous) {
                    return Placed::Cyclic;
                }
                if self.stands_before(to, previous) && backward.seen.insert(previous) {
                    backward.queue.push_back(previous);
                }
            }
        }
    }

    /// Forgets a node whose edges are gone.
    pub(crate) fn remove(&mut self, node: N) {
        if let Some(label) = self.labels.remove(&node) {
            self.nodes.remove(&label);
        }
    }

    fn put_first(&mut self, node: N) -> Placed {
        let label = match self.nodes.first_key_value() {
            Some((&first, _)) => first - Self::GAP,
            None => Self::MIDDLE,
        };
        self.set(node, label);
        Placed::Ordered
    }

    fn put_last(&mut self, node: N) -> Placed {
        let label = match self.nodes.last_key_value() {
            Some((&last, _)) => last + Self::GAP,
            None => Self::MIDDLE,
        };
        self.set(node, label);
        Placed::Ordered
    }

    /// Moves `moved` directly after `anchor`, its own order unchanged.
    fn move_after(&mut self, anchor: N, moved: &HashSet<N, FxBuildHasher>) {
        let mut anchor = anchor;
        for node in self.take(moved) {
            let label = self.room_after(anchor);
            self.set(node, label);
            anchor = node;
        }
    }

    /// Moves `moved` directly before `anchor`, its own order unchanged.
    fn move_before(&mut self, anchor: N, moved: &HashSet<N, FxBuildHasher>) {
        let mut anchor = anchor;
        for node in self.take(moved).into_iter().rev() {
            let label = self.room_before(anchor);
            self.set(node, label);
            anchor = node;
        }
    }

    /// Takes nodes out of the order and returns them in it.
    fn take(&mut self, moved: &HashSet<N, FxBuildHasher>) -> Vec<N> {
        let mut labelled: Vec<(u64, N)> =
            moved.iter().filter_map(|&node| Some((self.labels.remove(&node)?, node))).collect();
        labelled.sort_unstable();
        for (label, _) in &labelled {
            self.nodes.remove(label);
        }
        labelled.into_iter().map(|(_, node)| node).collect()
    }

    /// A free label between `anchor` and what stands behind it.
    fn room_after(&mut self, anchor: N) -> u64 {
        loop {
            let low = self.labels[&anchor];
            match self.nodes.range(low + 1..).next() {
                None => return low + Self::GAP,
                Some((&high, _)) if high - low > 1 => return low + (high - low) / 2,
                Some((&high, _)) => self.spread(low, high),
            }
        }
    }

    /// A free label between `anchor` and what stands before it.
    fn room_before(&mut self, anchor: N) -> u64 {
        loop {
            let high = self.labels[&anchor];
            match self.nodes.range(..high).next_back() {
                None => return high - Self::GAP,
                Some((&low, _)) if high - low > 1 => return low + (high - low) / 2,
                Some((&low, _)) => self.spread(low, high),
            }
        }
    }

    /// Spreads the labels around `low` and `high`, which are neighbours, evenly over the smallest
    /// aligned range that is sparse enough: one that holds at most (2/3)^i of the 2^i labels in it.
    ///
    /// Both must be inside, or the gap between them would stay as it is.
    fn spread(&mut self, low: u64, high: u64) {
        let mut allowed = 1.0_f64;
        for bits in 1..63 {
            allowed *= 4.0 / 3.0;
            let size = 1_u64 << bits;
            let base = low & !(size - 1);
            if high - base >= size {
                continue;
            }
            let range = base..=base + (size - 1);
            let held: Vec<N> = self.nodes.range(range.clone()).map(|(_, &node)| node).collect();
            let step = size / held.len() as u64;
            if held.len() as f64 > allowed || step < 4 {
                continue;
            }
            let crowded: Vec<u64> = self.nodes.range(range).map(|(&label, _)| label).collect();
            for label in crowded {
                self.nodes.remove(&label);
            }
            for (index, node) in held.into_iter().enumerate() {
                self.set(node, base + step / 2 + step * index as u64);
            }
            return;
        }
    }

    fn set(&mut self, node: N, label: u64) {
        self.labels.insert(node, label);
        self.nodes.insert(label, node);
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
                assert!(self.order.stands_before(a, b), "{a} → {b} is out of order");
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

    #[test]
    fn labels_do_not_run_out_in_one_gap() {
        let fills: [fn(&mut Order<u32>) -> u64; 3] = [
            |order| order.room_before(1),
            |order| order.room_after(0),
            |order| {
                let middle = (order.nodes.len() / 2) as u32;
                order.room_before(middle)
            },
        ];
        for fill in fills {
            let mut order = Order::new();
            order.put_last(0_u32);
            order.put_last(1);
            for node in 2..5_000 {
                let label = fill(&mut order);
                order.set(node, label);
            }
            let nodes: Vec<u32> = order.nodes.values().copied().collect();
            assert_eq!((nodes.len(), order.labels.len()), (5_000, 5_000));
            assert!(order.nodes.iter().all(|(label, node)| order.labels[node] == *label));
        }
    }

    #[test]
    fn a_full_gap_keeps_the_order() {
        let mut order = Order::new();
        order.put_last(0_u32);
        order.put_last(1);
        for node in 2..5_000 {
            let label = order.room_before(1);
            order.set(node, label);
        }
        let nodes: Vec<u32> = order.nodes.values().copied().collect();
        assert_eq!((nodes[0], nodes[4_999]), (0, 1));
        assert!(nodes[1..4_999].is_sorted());
    }
}
