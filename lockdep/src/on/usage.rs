//! In which contexts the locks of a class are taken, and which contexts may interrupt their holder.
//!
//! A context that interrupts a task and wants a lock that the task holds waits for ever: the task
//! cannot go on before the context has ended. So the interruption is an edge of its own: from
//! whatever is held while the context may run, to whatever is taken in the context. A closed walk
//! with one such edge in it is a deadlock under the same condition as any other: nowhere is an
//! edge that wants recursively followed by one that holds shared.
//!
//! | mark | set for each context | by |
//! |---|---|---|
//! | taken in it, queueing | C took the lock as W or r | a blocking acquire in C |
//! | taken in it, recursively | C took the lock as R | a blocking acquire in C |
//! | open to it, exclusive | C could run while the lock was held as W | any acquire; letting C in |
//! | open to it, shared | C could run while the lock was held as r or R | any acquire; letting C in |
//!
//! Three moments can complete a walk, and each is looked at: a lock is newly taken in a context
//! (searched forward), newly held open to it (searched backward), or an edge is new (both). With
//! bits for contexts nobody has declared yet the marks are right for a context that is heard of
//! later: what is not shut out can run.
//!
//! The searches walk states (node, weak or strong) like the graph's own, so each node is visited at
//! most twice, and what they find is a shortest walk. A class that each task has locks of its own
//! of is not walked through: another task's lock of it is another lock.

use std::hash::Hash;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::mode::Mode;
use crate::on::graph::{Graph, Kind, Step};
use crate::on::walk::{State, Way, walks};

/// A context, 0 to 63.
pub(crate) type ContextId = u8;
/// A set of contexts, one bit each.
pub(crate) type ContextSet = u64;

/// The set of one context.
pub(crate) const fn only(context: ContextId) -> ContextSet {
    1 << context
}

/// The contexts of a set.
fn members(set: ContextSet) -> impl Iterator<Item = ContextId> {
    (0..ContextSet::BITS as ContextId).filter(move |&context| set & only(context) != 0)
}

/// How a class and a context have to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mark {
    /// Taken in the context by someone who waits behind readers too.
    TakenQueued,
    /// Taken in the context by a reader that passes waiting writers.
    TakenRecursive,
    /// Held exclusively while the context could run.
    OpenExclusive,
    /// Held by a reader while the context could run.
    OpenShared,
}

impl Mark {
    const NUMBER: usize = 4;

    /// The mark of an acquire in a context.
    pub(crate) const fn taken(mode: Mode) -> Mark {
        match mode {
            Mode::Exclusive | Mode::Shared | Mode::Upgradable => Mark::TakenQueued,
            Mode::SharedRecursive => Mark::TakenRecursive,
        }
    }

    /// The mark of a hold that a context may interrupt.
    pub(crate) const fn open(mode: Mode) -> Mark {
        match mode {
            Mode::Exclusive => Mark::OpenExclusive,
            Mode::Shared | Mode::SharedRecursive | Mode::Upgradable => Mark::OpenShared,
        }
    }
}

/// What new marks or a new edge complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clash<N> {
    pub(crate) context: ContextId,
    /// The class that is taken in the context, and how.
    pub(crate) taken: (N, Mark),
    /// The way from there to the class that is held open to it; empty if it is the same one.
    pub(crate) way: Vec<Step<N>>,
    /// The class that is held open to the context, and how.
    pub(crate) open: (N, Mark),
}

/// What made the tracker look, so that meeting it again is met as the same violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Cause<N> {
    Mark(N, Mark, ContextId),
    Edge(Step<N>, ContextId),
}

/// The marks of all classes, each with a witness.
#[derive(Debug)]
pub(crate) struct Usages<N, W> {
    nodes: FxHashMap<N, Usage<W>>,
    /// The contexts in which any lock was taken.
    taken_in: ContextSet,
    broken: FxHashMap<Cause<N>, usize>,
    /// The ends of the ways that were found.
    found: FxHashSet<(ContextId, N, N)>,
}

#[derive(Debug)]
struct Usage<W> {
    marks: [ContextSet; Mark::NUMBER],
    /// Who set which bits; each bit once, so there are at most 64 for each mark.
    witnesses: Vec<(Mark, ContextSet, W)>,
    local: bool,
}

impl<W> Usage<W> {
    fn has(&self, mark: Mark, context: ContextId) -> bool {
        self.marks[mark as usize] & only(context) != 0
    }
}

