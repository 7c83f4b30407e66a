//! What a tracker does when a lock's class changes or a class is dropped.

use std::sync::Arc;

use crate::how::How;
use crate::on::learn::Learned;
use crate::on::map::{self, Word};
use crate::on::nested;
use crate::on::registry::{self, ClassId, Node};
use crate::on::rules::{self, Judged};
use crate::on::same_class;
use crate::on::task::{Held, Task};
use crate::on::tracker::Tracker;
use crate::on::witness::Witness;

impl Tracker {
    /// The lock that was `before` is `after` now, of another class. If `task` holds it, it holds it
    /// under that class from here on, and what it took before and since is judged again.
    ///
    /// 1. Take the lock out of the order among locks of its former class.
    /// 2. Change what is held.
    /// 3. For each pair of held locks of which this is one: the edge between them, as if the upper
    ///    one were wanted now. A try-lock never waited, and makes none.
    pub(crate) fn class_changed(&self, task: &Task, before: Word, after: Word) -> Learned {
        let mut learned = Learned::default();
        self.forget(before);
        let renamed = |entry: Word| {
            let is_former = entry.is_same(before) && entry.lock() != after.lock();
            is_former.then(|| after.held(entry.how()))
        };
        while task.change(renamed) {}
        if !task.holds(after) {
            return learned;
        }
        let level = self.settings.level;
        let held: Vec<Held> = task.held().collect();
        let is_checked = |held: &&Held| registry::properties(held.entry.class()).is_checked();
        let is_changed = |held: &Held| held.entry.is_same(after);
        let mut pairs = Vec::new();
        for (at, upper) in held.iter().enumerate().filter(|(_, held)| is_checked(held)) {
            if upper.entry.how().is_trylock() {
                continue;
            }
            let others = held[..at].iter().filter(|lower| is_changed(lower) != is_changed(upper));
            pairs.extend(others.filter(is_checked).map(|lower| {
                let relation = same_class::relation(task, lower.entry, upper.entry);
                (&held[..at], lower, upper, relation)
            }));
        }
        let mut judged = Judged::default();
        let mut graphs = self.knowledge.graphs.lock();
        for (below, lower, upper, relation) in pairs {
            let (wanted, ends) = (self.end(upper), (lower.entry, upper.entry));
            let guards = self.guards(below.iter().map(|held| held.entry), wanted.entry);
            let witness = || self.witness(task, lower, &wanted, &guards);
            if lower.entry.node() == upper.entry.node() {
                same_class::pair(level, &mut graphs, relation, ends, &guards, witness, &mut judged);
            } else {
                rules::order(level, &mut graphs, ends, &guards, witness, &mut judged);
            }
        }
        let settled = self.settle(&mut graphs, judged);
        drop(graphs);
        self.tell(settled, &mut learned);
        self.check_contexts_again(task, &mut learned);
        learned
    }

    /// Forgets all orders of a class that is dropped.
    pub(crate) fn forget_class(&self, class: ClassId) {
        let class = class.get();
        let mut graphs = self.knowledge.graphs.lock();
        for level in 0..=How::MAX_SUBCLASS {
            let node = Node::new(class, level);
            graphs.classes.forget(node);
            graphs.writers.remove(&node);
            graphs.recursions.remove(&node);
            graphs.usages.forget(node);
        }
        graphs.waits.forget(class);
        let is_of_class = |witness: &Arc<Witness>| {
            [&witness.held, &witness.wanted].iter().any(|end| end.entry.class() == class)
        };
        graphs.withheld.retain(|_, withheld| !withheld.cycle.iter().any(is_of_class));
        if nested::has(class) {
            let locks = graphs.instances.graph.nodes().filter(|&lock| map::class_of(lock) == class);
            let locks: Vec<u64> = locks.collect();
            locks.into_iter().for_each(|lock| graphs.instances.forget(lock));
        }
    }
}
