//! Which moments of tasks can lie at the same time, by who started and joined whom.
//!
//! Fork-join programs order themselves: what a task did before it started another comes before all
//! that the other does, and what a task did comes before all that happens after it was joined. Two
//! moments that neither comes before the other are concurrent, if both tasks lived at one time.
//!
//! A task is a node that knows the one that started it and the one that joined it; a *tick* counts
//! what it started and joined. A moment is a node with its tick. Whether `a` comes before `b`:
//!
//! 1. Climb from `a` along joins: `a` comes before each (task, tick) on that way.
//! 2. Collect what comes before `b`: its task up to its tick; of each task there, the one that
//!    started it up to the tick at which it did; and the same for tasks that were joined by another
//!    one than had started them.
//! 3. `a` comes before `b` if the two meet.
//!
//! A task that was joined by the one that started it needs no entry in 2: nothing comes before it
//! that does not come before its start, but itself and what it joined, which climb by 1. So a
//! task that starts and joins a million others remembers none of them.
//!
//! A node keeps those alive that it needs and that are older than itself, which makes no circle;
//! it has a weak link to younger ones. Where a younger one is gone, or too much was joined by others
//! (`MAX_ADOPTED`), moments count as concurrent that are not.
//!
//! This is the order of fork and join alone, no matter what locks and channels order besides.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, Weak};

use once_cell::race::OnceBox;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// How many tasks that others had started a task remembers to have joined, newest first.
const MAX_ADOPTED: usize = 1 << 10;
/// The end of a task that lives.
const NEVER: u64 = u64::MAX;

/// A task among its kin.
#[derive(Clone)]
pub(crate) struct Kin(Arc<Node>);

/// A moment of a task.
#[derive(Clone)]
pub struct Occurrence {
    node: Arc<Node>,
    tick: u32,
}

/// How two moments lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Both are of one task.
    SameTask,
    /// One comes before the start of the other's task, or of one that the other comes after.
    OrderedBySpawn,
    /// The task of the one was joined before the other.
    OrderedByJoin,
    /// One task had ended before the other began, as it happened; nothing orders them.
    Apart,
    /// Both tasks lived, and nothing orders the two moments.
    Concurrent,
}

struct Node {
    /// Who started the task, and at which tick.
    parent: Option<Occurrence>,
    /// What the task has started and joined so far.
    tick: AtomicU32,
    /// Who joined the task, and at which tick of theirs.
    joined: OnceBox<(Link, u32)>,
    /// For tasks started by others that this one joined: the tick of that, and who started them up
    /// to which tick.
    adopted: Mutex<Vec<(u32, Link, u32)>>,
    /// When the task began and ended, on a clock that counts beginnings and ends.
    began: u64,
    ended: AtomicU64,
}

impl Drop for Node {
    /// Drops the ancestors that only this one keeps, one by one: there may be any number.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(Occurrence { node, .. }) = next {
            next = Arc::into_inner(node).and_then(|mut node| node.parent.take());
        }
    }
}

/// The way to another node: keeps it alive if it is older.
#[derive(Clone)]
enum Link {
    Older(Arc<Node>),
    Younger(Weak<Node>),
}

impl Link {
    fn new(from: &Node, to: &Arc<Node>) -> Link {
        match to.began < from.began {
            true => Link::Older(Arc::clone(to)),
            false => Link::Younger(Arc::downgrade(to)),
        }
    }

    fn node(&self) -> Option<Arc<Node>> {
        match self {
            Link::Older(node) => Some(Arc::clone(node)),
            Link::Younger(node) => node.upgrade(),
        }
    }
}

impl fmt::Debug for Kin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.now().fmt(f)
    }
}

impl fmt::Debug for Occurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Occurrence")
            .field("began", &self.node.began)
            .field("tick", &self.tick)
            .finish_non_exhaustive()
    }
}

/// Counts beginnings and ends of tasks; what it says is all that is needed of time.
#[derive(Debug)]
pub(crate) struct Clock(AtomicU64);

impl Clock {
    pub(crate) const fn new() -> Clock {
        Clock(AtomicU64::new(0))
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, SeqCst)
    }
}

impl Kin {
    /// A task of which nobody knows who started it.
    pub(crate) fn root(clock: &Clock) -> Kin {
        Kin::new(None, clock)
    }

    fn new(parent: Option<Occurrence>, clock: &Clock) -> Kin {
        Kin(Arc::new(Node {
            parent,
            tick: AtomicU32::new(0),
            joined: OnceBox::new(),
            adopted: Mutex::new(Vec::new()),
            began: clock.next(),
            ended: AtomicU64::new(NEVER),
        }))
    }

    /// The present moment of the task. Only the task itself asks.
    pub(crate) fn now(&self) -> Occurrence {
        Occurrence { node: Arc::clone(&self.0), tick: self.0.tick.load(Relaxed) }
    }