impl<N, W> Default for Usages<N, W> {
    fn default() -> Usages<N, W> {
        Usages {
            nodes: FxHashMap::default(),
            taken_in: 0,
            broken: FxHashMap::default(),
            found: FxHashSet::default(),
        }
    }
}

impl<N: Copy + Ord + Hash, W> Usages<N, W> {
    /// Sets marks of a class; returns the contexts for which that is new. `witness` is called if
    /// there are any.
    pub(crate) fn mark(
        &mut self,
        node: N,
        local: bool,
        mark: Mark,
        contexts: ContextSet,
        witness: impl FnOnce() -> W,
    ) -> ContextSet {
        let usage = self.nodes.entry(node).or_insert_with(|| Usage {
            marks: [0; Mark::NUMBER],
            witnesses: Vec::new(),
            local,
        });
        let marks = &mut usage.marks[mark as usize];
        let new = contexts & !*marks;
        if new != 0 {
            *marks |= new;
            usage.witnesses.push((mark, new, witness()));
            if matches!(mark, Mark::TakenQueued | Mark::TakenRecursive) {
                self.taken_in |= new;
            }
        }
        new
    }

    /// Forgets a class that is dropped.
    pub(crate) fn forget(&mut self, node: N) {
        self.nodes.remove(&node);
        self.broken.retain(|cause, _| match cause {
            Cause::Mark(of, ..) => *of != node,
            Cause::Edge(step, _) => step.from != node && step.to != node,
        });
        self.found.retain(|&(_, taken, open)| taken != node && open != node);
    }

    /// Who first set a mark.
    pub(crate) fn witness(&self, node: N, mark: Mark, context: ContextId) -> Option<&W> {
        let witnesses = &self.nodes.get(&node)?.witnesses;
        let mut of_mark = witnesses.iter().filter(|(set, _, _)| *set == mark);
        of_mark.find(|(_, set, _)| set & only(context) != 0).map(|(_, _, witness)| witness)
    }

    /// Which violation a cause was found to be, if it was.
    pub(crate) fn number(&self, cause: &Cause<N>) -> Option<usize> {
        self.broken.get(cause).copied()
    }

    /// Notes which violation a cause is.
    pub(crate) fn set_number(&mut self, cause: Cause<N>, number: usize) {
        self.broken.insert(cause, number);
    }

    /// The contexts of a set in which locks were taken: the others clash with nothing.
    pub(crate) fn relevant(
        &self,
        contexts: ContextSet,
    ) -> impl Iterator<Item = ContextId> + use<N, W> {
        members(contexts & self.taken_in)
    }

    /// All contexts in which locks were taken.
    pub(crate) fn all_relevant(&self) -> impl Iterator<Item = ContextId> + use<N, W> {
        self.relevant(ContextSet::MAX)
    }

    /// What a mark that is set completes: the class with itself, or the nearest other class.
    pub(crate) fn clash_of_mark<E>(
        &mut self,
        graph: &Graph<N, E>,
        node: N,
        mark: Mark,
        context: ContextId,
    ) -> Option<Clash<N>> {
        if let Some((taken, open)) = self.clash_with_itself(node, context, mark) {
            self.found.insert((context, node, node));
            return Some(Clash {
                context,
                taken: (node, taken),
                way: Vec::new(),
                open: (node, open),
            });
        }
        let clash = match mark {
            Mark::TakenQueued | Mark::TakenRecursive => {
                let strong = mark == Mark::TakenQueued;
                let ways = self.ways_to_open(graph, node, strong, context);
                ways.into_iter().find(|way| self.is_new(context, node, way.end.0)).map(|way| {
                    Clash { context, taken: (node, mark), way: way.steps, open: way.end }
                })
            }
            Mark::OpenExclusive | Mark::OpenShared => {
                let shared = mark == Mark::OpenShared;
                let ways = self.ways_from_taken(graph, node, shared, context);
                ways.into_iter().find(|way| self.is_new(context, way.end.0, node)).map(|way| {
                    Clash { context, taken: way.end, way: way.steps, open: (node, mark) }
                })
            }
        };
        self.keep(clash)
    }

