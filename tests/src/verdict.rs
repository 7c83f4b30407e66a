//! The rule of the exact verdict, computed the naive way: every wait that was recorded is kept with
//! all that was held during it, and every joint choice of waits is tried.
//!
//! Some tasks can wait for ever iff there are waits, one for each of them, such that
//!
//! 1. *they wait for each other in a circle*: each one holds what the one before it waits for, and
//!    blocks it;
//! 2. *where a reader that queues waits for a reader, a writer stands between*: one more task that
//!    waits to write that lock;
//! 3. *they can all stand there at once*: nobody's holds exclude another's.
//!
//! | wanted \ held | `W` | shared | `U` |
//! |---|---|---|---|
//! | `W` | blocks | blocks | blocks |
//! | `r` | blocks | behind a writer | – |
//! | `R` | blocks | – | – |
//! | `U` | blocks | behind a writer | blocks |
//!
//! Nobody queues behind a writer while the lock is held for upgrading, except behind the upgrade
//! itself.
//!
//! What *exclude* means is the [`Memory`] of the rule. To look at what is held during the waits is
//! not quite enough: two tasks that hold nothing in common may have kept each other from coming
//! there. `W(A) tryW(B) -A W(A) ; W(B) tryW(A) -B W(B)` is an example: who got A beside B and keeps
//! it, and who got B beside A and keeps it, cannot both be.

use std::collections::BTreeSet;

use crate::program::{Guard, Lock, Mode, Op, Path, Run};

/// What the rule knows of how a task came to where it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// What it holds there, and which of that was exclusive before. Holds of one lock exclude each
    /// other unless both are shared and at most one was exclusive, or one is upgradable.
    Holds,
    /// Also what it gave back, or downgraded, since it took the first of its holds. Who held
    /// something that excludes another's hold did so before the other one took it; what had to
    /// happen before itself cannot be.
    Order,
}

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hold {
    /// Exclusively.
    Exclusive,
    /// By a reader.
    Shared,
    /// By a reader that was the writer before.
    Downgraded,
    /// By the reader that may become the writer.
    Upgradable,
}

impl Hold {
    fn of(mode: Mode) -> Hold {
        match mode {
            Mode::Write => Hold::Exclusive,
            Mode::Read | Mode::ReadRecursive => Hold::Shared,
            Mode::Upgradable => Hold::Upgradable,
        }
    }

    /// Whether two tasks cannot hold one lock like this.
    fn excludes(self, other: Hold) -> bool {
        self == Hold::Exclusive
            || other == Hold::Exclusive
            || (self == other && self != Hold::Shared)
    }
}

/// Whether who wants a lock waits for who holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Link {
    None,
    BehindWriter,
    Direct,
}

/// Somebody waits for a lock and holds others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wait {
    /// What is held, oldest first.
    pub held: Vec<(Lock, Hold)>,
    /// For each of these, what was held beside it or instead of it at some moment since it was
    /// taken, and is no more.
    pub passed: Vec<Vec<(Lock, Hold)>>,
    /// What is wanted.
    pub lock: Lock,
    /// How.
    pub mode: Mode,
    /// Whether the lock is held already, for upgrading.
    pub upgrade: bool,
}

impl Wait {
    /// Whether the two can stand where they wait at the same time.
    fn excludes(&self, other: &Wait) -> bool {
        self.held.iter().any(|(lock, hold)| {
            other.held.iter().any(|(same, beside)| lock == same && hold.excludes(*beside))
        })
    }

    /// How one who waits like this waits for one who waits like `holder`, which may be itself.
    fn link(&self, holder: &Wait) -> Link {
        let own = std::ptr::eq(self, holder);
        let holds = holder.held.iter().filter(|(lock, _)| *lock == self.lock);
        let links = holds.map(|(_, hold)| match (self.mode, *hold) {
            (Mode::Write, Hold::Upgradable) if own && self.upgrade => Link::None,
            (Mode::Write, _) | (_, Hold::Exclusive) => Link::Direct,
            (Mode::Upgradable, Hold::Upgradable) => Link::Direct,
            (Mode::ReadRecursive, _) | (Mode::Read, Hold::Upgradable) => Link::None,
            (Mode::Read | Mode::Upgradable, Hold::Shared | Hold::Downgraded) => Link::BehindWriter,
        });
        links.max().unwrap_or(Link::None)
    }

    fn holds_upgradable(&self, lock: Lock) -> bool {
        self.held.contains(&(lock, Hold::Upgradable))
    }
}

