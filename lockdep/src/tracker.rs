//! The tracker: what one process, or one test, knows about its locks.
//!
//! A tracker is a value. It judges the events of tasks, which are values too, and gives what it
//! finds back as values; it prints nothing, panics never and calls nobody. The process has one
//! (`process`), a test can make its own.

use std::panic::Location;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::how::{Describe, How};
use crate::knowledge::Knowledge;
use crate::map::{Map, Word};
use crate::nested;
use crate::registry::{self, Node};
use crate::rules::{self, Finding, Identity, Verdict};
use crate::settings::{BacktraceStyle, Level, Settings};
use crate::task::{Held, Keys, Task};
use crate::thread;
use crate::trace;
use crate::violation::{Assertion, Point, Signature, Violation};
use crate::witness::{End, Witness};

/// Learns the order in which locks are taken and judges each new one.
#[derive(Debug)]
pub struct Tracker {
    settings: Settings,
    knowledge: Knowledge,
    found: Mutex<Found>,
}

/// The violations so far.
#[derive(Debug, Default)]
struct Found {
    violations: Vec<Met>,
    by_identity: FxHashMap<Identity, usize>,
    by_signature: Vec<(Signature, usize)>,
}

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

/// What one event taught the tracker.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// A class that the task did not know.
    pub(crate) class: Option<Node>,
    /// Dependencies between classes that were not known.
    pub(crate) dependencies: Vec<Arc<Witness>>,
    /// Rules that the event broke.
    pub(crate) met: Vec<Met>,
}

