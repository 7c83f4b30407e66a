//! The cold path of waits that are for no lock: from what a task does to what the tracker learns of
//! it.
//!
//! | what a task does | dependencies |
//! |---|---|
//! | waits for an event, or the end of code, while it holds L | L → target |
//! | waits for any one of several events, while it holds L | L → all of them |
//! | ends such a wait | event → every lock of its pass, and every code whose end it waited for in it |
//! | takes a lock, in code whose end can be waited for | end of the code → lock |
//! | the same, while code must run for a completion | completion → lock |
//! | waits for the end of other code | end of its own code → end of that code |
//!
//! Each asks the rule of `ring` where it is new. Two rules more are asked before a task waits for the
//! end of code: whether that is its own (LD0021), and whether a lock is held that was taken since the
//! code was started and has to do with it (LD0020), if no circle is known.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use crate::how::{Describe, How};
use crate::mode::Mode;
use crate::on::chain;
use crate::on::found::{Identity, Met};
use crate::on::frames;
use crate::on::guards::Guards;
use crate::on::knowledge::Graphs;
use crate::on::learn::Learned;
use crate::on::lineage::Life;
use crate::on::loss::{self, Loss};
use crate::on::map::{self, Map, Tag, Word};
use crate::on::pass::{self, Joined, Needed, Taken};
use crate::on::registry::{self, Node};
use crate::on::ring::{self, News, Ring};
use crate::on::settings::{BacktraceStyle, Level};
use crate::on::task::{Held, Keys, Task};
use crate::on::trace;
use crate::on::tracker::{Tracker, name};
use crate::on::waits::{Fact, Joins, Manner, Ran, Spot, Target, Waited, Who};
use crate::on::witness::End;
use crate::violation::Violation;
use crate::wait_type::WaitType;

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiter {
    /// A thread, which blocks with all that it holds.
    Thread,
    /// A future that is polled, which gives its thread up.
    Future,
}

/// Circles with numbers.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    told: Vec<(usize, Ring)>,
    again: Vec<usize>,
}

