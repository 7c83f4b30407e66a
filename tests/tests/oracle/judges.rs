//! The judges against each other: the search with any number of tasks against the simple one, and
//! the exact rule, also for upgradable readers, against the search.

use std::collections::BTreeSet;

use fastrand::Rng;
use libtest_mimic::{Failed, Trial};
use tests::crowd;
use tests::generate::{self, Family};
use tests::interleave::Search;
use tests::notation::{parse, print};
use tests::program::{Op, Path, Run};
use tests::shrink::shrink;
use tests::verdict::{self, Memory};

const PROGRAMS: u64 = 1_000;
const LIMIT: usize = 2_000_000;
/// How many states are worth visiting to see that one more copy makes no difference.
const LIMIT_OF_MORE: usize = 100_000;

/// Programs, and what the rule says of them by what is held alone and by all it knows. The second is
/// the truth.
const RULE: [(&str, bool, bool); 15] = [
    // Who comes second would have to write K beside the other one's read hold.
    ("W(K) down(K) W(A) W(B) ; W(K) down(K) W(B) W(A)", false, false),
    ("W(K) down(K) W(A) W(B) ; r(K) W(B) W(A)", true, true),
    ("W(K) down(K) W(A) W(B) ; U(K) W(B) W(A)", true, true),
    ("U(K) W(A) W(B) ; U(K) W(B) W(A)", false, false),
    ("U(K) W(A) W(B) ; r(K) W(B) W(A)", true, true),
    // The writer between two readers is one more task, with holds of its own.
    ("r(A) W(B) ; W(B) r(A) ; W(C) W(A)", true, true),
    ("W(C) r(A) W(B) ; W(B) r(A) ; W(C) W(A)", false, false),
    ("W(C) r(A) r(A) ; W(C) W(A)", false, false),
    ("r(A) r(A) ; tryW(A)", false, false),
    // No writer waits beside the holder for upgrading.
    ("U(A) W(B) ; W(B) r(A) ; W(A)", false, false),
    ("U(A) up(A) ; r(A) r(A)", true, true),
    ("U(A) up(A) ; r(A) W(B) ; W(B) U(A)", true, true),
    // What was given back kept the other one out.
    ("W(A) tryW(B) -A W(A) ; W(B) tryW(A) -B W(B)", true, false),
    ("W(C) W(A) -A W(B) W(D) ; W(C) W(A) -C W(D) W(B)", true, false),
    ("W(G) W(K) W(L) -L -G r(A) r(A) ; W(G) W(L) W(K) -K -G W(A)", true, false),
];

/// What the rule says of runs with these ways through them.
fn rule(runs: &[Run], truth: &crowd::Truth, memory: Memory) -> bool {
    let ways = runs.iter().zip(&truth.paths);
    let waits =
        ways.flat_map(|(run, paths)| paths.iter().flat_map(|path| verdict::waits(run, *path)));
    verdict::deadlock(&waits.collect::<Vec<_>>(), memory).is_some()
}

pub(crate) fn trials(seed: u64) -> Vec<Trial> {
    let mut trials: Vec<Trial> = RULE
        .into_iter()
        .map(|(text, by_holds, is_real)| {
            Trial::test(format!("the rule says of `{text}` what is"), move || {
                let runs = parse(text);
                let copies = crowd::copies(&runs);
                let truth = crowd::explore(&runs, &copies, LIMIT).ok_or("too many states")?;
                let said = [Memory::Holds, Memory::Order].map(|memory| rule(&runs, &truth, memory));
                let found = (said[0], said[1], truth.deadlock.is_some());
                match found == (by_holds, is_real, is_real) {
                    true => Ok(()),
                    false => Err(format!("by holds, by order, truth: {found:?}").into()),
                }
            })
        })
        .collect();
    for (family, of) in [
        (Family::Classes, "a class for each lock"),
        (Family::Upgradable, "upgradable readers that stay readers"),
        (Family::Upgrades, "upgradable readers"),
        (Family::Siblings, "locks with a class in common"),
    ] {
        trials.push(Trial::test(format!("the judges agree on {of}"), move || {
            (seed..seed + PROGRAMS).try_for_each(|seed| agree(seed, family))
        }));
    }
    trials
}

fn agree(seed: u64, family: Family) -> Result<(), Failed> {
    let runs = generate::runs(&mut Rng::with_seed(seed), family);
    let Some(why) = disagreement(&runs) else {
        return Ok(());
    };
    let small = shrink(&runs, |runs| disagreement(runs) == Some(why));
    Err(format!("{why}: `{}`, from seed {seed}", print(&small)).into())
}

/// What the judges do not agree on.
fn disagreement(runs: &[Run]) -> Option<&'static str> {
    let Some(truth) = crowd::explore(runs, &crowd::copies(runs), LIMIT) else {
        return Some("there are too many states");
    };
    let two = crowd::explore(runs, &vec![2; runs.len()], LIMIT)?;
    let simple = Search { copies: 2, environment: false, limit: LIMIT }.explore(runs)?;
    let has_tries = runs.iter().flatten().any(|op| matches!(op, Op::Try { .. }));
    let implies = |premise: bool, conclusion: bool| !premise || conclusion;
    if !implies(simple.deadlock.is_some(), two.deadlock.is_some()) {
        return Some("the simple search finds a deadlock that the other one misses");
    }
    // Where a try-lock fails because of a task that ended since, there were more than two.
    if !has_tries && simple.deadlock.is_some() != two.deadlock.is_some() {
        return Some("with as many tasks the simple search finds no deadlock");
    }
    if !implies(two.deadlock.is_some(), truth.deadlock.is_some()) {
        return Some("with more tasks there is no deadlock");
    }
    let more = |few: &[_], many: &[_]| few.iter().zip(many).all(|(few, many)| covers(few, many));
    if !more(&simple.paths, &two.paths) || !more(&two.paths, &truth.paths) {
        return Some("with more tasks there are fewer ways");
    }
    if has_tries {
        let more: Vec<usize> = crowd::copies(runs).iter().map(|copies| copies + 1).collect();
        if let Some(more) = crowd::explore(runs, &more, LIMIT_OF_MORE)
            && (more.deadlock.is_some() != truth.deadlock.is_some() || more.paths != truth.paths)
        {
            return Some("one more copy makes a difference");
        }
    }
    if has_classes(runs) && rule(runs, &truth, Memory::Order) != truth.deadlock.is_some() {
        return Some("the rule is not exact");
    }
    None
}

/// Whether each way of the few goes at least as far among the many.
fn covers(few: &BTreeSet<Path>, many: &BTreeSet<Path>) -> bool {
    few.iter().all(|path| {
        many.iter().any(|other| other.failed == path.failed && other.completed >= path.completed)
    })
}

fn has_classes(runs: &[Run]) -> bool {
    runs.iter().flatten().all(|op| op.lock().instance == 0)
}