impl Tracker {
    /// A tracker that knows nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Tracker {
        Tracker { settings, knowledge: Knowledge::default(), found: Mutex::default() }
    }

    /// What the tracker was told at the start.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// `task` is about to wait for `map`'s lock. Returns the rules that this breaks.
    pub fn before_acquire(
        &self,
        task: &Task,
        map: &Map,
        how: How,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Vec<Met> {
        self.learn(task, map, how, describe, site).met
    }

    /// `task` has obtained `map`'s lock, which an earlier [`Tracker::before_acquire`] announced.
    pub fn acquired(&self, task: &Task, map: &Map, how: How, site: &'static Location<'static>) {
        task.push(map, how, site);
    }

    /// `task` is about to release `map`'s lock. Returns the violation if it does not hold it.
    #[track_caller]
    pub fn released(&self, task: &Task, map: &Map) -> Option<Met> {
        if task.pop(map) || task.remove(map.word().lock()) || task.released_untracked() {
            return None;
        }
        let violation = Violation::ReleaseNotHeld {
            task: name(task).as_ref().to_owned(),
            class: registry::describe(map.word().node()),
            at: self.point_here(Location::caller()),
        };
        Some(self.meet(violation))
    }

    /// `task` is about to turn its exclusive hold of `map`'s lock into a shared one.
    pub fn downgraded(&self, task: &Task, map: &Map) {
        task.downgrade(map.word().lock());
    }

    /// `map`'s lock is about to be destroyed or initialised again.
    #[track_caller]
    pub fn destroyed(&self, task: &Task, map: &Map) -> Option<Met> {
        let word = map.word();
        if nested::has(word.class()) {
            self.knowledge.graphs.lock().instances.forget(word.lock());
        }
        let held = task.held().find(|held| held.entry.lock() == word.lock())?;
        while task.remove(word.lock()) {}
        match self.settings.level {
            // Nobody waits for a lock that is gone.
            Level::Deadlock => None,
            Level::Order => Some(self.meet(Violation::HeldLockFreed {
                task: name(task).as_ref().to_owned(),
                held: self.end(&held).resolve(self.settings.backtrace),
                at: self.point_here(Location::caller()),
            })),
        }
    }

    /// An assertion of `task` about `map`'s lock, or about none, does not hold.
    pub(crate) fn assertion_failed(
        &self,
        task: &Task,
        assertion: Assertion,
        map: Option<&Map>,
        site: &'static Location<'static>,
    ) -> Met {
        let word = map.map(Map::word).filter(|word| word.is_resolved());
        let held = task.held().map(|held| self.end(&held).resolve(self.settings.backtrace));
        self.meet(Violation::AssertionFailed {
            task: name(task).as_ref().to_owned(),
            assertion,
            class: word.map(|word| registry::describe(word.node())),
            held: held.collect(),
            at: self.point_here(site),
        })
    }

    /// All violations so far, with how often each was met.
    #[must_use]
    pub fn violations(&self) -> Vec<Met> {
        self.found.lock().violations.clone()
    }

    /// How many pairs of classes were seen nested.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.knowledge.graphs.lock().classes.graph.edge_count()
    }

    /// Gives a lock its class and number; none if there are no more numbers.
    fn resolve(&self, task: &Task, map: &Map, describe: Describe) -> Option<Word> {
        if map.word().is_resolved() {
            return Some(map.word());
        }
        let class = registry::made_at(map.place(), describe());
        // Locks of an allocator's class are the allocator's, those met later too.
        let registered = registry::class(class.get());
        if map.word().is_own() {
            registered.set_own();
        }
        let own = registered.is_own();
        if own {
            map.set_own();
        }
        task.learn_class(map.place(), describe, class, own);
        Some(map.resolve(class, task.next_instance()?))
    }

    /// The cold path of an acquire.
    ///
    /// 1. Capture the stack, if this chain at this place has none.
    /// 2. Locks of the same class: recursion, and the order between instances.
    /// 3. If the chain is new to the process: an edge from every held lock.
    /// 4. What broke nothing is remembered; what did is not, so that it is met and counted again.
    pub(crate) fn learn(
        &self,
        task: &Task,
        map: &Map,
        how: How,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Learned {
        let mut learned = Learned::default();
        let known = map.word().is_resolved();
        let Some(word) = self.resolve(task, map, describe) else {
            return learned;
        };
        let entry = word.held(how);
        learned.class = (!known).then(|| entry.node());
        let keys = task.keys(entry, site);
        task.reserve();
        if task.knows_slow(entry, keys) {
            return learned;
        }
        if self.settings.backtrace != BacktraceStyle::Off {
            self.knowledge.keep_trace(keys.witness, trace::capture);
        }
        if how.is_trylock() {
            task.learn(entry, keys);
            return learned;
        }
        let wanted = End { entry, site, trace: self.knowledge.trace(keys.witness) };
        let mut broken = self.check_class(task, &wanted, &mut learned);
        broken |= self.check_order(task, keys, &wanted, &mut learned);
        if !broken {
            task.learn(entry, keys);
        }
        learned
    }

    /// The rules for locks of the class that is wanted; returns whether one is broken.
    fn check_class(&self, task: &Task, wanted: &End, learned: &mut Learned) -> bool {
        let mut broken = false;
        let entry = wanted.entry;
        for held in task.siblings(entry.class()) {
            if held.entry.lock() == entry.lock() {
                if let Some(finding) = rules::recursion(&self.witness(task, &held, wanted)) {
                    learned.met.extend(self.find(vec![finding]));
                    broken = true;
                }
                continue;
            }
            if held.entry.node() != entry.node() || task.knows_pair(held.entry, entry) {
                continue;
            }
            let witness = self.witness(task, &held, wanted);
            nested::add(entry.class());
            let (nesting, joint) = {
                let (mut graphs, level) = (self.knowledge.graphs.lock(), self.settings.level);
                let nesting = rules::nesting(&mut graphs, level, &witness);
                (nesting, rules::joint(&mut graphs, level, &witness))
            };
            let mut pair_broken = false;
            for (verdict, between_classes) in [(nesting, false), (joint, true)] {
                let met = match verdict {
                    Verdict::Known | Verdict::New => continue,
                    Verdict::Again(index) => self.meet_again(index),
                    Verdict::Broken(finding) => self.find(vec![finding]),
                };
                pair_broken = true;
                if let (Level::Deadlock, Some(met)) = (self.settings.level, &met) {
                    let mut graphs = self.knowledge.graphs.lock();
                    match between_classes {
                        true => graphs.classes.broken.insert(witness.between_classes(), met.index),
                        false => {
                            graphs.instances.broken.insert(witness.between_instances(), met.index)
                        }
                    };
                }
                learned.met.extend(met);
            }
            if !pair_broken {
                task.learn_pair(held.entry, entry);
            }
            broken |= pair_broken;
        }
        broken
    }

    /// The edges from all held locks to the one that is wanted; returns whether one is broken.
    fn check_order(&self, task: &Task, keys: Keys, wanted: &End, learned: &mut Learned) -> bool {
        if self.knowledge.is_validated(keys.chain) {
            return false;
        }
        let witnesses: Vec<Arc<Witness>> = task
            .held()
            .filter(|held| held.entry.node() != wanted.entry.node())
            .map(|held| self.witness(task, &held, wanted))
            .collect();
        let (mut findings, mut closing, mut again) = (Vec::new(), Vec::new(), Vec::new());
        {
            let mut graphs = self.knowledge.graphs.lock();
            for witness in witnesses {
                match rules::order(&mut graphs, &witness) {
                    Verdict::Known => {}
                    Verdict::New => learned.dependencies.push(witness),
                    Verdict::Broken(finding) => {
                        findings.push(finding);
                        closing.push(witness.between_classes());
                        learned.dependencies.push(witness);
                    }
                    Verdict::Again(index) => again.push(index),
                }
            }
        }
        let broken = !findings.is_empty() || !again.is_empty();
        if let Some(met) = self.find(findings) {
            let mut graphs = self.knowledge.graphs.lock();
            for edge in closing {
                graphs.classes.broken.insert(edge, met.index);
            }
            learned.met.push(met);
        }
        again.sort_unstable();
        again.dedup();
        learned.met.extend(again.into_iter().filter_map(|index| self.meet_again(index)));
        if !broken {
            self.knowledge.set_validated(keys.chain);
        }
        broken
    }

    /// Of the findings of one acquire the shortest is told: the longer ones go through the same
    /// acquire and say nothing more.
    fn find(&self, findings: Vec<Finding>) -> Option<Met> {
        let finding = findings.into_iter().min_by_key(|finding| finding.witnesses().len())?;
        let identity = finding.identity();
        let known = self.found.lock().by_identity.get(&identity).copied();
        if let Some(index) = known {
            return self.meet_again(index);
        }
        let met = self.meet(self.describe(&finding));
        self.found.lock().by_identity.insert(identity, met.index);
        Some(met)
    }

    /// Counts a violation, which may have been met before.
    fn meet(&self, violation: Violation) -> Met {
        let signature = violation.signature();
        let mut found = self.found.lock();
        let known = found.by_signature.iter().find(|(known, _)| *known == signature);
        if let Some(&(_, index)) = known {
            found.violations[index].times += 1;
            return found.violations[index].clone();
        }
        let index = found.violations.len();
        let met = Met { index, violation: Arc::new(violation), times: 1 };
        found.violations.push(met.clone());
        found.by_signature.push((signature, index));
        met
    }

    fn meet_again(&self, index: usize) -> Option<Met> {
        let mut found = self.found.lock();
        let met = found.violations.get_mut(index)?;
        met.times += 1;
        Some(met.clone())
    }

    /// Looks up all that the report of a finding says. Slow.
    fn describe(&self, finding: &Finding) -> Violation {
        let mut cycle: Vec<_> = finding
            .witnesses()
            .iter()
            .map(|witness| witness.resolve(self.settings.backtrace))
            .collect();
        match finding {
            Finding::Recursion(_) => Violation::Recursion(cycle.remove(0)),
            Finding::UnorderedNesting(_) => Violation::UnorderedNesting(cycle.remove(0)),
            Finding::Inversion(_) | Finding::InstanceInversion(_) => {
                let length = cycle.len();
                let smallest =
                    (0..length).min_by_key(|&at| &cycle[at].held.class).unwrap_or_default();
                cycle.rotate_left(smallest);
                let closing = (length - smallest) % length;
                match finding {
                    Finding::Inversion(_) => Violation::Inversion { cycle, closing },
                    _ => Violation::InstanceInversion { cycle, closing },
                }
            }
        }
    }

    fn witness(&self, task: &Task, held: &Held, wanted: &End) -> Arc<Witness> {
        Arc::new(Witness { task: name(task), held: self.end(held), wanted: wanted.clone() })
    }

    fn end(&self, held: &Held) -> End {
        End { entry: held.entry, site: held.site, trace: self.knowledge.trace(held.witness) }
    }

    fn point_here(&self, site: &'static Location<'static>) -> Point {
        let frames = match self.settings.backtrace {
            BacktraceStyle::Off => Vec::new(),
            style => trace::resolve(&trace::capture(), style),
        };
        Point { place: site.into(), frames }
    }
}

/// What a task is called in reports.
fn name(task: &Task) -> Arc<str> {
    task.name().map_or_else(thread::name, Arc::from)
}