    /// The task starts another one: what it did up to now comes before that.
    pub(crate) fn spawn(&self, clock: &Clock) -> Kin {
        let before = self.now();
        self.advance();
        Kin::new(Some(before), clock)
    }

    /// The task has ended.
    pub(crate) fn end(&self, clock: &Clock) {
        self.0.ended.store(clock.next(), Relaxed);
    }

    /// The task has waited for the end of another one: all that that one did comes before what this
    /// one does from now on. Only the first joiner of a task counts.
    pub(crate) fn join(&self, other: &Kin) {
        let tick = self.advance();
        if Arc::ptr_eq(&self.0, &other.0) {
            return;
        }
        if other.0.joined.set(Box::new((Link::new(&other.0, &self.0), tick))).is_err() {
            return;
        }
        let inherited = other.0.adopted.lock().clone();
        let adopted = inherited.into_iter().filter_map(|(_, link, until)| {
            let node = link.node()?;
            Some((tick, Link::new(&self.0, &node), until))
        });
        let parent = other.0.parent.iter().filter(|parent| !Arc::ptr_eq(&parent.node, &self.0));
        let parent = parent.map(|parent| (tick, Link::new(&self.0, &parent.node), parent.tick));
        let mut own = self.0.adopted.lock();
        own.extend(adopted.chain(parent));
        let surplus = own.len().saturating_sub(MAX_ADOPTED);
        own.drain(..surplus);
    }

    /// Begins the next tick and returns it.
    fn advance(&self) -> u32 {
        let tick = self.0.tick.load(Relaxed).saturating_add(1);
        self.0.tick.store(tick, Relaxed);
        tick
    }
}

impl PartialEq for Occurrence {
    fn eq(&self, other: &Occurrence) -> bool {
        Arc::ptr_eq(&self.node, &other.node) && self.tick == other.tick
    }
}

impl Eq for Occurrence {}

impl Hash for Occurrence {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.node.began, self.tick).hash(state);
    }
}

impl Occurrence {
    /// How this moment and another one lie to each other. Takes time for each ancestor of both and
    /// for what they joined for others.
    pub(crate) fn relation(&self, other: &Occurrence) -> Relation {
        if Arc::ptr_eq(&self.node, &other.node) {
            return Relation::SameTask;
        }
        let order = self.comes_before(other).or_else(|| other.comes_before(self));
        if let Some(order) = order {
            return order;
        }
        let ended_before = |one: &Node, other: &Node| one.ended.load(Relaxed) < other.began;
        match ended_before(&self.node, &other.node) || ended_before(&other.node, &self.node) {
            true => Relation::Apart,
            false => Relation::Concurrent,
        }
    }

    /// How this moment comes before the other, if it does.
    fn comes_before(&self, other: &Occurrence) -> Option<Relation> {
        let past = other.past();
        let meets = |at: &Occurrence| {
            past.get(&Arc::as_ptr(&at.node)).is_some_and(|&until| at.tick <= until)
        };
        if meets(self) {
            return Some(Relation::OrderedBySpawn);
        }
        let mut at = self.joined_at();
        while let Some(moment) = at {
            if meets(&moment) {
                return Some(Relation::OrderedByJoin);
            }
            at = moment.joined_at();
        }
        None
    }

    /// The first moment of whoever joined this one's task.
    fn joined_at(&self) -> Option<Occurrence> {
        let (link, tick) = self.node.joined.get()?;
        Some(Occurrence { node: link.node()?, tick: *tick })
    }

