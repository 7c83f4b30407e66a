//! What the tasks of one tracker have shown so far.
//!
//! Three stores, by how often they are asked: the set of validated chains and the backtraces, which
//! tasks read side by side; and, behind one lock, the two graphs, which only a chain that is new to
//! the process reaches.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use dashmap::{DashMap, DashSet};
use parking_lot::Mutex;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::on::feasible::Sighted;
use crate::on::found::Identity;
use crate::on::graph::{Graph, Step};
use crate::on::interruption::Use;
use crate::on::loss::{self, Loss};
use crate::on::registry::Node;
use crate::on::sightings::Sightings;
use crate::on::trace::Trace;
use crate::on::usage::Usages;
use crate::on::waits::{Maker, Waits};
use crate::on::withheld::Withheld;
use crate::on::witness::{Waiter, Witness};

/// How many chains are remembered; a program that makes more pays for validating some twice.
const MAX_CHAINS: usize = 1 << 20;
/// From how many chains on locks of one class are told apart no more.
const MANY_CHAINS: usize = 1 << 16;
/// How many chains that broke a rule are remembered.
const MAX_BROKEN: usize = 1 << 16;
/// How many cycles the ledger has room for.
const MAX_WITHHELD: usize = 1 << 12;
/// Of how many things that can be waited for it is kept who ended waits for them, and how many that
/// are. Of those that are forgotten a way to hang may be missed.
const MAX_THINGS: usize = 1 << 16;
const MAKERS: usize = 16;
/// How many backtraces are kept; later witnesses have the place of the call only.
const MAX_TRACES: usize = 1 << 18;

/// Chains, backtraces and graphs of one tracker.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    validated: DashSet<u64, FxBuildHasher>,
    traces: DashMap<u64, Trace, FxBuildHasher>,
    /// Which code is known to take the top lock of which chain, and which task was the first to do so;
    /// 0 if there were others.
    taken: DashMap<u64, u64, FxBuildHasher>,
    /// Who ended waits for each thing that can be waited for, by its number.
    makers: DashMap<u64, Vec<Maker>, FxBuildHasher>,
    /// Whether somebody was seen to wait with a lock held.
    pub(crate) has_waits: AtomicBool,
    pub(crate) graphs: Mutex<Graphs>,
}

/// The orders seen so far.
#[derive(Debug, Default)]
pub(crate) struct Graphs {
    /// Between classes.
    pub(crate) classes: Order<Node>,
    /// Between the locks of each class that were nested.
    pub(crate) instances: Order<u64>,
    /// Which classes are used in which contexts.
    pub(crate) usages: Usages<Node, Arc<Use>>,
    /// Who was seen to wait for a lock as a writer, by class.
    pub(crate) writers: FxHashMap<Node, Sightings<Arc<Waiter>>>,
    /// Locks that were read twice while nobody could wait to write, by class.
    pub(crate) recursions: FxHashMap<Node, Sightings<Arc<Witness>>>,
    /// Who waits for what is no lock, and what is needed for that.
    pub(crate) waits: Waits,
    /// Cycles that the level holds back.
    pub(crate) withheld: FxHashMap<Identity, Withheld>,
    /// Cycles that are violations.
    reported: FxHashSet<Identity>,
    /// What the chains broke that broke a rule.
    broken: FxHashMap<u64, Vec<usize>>,
}

/// One graph, and which of its edges broke a rule when they were added.
pub(crate) struct Order<N> {
    pub(crate) graph: Sighted<N, Arc<Witness>>,
    pub(crate) broken: FxHashSet<Step<N>>,
    /// Edges to locks that were taken under a nest lock: for cycles through them gates count at
    /// every level.
    pub(crate) nested: FxHashSet<Step<N>>,
}

impl<N: Copy + Ord + Hash> fmt::Debug for Order<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order")
            .field("graph", &self.graph)
            .field("broken", &self.broken.len())
            .finish()
    }
}

impl<N: Copy + Ord + Hash> Default for Order<N> {
    fn default() -> Order<N> {
        Order { graph: Graph::new(), broken: FxHashSet::default(), nested: FxHashSet::default() }
    }
}

