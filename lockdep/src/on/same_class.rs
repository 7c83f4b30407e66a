//! The rules for locks of the class that is wanted: recursion, and the order between instances.
//!
//! | the task holds | says |
//! |---|---|
//! | the lock itself | recursion, if it would wait for itself |
//! | another one, and both have ranks | the class's comparison function |
//! | another one, taken after the nest lock | any order will do, against others under a nest lock |
//! | any other of the class | level `order`: no; else the order that was learned |
//!
//! They depend on the instance, so they never go through the chain cache: they are asked whenever
//! the task holds a lock of the class, and what a task knows of a pair it knows of these two locks.

use std::sync::Arc;

use crate::mode::Mode;
use crate::on::declared::{self, Declared};
use crate::on::finding::Finding;
use crate::on::guards::Guards;
use crate::on::knowledge::Graphs;
use crate::on::map::Word;
use crate::on::nest::Exempt;
use crate::on::nested;
use crate::on::rules::{self, Judged};
use crate::on::settings::Level;
use crate::on::task::{Held, Keys, Task};
use crate::on::want::Wait;
use crate::on::witness::Witness;

/// A held lock of the class that is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sibling {
    held: Held,
    relation: Relation,
}

/// What there is to say of a held lock and a wanted one of its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// They are one, and the task would wait for itself.
    Same,
    /// They are in the declared order.
    InOrder,
    /// They are against the declared order; their ranks.
    Against(u64, u64),
    /// They need no order, because a nest lock is held around them.
    Nested,
    /// Nothing was declared.
    Unordered,
}

/// The locks that `task` holds of the class of `wanted`, those of which there is something to say.
/// To be called with no lock held: it asks the program's comparison function.
pub(crate) fn siblings(
    task: &Task,
    (wanted, keys): (Word, Keys),
    wait: Wait,
    exempt: &Exempt,
) -> Vec<Sibling> {
    let mut siblings = Vec::new();
    let is_sibling = |held: &Held| held.entry.class() == wanted.class();
    let kept = task.held_while_waiting(wanted).filter(is_sibling).count();
    // Of the hold that is upgraded nothing is to be said.
    let mut upgraded = wait == Wait::Upgrade;
    for held in task.siblings(wanted.class()).rev().take(kept) {
        if held.entry.is_same(wanted) {
            if upgraded && held.entry.how().mode() == Mode::Upgradable {
                upgraded = false;
            } else if blocks(held.entry, wanted) {
                siblings.push(Sibling { held, relation: Relation::Same });
            }
        }
    }
    for held in task.nearest_siblings(wanted.class()).take(kept) {
        if held.entry.is_same(wanted) || task.knows_pair(keys, held.entry, wanted) {
            continue;
        }
        // Locks of one class taken at different levels are of different classes.
        if held.entry.node() != wanted.node() {
            task.learn_pair(keys, held.entry, wanted);
            continue;
        }
        let relation = match relation(task, held.entry, wanted) {
            Relation::Against(..) | Relation::Unordered if exempt.has(&held) => Relation::Nested,
            relation => relation,
        };
        let is_settled = matches!(relation, Relation::InOrder | Relation::Nested);
        if !(is_settled && task.knows_settled(keys, held.entry, wanted)) {
            siblings.push(Sibling { held, relation });
        }
    }
    siblings
}

/// What was declared of two locks of one class. To be called with no lock held.
pub(crate) fn relation(task: &Task, held: Word, wanted: Word) -> Relation {
    match declared::order(task, held, wanted) {
        Declared::InOrder => Relation::InOrder,
        Declared::Against(..) if !blocks(held, wanted) => Relation::InOrder,
        Declared::Against(held, wanted) => Relation::Against(held, wanted),
        Declared::Nothing => Relation::Unordered,
    }
}

/// The rules of this file for a `task` that is about to wait for the lock `wanted`. `nested` are
/// the guards of those that were taken under a nest lock.
pub(crate) fn check(
    level: Level,
    graphs: &mut Graphs,
    task: &Task,
    (wanted, keys): (Word, Keys),
    (guards, nested): (&Guards, &Guards),
    siblings: &[Sibling],
    witness: impl Fn(&Held, &Guards) -> Arc<Witness>,
) -> Judged {
    let mut judged = Judged::default();
    // Where older locks of the class are ordered through newer ones, a path between two of them is
    // of one task, which held all of them: they guard nothing.
    let apart = task.is_crowded(wanted.class()).then(|| guards.without(wanted.class()));
    let guards = apart.as_ref().unwrap_or(guards);
    for Sibling { held, relation } in siblings {
        let guards = if *relation == Relation::Nested { nested } else { guards };
        let before = judged.findings.len();
        let witness = || witness(held, guards);
        let ends = (held.entry, wanted);
        pair(level, graphs, *relation, ends, guards, witness, &mut judged);
        if judged.findings.len() > before {
            continue;
        }
        match relation {
            Relation::Unordered => task.learn_pair(keys, held.entry, wanted),
            Relation::InOrder | Relation::Nested => {
                task.learn_settled(keys, held.entry, wanted);
            }
            Relation::Same | Relation::Against(..) => {}
        }
    }
    judged
}

/// The rule for one held lock and a wanted one of its class.
pub(crate) fn pair(
    level: Level,
    graphs: &mut Graphs,
    relation: Relation,
    (held, wanted): (Word, Word),
    guards: &Guards,
    witness: impl Fn() -> Arc<Witness>,
    judged: &mut Judged,
) {
    let ends = (held, wanted);
    match relation {
        Relation::Same => rules::recursion(level, graphs, ends, guards, witness, judged),
        Relation::Against(held, wanted) => {
            judged.findings.push(Finding::DeclaredOrder(witness(), (held, wanted)));
        }
        Relation::Unordered if level == Level::Order => {
            nested::add(wanted.class());
            if blocks(held, wanted) {
                judged.findings.push(Finding::UnorderedNesting(witness()));
            }
        }
        Relation::InOrder | Relation::Nested if level == Level::Order => {}
        Relation::InOrder | Relation::Nested | Relation::Unordered => {
            if relation != Relation::InOrder {
                nested::add(wanted.class());
                rules::instances(level, graphs, ends, guards, &witness, judged);
            }
            // As a part of the order of classes it joins a recursive reader and a reader.
            rules::order(level, graphs, ends, guards, witness, judged);
        }
    }
}

/// The rule for a lock that the task holds already and, at level `order`, for another one of its
/// class: whoever wants it must not have to wait for whoever holds it.
///
/// Two recursive readers pass, as does a recursive reader in a read section.
fn blocks(held: Word, wanted: Word) -> bool {
    held.how().mode().blocks(wanted.how().mode())
}
