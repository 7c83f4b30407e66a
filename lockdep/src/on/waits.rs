//! What is known of waits that are no locks: who waits for what with which lock held, and what those
//! who end such waits need first.
//!
//! ```text
//! waits   lock → target     somebody held the lock while waiting for the target
//! choices lock → targets    … while waiting for any one of several
//! runs    target → lock     whoever makes the target come true wanted the lock before
//! joins   target → target   … or waited for the end of other code before
//! ```
//!
//! A *target* is an event of a class, or the end of code of a class. With the dependencies between
//! locks these make one graph, and a circle in it that goes through a target is a way to hang
//! (`ring`). It is kept apart from the graph of locks, whose rules know nothing of it: there are few
//! waits under locks, and without any nothing is searched.
//!
//! Things of one class that are waited for need not have to do with each other: a channel that one test
//! makes is of one class with that of another. So whoever ends a wait counts only as what it is: what
//! is needed for an event is needed for a wait if the task that made the event, or another one that
//! runs the same code, has ended a wait for that very thing ([`Makers`]).
//!
//! Of each of these dependencies the sightings are kept that say something new: under fewer guards,
//! in another mode, or of a second task. At most [`MOST`]; then they become one under the guards
//! that they have in common, which can only raise an alarm.

use std::panic::Location;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::mode::Mode;
use crate::on::guards::Guards;
use crate::on::loss::{self, Loss};
use crate::on::pass::Ancestry;
use crate::on::registry::Node;
use crate::on::trace::Trace;
use crate::on::witness::End;

/// How many sightings of one dependency are kept apart.
const MOST: usize = 32;
/// How many tasks are kept apart of those that did the same.
const TASKS: usize = 16;
/// How many things that were waited for are kept in mind, with who waits.
const AWAITED: usize = 1 << 12;
/// How many dependencies are kept.
pub(crate) const LIMIT: usize = 1 << 18;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    /// Something that another task does.
    Event(Node),
    /// The end of code.
    End(Node),
}

impl Target {
    pub(crate) fn node(self) -> Node {
        match self {
            Target::Event(node) | Target::End(node) => node,
        }
    }
}

/// How a target is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Manner {
    /// Nothing else ends the wait.
    Alone,
    /// Others that are waited for at the same time end it too.
    OfSeveral,
}

/// With which lock held what is waited for, and how.
pub(crate) type Wait = (Node, Target, Manner);

/// Who made an event: the task, and the class of its code, 0 if it has none.
pub(crate) type Maker = (u64, u32);

/// Who ended waits for a thing.
#[derive(Debug, Default)]
pub(crate) struct Makers(FxHashSet<Maker>);

impl Makers {
    /// Adds one; whether it says something new.
    fn add(&mut self, (task, code): Maker) -> bool {
        let task = if code == 0 { task } else { 0 };
        self.0.insert((task, code))
    }

    /// Whether one of them is among these tasks, or runs this code.
    pub(crate) fn are(&self, who: &Who, code: u32) -> bool {
        match code {
            0 => who.tasks.iter().any(|&task| self.0.contains(&(task, 0))),
            code => self.0.contains(&(0, code)),
        }
    }
}

/// Which tasks were seen to do something, and when.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// The tasks, the newest last; at most [`TASKS`].
    pub(crate) tasks: Vec<u64>,
    /// The number that the next task would have got.
    pub(crate) at: u64,
    pub(crate) ancestry: Option<Arc<Ancestry>>,
}

impl Who {
    /// Whether there are more than one.
    fn are_several(&self) -> bool {
        self.tasks.len() > 1
    }

    /// Adds others that did the same; whether there is one among them that is new.
    fn add(&mut self, other: &Who) -> bool {
        let before = self.tasks.len();
        let new: Vec<u64> =
            other.tasks.iter().copied().filter(|task| !self.tasks.contains(task)).collect();
        self.tasks.extend(&new);
        let surplus = self.tasks.len().saturating_sub(TASKS);
        self.tasks.drain(..surplus);
        let is_later = before == 1 && self.at < other.at;
        self.at = self.at.max(other.at);
        !new.is_empty() || is_later
    }