    /// What a new edge completes: a way from a class that is taken in the context, over the edge,
    /// to one that is held open to it.
    pub(crate) fn clash_of_edge<E>(
        &mut self,
        graph: &Graph<N, E>,
        edge: Step<N>,
        context: ContextId,
    ) -> Option<Clash<N>> {
        if self.is_local(edge.from) || self.is_local(edge.to) {
            return None;
        }
        let before = self.ways_from_taken(graph, edge.from, edge.kind.holds_shared(), context);
        if before.is_empty() {
            return None;
        }
        let after = self.ways_to_open(graph, edge.to, !edge.kind.wants_recursively(), context);
        let pairs = before.iter().flat_map(|before| after.iter().map(move |after| (before, after)));
        let new = pairs
            .filter(|(before, after)| self.is_new(context, before.end.0, after.end.0))
            .min_by_key(|(before, after)| before.steps.len() + after.steps.len());
        let clash = new.map(|(before, after)| Clash {
            context,
            taken: before.end,
            way: [&before.steps[..], &[edge], &after.steps[..]].concat(),
            open: after.end,
        });
        self.keep(clash)
    }

    fn keep(&mut self, clash: Option<Clash<N>>) -> Option<Clash<N>> {
        if let Some(Clash { context, taken, open, .. }) = &clash {
            self.found.insert((*context, taken.0, open.0));
        }
        clash
    }

    /// Whether a way between two classes says something that was not said before: a class that
    /// clashes with itself has to be mended first.
    fn is_new(&self, context: ContextId, taken: N, open: N) -> bool {
        let said = |from, to| self.found.contains(&(context, from, to));
        taken != open && !said(taken, open) && !said(taken, taken) && !said(open, open)
    }

    /// Which marks of one class clash with each other, given that one of them is `mark`.
    fn clash_with_itself(&self, node: N, context: ContextId, mark: Mark) -> Option<(Mark, Mark)> {
        let usage = self.nodes.get(&node)?;
        let (taken, open): (&[Mark], &[Mark]) = match mark {
            Mark::TakenQueued | Mark::TakenRecursive => (&[mark], &OPEN),
            Mark::OpenExclusive | Mark::OpenShared => (&TAKEN, &[mark]),
        };
        let pairs = taken.iter().flat_map(|&taken| open.iter().map(move |&open| (taken, open)));
        pairs
            .filter(|&(taken, open)| usage.has(taken, context) && usage.has(open, context))
            .find(|pair| !matches!(pair, (Mark::TakenRecursive, Mark::OpenShared)))
    }

    fn is_local(&self, node: N) -> bool {
        self.nodes.get(&node).is_some_and(|usage| usage.local)
    }

    /// The classes held open to the context that strong walks from `start` end at, nearest first.
    fn ways_to_open<E>(
        &self,
        graph: &Graph<N, E>,
        start: N,
        strong: bool,
        context: ContextId,
    ) -> Vec<Way<N>> {
        let steps = |(node, strong): State<N>| {
            let successors = graph.successors(node).filter(|&(to, _)| !self.is_local(to));
            successors.filter_map(move |(to, kinds)| {
                let usable = move |kind: &Kind| strong || !kind.holds_shared();
                let best = kinds.iter().filter(usable).find(|kind| !kind.wants_recursively());
                let kind = best.or_else(|| kinds.iter().find(usable))?;
                Some(((to, best.is_some()), Step { from: node, to, kind }))
            })
        };
        let is_end = |(node, strong): State<N>| {
            let usage = self.nodes.get(&node)?;
            let open = |mark| usage.has(mark, context).then_some(mark);
            open(Mark::OpenExclusive).or_else(|| open(Mark::OpenShared).filter(|_| strong))
        };
        walks((start, strong), steps, is_end)
    }

    /// The classes taken in the context from which strong walks lead to `end`, nearest first.
    /// `shared` says that what follows holds `end` as a reader. A state is strong here if what
    /// follows holds its node exclusively.
    fn ways_from_taken<E>(
        &self,
        graph: &Graph<N, E>,
        end: N,
        shared: bool,
        context: ContextId,
    ) -> Vec<Way<N>> {
        let steps = |(node, strong): State<N>| {
            let predecessors = graph.predecessors(node).filter(|&(from, _)| !self.is_local(from));
            predecessors.filter_map(move |(from, kinds)| {
                let usable = move |kind: &Kind| strong || !kind.wants_recursively();
                let best = kinds.iter().filter(usable).find(|kind| !kind.holds_shared());
                let kind = best.or_else(|| kinds.iter().find(usable))?;
                Some(((from, best.is_some()), Step { from, to: node, kind }))
            })
        };
        let is_end = |(node, strong): State<N>| {
            let usage = self.nodes.get(&node)?;
            let taken = |mark| usage.has(mark, context).then_some(mark);
            taken(Mark::TakenQueued).or_else(|| taken(Mark::TakenRecursive).filter(|_| strong))
        };
        let mut ways = walks((end, !shared), steps, is_end);
        ways.iter_mut().for_each(|way| way.steps.reverse());
        ways
    }
}

