//! The tracker: what one process, or one test, knows about its locks.
//!
//! A tracker is a value. It judges the events of tasks, which are values too, and gives what it
//! finds back as values; it prints nothing and calls nobody. The process has one
//! (`process`), a test can make its own.

use std::panic::Location;
use std::sync::Arc;

use crate::class::Class;
use crate::held_back::HeldBack;
use crate::how::{Describe, How};
use crate::on::found::{Found, Identity, Met};
use crate::on::knowledge::Knowledge;
use crate::on::learn_wait::Waiter;
use crate::on::lineage;
use crate::on::map::{self, Map, Word};
use crate::on::nest::Nest;
use crate::on::nested;
use crate::on::registry::{self, Node};
use crate::on::settings::{BacktraceStyle, Level, Settings};
use crate::on::task::{Held, Task};
use crate::on::thread;
use crate::on::trace;
use crate::on::want::Wait;
use crate::on::withheld::Withheld;
use crate::on::witness::{End, Witness};
use crate::violation::{Assertion, Point, Touch, Violation};

/// Learns the order in which locks are taken and judges each new one.
#[derive(Debug)]
pub struct Tracker {
    pub(super) settings: Settings,
    pub(super) knowledge: Knowledge,
    pub(super) found: Found,
}

impl Tracker {
    /// A tracker that knows nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Tracker {
        if settings.level == Level::Observed {
            lineage::tell_moments_apart();
        }
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
        self.learn(task, map, how, Wait::Acquire, describe, site).met
    }

    /// `task` is about to wait for `map`'s lock under the nest lock `nest`: what it holds of the
    /// class that was taken after that one needs no order. Returns the rules that this breaks.
    pub fn before_acquire_nested(
        &self,
        task: &Task,
        map: &Map,
        how: How,
        nest: &Map,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Vec<Met> {
        self.learn(task, map, how, Wait::Nested(Nest::of(nest)), describe, site).met
    }

    /// `task` waits until nobody holds `map`'s lock, and does not take it. Returns the rules that
    /// this breaks.
    pub fn synchronized(
        &self,
        task: &Task,
        map: &Map,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Vec<Met> {
        self.learn(task, map, How::EXCLUSIVE, Wait::Sync, describe, site).met
    }

    /// `task` is about to wait until another one does what `map` stands for, which is no lock. Returns
    /// the rules that this breaks.
    pub fn before_event(
        &self,
        task: &Task,
        map: &Map,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Vec<Met> {
        self.waits(task, map, (How::EXCLUSIVE, Waiter::Thread), describe, site).met
    }

    /// `task` has what an earlier [`Tracker::before_event`] announced.
    pub fn event_came(&self, task: &Task, site: &'static Location<'static>) {
        task.begin_pass(site);
    }

    /// `task` does what `map` stands for. Returns the rules that this breaks.
    pub fn event_made(
        &self,
        task: &Task,
        map: &Map,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Vec<Met> {
        self.made(task, map, How::EXCLUSIVE, describe, site).met
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
        let word = map.word();
        if word.is_untracked() {
            task.remove(word.lock());
            return None;
        }
        if let Some(met) = self.released_pinned(task, map, site) {
            return met;
        }
        if task.pop(map) || task.remove(word.lock()) || task.released_untracked() {
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
        let word = map.word();
        self.forget(word);
        let held = task.held().find(|held| held.entry.is_same(word))?;
        while task.remove(word.lock()) {}
        task.change_pins(|pins| pins.clear(map::instance_of(word.lock())));
        match self.settings.level {
            // Nobody waits for a lock that is gone.
            Level::Deadlock | Level::Observed => None,
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
    pub(crate) fn forget(&self, word: Word) {
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
        self.found.meet(Identity::at(7, node, site), || Violation::AssertionFailed {
            task: name(task).as_ref().to_owned(),
            assertion,
            class: node.map(registry::describe),
            context: None,
            held: self.all_held(task),
            at: self.point_here(site),
        })
    }

    /// All violations so far, with how often each was met.
    #[must_use]
    pub fn violations(&self) -> Vec<Met> {
        self.found.all()
    }

    /// The cycles that the level holds back, with the reasons.
    #[must_use]
    pub fn ledger(&self) -> Vec<HeldBack> {
        let withheld: Vec<Withheld> =
            self.knowledge.graphs.lock().withheld.values().cloned().collect();
        let mut ledger: Vec<_> =
            withheld.iter().map(|cycle| cycle.resolve(self.settings.backtrace)).collect();
        ledger.sort_unstable();
        ledger
    }

    /// How many pairs of classes were seen nested.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.knowledge.graphs.lock().classes.graph.edge_count()
    }

    /// What `task` holds, oldest first, looked up. Slow.
    pub(super) fn all_held(&self, task: &Task) -> Vec<Touch> {
        task.held().map(|held| self.end(&held).resolve(self.settings.backtrace)).collect()
    }

    /// A hold with its backtrace.
    pub(crate) fn end(&self, held: &Held) -> End {
        End { entry: held.entry, site: held.site, trace: self.knowledge.trace(held.witness) }
    }

    /// The first that was seen of a dependency between two classes.
    pub(crate) fn first_seen(&self, held: Node, wanted: Node) -> Option<Arc<Witness>> {
        let graphs = self.knowledge.graphs.lock();
        let mut weights = graphs.classes.graph.weights(held, wanted);
        weights.find_map(|(_, seen)| seen.iter().next().map(|first| Arc::clone(&first.witness)))
    }

    /// Counts a violation that is found by what tasks do together.
    pub(crate) fn meet(
        &self,
        identity: Identity,
        describe: impl FnOnce() -> Violation,
    ) -> Option<Met> {
        self.found.meet(identity, describe)
    }

    /// The current place of the current task.
    pub(crate) fn point_here(&self, site: &'static Location<'static>) -> Point {
        let frames = match self.settings.backtrace {
            BacktraceStyle::Off => Vec::new(),
            style => trace::resolve(&trace::capture(), style),
        };
        Point { place: site.into(), frames }
    }
}

/// The class of a lock, which may never have been taken.
pub(super) fn class(map: &Map) -> Class {
    let word = map.word();
    if word.is_resolved() {
        return registry::describe(word.node());
    }
    never_taken(map.place())
}

/// What stands for the class of a lock of which nothing is known but where it was made.
pub(super) fn never_taken(place: &'static Location<'static>) -> Class {
    let (kind, payload) = ("lock".into(), "".into());
    Class { place: place.into(), kind, payload, name: None, subclass: 0, sibling: 0 }
}

/// What a task is called in reports.
pub(crate) fn name(task: &Task) -> Arc<str> {
    let of_async_task = || task.stack().and_then(|stack| stack.owner.async_task());
    match (task.name(), of_async_task()) {
        (_, Some(name)) => name.in_report().into(),
        (Some(name), None) => Arc::from(name),
        (None, None) => thread::name(),
    }
}