    /// Whether these can be two tasks.
    pub(crate) fn is_other(&self, other: &Who) -> bool {
        self.are_several() || other.are_several() || self.tasks != other.tasks
    }

    /// Whether what these did was in order: the one did it before it started the other, or one that
    /// the other descends from.
    pub(crate) fn is_ordered(&self, other: &Who) -> bool {
        let are_single = !self.are_several() && !other.are_several();
        are_single && (self.came_before(other) || other.came_before(self))
    }

    fn came_before(&self, other: &Who) -> bool {
        let mut at = other.ancestry.as_deref();
        while let Some(ancestry) = at {
            if self.tasks.contains(&ancestry.parent) {
                return self.at <= ancestry.task;
            }
            at = ancestry.older.as_deref();
        }
        false
    }
}

/// One way in which something was seen.
#[derive(Clone, Debug)]
pub(crate) struct Fact<W> {
    /// How the lock was held, or wanted.
    pub(crate) mode: Mode,
    pub(crate) guards: Guards,
    pub(crate) who: Who,
    pub(crate) witness: Arc<W>,
}

/// The sightings of one dependency.
#[derive(Debug)]
pub(crate) struct Facts<W>(Vec<Fact<W>>);

impl<W> Default for Facts<W> {
    fn default() -> Facts<W> {
        Facts(Vec::new())
    }
}

impl<W> Facts<W> {
    /// Adds one; whether it says something new.
    fn add(&mut self, fact: Fact<W>) -> bool {
        let covers =
            |known: &&mut Fact<W>| known.mode == fact.mode && known.guards.covers(&fact.guards);
        if let Some(known) = self.0.iter_mut().find(covers) {
            return known.who.add(&fact.who);
        }
        let mut fact = fact;
        let Fact { mode, guards, who, .. } = &mut fact;
        let covered = |known: &mut Fact<W>| known.mode == *mode && guards.covers(&known.guards);
        for known in self.0.extract_if(.., covered) {
            who.add(&known.who);
        }
        self.0.push(fact);
        if self.0.len() > MOST {
            self.join();
        }
        true
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Fact<W>> {
        self.0.iter()
    }

    /// Makes one sighting of all that are in the mode of the newest.
    fn join(&mut self) {
        let Some(mut joined) = self.0.pop() else {
            return;
        };
        for known in self.0.extract_if(.., |known| known.mode == joined.mode) {
            joined.guards = joined.guards.common(&known.guards);
            joined.who.add(&known.who);
        }
        self.0.push(joined);
    }
}

/// A place with its stack.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) site: &'static Location<'static>,
    pub(crate) trace: Option<Trace>,
}

/// Who waited with a lock held.
#[derive(Debug)]
pub(crate) struct Waited {
    pub(crate) task: Arc<str>,
    pub(crate) held: End,
    pub(crate) target: Target,
    pub(crate) at: Spot,
}

/// Who wanted a lock before it made something come true.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) task: Arc<str>,
    /// The class of its code, if it has one.
    pub(crate) code: Option<Node>,
    pub(crate) wanted: End,
    /// Where it then did what others wait for; none if they wait for its end.
    pub(crate) made: Option<Spot>,
}

/// Who waited for the end of other code before it made something come true.
#[derive(Debug)]
pub(crate) struct Joins {
    pub(crate) task: Arc<str>,
    pub(crate) code: Node,
    pub(crate) at: Spot,
}

type Map<K, V> = FxHashMap<K, V>;

/// All that is known of waits.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    pub(crate) waits: Map<Node, Map<Target, Facts<Waited>>>,
    pub(crate) runs: Map<Target, Map<Node, Facts<Ran>>>,
    pub(crate) joins: Map<Target, Map<Target, Facts<Joins>>>,
    /// Who ended the waits for events.
    pub(crate) makers: Map<Wait, Makers>,
    /// The waits for any one of several targets, with a lock held.
    pub(crate) choices: Map<Node, Map<Vec<Target>, Facts<Waited>>>,
    /// The waits for each thing, by its number.
    awaited: Map<u64, Vec<Wait>>,
    count: usize,
}

