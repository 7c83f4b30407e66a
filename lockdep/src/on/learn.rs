//! The cold path of an acquire: from a task that is about to wait to what the tracker learned of it.
//!
//! 1. The lock's class and number, and the backtrace, if this chain at this place has none.
//! 2. The rules: nest lock, locks of the same class (`same_class`), locks of others (`rules`), by an
//!    edge from every held lock, and who waits as a writer.
//! 3. What is broken is numbered under the graphs' lock, so that no other task takes it for known and
//!    harmless; what it says is looked up with no lock held.
//! 4. What broke nothing is remembered, by the task and, if it says nothing of instances, by the
//!    process.

use std::panic::Location;
use std::sync::Arc;

use crate::how::{Describe, How};
use crate::mode::Mode;
use crate::on::census;
use crate::on::context;
use crate::on::finding::{self, Finding};
use crate::on::found::{Identity, Met};
use crate::on::guards::{Guard, Guards};
use crate::on::knowledge::Graphs;
use crate::on::loss::{self, Loss};
use crate::on::map::{Map, Word};
use crate::on::nest::{Exempt, Nest, Standing};
use crate::on::properties::Life;
use crate::on::registry::{self, Node};
use crate::on::ring::News;
use crate::on::rules::{self, Judged};
use crate::on::same_class;
use crate::on::settings::{BacktraceStyle, Level};
use crate::on::task::{Held, Keys, Task};
use crate::on::trace;
use crate::on::tracker::{Tracker, name, never_taken};
use crate::on::want::Wait;
use crate::on::withheld::Withheld;
use crate::on::witness::{End, Waiter, Witness};
use crate::violation::Violation;

/// [`Judged`] with numbers for what is broken.
#[derive(Debug, Default)]
pub(super) struct Settled {
    new: Vec<Arc<Witness>>,
    told: Vec<(usize, Finding)>,
    again: Vec<usize>,
    /// What an earlier acquire broke, as is clear only now.
    reopened: Vec<(usize, Finding)>,
    withheld: Vec<Withheld>,
    writers: Vec<Arc<Waiter>>,
}

impl Settled {
    /// The numbers of what the acquire itself broke.
    fn numbers(&self) -> Vec<usize> {
        self.told.iter().map(|&(number, _)| number).chain(self.again.iter().copied()).collect()
    }
}

/// What one event taught the tracker.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// A class that the task did not know.
    pub(crate) class: Option<Node>,
    /// Dependencies between classes that were not known.
    pub(crate) dependencies: Vec<Arc<Witness>>,
    /// Who waited for a lock as a writer in a way that is news.
    pub(crate) writers: Vec<Arc<Waiter>>,
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

impl From<Vec<Met>> for Learned {
    fn from(met: Vec<Met>) -> Learned {
        Learned { met, ..Learned::default() }
    }
}

impl From<Option<Met>> for Learned {
    fn from(met: Option<Met>) -> Learned {
        Learned { met: met.into_iter().collect(), ..Learned::default() }
    }
}

/// One wait as the rules see it.
#[derive(Clone, Copy)]
struct Acquire<'a> {
    task: &'a Task,
    keys: Keys,
    wait: Wait,
    wanted: &'a End,
    /// What keeps others away meanwhile.
    guards: &'a Guards,
}

impl Tracker {
    /// Gives a lock its class and number; none if there are no more.
    fn resolve(&self, task: &Task, map: &Map, describe: Describe) -> Option<Word> {
        if map.word().is_resolved() {
            return Some(map.word());
        }
        let class = registry::made_at(map.place(), describe())?;
        task.learn_class(map.place(), describe, class);
        let instance = task.next_instance()?;
        Some(map.resolve(class, census::tag_for_new(class.get()), instance))
    }