const TAKEN: [Mark; 2] = [Mark::TakenQueued, Mark::TakenRecursive];
const OPEN: [Mark; 2] = [Mark::OpenExclusive, Mark::OpenShared];

#[cfg(test)]
mod tests {
    use super::Mark::{OpenExclusive, OpenShared, TakenQueued, TakenRecursive};
    use super::*;
    use crate::on::graph::Kind::{
        ExclusiveQueued as EN, ExclusiveRecursive as ER, SharedQueued as SN, SharedRecursive as SR,
    };

    const HARD: ContextId = 3;

    /// What one event does to the marks or the graph.
    #[derive(Clone, Copy, Debug)]
    enum Event {
        Mark(u32, Mark),
        Edge(u32, u32, Kind),
    }
    use Event::{Edge, Mark as Set};

    #[derive(Debug, Default)]
    struct Stage {
        graph: Graph<u32, ()>,
        usages: Usages<u32, ()>,
    }

    impl Stage {
        fn play(&mut self, event: Event) -> Option<Clash<u32>> {
            match event {
                Set(node, mark) => {
                    self.usages.mark(node, false, mark, only(HARD), || ());
                    self.usages.clash_of_mark(&self.graph, node, mark, HARD)
                }
                Edge(from, to, kind) => {
                    self.graph.insert(from, to, kind, || ());
                    self.usages.clash_of_edge(&self.graph, Step { from, to, kind }, HARD)
                }
            }
        }
    }

    fn orders(events: &[Event]) -> Vec<Vec<Event>> {
        if events.is_empty() {
            return vec![Vec::new()];
        }
        let firsts = 0..events.len();
        let rest = |first| events.iter().enumerate().filter(move |(at, _)| *at != first);
        firsts
            .flat_map(|first| {
                let rest: Vec<Event> = rest(first).map(|(_, event)| *event).collect();
                orders(&rest).into_iter().map(move |order| [&[events[first]], &order[..]].concat())
            })
            .collect()
    }

    /// The event that completes the walk is the last, in every order.
    fn check(events: &[Event], clashes: bool) {
        for order in orders(events) {
            let mut stage = Stage::default();
            let found: Vec<_> = order.iter().map(|&event| stage.play(event).is_some()).collect();
            let mut expected = vec![false; events.len()];
            expected[events.len() - 1] = clashes;
            assert_eq!(found, expected, "{order:?}");
        }
    }

    #[test]
    fn a_lock_of_a_context_must_not_be_held_where_the_context_may_come() {
        check(&[Set(1, TakenQueued), Set(1, OpenExclusive)], true);
        check(&[Set(1, TakenQueued), Set(1, OpenShared)], true);
        check(&[Set(1, TakenRecursive), Set(1, OpenExclusive)], true);
        check(&[Set(1, TakenRecursive), Set(1, OpenShared)], false);
        check(&[Set(1, TakenQueued), Set(2, OpenExclusive)], false);
    }

    #[test]
    fn every_moment_that_completes_a_walk_is_looked_at() {
        check(&[Set(1, TakenQueued), Edge(1, 2, EN), Set(2, OpenExclusive)], true);
        check(&[Set(1, TakenQueued), Edge(2, 1, EN), Set(2, OpenExclusive)], false);
        let long = [Set(1, TakenQueued), Edge(1, 2, EN), Edge(2, 3, EN), Set(3, OpenExclusive)];
        check(&long, true);
    }

    #[test]
    fn a_walk_is_as_strong_as_its_weakest_joint() {
        // Start: taken recursively, then held by a reader.
        check(&[Set(1, TakenRecursive), Edge(1, 2, SN), Set(2, OpenExclusive)], false);
        check(&[Set(1, TakenRecursive), Edge(1, 2, EN), Set(2, OpenExclusive)], true);
        check(&[Set(1, TakenQueued), Edge(1, 2, SN), Set(2, OpenExclusive)], true);
        // End: wanted recursively, held by a reader.
        check(&[Set(1, TakenQueued), Edge(1, 2, ER), Set(2, OpenShared)], false);
        check(&[Set(1, TakenQueued), Edge(1, 2, ER), Set(2, OpenExclusive)], true);
        check(&[Set(1, TakenQueued), Edge(1, 2, EN), Set(2, OpenShared)], true);
        // Middle.
        let middle = |first, second| {
            [Set(1, TakenQueued), Edge(1, 2, first), Edge(2, 3, second), Set(3, OpenExclusive)]
        };
        check(&middle(ER, SN), false);
        check(&middle(ER, SR), false);
        check(&middle(ER, EN), true);
        check(&middle(SN, SN), true);
    }

