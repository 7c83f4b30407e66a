//! The rules for locks of the class that is wanted: recursion, and the order between instances.
//!
//! They depend on the instance, so they never go through the chain cache: they are asked whenever
//! the task holds a lock of the class, and what a task knows of a pair it knows of these two locks.

use std::sync::Arc;

use crate::on::finding::Finding;
use crate::on::guards::Guards;
use crate::on::knowledge::Graphs;
use crate::on::map::Word;
use crate::on::nested;
use crate::on::rules::{self, Judged};
use crate::on::settings::Level;
use crate::on::task::{Held, Keys, Task};
use crate::on::witness::Witness;

/// All rules of this file, for a `task` that is about to wait for the lock `wanted`.
pub(crate) fn check(
    level: Level,
    graphs: &mut Graphs,
    task: &Task,
    (wanted, keys): (Word, Keys),
    guards: &Guards,
    witness: impl Fn(&Held) -> Arc<Witness>,
) -> Judged {
    let mut judged = Judged::default();
    let sighting = |held: &Held| rules::sighting(held.entry, wanted, guards, witness(held));
    for held in task.siblings(wanted.class()) {
        if held.entry.lock() == wanted.lock() && blocks(held.entry, wanted) {
            rules::recursion(level, graphs, wanted, sighting(&held), &mut judged);
        }
    }
    for held in task.nearest_siblings(wanted.class()) {
        if held.entry.lock() == wanted.lock() || task.knows_pair(keys, held.entry, wanted) {
            continue;
        }
        // Locks of one class taken at different levels are of different classes.
        if held.entry.node() != wanted.node() {
            task.learn_pair(keys, held.entry, wanted);
            continue;
        }
        nested::add(wanted.class());
        let before = judged.findings.len();
        match level {
            Level::Order if blocks(held.entry, wanted) => {
                judged.findings.push(Finding::UnorderedNesting(witness(&held)));
            }
            Level::Order => {}
            Level::Deadlock => {
                let ends = (held.entry, wanted);
                rules::instances(level, graphs, ends, sighting(&held), &mut judged);
                // As a part of the order of classes it joins a recursive reader and a reader.
                rules::order(level, graphs, ends, sighting(&held), &mut judged);
            }
        }
        if judged.findings.len() == before {
            task.learn_pair(keys, held.entry, wanted);
        }
    }
    // An order between two locks of one class is no dependency between classes.
    judged.new.clear();
    judged
}

/// The rule for a lock that the task holds already and, at level `order`, for another one of its
/// class: whoever wants it must not have to wait for whoever holds it.
///
/// Two recursive readers pass, as does a recursive reader in a read section.
fn blocks(held: Word, wanted: Word) -> bool {
    held.how().mode().blocks(wanted.how().mode())
}
