//! The tracker: what one process, or one test, knows about its locks.
//!
//! A tracker is a value. It judges the events of tasks, which are values too, and gives what it
//! finds back as values; it prints nothing and calls nobody. The process has one
//! (`process`), a test can make its own.

use std::panic::Location;
use std::sync::Arc;

use crate::class::Class;
use crate::how::{Describe, How};
use crate::on::found::{Found, Identity, Met};
use crate::on::knowledge::{Graphs, Knowledge};
use crate::on::map::{Map, Word};
use crate::on::nested;
use crate::on::registry::{self, Node};
use crate::on::rules::{self, Finding, Judged};
use crate::on::same_class;
use crate::on::settings::{BacktraceStyle, Level, Settings};
use crate::on::task::{Held, Keys, Task};
use crate::on::thread;
use crate::on::trace;
use crate::on::withheld::{SeenWriter, Withheld};
use crate::on::witness::{End, Witness};
use crate::violation::{Assertion, Point, Violation};

/// Learns the order in which locks are taken and judges each new one.
#[derive(Debug)]
pub struct Tracker {
    settings: Settings,
    knowledge: Knowledge,
    found: Found,
}

/// What the rules said of one acquire, with numbers for what is broken.
#[derive(Debug)]
struct Settled {
    new: Vec<Arc<Witness>>,
    told: Vec<(usize, Finding)>,
    again: Vec<usize>,
}

/// What one event taught the tracker.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// A class that the task did not know.
    pub(crate) class: Option<Node>,
    /// Dependencies between classes that were not known.
    pub(crate) dependencies: Vec<Arc<Witness>>,
    /// Classes for which somebody waited to write with fewer locks held than before.
    pub(crate) writers: Vec<SeenWriter>,
    /// Cycles that the level holds back.
    pub(crate) withheld: Vec<Withheld>,
    /// Rules that the event broke.
    pub(crate) met: Vec<Met>,
}

impl Learned {
    /// Whether there is nothing to write down.
    pub(crate) fn is_empty(&self) -> bool {
        let Learned { class, dependencies, writers, withheld, met } = self;
        class.is_none()
            && dependencies.is_empty()
            && writers.is_empty()
            && withheld.is_empty()
            && met.is_empty()
    }
}

