//! A topological order of the strongly connected components of the graph, kept up to date edge by
//! edge.
//!
//! It answers one question fast: can the new edge `from → to` be part of a cycle at all? It can iff
//! its ends are, or become, of one component; if the component of `from` already stands before that
//! of `to` they do not, and nothing is searched. While there is no cycle every node is a component of
//! its own.
//!
//! Source: the compatible two-way search of Haeupler, Kavitha, Mathew, Sen and Tarjan, *Incremental
//! Cycle Detection, Topological Ordering, and Strong Component Maintenance* (2012). In three lines:
//! search forward from `to`, always on from the first component reached, and backward from `from`,
//! always on from the last; if the searches meet there is a cycle, and what lies on it becomes one
//! component; once they pass each other, move what was searched forward to behind what was searched
//! backward.
//!
//! Stopping there is what makes the bound: every pair of an edge searched forward and one searched
//! backward was unordered before and is ordered after, so m edges cost O(√m log m) each, amortised.
//! A search that goes on until one side has no more can be made to walk the same long paths again
//! and again.
//!
//! Joining components looks at all that is reached forward between the two ends. It happens at
//! most once less often than there are nodes.
//!
//! The caller owns the edges and passes its neighbours in. Components are never split: after a
//! removal they may be larger than need be, which costs time and is never wrong.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;

use rustc_hash::FxBuildHasher;

use crate::on::list::{Index, List};

/// Every node's component, and the components' positions.
#[derive(Debug)]
pub(crate) struct Order<N> {
    components: HashMap<N, Component, FxBuildHasher>,
    /// By component.
    parts: Vec<Part<N>>,
    free: Vec<Component>,
    /// Which component has each place in the list.
    owners: Vec<Component>,
    list: List,
    searches: u64,
}

/// Number of a component.
type Component = u32;

/// The nodes of a component, where it stands, and by which search it was reached last, and from
/// where.
#[derive(Clone, Debug)]
struct Part<N> {
    nodes: Vec<N>,
    index: Index,
    search: u64,
    side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Forward,
    Backward,
    /// Reached forward, and known to lead back.
    Both,
}

/// What became of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// The edge leads from a component to a later one: it is on no cycle.
    Ordered,
    /// The edge is within one component: it is on some cycle.
    Cyclic,
}

impl<N: Copy + Eq + Hash> Order<N> {
    pub(crate) fn new() -> Order<N> {
        Order {
            components: HashMap::default(),
            parts: Vec::new(),
            free: Vec::new(),
            owners: Vec::new(),
            list: List::default(),
            searches: 0,
        }
    }