impl Graphs {
    /// Which violations a chain stands for, if it broke a rule before.
    pub(crate) fn broken_by(&self, chain: u64) -> Option<&[usize]> {
        self.broken.get(&chain).map(Vec::as_slice)
    }

    /// Notes which violations a chain stands for, so that it need not be judged again.
    pub(crate) fn set_broken(&mut self, chain: u64, violations: Vec<usize>) {
        if self.broken.len() >= MAX_BROKEN {
            self.broken.clear();
        }
        self.broken.insert(chain, violations);
    }

    /// Notes that a cycle is a violation, which the ledger then need not show any more.
    pub(crate) fn report(&mut self, cycle: Identity) {
        self.withheld.remove(&cycle);
        self.reported.insert(cycle);
    }

    /// Keeps a cycle for the ledger; false if it is known there, for this reason, or is a violation.
    pub(crate) fn hold_back(&mut self, withheld: &Withheld) -> bool {
        if self.reported.contains(&withheld.identity()) {
            return false;
        }
        if self.withheld.len() >= MAX_WITHHELD {
            loss::count(Loss::Withheld);
            return false;
        }
        let known = self.withheld.insert(withheld.identity(), withheld.clone());
        known.is_none_or(|known| known.reason != withheld.reason)
    }
}

impl<N: Copy + Ord + Hash> Order<N> {
    /// Forgets a lock that is destroyed, or a class that is dropped: no task can wait for it any
    /// more.
    pub(crate) fn forget(&mut self, node: N) {
        self.graph.remove(node);
        self.broken.retain(|step| step.from != node && step.to != node);
        self.nested.retain(|step| step.from != node && step.to != node);
    }
}

impl Knowledge {
    pub(crate) fn is_validated(&self, chain: u64) -> bool {
        self.validated.contains(&chain)
    }

    pub(crate) fn set_validated(&self, chain: u64) {
        if self.validated.len() >= MAX_CHAINS {
            loss::count(Loss::Chains);
            self.validated.clear();
        }
        self.validated.insert(chain);
    }

    /// Somebody ends waits for a thing; at most [`MAKERS`] are kept of each.
    pub(crate) fn add_maker(&self, thing: u64, maker: Maker) {
        if self.makers.len() >= MAX_THINGS {
            loss::count(Loss::Waits);
            self.makers.clear();
        }
        let mut makers = self.makers.entry(thing).or_default();
        if !makers.contains(&maker) && makers.len() < MAKERS {
            makers.push(maker);
        }
    }

    /// Who was seen to end waits for a thing.
    pub(crate) fn makers(&self, thing: u64) -> Vec<Maker> {
        self.makers.get(&thing).map(|makers| makers.clone()).unwrap_or_default()
    }

    /// Whether it is news that a task takes the top lock of a chain in code of some class.
    pub(crate) fn is_taken_anew(&self, key: u64, task: u64) -> bool {
        let first = self.taken.get(&key).map(|first| *first);
        if first == Some(0) || first == Some(task) {
            return false;
        }
        if self.taken.len() >= MAX_CHAINS {
            self.taken.clear();
        }
        self.taken.entry(key).and_modify(|first| *first = 0).or_insert(task);
        true
    }

    /// Whether there are so many chains that no more should be made by telling locks apart.
    pub(crate) fn has_many_chains(&self) -> bool {
        self.validated.len() > MANY_CHAINS
    }

    /// The backtrace kept under `key`.
    pub(crate) fn trace(&self, key: u64) -> Option<Trace> {
        self.traces.get(&key).map(|trace| Arc::clone(&trace))
    }

    /// Keeps the backtrace that `capture` makes, unless there is one under `key`.
    pub(crate) fn keep_trace(&self, key: u64, capture: impl FnOnce() -> Trace) {
        if self.traces.contains_key(&key) {
            return;
        }
        if self.traces.len() >= MAX_TRACES {
            loss::count(Loss::Backtraces);
            return;
        }
        // Captured outside the map's lock: unwinding may allocate.
        let trace = capture();
        self.traces.insert(key, trace);
    }
}