impl Tracker {
    /// A tracker that knows nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Tracker {
        Tracker { settings, knowledge: Knowledge::default(), found: Found::default() }
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
        self.released_at(task, map, Location::caller())
    }

    /// [`Tracker::released`], called at `site`.
    pub(crate) fn released_at(
        &self,
        task: &Task,
        map: &Map,
        site: &'static Location<'static>,
    ) -> Option<Met> {
        if task.pop(map) || task.remove(map.word().lock()) || task.released_untracked() {
            return None;
        }
        self.found.meet(Identity::at(5, Some(map.word().node()), site), || {
            Violation::ReleaseNotHeld {
                task: name(task).as_ref().to_owned(),
                class: class(map),
                at: self.point_here(site),
            }
        })
    }

    /// `task` is about to turn its exclusive hold of `map`'s lock into a shared one.
    pub fn downgraded(&self, task: &Task, map: &Map) {
        task.downgrade(map.word().lock());
    }

    /// `map`'s lock is about to be destroyed or initialised again.
    #[track_caller]
    pub fn destroyed(&self, task: &Task, map: &Map) -> Option<Met> {
        self.destroyed_at(task, map, Location::caller())
    }

    /// [`Tracker::destroyed`], called at `site`.
    pub(crate) fn destroyed_at(
        &self,
        task: &Task,
        map: &Map,
        site: &'static Location<'static>,
    ) -> Option<Met> {
        self.forget(map);
        let word = map.word();
        let held = task.held().find(|held| held.entry.lock() == word.lock())?;
        while task.remove(word.lock()) {}
        match self.settings.level {
            // Nobody waits for a lock that is gone.
            Level::Deadlock => None,
            Level::Order => {
                self.found.meet(Identity::at(6, Some(held.entry.node()), held.site), || {
                    Violation::HeldLockFreed {
                        task: name(task).as_ref().to_owned(),
                        held: self.end(&held).resolve(self.settings.backtrace),
                        at: self.point_here(site),
                    }
                })
            }
        }
    }

    /// Takes a lock out of the order between locks of its class.
    pub(crate) fn forget(&self, map: &Map) {
        let word = map.word();
        if nested::has(word.class()) {
            self.knowledge.graphs.lock().instances.forget(word.lock());
        }
    }

    /// An assertion of `task` about `map`'s lock, or about none, does not hold.
    pub(crate) fn assertion_failed(
        &self,
        task: &Task,
        assertion: Assertion,
        map: Option<&Map>,
        site: &'static Location<'static>,
    ) -> Option<Met> {
        let word = map.map(Map::word).filter(|word| word.is_resolved());
        let node = word.map(Word::node);
        self.found.meet(Identity::at(7, node, site), || {
            let held = task.held().map(|held| self.end(&held).resolve(self.settings.backtrace));
            Violation::AssertionFailed {
                task: name(task).as_ref().to_owned(),
                assertion,
                class: node.map(registry::describe),
                held: held.collect(),
                at: self.point_here(site),
            }
        })
    }

    /// All violations so far, with how often each was met.
    #[must_use]
    pub fn violations(&self) -> Vec<Met> {
        self.found.all()
    }

    /// How many pairs of classes were seen nested.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.knowledge.graphs.lock().classes.graph.edge_count()
    }

    /// Gives a lock its class and number; none if there are no more.
    fn resolve(&self, task: &Task, map: &Map, describe: Describe) -> Option<Word> {
        if map.word().is_resolved() {
            return Some(map.word());
        }
        let class = registry::made_at(map.place(), describe())?;
        task.learn_class(map.place(), describe, class);
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
        if task.siblings(wanted.entry.class()).next().is_none() {
            return false;
        }
        let mut graphs = self.knowledge.graphs.lock();
        let witness = |held: &Held| self.witness(task, held, wanted);
        let judged =
            same_class::check(self.settings.level, &mut graphs, task, wanted.entry, witness);
        let settled = self.settle(&mut graphs, judged);
        drop(graphs);
        self.tell(settled, learned)
    }

    /// The edges from all held locks to the one that is wanted; returns whether one is broken.
    fn check_order(&self, task: &Task, keys: Keys, wanted: &End, learned: &mut Learned) -> bool {
        if self.knowledge.is_validated(keys.chain) {
            return false;
        }
        let entry = wanted.entry;
        let mut judged = Judged::default();
        let mut graphs = self.knowledge.graphs.lock();
        for held in task.held().filter(|held| held.entry.node() != entry.node()) {
            let witness = || self.witness(task, &held, wanted);
            judged.add(rules::order(&mut graphs, held.entry, entry, witness));
        }
        let settled = self.settle(&mut graphs, judged);
        drop(graphs);
        let broken = self.tell(settled, learned);
        if !broken {
            self.knowledge.set_validated(keys.chain);
        }
        broken
    }

    /// Numbers the findings of one acquire, and notes with the edges that broke a rule which of
    /// them it was. Still under the graphs' lock: from here on nobody takes those edges for good.
    fn settle(&self, graphs: &mut Graphs, judged: Judged) -> Settled {
        let Judged { new, findings, again } = judged;
        let stands = rules::representatives(&findings);
        let mut settled = Settled { new, told: Vec::new(), again };
        for (finding, &stands) in findings.iter().zip(&stands) {
            let (number, new) = self.found.number(findings[stands].identity());
            rules::set_broken(graphs, finding, number);
            match new {
                true => settled.told.push((number, findings[stands].clone())),
                false => settled.again.push(number),
            }
        }
        // What was numbered just now was not met before, however many edges it stands for.
        let told: Vec<usize> = settled.told.iter().map(|&(number, _)| number).collect();
        settled.again.retain(|number| !told.contains(number));
        settled
    }

    /// Looks up and counts what one acquire broke; returns whether that is anything.
    fn tell(&self, settled: Settled, learned: &mut Learned) -> bool {
        let Settled { new, told, mut again } = settled;
        let broken = !told.is_empty() || !again.is_empty();
        learned.dependencies.extend(new);
        for (number, finding) in told {
            learned.met.push(self.found.tell(number, self.describe(&finding)));
        }
        again.sort_unstable();
        again.dedup();
        learned.met.extend(again.into_iter().filter_map(|number| self.found.again(number)));
        broken
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
        let guards = Arc::from([]);
        Arc::new(Witness { task: name(task), held: self.end(held), wanted: wanted.clone(), guards })
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

/// The class of a lock, which may never have been taken.
fn class(map: &Map) -> Class {
    let word = map.word();
    if word.is_resolved() {
        return registry::describe(word.node());
    }
    Class {
        place: map.place().into(),
        kind: "lock".into(),
        payload: "".into(),
        name: None,
        subclass: 0,
    }
}

/// What a task is called in reports.
fn name(task: &Task) -> Arc<str> {
    task.name().map_or_else(thread::name, Arc::from)
}
