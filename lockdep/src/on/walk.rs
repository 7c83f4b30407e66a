//! Shortest walks over states of the graph, from one state to every end.
//!
//! A state is a node and whether every edge may follow there; one that any edge may follow does for
//! the other one of its node too, so each node is visited at most twice.

use std::collections::VecDeque;
use std::hash::Hash;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::on::graph::Step;
use crate::on::usage::Mark;

/// A node, and whether every edge may follow.
pub(crate) type State<N> = (N, bool);

/// A walk to an end.
#[derive(Clone, Debug)]
pub(crate) struct Way<N> {
    /// The node it ends at, and what makes it an end.
    pub(crate) end: (N, Mark),
    /// In the order in which they were walked; none if the start is the end.
    pub(crate) steps: Vec<Step<N>>,
}

/// How a state was reached: from which, over which edge; none for the start.
type Reached<N> = FxHashMap<State<N>, Option<(State<N>, Step<N>)>>;

/// Walks from `start` over `steps`, each state once; returns the shortest walk to each node that
/// `end` says is one, the shortest walks first.
pub(crate) fn walks<N: Copy + Eq + Hash, I: Iterator<Item = (State<N>, Step<N>)>>(
    start: State<N>,
    steps: impl Fn(State<N>) -> I,
    end: impl Fn(State<N>) -> Option<Mark>,
) -> Vec<Way<N>> {
    let mut reached: Reached<N> = FxHashMap::default();
    reached.insert(start, None);
    let mut ways = Vec::new();
    let mut ended = FxHashSet::default();
    let mut queue = VecDeque::from([start]);
    while let Some(state) = queue.pop_front() {
        if !ended.contains(&state.0)
            && let Some(mark) = end(state)
        {
            ended.insert(state.0);
            ways.push(Way { end: (state.0, mark), steps: way(&reached, state) });
        }
        for (next, step) in steps(state) {
            if !reached.contains_key(&(next.0, true)) && !reached.contains_key(&next) {
                reached.insert(next, Some((state, step)));
                queue.push_back(next);
            }
        }
    }
    ways
}

/// The steps from the start to a state.
fn way<N: Copy + Eq + Hash>(reached: &Reached<N>, end: State<N>) -> Vec<Step<N>> {
    let (mut at, mut way) = (end, Vec::new());
    while let Some((before, step)) = reached[&at] {
        way.push(step);
        at = before;
    }
    way.reverse();
    way
}