impl Tracker {
    /// `task` is about to wait until another one does what `map` stands for.
    pub(crate) fn waits(
        &self,
        task: &Task,
        map: &Map,
        (how, waiter): (How, Waiter),
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Learned {
        let mut learned = Learned::from(self.before_wait(task, WaitType::Waiting, site));
        if let Some(event) = self.event(task, map, how, describe) {
            let key = task.wait_key(event, site);
            let thing = Some(map::instance_of(event.lock()));
            let target = Target::Event(event.node());
            if !self.waits_for(task, waiter, &[(target, thing)], (key, site), &mut learned) {
                task.learn_key(key);
            }
        }
        learned
    }

    /// `task` is about to wait until others do any one of the things that these maps stand for.
    ///
    /// Nothing is learned if two of them are of one class: who ends a wait is known by class, and so
    /// nobody could tell whether both are stuck.
    pub(crate) fn waits_for_any(
        &self,
        task: &Task,
        events: &[(&Map, Describe)],
        site: &'static Location<'static>,
    ) -> Learned {
        let mut learned = Learned::from(self.before_wait(task, WaitType::Waiting, site));
        let mut words: Vec<Word> = Vec::with_capacity(events.len());
        for (map, describe) in events {
            let Some(event) = self.event(task, map, How::EXCLUSIVE, *describe) else {
                return learned;
            };
            if !words.iter().any(|other| other.lock() == event.lock()) {
                words.push(event);
            }
        }
        let key = task.choice_key(words.iter().copied(), site);
        let mut nodes: Vec<Node> = words.iter().map(|event| event.node()).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let are_apart = !words.is_empty() && nodes.len() == words.len();
        let targets: Vec<_> = words
            .iter()
            .map(|event| (Target::Event(event.node()), Some(map::instance_of(event.lock()))))
            .collect();
        if !are_apart || !self.waits_for(task, Waiter::Thread, &targets, (key, site), &mut learned)
        {
            task.learn_key(key);
        }
        learned
    }

    /// `task` does what `map` stands for.
    pub(crate) fn made(
        &self,
        task: &Task,
        map: &Map,
        how: How,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Learned {
        let mut learned = Learned::default();
        if let Some(event) = self.event(task, map, how, describe) {
            self.add_maker(task, event, &mut learned);
            let needed = task.needed(event.node());
            let at = self.spot(chain::of_event(chain::EMPTY, event, site), site);
            self.needs(task, Target::Event(event.node()), needed, Some(at), &mut learned);
        }
        learned
    }

    /// `task` is about to wait for the end of another one.
    pub(crate) fn joins(
        &self,
        task: &Task,
        waiter: Waiter,
        other: &Life,
        site: &'static Location<'static>,
    ) -> Learned {
        let target = Target::End(Node::new(other.code, 0));
        if other.ancestry.task == task.number() {
            return self.endless(task, target, site).into();
        }
        let mut learned = Learned::from(self.before_wait(task, WaitType::Waiting, site));
        let key = chain::of_code(chain::at(task.chain_key(), site), other.code);
        if waiter == Waiter::Future && is_any_code(target.node()) {
            if !other.is_told_apart() {
                learned.met.extend(self.join_under_lock(task, waiter, other, (key, site)));
            }
            return learned;
        }
        let circle = self.waits_for(task, waiter, &[(target, None)], (key, site), &mut learned);
        let trace = self.spot(key, site).trace;
        let joined = Joined { code: target.node(), site, trace, at: pass::now() };
        for target in own_targets(task) {
            let needed = Needed { joined: vec![joined.clone()], ..Needed::default() };
            self.needs(task, target, needed, None, &mut learned);
        }
        task.note_joined(joined);
        if !circle && !other.is_told_apart() {
            learned.met.extend(self.join_under_lock(task, waiter, other, (key, site)));
        }
        if task.depth() == 0 {
            task.learn_key(task.join_key(other.code, site));
        }
        learned
    }

    /// Notes who ends waits for this very thing.
    fn add_maker(&self, task: &Task, event: Word, learned: &mut Learned) {
        let (thing, maker) =
            (map::instance_of(event.lock()), (task.number(), task.code_as_maker()));
        task.learn_key(chain::of_maker(event));
        self.knowledge.add_maker(thing, maker);
        if !self.knowledge.has_waits.load(SeqCst) {
            return;
        }
        let mut graphs = self.knowledge.graphs.lock();
        if graphs.waits.make_thing(thing, maker) {
            let news = [News::Need(Target::Event(event.node()))];
            let numbered = self.number_rings(&mut graphs, &news);
            drop(graphs);
            self.tell_rings(numbered, learned);
        }
    }

    /// LD0020: a lock that is certainly younger than the code whose end is waited for, and has to do
    /// with that end: it guards the handle, or the code was told something under it.
    ///
    /// A lock that has neither is one of many that are held while threads are joined which are done, or
    /// as good as done: that is for level `order`.
    fn join_under_lock(
        &self,
        task: &Task,
        waiter: Waiter,
        other: &Life,
        (key, site): (u64, &'static Location<'static>),
    ) -> Option<Met> {
        let number = task.number();
        let is_younger = |held: &Held| other.is_younger(number, held);
        let concerns = |held: &Held| {
            self.settings.level == Level::Order
                || task.has_made_under(held.entry)
                || guards_a_handle(&registry::describe(held.entry.node()).payload)
        };
        let mut younger = held_by(task, waiter).into_iter().filter(is_younger);
        let held = younger.find(concerns)?;
        let code = Node::new(other.code, 0);
        let identity = Identity::of_cycle(20, vec![held.entry.node(), code]);
        self.found.meet(identity, || {
            let style = self.settings.backtrace;
            let at = self.spot(key, site).resolve(style);
            let mut held = self.end(&held).resolve(style);
            if style == BacktraceStyle::Short {
                held.at.frames = frames::of_hold(held.at.frames, &at.frames);
            }
            let task = name(task).as_ref().to_owned();
            Violation::JoinUnderLock { task, held, code: registry::describe(code), at }
        })
    }

    /// LD0021: `task` is about to wait for what only it could do.
    pub(crate) fn waits_for_itself(
        &self,
        task: &Task,
        map: &Map,
        describe: Describe,
        site: &'static Location<'static>,
    ) -> Option<Met> {
        let event = self.event(task, map, How::EXCLUSIVE, describe)?;
        self.endless(task, Target::Event(event.node()), site)
    }

    fn endless(
        &self,
        task: &Task,
        target: Target,
        site: &'static Location<'static>,
    ) -> Option<Met> {
        self.found.meet(Identity::at(21, Some(target.node()), site), || Violation::EndlessWait {
            task: name(task).as_ref().to_owned(),
            awaited: target.resolve(),
            at: self.point_here(site),
        })
    }

    /// The class of a completion that `task`'s code must run for from now on.
    pub(crate) fn begin_scope(
        &self,
        task: &Task,
        map: &Map,
        describe: Describe,
        site: &'static Location<'static>,
        learned: &mut Learned,
    ) -> Option<u32> {
        let event = self.event(task, map, How::EXCLUSIVE, describe)?;
        self.add_maker(task, event, learned);
        task.begin_scope(event.class(), site);
        Some(event.class())
    }

    /// A lock that `task` is about to wait for is needed by all that its code must run for.
    pub(super) fn note_taken(
        &self,
        task: &Task,
        keys: Keys,
        wanted: &End,
        guards: &Guards,
        learned: &mut Learned,
    ) {
        task.note_taken(keys.chain, wanted, guards);
        let targets = own_targets(task);
        if targets.is_empty() {
            return;
        }
        let number = task.number();
        let is_new = |target: &Target| {
            let key = chain::of_code(keys.chain, target.node().bits());
            self.settings.level == Level::Observed || self.knowledge.is_taken_anew(key, number)
        };
        for target in targets.into_iter().filter(is_new) {
            let taken = Taken { wanted: wanted.clone(), guards: guards.clone(), at: pass::now() };
            let needed = Needed { taken: vec![taken], ..Needed::default() };
            self.needs(task, target, needed, None, learned);
        }
    }

    /// What an event or the end of code stands for as an entry; none if there are no more classes.
    fn event(&self, task: &Task, map: &Map, how: How, describe: Describe) -> Option<Word> {
        let word = map.word();
        if !word.is_resolved() {
            let class = registry::made_at(map.place(), describe())?;
            map.resolve(class, Tag::REST, task.next_instance()?);
        }
        Some(map.word().held(how)).filter(|word| !word.is_untracked())
    }

    /// Learns that `task` waits for a target, or for any one of several, with what it holds; whether a
    /// circle is known of that.
    fn waits_for(
        &self,
        task: &Task,
        waiter: Waiter,
        targets: &[(Target, Option<u64>)],
        (key, site): (u64, &'static Location<'static>),
        learned: &mut Learned,
    ) -> bool {
        let held = held_by(task, waiter);
        let (Some(first), Some(&(target, _))) = (held.first(), targets.first()) else {
            return false;
        };
        let manner = if targets.len() == 1 { Manner::Alone } else { Manner::OfSeveral };
        let at = self.spot(key, site);
        let mut guards = match waiter {
            Waiter::Thread => self.guards(task.held().map(|held| held.entry), first.entry),
            Waiter::Future => self.guards(held.iter().map(|held| held.entry), first.entry),
        };
        if self.settings.level == Level::Observed {
            guards = guards.seen_at(task.occurrence());
        }
        let (who, task) = (who(task, pass::now()), name(task));
        // Before it is asked who ends such waits: who does so from now on says so himself.
        self.knowledge.has_waits.store(true, SeqCst);
        let mut graphs = self.knowledge.graphs.lock();
        if !graphs.waits.has_room() {
            loss::count(Loss::Waits);
            return false;
        }
        let news: Vec<News> = held
            .iter()
            .map(|held| {
                let (task, node) = (Arc::clone(&task), held.entry.node());
                let waited = Waited { task, held: self.end(held), target, at: at.clone() };
                let fact = fact(held.entry.how().mode(), &guards, &who, waited);
                for &(target, thing) in targets {
                    if let Some(thing) = thing {
                        let (wait, makers) = ((node, target, manner), self.knowledge.makers(thing));
                        graphs.waits.await_thing(thing, wait, &makers);
                    }
                }
                match manner {
                    Manner::Alone => {
                        graphs.waits.add_wait(node, target, fact);
                        News::Wait(node, target)
                    }
                    Manner::OfSeveral => {
                        let targets: Vec<Target> = targets.iter().map(|target| target.0).collect();
                        graphs.waits.add_choice(node, &targets, fact);
                        News::Choice(node)
                    }
                }
            })
            .collect();
        let numbered = self.number_rings(&mut graphs, &news);
        drop(graphs);
        self.tell_rings(numbered, learned)
    }

    /// Learns what `task` did before it makes `target` come true.
    fn needs(
        &self,
        task: &Task,
        target: Target,
        needed: Needed,
        made: Option<Spot>,
        learned: &mut Learned,
    ) {
        let Needed { taken, joined } = needed;
        if taken.is_empty() && joined.is_empty() {
            return;
        }
        let none = || match self.settings.level {
            Level::Observed => Guards::none().seen_at(task.occurrence()),
            Level::Order | Level::Deadlock => Guards::none(),
        };
        let (none, own) = (none(), name(task));
        let code = match target {
            Target::Event(_) => task.code_as_maker(),
            Target::End(_) => task.code(),
        };
        let code = Some(code).filter(|&code| code != 0).map(|code| Node::new(code, 0));
        let mut graphs = self.knowledge.graphs.lock();
        if !graphs.waits.has_room() {
            loss::count(Loss::Waits);
            return;
        }
        let mut is_new = false;
        for Taken { wanted, guards, at } in taken {
            let (node, mode) = (wanted.entry.node(), wanted.entry.how().mode());
            let ran = Ran { task: Arc::clone(&own), code, wanted, made: made.clone() };
            let fact = fact(mode, &guards, &who(task, at), ran);
            is_new |= graphs.waits.add_run(target, node, fact);
        }
        for Joined { code, site, trace, at } in joined {
            let joins = Joins { task: Arc::clone(&own), code, at: Spot { site, trace } };
            let fact = fact(Mode::Exclusive, &none, &who(task, at), joins);
            is_new |= graphs.waits.add_join(target, Target::End(code), fact);
        }
        let news: &[News] = if is_new { &[News::Need(target)] } else { &[] };
        let numbered = self.number_rings(&mut graphs, news);
        drop(graphs);
        self.tell_rings(numbered, learned);
    }

    /// Searches the circles that what is new is part of, and numbers them. Under the graphs' lock.
    pub(super) fn number_rings(&self, graphs: &mut Graphs, news: &[News]) -> Numbered {
        let mut numbered = Numbered::default();
        for ring in ring::find(graphs, self.settings.level, news) {
            match self.found.number(ring.identity()) {
                (number, true) => numbered.told.push((number, ring)),
                (number, false) if matches!(news, [News::Wait(..) | News::Choice(_), ..]) => {
                    numbered.again.push(number);
                }
                (_, false) => {}
            }
        }
        numbered
    }

    /// Looks up and counts circles; returns whether there are any.
    pub(super) fn tell_rings(&self, numbered: Numbered, learned: &mut Learned) -> bool {
        let Numbered { told, again } = numbered;
        let is_any = !told.is_empty() || !again.is_empty();
        for (number, ring) in told {
            let violation = ring.resolve(self.settings.backtrace);
            learned.met.push(self.found.tell(number, violation));
        }
        learned.met.extend(again.into_iter().filter_map(|number| self.found.again(number)));
        is_any
    }

    /// A place with the present stack, which is kept under `key`.
    fn spot(&self, key: u64, site: &'static Location<'static>) -> Spot {
        if self.settings.backtrace != BacktraceStyle::Off {
            self.knowledge.keep_trace(key, trace::capture);
        }
        Spot { site, trace: self.knowledge.trace(key) }
    }
}

/// What others wait for while `task` runs: the end of its code, and completions.
fn own_targets(task: &Task) -> Vec<Target> {
    let (code, scopes) = task.runs_for();
    let code = Some(code).filter(|&code| code != 0);
    let ends = code.into_iter().map(|code| Target::End(Node::new(code, 0)));
    let scopes = scopes.into_iter().map(|scope| Target::Event(Node::new(scope, 0)));
    ends.chain(scopes).collect()
}

/// Whether a lock with this payload guards the handle of a thread or a task: it is what the payload
/// consists of, with no lock of its own around it.
fn guards_a_handle(payload: &str) -> bool {
    payload.contains("JoinHandle<")
        && !["Mutex<", "RwLock<"].iter().any(|lock| payload.contains(lock))
}

/// Whether code of this class may be any: all that is known of it is that it is a future in a box.
fn is_any_code(code: Node) -> bool {
    registry::describe(code).payload.contains("Box<dyn ")
}

/// What is held as long as the wait lasts, oldest first.
fn held_by(task: &Task, waiter: Waiter) -> Vec<Held> {
    let blocks_threads =
        |held: &Held| registry::properties(held.entry.class()).traits.provides < WaitType::Async;
    match waiter {
        Waiter::Thread => task.held_in_frame().filter(is_checked).collect(),
        Waiter::Future => {
            let polled = if task.is_async() { task.held_in_poll() } else { Vec::new() };
            let is_let_go =
                |held: &Held| polled.iter().any(|polled| polled.entry.is_same(held.entry));
            let held = task.held_by_itself().filter(is_checked);
            held.filter(|held| !(blocks_threads(held) && is_let_go(held))).collect()
        }
    }
}

fn is_checked(held: &Held) -> bool {
    registry::properties(held.entry.class()).is_checked()
}

fn who(task: &Task, at: u64) -> Who {
    Who { tasks: vec![task.number()], at, ancestry: task.ancestry() }
}

fn fact<W>(mode: Mode, guards: &Guards, who: &Who, witness: W) -> Fact<W> {
    Fact { mode, guards: guards.clone(), who: who.clone(), witness: Arc::new(witness) }
}