    #[test]
    fn a_weak_walk_does_not_hide_a_strong_one() {
        let events = [Edge(1, 2, ER), Edge(1, 3, EN), Edge(3, 2, EN), Edge(2, 4, SN)];
        for order in orders(&[&events[1..], &[Set(1, TakenQueued), Set(4, OpenExclusive)]].concat())
        {
            let mut stage = Stage::default();
            stage.play(events[0]);
            let found: Vec<_> = order.iter().filter_map(|&event| stage.play(event)).collect();
            assert_eq!(found.len(), 1, "{order:?}");
            assert_eq!(found[0].way.iter().map(|step| step.to).collect::<Vec<_>>(), [3, 2, 4]);
        }
    }

    #[test]
    fn the_way_leads_from_what_is_taken_to_what_is_open() {
        let mut stage = Stage::default();
        for event in [Set(1, TakenQueued), Edge(1, 2, EN), Set(3, OpenShared)] {
            assert_eq!(stage.play(event), None);
        }
        let step = |from, to| Step { from, to, kind: EN };
        let clash = Clash {
            context: HARD,
            taken: (1, TakenQueued),
            way: vec![step(1, 2), step(2, 3)],
            open: (3, OpenShared),
        };
        assert_eq!(stage.play(Edge(2, 3, EN)), Some(clash));
    }

    #[test]
    fn contexts_are_not_mixed_up() {
        let mut usages: Usages<u32, ()> = Usages::default();
        let graph: Graph<u32, ()> = Graph::new();
        usages.mark(1, false, TakenQueued, only(5), || ());
        usages.mark(1, false, OpenExclusive, !only(5), || ());
        assert_eq!(usages.all_relevant().collect::<Vec<_>>(), [5]);
        assert_eq!(usages.clash_of_mark(&graph, 1, OpenExclusive, 5), None);
        assert_eq!(usages.clash_of_mark(&graph, 1, OpenExclusive, 4), None);
    }

    #[test]
    fn a_local_class_is_not_walked_through() {
        let mut stage = Stage::default();
        stage.usages.mark(2, true, OpenExclusive, only(HARD), || ());
        for event in [Set(1, TakenQueued), Edge(1, 2, EN), Edge(2, 3, EN), Set(3, OpenExclusive)] {
            assert_eq!(stage.play(event), None);
        }
        // By itself it is like any other: it keeps out what interrupts the task.
        assert!(stage.play(Set(2, TakenQueued)).is_some());
    }

    #[test]
    fn what_clashes_with_itself_is_said_once() {
        let mut stage = Stage::default();
        let events = [Set(1, TakenQueued), Set(1, OpenExclusive), Set(2, OpenExclusive)];
        let found: Vec<_> = events.map(|event| stage.play(event).is_some()).into();
        assert_eq!(found, [false, true, false]);
        assert_eq!(stage.play(Edge(1, 2, EN)), None);
        assert_eq!(stage.play(Edge(4, 2, EN)), None);
        assert!(stage.play(Set(4, TakenQueued)).is_some(), "another class, another violation");
    }

    #[test]
    fn a_mark_has_the_witness_that_set_it() {
        let mut usages: Usages<u32, &str> = Usages::default();
        assert_eq!(usages.mark(1, false, OpenShared, 0b0011, || "first"), 0b0011);
        assert_eq!(usages.mark(1, false, OpenShared, 0b0110, || "second"), 0b0100);
        assert_eq!(usages.mark(1, false, OpenShared, 0b0111, || unreachable!()), 0);
        assert_eq!(usages.witness(1, OpenShared, 1), Some(&"first"));
        assert_eq!(usages.witness(1, OpenShared, 2), Some(&"second"));
        assert_eq!(usages.witness(1, OpenShared, 3), None);
        assert_eq!(usages.witness(1, OpenExclusive, 1), None);
    }
}