impl Waits {
    /// Whether nobody was seen to wait with a lock held: then nothing can be wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.waits.is_empty() && self.choices.is_empty()
    }

    /// Whether somebody was seen to wait with this lock held.
    pub(crate) fn is_held(&self, node: Node) -> bool {
        self.waits.contains_key(&node) || self.choices.contains_key(&node)
    }

    /// Whether there is room for more.
    pub(crate) fn has_room(&self) -> bool {
        self.count < LIMIT
    }

    pub(crate) fn add_wait(&mut self, held: Node, target: Target, fact: Fact<Waited>) -> bool {
        let waits = self.waits.entry(held).or_default();
        self.count += usize::from(!waits.contains_key(&target));
        waits.entry(target).or_default().add(fact)
    }

    pub(crate) fn add_choice(
        &mut self,
        held: Node,
        targets: &[Target],
        fact: Fact<Waited>,
    ) -> bool {
        let choices = self.choices.entry(held).or_default();
        self.count += usize::from(!choices.contains_key(targets));
        choices.entry(targets.to_vec()).or_default().add(fact)
    }

    pub(crate) fn add_run(&mut self, target: Target, wanted: Node, fact: Fact<Ran>) -> bool {
        let runs = self.runs.entry(target).or_default();
        self.count += usize::from(!runs.contains_key(&wanted));
        runs.entry(wanted).or_default().add(fact)
    }

    pub(crate) fn add_join(&mut self, target: Target, code: Target, fact: Fact<Joins>) -> bool {
        let joins = self.joins.entry(target).or_default();
        self.count += usize::from(!joins.contains_key(&code));
        joins.entry(code).or_default().add(fact)
    }

    /// A lock was held while this very thing was waited for, which these were seen to bring about.
    pub(crate) fn await_thing(&mut self, thing: u64, wait: Wait, makers: &[Maker]) {
        if self.awaited.len() >= AWAITED {
            loss::count(Loss::Waits);
            self.awaited.clear();
        }
        let waits = self.awaited.entry(thing).or_default();
        if !waits.contains(&wait) {
            waits.push(wait);
        }
        let known = self.makers.entry(wait).or_default();
        for &maker in makers {
            known.add(maker);
        }
    }

    /// Somebody brings about a thing that may have been waited for; whether that is news.
    pub(crate) fn make_thing(&mut self, thing: u64, maker: Maker) -> bool {
        let waits = self.awaited.get(&thing).map(Vec::as_slice).unwrap_or_default();
        let add = |wait: &Wait| self.makers.entry(*wait).or_default().add(maker);
        // Each of them is to be told.
        waits.iter().map(add).filter(|is_new| *is_new).count() != 0
    }

    /// The waits under locks, each with what is waited for.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Node, Target)> + '_ {
        let waits = self.waits.iter();
        let waits = waits.flat_map(|(held, all)| all.keys().map(|target| (*held, *target)));
        let of_several = self
            .choices
            .iter()
            .flat_map(|(held, choices)| choices.keys().flatten().map(|target| (*held, *target)));
        waits.chain(of_several)
    }

    /// A target and all code whose end is waited for before it comes true.
    pub(crate) fn behind(&self, target: Target) -> Vec<Target> {
        let mut all = vec![target];
        let mut next = 0;
        while let Some(target) = all.get(next).copied() {
            next += 1;
            for code in self.joins.get(&target).into_iter().flat_map(Map::keys) {
                if !all.contains(code) {
                    all.push(*code);
                }
            }
        }
        all
    }

    /// Forgets a class that is dropped.
    pub(crate) fn forget(&mut self, class: u32) {
        self.waits.retain(|node, _| node.class() != class);
        self.choices.retain(|node, _| node.class() != class);
        self.runs.values_mut().for_each(|locks| locks.retain(|node, _| node.class() != class));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on::guards::Guard;

    fn who(task: u64, at: u64, ancestors: &[(u64, u64)]) -> Who {
        let ancestry = ancestors
            .iter()
            .fold(None, |older, &(task, parent)| Some(Ancestry::above(task, parent, older)));
        Who { tasks: vec![task], at, ancestry }
    }

    fn fact(task: u64, gates: &[u64]) -> Fact<()> {
        let guard = |&lock: &u64| Guard {
            lock,
            class: lock as u32,
            mode: Mode::Exclusive,
            downgraded: false,
        };
        let guards = Guards::new(gates.iter().map(guard).collect(), None, false);
        Fact { mode: Mode::Exclusive, guards, who: who(task, 1, &[]), witness: Arc::new(()) }
    }

    #[test]
    fn what_was_done_before_a_task_was_started_is_in_order_with_what_it_does() {
        // 1 starts 5, which starts 7.
        let child = who(7, 9, &[(5, 1), (7, 5)]);
        assert!(who(1, 5, &[]).is_ordered(&child) && child.is_ordered(&who(1, 4, &[])));
        assert!(!who(1, 6, &[]).is_ordered(&child));
        assert!(who(5, 7, &[(5, 1)]).is_ordered(&child));
        assert!(!who(2, 1, &[]).is_ordered(&child));
        // Of several nobody knows which one it was.
        let mut several = who(1, 4, &[]);
        assert!(several.add(&who(3, 4, &[])));
        assert!(!several.is_ordered(&child));
    }

    #[test]
    fn only_what_is_new_is_kept_and_a_second_task_is_new() {
        let mut facts = Facts::default();
        assert!(facts.add(fact(1, &[10])));
        assert!(!facts.add(fact(1, &[10])) && !facts.add(fact(1, &[10, 20])));
        assert!(facts.add(fact(2, &[10])) && !facts.add(fact(2, &[10])));
        assert!(facts.add(fact(1, &[])));
        assert_eq!(facts.iter().count(), 1);
        let who = &facts.iter().next().unwrap().who;
        assert!(who.are_several() && who.is_other(who));
    }

    #[test]
    fn too_many_become_one_under_what_they_have_in_common() {
        let mut facts = Facts::default();
        for gate in 0..=MOST as u64 {
            assert!(facts.add(fact(1, &[1_000, gate])));
        }
        assert_eq!(facts.iter().count(), 1);
        assert!(!facts.add(fact(1, &[7, 1_000])));
    }

    #[test]
    fn who_ends_a_wait_is_known_by_its_code_or_else_by_itself() {
        let wait = (Node::new(1, 0), Target::Event(Node::new(2, 0)), Manner::Alone);
        let mut waits = Waits::default();
        waits.await_thing(30, wait, &[(4, 0)]);
        assert!(waits.make_thing(30, (5, 9)) && !waits.make_thing(30, (6, 9)));
        assert!(!waits.make_thing(31, (7, 0)));
        let makers = &waits.makers[&wait];
        assert!(makers.are(&who(4, 1, &[]), 0) && !makers.are(&who(5, 1, &[]), 0));
        assert!(makers.are(&who(77, 1, &[]), 9) && !makers.are(&who(4, 1, &[]), 8));
    }

    #[test]
    fn what_is_known_takes_room_and_what_is_seen_again_does_not() {
        let site = Location::caller();
        let map = crate::on::map::Map::new();
        let entry = map.word().held(crate::How::EXCLUSIVE);
        let target = Target::End(Node::new(2, 0));
        let waited = || {
            let (held, at) = (End { entry, site, trace: None }, Spot { site, trace: None });
            Arc::new(Waited { task: "test".into(), held, target, at })
        };
        let mut waits = Waits::default();
        for task in 0..3 {
            let Fact { mode, guards, who, .. } = fact(task, &[]);
            waits.add_wait(Node::new(1, 0), target, Fact { mode, guards, who, witness: waited() });
        }
        assert_eq!(waits.count, 1);
    }

    #[test]
    fn the_end_of_code_is_behind_that_of_code_that_joins_it() {
        let end = |class| Target::End(Node::new(class, 0));
        let mut waits = Waits::default();
        let joins = || Fact {
            mode: Mode::Exclusive,
            guards: Guards::none(),
            who: who(1, 1, &[]),
            witness: Arc::new(Joins {
                task: Arc::from(""),
                code: Node::new(1, 0),
                at: Spot { site: Location::caller(), trace: None },
            }),
        };
        waits.add_join(end(1), end(2), joins());
        waits.add_join(end(2), end(3), joins());
        waits.add_join(end(3), end(1), joins());
        assert_eq!(waits.behind(end(1)), [end(1), end(2), end(3)]);
        assert_eq!(waits.behind(end(4)), [end(4)]);
    }
}