/// The waits along one way through a run. The last one may be for ever.
pub fn waits(run: &Run, path: Path) -> Vec<Wait> {
    let mut waits = Vec::new();
    let mut held: Vec<Held> = Vec::new();
    let begun = (path.completed + 1).min(run.len());
    for op in run[..begun].iter().filter(|op| !path.skips(op)) {
        let now: Vec<(Lock, Hold)> = held.iter().map(|held| (held.lock, held.hold)).collect();
        held.iter_mut().for_each(|held| held.beside.extend(&now));
        let passed = |held: &Held| {
            let gone: BTreeSet<_> = held.beside.iter().filter(|hold| !now.contains(hold)).collect();
            gone.into_iter().copied().collect()
        };
        let wait = |lock, mode, upgrade| Wait {
            held: now.clone(),
            passed: held.iter().map(passed).collect(),
            lock,
            mode,
            upgrade,
        };
        match *op {
            Op::Lock { guard, lock, mode, .. } => {
                waits.push(wait(lock, mode, false));
                held.push(Held { guard, lock, hold: Hold::of(mode), beside: Vec::new() });
            }
            Op::Try { guard, lock, mode } => {
                held.push(Held { guard, lock, hold: Hold::of(mode), beside: Vec::new() });
            }
            Op::Upgrade { guard, lock } => {
                waits.push(wait(lock, Mode::Write, true));
                change(&mut held, guard, Hold::Exclusive);
            }
            Op::Downgrade { guard, .. } => change(&mut held, guard, Hold::Downgraded),
            Op::Unlock { guard, .. } => held.retain(|held| held.guard != guard),
            Op::Sync { lock } => waits.push(wait(lock, Mode::Write, false)),
            Op::Init { lock } => held.retain(|held| held.lock != lock),
        }
    }
    waits
}

/// A lock that is held on the way.
#[derive(Debug)]
struct Held {
    guard: Guard,
    lock: Lock,
    hold: Hold,
    /// All that was held at some moment since this was taken.
    beside: Vec<(Lock, Hold)>,
}

fn change(held: &mut [Held], guard: Guard, to: Hold) {
    held.iter_mut().filter(|held| held.guard == guard).for_each(|held| held.hold = to);
}

/// Whether all these tasks can have come to where they wait, by the order in which they took what
/// they hold: the holds are put in a row, one after the other, as long as one is left that none of
/// the others comes before.
fn can_meet(tasks: &[&Wait]) -> bool {
    let holds = |task: usize| (0..tasks[task].held.len()).map(move |at| (task, at));
    let mut left: Vec<(usize, usize)> = (0..tasks.len()).flat_map(holds).collect();
    let comes_before = |(task, at): (usize, usize), (other, hold): (usize, usize)| {
        let (lock, hold) = match task == other {
            true => return at < hold,
            false => tasks[other].held[hold],
        };
        tasks[task].passed[at].iter().any(|(passed, how)| *passed == lock && how.excludes(hold))
    };
    loop {
        let waits = |&hold: &(usize, usize)| left.iter().any(|&first| comes_before(first, hold));
        let still: Vec<_> = left.iter().copied().filter(waits).collect();
        if still.len() == left.len() {
            return left.is_empty();
        }
        left = still;
    }
}

/// Tasks that can wait for ever: those in the circle, then the writers between readers.
pub fn deadlock(waits: &[Wait], memory: Memory) -> Option<Vec<Wait>> {
    let mut waits = waits.to_vec();
    waits.sort_unstable();
    waits.dedup();
    let search = Search { waits: &waits, memory };
    waits.iter().find_map(|first| search.extend(&mut vec![first]))
}

struct Search<'a> {
    waits: &'a [Wait],
    memory: Memory,
}

impl<'a> Search<'a> {
    /// Closes the circle at the last of these waits, or goes on with every one that it leads to.
    fn extend(&self, circle: &mut Vec<&'a Wait>) -> Option<Vec<Wait>> {
        let last = circle[circle.len() - 1];
        if last.link(circle[0]) != Link::None
            && let Some(found) = self.complete(circle)
        {
            return Some(found);
        }
        for next in self.waits {
            // Two that want one lock wait for the same task, so there is a smaller circle.
            let is_new = circle.iter().all(|wait| wait.lock != next.lock && !wait.excludes(next));
            if is_new && last.link(next) != Link::None {
                circle.push(next);
                let found = self.extend(circle);
                circle.pop();
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// Finds all writers that the circle needs.
    fn complete(&self, circle: &[&'a Wait]) -> Option<Vec<Wait>> {
        let links = (0..circle.len()).map(|at| (circle[at], circle[(at + 1) % circle.len()]));
        let readers = links.filter(|(wait, holder)| wait.link(holder) == Link::BehindWriter);
        let queues: Vec<Lock> = readers.map(|(wait, _)| wait.lock).collect();
        self.add_writers(&queues, &mut circle.to_vec())
    }

    fn add_writers(&self, queues: &[Lock], tasks: &mut Vec<&'a Wait>) -> Option<Vec<Wait>> {
        let Some((&lock, others)) = queues.split_first() else {
            if self.memory == Memory::Order && !can_meet(tasks) {
                return None;
            }
            return Some(tasks.iter().copied().cloned().collect());
        };
        for writer in self.waits.iter().filter(|wait| wait.lock == lock && wait.mode == Mode::Write)
        {
            let fits = tasks.iter().all(|task| {
                !task.excludes(writer) && (writer.upgrade || !task.holds_upgradable(lock))
            });
            if fits {
                tasks.push(writer);
                let found = self.add_writers(others, tasks);
                tasks.pop();
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }
}
