//! The rules for locks of the class that is wanted: recursion, and the order between instances.
//!
//! They depend on the instance, so they never go through the chain cache: they are asked whenever
//! the task holds a lock of the class, and what a task knows of a pair it knows of these two locks.

use std::sync::Arc;

use crate::on::graph::{Kind, Step};
use crate::on::knowledge::Graphs;
use crate::on::map::Word;
use crate::on::nested;
use crate::on::rules::{self, Finding, Judged, Verdict};
use crate::on::settings::Level;
use crate::on::task::{Held, Task};
use crate::on::witness::Witness;

/// All rules of this file, for a `task` that is about to wait for the lock `wanted`.
pub(crate) fn check(
    level: Level,
    graphs: &mut Graphs,
    task: &Task,
    wanted: Word,
    witness: impl Fn(&Held) -> Arc<Witness>,
) -> Judged {
    let mut judged = Judged::default();
    for held in task.siblings(wanted.class()) {
        if held.entry.lock() == wanted.lock() && blocks(held.entry, wanted) {
            judged.findings.push(Finding::Recursion(witness(&held)));
        }
    }
    for held in task.nearest_siblings(wanted.class()) {
        if held.entry.lock() == wanted.lock() || task.knows_pair(held.entry, wanted) {
            continue;
        }
        // Locks of one class taken at different levels are of different classes.
        if held.entry.node() != wanted.node() {
            task.learn_pair(held.entry, wanted);
            continue;
        }
        nested::add(wanted.class());
        let before = judged.broken_count();
        match level {
            Level::Order if blocks(held.entry, wanted) => {
                judged.findings.push(Finding::UnorderedNesting(witness(&held)));
            }
            Level::Order => {}
            Level::Deadlock => {
                judged.add(instances(graphs, held.entry, wanted, || witness(&held)));
                judged.add(joint(graphs, held.entry, wanted, || witness(&held)));
            }
        }
        if judged.broken_count() == before {
            task.learn_pair(held.entry, wanted);
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

/// The rule for two locks of one class at level `deadlock`: they must keep the order they were
/// seen in.
fn instances(
    graphs: &mut Graphs,
    held: Word,
    wanted: Word,
    witness: impl FnOnce() -> Arc<Witness>,
) -> Verdict {
    let step = Step { from: held.lock(), to: wanted.lock(), kind: rules::kind(held, wanted) };
    rules::insert(&mut graphs.instances, step, witness, Finding::InstanceInversion)
}

/// The rule for two locks of one class as a part of the order of classes: where some task waits as
/// a recursive reader for the one and some reader holds the other, the class alone says that
/// nobody blocks. A task that holds the one and wants the other, both exclusively, joins the two.
fn joint(
    graphs: &mut Graphs,
    held: Word,
    wanted: Word,
    witness: impl FnOnce() -> Arc<Witness>,
) -> Verdict {
    match rules::kind(held, wanted) {
        Kind::ExclusiveQueued => rules::order(graphs, held, wanted, witness),
        _ => Verdict::Known,
    }
}
