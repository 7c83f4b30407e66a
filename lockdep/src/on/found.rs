//! The violations of one tracker, each once, with how often it was met.
//!
//! A violation is numbered as soon as it is found, under the lock of the graph, so that no other
//! task takes the same broken order for a known and harmless one. What it says is looked up later,
//! with no lock held; whoever meets it in between is counted.

use std::panic::Location;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::mode::Mode;
use crate::on::registry::Node;
use crate::on::usage::ContextId;
use crate::on::witness::Witness;
use crate::violation::Violation;

/// A violation as it was met by one event.
#[derive(Clone, Debug)]
pub struct Met {
    /// Its number among the tracker's violations, from 0.
    pub index: usize,
    /// The violation as it was first found.
    pub violation: Arc<Violation>,
    /// How often it was met so far; 1 if it is new.
    pub times: u64,
}

/// What makes two violations the same, cheap to compare: neither tasks nor instances, and places
/// only for a rule that is about one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    rule: u8,
    locks: Vec<(Node, Mode, Mode)>,
    site: usize,
}

impl Identity {
    /// Of a rule about a cycle, given as its classes.
    pub(crate) fn of_cycle(rule: u8, mut nodes: Vec<Node>) -> Identity {
        let smallest = (0..nodes.len()).min_by_key(|&at| nodes[at]).unwrap_or(0);
        nodes.rotate_left(smallest);
        let locks = nodes.into_iter().map(|node| (node, Mode::Exclusive, Mode::Exclusive));
        Identity { rule, locks: locks.collect(), site: 0 }
    }

    /// Of a rule about two locks of one class, or one lock taken twice.
    pub(crate) fn of_nesting(rule: u8, witness: &Witness) -> Identity {
        let (held, wanted) = (witness.held.entry, witness.wanted.entry);
        let locks = vec![(held.node(), held.how().mode(), wanted.how().mode())];
        Identity { rule, locks, site: 0 }
    }

    /// Of a rule about one lock, or none, at one place.
    pub(crate) fn at(rule: u8, node: Option<Node>, site: &'static Location<'static>) -> Identity {
        let locks = node.map(|node| (node, Mode::Exclusive, Mode::Exclusive));
        let site = std::ptr::from_ref(site).addr();
        Identity { rule, locks: locks.into_iter().collect(), site }
    }
}

impl Identity {
    /// Of a rule about locks in respect of a context.
    pub(crate) fn in_context(
        rule: u8,
        nodes: Vec<(Node, Mode)>,
        context: Option<ContextId>,
    ) -> Identity {
        let locks = nodes.into_iter().map(|(node, mode)| (node, mode, mode)).collect();
        Identity { rule, locks, site: context.map_or(0, |context| usize::from(context) + 1) }
    }
}

/// The violations so far.
#[derive(Debug, Default)]
pub(crate) struct Found(Mutex<Violations>);

#[derive(Debug, Default)]
struct Violations {
    all: Vec<Numbered>,
    by_identity: FxHashMap<Identity, usize>,
}

/// A violation that has its number.
#[derive(Debug, Default)]
struct Numbered {
    /// None while its finder looks up what it says.
    violation: Option<Arc<Violation>>,
    times: u64,
}

impl Found {
    /// The number of a violation, and whether it was given just now: then the caller owes
    /// [`Found::tell`].
    pub(crate) fn number(&self, identity: Identity) -> (usize, bool) {
        let mut found = self.0.lock();
        let next = found.all.len();
        let number = *found.by_identity.entry(identity).or_insert(next);
        if number == next {
            found.all.push(Numbered::default());
        }
        (number, number == next)
    }

    /// Says what a newly numbered violation is.
    pub(crate) fn tell(&self, index: usize, violation: Violation) -> Met {
        let mut found = self.0.lock();
        let numbered = &mut found.all[index];
        let violation = Arc::new(violation);
        numbered.violation = Some(Arc::clone(&violation));
        numbered.times += 1;
        // Those who met it meanwhile are in the number already; to its finder it is new.
        Met { index, violation, times: 1 }
    }

    /// Counts a violation that was met again; none while its finder looks up what it says.
    pub(crate) fn again(&self, index: usize) -> Option<Met> {
        let mut found = self.0.lock();
        let numbered = found.all.get_mut(index)?;
        numbered.times += 1;
        let violation = Arc::clone(numbered.violation.as_ref()?);
        Some(Met { index, violation, times: numbered.times })
    }

    /// Counts a violation that `describe` can tell, which is asked the first time only.
    pub(crate) fn meet(
        &self,
        identity: Identity,
        describe: impl FnOnce() -> Violation,
    ) -> Option<Met> {
        match self.number(identity) {
            (index, true) => Some(self.tell(index, describe())),
            (index, false) => self.again(index),
        }
    }

    /// All that was told.
    pub(crate) fn all(&self) -> Vec<Met> {
        let found = self.0.lock();
        let told = found.all.iter().enumerate().filter_map(|(index, numbered)| {
            let violation = Arc::clone(numbered.violation.as_ref()?);
            Some(Met { index, violation, times: numbered.times })
        });
        told.collect()
    }
}