    /// Whether two nodes are of one component.
    pub(crate) fn is_joined(&self, one: N, other: N) -> bool {
        match (self.components.get(&one), self.components.get(&other)) {
            (Some(one), Some(other)) => one == other,
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
        // A new node has no edges yet, so it can stand at the end that suits the edge.
        match (self.components.get(&from).copied(), self.components.get(&to).copied()) {
            (Some(from), Some(to)) if from == to => Placed::Cyclic,
            (Some(from), Some(to)) => {
                if self.label(from) < self.label(to) {
                    return Placed::Ordered;
                }
                if self.pass(from, to, &after, before) == Placed::Cyclic {
                    self.join(from, to, after);
                    return Placed::Cyclic;
                }
                Placed::Ordered
            }
            (from_known, to_known) => {
                if from_known.is_none() {
                    let index = if to_known.is_some() {
                        self.list.add_first()
                    } else {
                        self.list.add_last()
                    };
                    self.add(from, index);
                }
                if from == to {
                    return Placed::Cyclic;
                }
                if to_known.is_none() {
                    let index = self.list.add_last();
                    self.add(to, index);
                }
                Placed::Ordered
            }
        }
    }

    /// Forgets a node whose edges are gone.
    pub(crate) fn remove(&mut self, node: N) {
        if let Some(component) = self.components.remove(&node) {
            let part = &mut self.parts[component as usize];
            part.nodes.retain(|other| *other != node);
            if part.nodes.is_empty() {
                self.list.remove(part.index);
                self.free.push(component);
            }
        }
    }

    /// A component of one node.
    fn add(&mut self, node: N, index: Index) {
        let part = Part { nodes: vec![node], index, search: 0, side: Side::Forward };
        let component = match self.free.pop() {
            Some(component) => {
                self.parts[component as usize] = part;
                component
            }
            None => {
                self.parts.push(part);
                self.parts.len() as Component - 1
            }
        };
        self.components.insert(node, component);
        self.own(index, component);
    }

    fn own(&mut self, index: Index, component: Component) {
        let needed = index as usize + 1;
        if self.owners.len() < needed {
            self.owners.resize(needed, component);
        }
        self.owners[index as usize] = component;
    }

    fn label(&self, component: Component) -> u64 {
        self.list.label(self.parts[component as usize].index)
    }

    /// The two-way search for an edge between components that stand the other way round.
    fn pass<A, B>(
        &mut self,
        from: Component,
        to: Component,
        after: impl Fn(N) -> A,
        before: impl Fn(N) -> B,
    ) -> Placed
    where
        A: Iterator<Item = N>,
        B: Iterator<Item = N>,
    {
        let (first, last) = (self.label(to), self.label(from));
        self.searches += 1;
        self.reach(to, Side::Forward);
        self.reach(from, Side::Backward);
        let (mut ahead, mut behind) = (vec![(first, to)], vec![(last, from)]);
        let (mut ahead_open, mut behind_open) = (BinaryHeap::new(), BinaryHeap::new());
        // 1. Of the components that still have edges to follow, `at` is the first one reached
        //    forward, `back` the last one reached backward.
        let (mut at, mut back) = ((first, to), (last, from));
        let (mut following, mut preceding) = (Edges::of(to), Edges::of(from));
        let stop = loop {
            // 2. One edge forward; only components before `from` can lead to it.
            match following.next(&self.parts, &after) {
                Some(node) => {
                    let component = self.components[&node];
                    let label = self.label(component);
                    match self.side(component) {
                        Some(Side::Backward) => return Placed::Cyclic,
                        None if label < last => {
                            self.reach(component, Side::Forward);
                            ahead.push((label, component));
                            ahead_open.push(Reverse((label, component)));
                        }
                        _ => {}
                    }
                }
                None => match ahead_open.pop() {
                    None => break None,
                    Some(Reverse(next)) if next > back => break Some(next),
                    Some(Reverse(next)) => {
                        at = next;
                        following = Edges::of(at.1);
                    }
                },
            }
            // 3. One edge backward; only components after `to` can be reached from it.
            match preceding.next(&self.parts, &before) {
                Some(node) => {
                    let component = self.components[&node];
                    let label = self.label(component);
                    match self.side(component) {
                        Some(Side::Forward) => return Placed::Cyclic,
                        None if first < label => {
                            self.reach(component, Side::Backward);
                            behind.push((label, component));
                            behind_open.push((label, component));
                        }
                        _ => {}
                    }
                }
                None => match behind_open.pop() {
                    Some(next) if next > at => {
                        back = next;
                        preceding = Edges::of(back.1);
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
                Some(self.parts[from as usize].index)
            }
            Some(stop) => {
                ahead.retain(|component| *component < stop);
                behind.retain(|component| *component > stop);
                self.previous_unmoved(stop.1)
            }
        };
        ahead.sort_unstable();
        behind.sort_unstable();
        let moved: Vec<Index> = behind
            .into_iter()
            .chain(ahead)
            .map(|(_, component)| self.parts[component as usize].index)
            .collect();
        self.list.move_after(anchor, &moved);
        Placed::Ordered
    }

    /// Makes one component of all that lies on a path from `to` to `from`.
    ///
    /// 1. Everything that `to` leads to and that does not stand behind `from`.
    /// 2. Of that, what leads to `from`: along the same edges, in the opposite order, a component is
    ///    on a path if one of those after it is.
    /// 3. They take `from`'s place. The rest of what was reached stands behind it, in its order.
    fn join<A: Iterator<Item = N>>(
        &mut self,
        from: Component,
        to: Component,
        after: impl Fn(N) -> A,
    ) {
        let last = self.label(from);
        self.searches += 1;
        self.reach(to, Side::Forward);
        let mut reached = vec![(self.label(to), to)];
        let mut at = 0;
        while let Some(&(_, component)) = reached.get(at) {
            at += 1;
            let mut following = Edges::of(component);
            while let Some(node) = following.next(&self.parts, &after) {
                let next = self.components[&node];
                if self.side(next).is_none() && self.label(next) <= last {
                    self.reach(next, Side::Forward);
                    reached.push((self.label(next), next));
                }
            }
        }
        reached.sort_unstable();
        self.reach(from, Side::Both);
        for &(_, component) in reached.iter().rev() {
            let mut following = Edges::of(component);
            while let Some(node) = following.next(&self.parts, &after) {
                if self.side(self.components[&node]) == Some(Side::Both) {
                    self.reach(component, Side::Both);
                    break;
                }
            }
        }
        let (joined, moved): (Vec<_>, Vec<_>) = reached
            .into_iter()
            .map(|(_, component)| component)
            .partition(|&component| self.side(component) == Some(Side::Both));
        let place = self.parts[from as usize].index;
        let moved: Vec<Index> =
            moved.iter().map(|&component| self.parts[component as usize].index).collect();
        self.list.move_after(Some(place), &moved);
        self.merge(&joined, place);
    }

    /// Makes one component of several; it stands where `place` is.
    fn merge(&mut self, joined: &[Component], place: Index) {
        let size = |component: &&Component| self.parts[**component as usize].nodes.len();
        let Some(&largest) = joined.iter().max_by_key(size) else {
            return;
        };
        for &component in joined {
            let part = &mut self.parts[component as usize];
            if part.index != place {
                self.list.remove(part.index);
            }
            if component != largest {
                let nodes = std::mem::take(&mut part.nodes);
                for &node in &nodes {
                    self.components.insert(node, largest);
                }
                self.parts[largest as usize].nodes.extend(nodes);
                self.free.push(component);
            }
        }
        self.parts[largest as usize].index = place;
        self.own(place, largest);
    }

    /// The place of the last component before this one that was not reached forward, and so stays
    /// where it is.
    fn previous_unmoved(&self, component: Component) -> Option<Index> {
        let mut at = self.list.previous(self.parts[component as usize].index);
        while let Some(index) =
            at.filter(|&index| self.side(self.owners[index as usize]) == Some(Side::Forward))
        {
            at = self.list.previous(index);
        }
        at
    }

    fn reach(&mut self, component: Component, side: Side) {
        let part = &mut self.parts[component as usize];
        (part.search, part.side) = (self.searches, side);
    }

    /// From where the present search has reached a component.
    fn side(&self, component: Component) -> Option<Side> {
        let part = &self.parts[component as usize];
        (part.search == self.searches).then_some(part.side)
    }
}

/// The neighbours of a component's nodes, one after the other.
struct Edges<I> {
    component: Component,
    next: usize,
    of_node: Option<I>,
}

impl<I> Edges<I> {
    fn of(component: Component) -> Edges<I> {
        Edges { component, next: 0, of_node: None }
    }

    fn next<N: Copy>(&mut self, parts: &[Part<N>], neighbours: impl Fn(N) -> I) -> Option<N>
    where
        I: Iterator<Item = N>,
    {
        loop {
            if let Some(node) = self.of_node.as_mut().and_then(Iterator::next) {
                return Some(node);
            }
            let node = *parts[self.component as usize].nodes.get(self.next)?;
            self.next += 1;
            self.of_node = Some(neighbours(node));
        }
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
            self.edges.push((from, to));
            for &(a, b) in &self.edges {
                let label = |node| self.order.label(self.order.components[&node]);
                assert_eq!(self.order.is_joined(a, b), self.reaches(b, a), "{a} and {b}");
                assert!(self.order.is_joined(a, b) || label(a) < label(b), "{a} → {b}");
            }
        }
    }

    #[test]
    fn the_order_agrees_with_a_naive_search() {
        for seed in 0..150_u64 {
            let mut state = seed + 1;
            let mut random = |below: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((state >> 33) % below) as u32
            };
            let mut twin = Twin { order: Order::new(), edges: Vec::new() };
            // Few nodes are soon all of one component; of many some never are.
            let nodes = 8 + seed % 40;
            for _ in 0..60 {
                let (from, to) = (random(nodes), random(nodes));
                twin.insert(from, to);
            }
        }
    }
}