    /// What comes before this moment: tasks, each up to a tick, but for those that were joined.
    fn past(&self) -> FxHashMap<*const Node, u32> {
        let mut past = FxHashMap::default();
        let mut open = vec![self.clone()];
        while let Some(Occurrence { node, tick }) = open.pop() {
            let until = past.entry(Arc::as_ptr(&node)).or_insert_with(|| None);
            if until.is_some_and(|until| until >= tick) {
                continue;
            }
            *until = Some(tick);
            open.extend(node.parent.clone());
            let adopted = node.adopted.lock();
            let joined = adopted.iter().filter(|&&(at, ..)| at <= tick);
            open.extend(joined.filter_map(|(_, link, until)| {
                Some(Occurrence { node: link.node()?, tick: *until })
            }));
        }
        past.into_iter().filter_map(|(node, until)| Some((node, until?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_generations_end_without_a_million_calls() {
        let clock = Clock::new();
        let mut last = Kin::root(&clock);
        for _ in 0..1_000_000 {
            last = last.spawn(&clock);
        }
    }

    #[test]
    fn a_task_is_ordered_with_itself() {
        let clock = Clock::new();
        let main = Kin::root(&clock);
        let before = main.now();
        let _child = main.spawn(&clock);
        assert_eq!(before.relation(&main.now()), Relation::SameTask);
    }

    #[test]
    fn what_is_done_before_a_spawn_comes_before_the_child_and_what_is_done_after_does_not() {
        let clock = Clock::new();
        let main = Kin::root(&clock);
        let before = main.now();
        let child = main.spawn(&clock);
        let grandchild = child.spawn(&clock);
        let after = main.now();
        for of_child in [child.now(), grandchild.now()] {
            assert_eq!(before.relation(&of_child), Relation::OrderedBySpawn);
            assert_eq!(of_child.relation(&before), Relation::OrderedBySpawn);
            assert_eq!(after.relation(&of_child), Relation::Concurrent);
        }
    }

    #[test]
    fn what_is_joined_comes_before_what_follows_and_what_it_joined_too() {
        let clock = Clock::new();
        let main = Kin::root(&clock);
        let child = main.spawn(&clock);
        let grandchild = child.spawn(&clock);
        let meanwhile = main.now();
        let (of_child, of_grandchild) = (child.now(), grandchild.now());
        grandchild.end(&clock);
        child.join(&grandchild);
        child.end(&clock);
        main.join(&child);
        for moment in [of_child, of_grandchild] {
            assert_eq!(moment.relation(&meanwhile), Relation::Concurrent);
            assert_eq!(moment.relation(&main.now()), Relation::OrderedByJoin);
            let next = main.spawn(&clock);
            assert_eq!(next.now().relation(&moment), Relation::OrderedByJoin);
        }
    }

    #[test]
    fn siblings_are_concurrent_unless_one_was_joined_before_the_other_was_started() {
        let clock = Clock::new();
        let main = Kin::root(&clock);
        let (one, two) = (main.spawn(&clock), main.spawn(&clock));
        let (of_one, of_two) = (one.now(), two.now());
        one.end(&clock);
        main.join(&one);
        let three = main.spawn(&clock);
        assert_eq!(of_one.relation(&of_two), Relation::Concurrent);
        assert_eq!(of_one.relation(&three.now()), Relation::OrderedByJoin);
        assert_eq!(of_two.relation(&three.now()), Relation::Concurrent);
    }

    #[test]
    fn tasks_that_nobody_joined_are_apart_if_they_never_met() {
        let clock = Clock::new();
        let main = Kin::root(&clock);
        let one = main.spawn(&clock);
        let of_one = one.now();
        one.end(&clock);
        let two = main.spawn(&clock);
        let stranger = Kin::root(&clock);
        assert_eq!(of_one.relation(&two.now()), Relation::Apart);
        assert_eq!(of_one.relation(&stranger.now()), Relation::Apart);
        assert_eq!(two.now().relation(&stranger.now()), Relation::Concurrent);
    }

    /// Main starts one, and joins it; then it starts another, which a third task joins.
    #[test]
    fn a_task_that_another_one_joins_brings_what_came_before_it() {
        let clock = Clock::new();
        let main = Kin::root(&clock);
        let (third, last) = (main.spawn(&clock), Kin::root(&clock));
        let one = main.spawn(&clock);
        let (of_one, of_third) = (one.now(), third.now());
        one.end(&clock);
        main.join(&one);
        let of_main = main.now();
        let another = main.spawn(&clock);
        let of_another = another.now();
        another.end(&clock);
        third.join(&another);
        drop(another);
        for moment in [of_one.clone(), of_main.clone(), of_another] {
            assert_ne!(moment.relation(&third.now()), Relation::Concurrent);
            assert_eq!(moment.relation(&of_third), Relation::Concurrent);
        }
        // And on to whoever joins the third.
        let of_last = last.now();
        third.end(&clock);
        last.join(&third);
        assert_eq!(of_one.relation(&last.now()), Relation::OrderedByJoin);
        assert_ne!(of_main.relation(&last.now()), Relation::Concurrent);
        assert_eq!(of_one.relation(&of_last), Relation::Concurrent);
    }

    #[test]
    fn a_task_that_starts_and_joins_many_keeps_none() {
        let clock = Clock::new();
        let main = Kin::root(&clock);
        let before = Arc::strong_count(&main.0);
        let gone: Vec<Weak<Node>> = (0..100)
            .map(|_| {
                let child = main.spawn(&clock);
                // The child is joined by a child of its own, which would be a circle.
                let own = child.spawn(&clock);
                child.end(&clock);
                own.join(&child);
                own.end(&clock);
                main.join(&own);
                Arc::downgrade(&child.0)
            })
            .collect();
        assert!(gone.iter().all(|node| node.upgrade().is_none()));
        assert_eq!(Arc::strong_count(&main.0), before);
    }
}