    /// The cold path of a wait.
    ///
    /// 1. Capture the stack, if this chain at this place has none.
    /// 2. The nest lock, if there is one: it must be held.
    /// 3. Whether waiting for it is allowed here.
    /// 4. Locks of the same class: recursion, and the order between instances.
    /// 5. If the chain is new to the process: an edge from every held lock.
    /// 6. Where it is taken and what may come upon its holder.
    /// 7. What broke nothing is remembered; what did is not, so that it is met and counted again.
    pub(crate) fn learn(
        &self,
        task: &Task,
        map: &Map,
        how: How,
        wait: Wait,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Learned {
        let mut learned = Learned::default();
        let known = map.word().is_resolved();
        let Some(word) = self.resolve(task, map, describe).filter(|word| !word.is_untracked())
        else {
            return learned;
        };
        let entry = word.held(how);
        learned.class = (!known).then(|| entry.node());
        let keys = wait.keys(task.keys(entry, site));
        task.reserve();
        let is_known = match wait {
            Wait::Acquire | Wait::Sync => task.knows_slow(entry, keys),
            Wait::Nested(nest) => {
                let level = self.settings.level;
                let exempt = || nest.exempt(level, task, entry.class());
                nest.standing(task) == Standing::Held
                    && task.knows_nested(entry, keys)
                    && same_class::siblings(task, (entry, keys), wait, &exempt()).is_empty()
            }
            Wait::Upgrade => false,
        };
        if is_known {
            return learned;
        }
        if self.settings.backtrace != BacktraceStyle::Off {
            self.knowledge.keep_trace(keys.witness, trace::capture);
        }
        let wanted = End { entry, site, trace: self.knowledge.trace(keys.witness) };
        if let Wait::Nested(nest) = wait {
            learned.met.extend(self.check_nest(task, nest, &wanted));
        }
        let properties = registry::properties(entry.class());
        if properties.life == Life::Dropped {
            loss::count(Loss::DroppedClass);
            return learned;
        }
        // Before it is asked below: what holds of a chain was judged with the chain.
        let is_unjudged = context::is_any() || !self.knowledge.is_validated(keys.chain);
        let (waits, is_checked) = (!how.is_trylock(), properties.is_checked());
        let mut broken = waits && self.check_wait(task, &wanted, &mut learned);
        if waits && is_checked {
            let mut guards =
                self.guards(task.held_while_waiting(entry).map(|held| held.entry), entry);
            if self.settings.level == Level::Observed {
                guards = guards.seen_at(task.occurrence());
            }
            let acquire = Acquire { task, keys, wait, wanted: &wanted, guards: &guards };
            broken |= self.check_class(acquire, &mut learned);
            broken |= self.check_order(acquire, &mut learned);
            self.note_taken(task, keys, &wanted, &guards, &mut learned);
        }
        if is_checked && is_unjudged {
            broken |= self.check_contexts(task, keys, wait, &wanted, &mut learned);
        }
        if !broken {
            match wait {
                Wait::Acquire | Wait::Sync => task.learn(entry, keys),
                Wait::Nested(_) => task.learn_nested(keys),
                Wait::Upgrade => {}
            }
        }
        learned
    }

    /// The rule for the nest lock of an acquire.
    fn check_nest(&self, task: &Task, nest: Nest, wanted: &End) -> Option<Met> {
        let word = nest.lock.filter(|_| nest.standing(task) == Standing::NotHeld)?;
        let outer = word.is_resolved().then(|| word.node());
        let nodes = outer.into_iter().chain([wanted.entry.node()]);
        let identity = Identity::of_cycle(8, nodes.collect());
        self.found.meet(identity, || Violation::NestNotHeld {
            task: name(task).as_ref().to_owned(),
            wanted: wanted.resolve(self.settings.backtrace),
            nest: outer.map_or_else(|| never_taken(nest.place), registry::describe),
            held: self.all_held(task),
        })
    }

    /// The rules for locks of the class that is wanted; returns whether one is broken.
    fn check_class(&self, acquire: Acquire<'_>, learned: &mut Learned) -> bool {
        let Acquire { task, keys, wait, wanted, guards } = acquire;
        let (level, entry) = (self.settings.level, wanted.entry);
        if task.siblings(entry.class()).next().is_none() {
            return false;
        }
        let (exempt, nested) = match wait {
            Wait::Nested(nest) => {
                (nest.exempt(level, task, entry.class()), nest.guards(guards.held(), entry))
            }
            Wait::Acquire | Wait::Upgrade | Wait::Sync => (Exempt::None, Guards::none()),
        };
        let siblings = same_class::siblings(task, (entry, keys), wait, &exempt);
        if siblings.is_empty() {
            return false;
        }
        let mut graphs = self.knowledge.graphs.lock();
        let witness = |held: &Held, guards: &Guards| self.witness(task, held, wanted, guards);
        let guards = (guards, &nested);
        let acquire = (entry, keys);
        let judged =
            same_class::check(level, &mut graphs, task, acquire, guards, &siblings, witness);
        let settled = self.settle(&mut graphs, judged);
        drop(graphs);
        self.tell(settled, learned)
    }

    /// The edges from all held locks to the one that is wanted; returns whether one is broken.
    fn check_order(&self, acquire: Acquire<'_>, learned: &mut Learned) -> bool {
        let Acquire { task, keys, wait, wanted, guards } = acquire;
        // What a chain does is known; at level `observed` it also matters who does it when.
        if self.settings.level != Level::Observed && self.knowledge.is_validated(keys.chain) {
            return false;
        }
        let entry = wanted.entry;
        let level = self.settings.level;
        let is_nested = matches!(wait, Wait::Nested(nest) if nest.standing(task) == Standing::Held);
        let mut judged = Judged::default();
        let mut graphs = self.knowledge.graphs.lock();
        if level != Level::Observed
            && let Some(numbers) = graphs.broken_by(keys.chain)
        {
            let again = numbers.to_vec();
            drop(graphs);
            return self.tell(Settled { again, ..Settled::default() }, learned);
        }
        // Asked under the lock: whoever drops a class takes it before the class's edges go.
        let is_checked = |entry: Word| registry::properties(entry.class()).is_checked();
        let is_other = |held: &Held| held.entry.node() != entry.node();
        let counts = |held: &Held| is_checked(entry) && is_checked(held.entry) && is_other(held);
        for held in task.held_in_frame_while_waiting(entry).filter(counts) {
            let witness = || self.witness(task, &held, wanted, guards);
            if is_nested {
                rules::set_nested(&mut graphs, held.entry, entry);
            }
            let ends = (held.entry, entry);
            rules::order(level, &mut graphs, ends, guards, witness, &mut judged);
        }
        if level != Level::Order && wait != Wait::Sync && entry.how().mode() == Mode::Exclusive {
            let waiter = || {
                let (task, wanted) = (name(task), wanted.clone());
                Arc::new(Waiter { task, wanted, guards: guards.clone() })
            };
            rules::writer(&mut graphs, entry, guards, waiter, &mut judged);
        }
        let settled = self.settle(&mut graphs, judged);
        let locks = settled.new.iter().map(|witness| News::Lock(witness.wanted.entry.node()));
        let writers = settled.writers.first().map(|_| News::Writer);
        let rings = self.number_rings(&mut graphs, &locks.chain(writers).collect::<Vec<_>>());
        let numbers = settled.numbers();
        if numbers.is_empty() {
            self.knowledge.set_validated(keys.chain);
        } else {
            graphs.set_broken(keys.chain, numbers);
        }
        drop(graphs);
        self.tell_rings(rings, learned);
        self.tell(settled, learned)
    }

    /// What keeps others away from where a task is that holds `held`.
    pub(super) fn guards(&self, held: impl Iterator<Item = Word>, wanted: Word) -> Guards {
        let held: Vec<Word> = held.collect();
        held.iter().for_each(|entry| census::add_guard(entry.class()));
        if self.knowledge.has_many_chains() {
            held.iter().for_each(|entry| census::freeze(entry.class()));
        }
        let sole = held.iter().filter(|entry| census::is_sole(**entry)).map(|entry| Guard {
            lock: entry.lock(),
            class: entry.class(),
            mode: entry.how().mode(),
            downgraded: entry.how().is_downgraded(),
        });
        let sole: Vec<Guard> = sole.collect();
        let complete = sole.len() == held.len();
        // Of two locks of one class in one sighting nobody can say which of them one of that class in
        // another sighting stands for.
        let is_other = held.iter().all(|entry| entry.class() != wanted.class());
        let known = (is_other && census::is_sole(wanted)).then(|| wanted.lock());
        Guards::new(sole, known, complete)
    }

    /// Numbers the findings of one acquire. Still under the graphs' lock: from here on nobody takes
    /// the dependencies that are part of them for good.
    pub(super) fn settle(&self, graphs: &mut Graphs, judged: Judged) -> Settled {
        let Judged { new, findings, late, reopened, withheld, writers } = judged;
        let mut settled = Settled { new, writers, ..Settled::default() };
        for (finding, &stands) in findings.iter().zip(&finding::representatives(&findings)) {
            rules::set_broken(graphs, finding);
            let (number, new) = self.number(graphs, &findings[stands]);
            match new {
                true => settled.told.push((number, findings[stands].clone())),
                false => settled.again.push(number),
            }
        }
        // What was numbered just now was not met before, however many edges it stands for.
        let told: Vec<usize> = settled.told.iter().map(|&(number, _)| number).collect();
        settled.again.retain(|number| !told.contains(number));
        settled.again.sort_unstable();
        settled.again.dedup();
        for finding in late {
            let (number, new) = self.number(graphs, &finding);
            if new {
                rules::set_broken(graphs, &finding);
                settled.told.push((number, finding));
            }
        }
        for finding in reopened {
            let (number, new) = self.number(graphs, &finding);
            if new {
                rules::set_broken(graphs, &finding);
                settled.reopened.push((number, finding));
            }
        }
        settled.withheld = withheld.into_iter().filter(|cycle| graphs.hold_back(cycle)).collect();
        settled
    }

    /// The number of a finding, which the ledger then need not show any more, and whether it is new.
    fn number(&self, graphs: &mut Graphs, finding: &Finding) -> (usize, bool) {
        graphs.report(finding.cycle_identity());
        self.found.number(finding.identity())
    }

    /// Looks up and counts what one acquire broke; returns whether that is anything.
    pub(super) fn tell(&self, settled: Settled, learned: &mut Learned) -> bool {
        let broken = !settled.numbers().is_empty();
        let Settled { new, told, again, reopened, withheld, writers } = settled;
        learned.dependencies.extend(new);
        learned.withheld.extend(withheld);
        learned.writers.extend(writers);
        for (number, finding) in told.into_iter().chain(reopened) {
            let violation = finding.resolve(self.settings.backtrace);
            learned.met.push(self.found.tell(number, violation));
        }
        learned.met.extend(again.into_iter().filter_map(|number| self.found.again(number)));
        broken
    }

    pub(super) fn witness(
        &self,
        task: &Task,
        held: &Held,
        wanted: &End,
        guards: &Guards,
    ) -> Arc<Witness> {
        let (held, wanted) = (self.end(held), wanted.clone());
        Arc::new(Witness { task: name(task), held, wanted, guards: guards.clone() })
    }
}
