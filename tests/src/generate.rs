//! Random lock programs, small enough to be interleaved exhaustively.

use fastrand::Rng;

use crate::program::{Guard, Lock, Mode, Op, Run};

/// How many try-locks a program has at most: each is a fork in the road.
const MAX_TRIES: usize = 3;

/// What a program may consist of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Each lock is a class of its own.
    Classes,
    /// The same, and readers may be upgradable, but none becomes the writer.
    Upgradable,
    /// The same, and some become the writer.
    Upgrades,
    /// Some locks have a class in common.
    Siblings,
}

impl Family {
    fn has_upgradable(self) -> bool {
        matches!(self, Family::Upgradable | Family::Upgrades)
    }
}

/// What a set of runs is drawn from.
#[derive(Clone, Debug)]
struct Profile {
    locks: Vec<(Lock, Kind)>,
    /// Out of 100 acquires so many are try-locks.
    tries: u32,
    /// Out of 100 steps so many give something back before the end.
    early: u32,
    /// Out of 100 acquires so many may take a lock that the run holds already.
    again: u32,
    /// Out of 100 reads of a reader-writer lock so many are upgradable.
    upgradable: u32,
    /// Out of 100 upgradable holds that are to be given back so many are upgraded instead.
    upgrades: u32,
}

/// What a lock is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Mutex,
    /// Out of 100 acquires so many write; out of 100 reads so many are recursive.
    RwLock {
        writes: u32,
        recursive: u32,
    },
}

fn chance(random: &mut Rng, of_100: u32) -> bool {
    random.u32(0..100) < of_100
}

/// One to three runs of two to five acquires on two to four locks.
pub fn runs(random: &mut Rng, family: Family) -> Vec<Run> {
    let count = [1, 2, 2, 2, 3, 3, 3][random.usize(..7)];
    // Short runs make tight circles.
    let longest = if chance(random, 20) { 2 } else { [5, 4, 3][count - 1] };
    let profile = Profile {
        locks: locks(random, family),
        // Every try-lock is a fork in the road; with three runs there are too many roads.
        tries: if count == 3 { [0, 0, 10] } else { [0, 15, 40] }[random.usize(..3)],
        early: [0, 20, 40][random.usize(..3)],
        again: [0, 0, 0, 10][random.usize(..4)],
        upgradable: if family.has_upgradable() { 40 } else { 0 },
        upgrades: if family == Family::Upgrades { 60 } else { 0 },
    };
    let mut runs: Vec<Run> = (0..count).map(|_| run(random, &profile, longest)).collect();
    limit_tries(&mut runs);
    runs
}

/// Turns all but the first few try-locks into locks that wait.
fn limit_tries(runs: &mut [Run]) {
    let tries = runs.iter_mut().flatten().filter(|op| matches!(op, Op::Try { .. }));
    for op in tries.skip(MAX_TRIES) {
        if let Op::Try { guard, lock, mode } = *op {
            *op = Op::Lock { guard, lock, mode, subclass: 0 };
        }
    }
}

fn locks(random: &mut Rng, family: Family) -> Vec<(Lock, Kind)> {
    let count = random.usize(2..=4);
    let classes = match family {
        Family::Siblings => random.usize(1..count),
        _ => count,
    };
    let kinds: Vec<Kind> = (0..classes)
        .map(|_| match random.bool() {
            true => Kind::Mutex,
            false => Kind::RwLock {
                writes: [0, 25, 50][random.usize(..3)],
                recursive: [0, 50, 100][random.usize(..3)],
            },
        })
        .collect();
    (0..count)
        .map(|index| {
            let class = (b'A' + (index % classes) as u8) as char;
            (Lock { class, instance: (index / classes) as u8 }, kinds[index % classes])
        })
        .collect()
}

fn run(random: &mut Rng, profile: &Profile, longest: usize) -> Run {
    let acquires = random.usize(2..=longest) as Guard;
    let mut run = Run::new();
    let mut open: Vec<(Guard, Lock, Mode)> = Vec::new();
    let mut taken = 0;
    while taken < acquires {
        if !open.is_empty() && chance(random, profile.early) {
            let (guard, lock, mode) = open.swap_remove(random.usize(..open.len()));
            if mode == Mode::Upgradable && chance(random, profile.upgrades) {
                run.push(Op::Upgrade { guard, lock });
                open.push((guard, lock, Mode::Write));
            } else if mode == Mode::Write && is_shareable(profile, lock) && chance(random, 30) {
                run.push(Op::Downgrade { guard, lock });
                open.push((guard, lock, Mode::Read));
            } else {
                run.push(Op::Unlock { guard, lock });
            }
            continue;
        }
        let (lock, kind) = profile.locks[random.usize(..profile.locks.len())];
        if open.iter().any(|(_, held, _)| *held == lock) && !chance(random, profile.again) {
            if open.len() == profile.locks.len() {
                let (guard, lock, _) = open.remove(0);
                run.push(Op::Unlock { guard, lock });
            }
            continue;
        }
        let mode = mode(random, profile, kind);
        // Of two holds of one lock nobody says which is given back; upgradable ones would differ.
        let held = open.iter().filter(|(_, held, _)| *held == lock);
        if held.clone().any(|(_, _, held)| *held == Mode::Upgradable || mode == Mode::Upgradable) {
            continue;
        }
        run.push(match chance(random, profile.tries) {
            true => Op::Try { guard: taken, lock, mode },
            false => Op::Lock { guard: taken, lock, mode, subclass: 0 },
        });
        open.push((taken, lock, mode));
        taken += 1;
    }
    if random.bool() {
        random.shuffle(&mut open);
    }
    run.extend(open.into_iter().rev().map(|(guard, lock, _)| Op::Unlock { guard, lock }));
    run
}

fn mode(random: &mut Rng, profile: &Profile, kind: Kind) -> Mode {
    match kind {
        Kind::RwLock { writes, recursive } if !chance(random, writes) => {
            if chance(random, profile.upgradable) {
                return Mode::Upgradable;
            }
            if chance(random, recursive) { Mode::ReadRecursive } else { Mode::Read }
        }
        _ => Mode::Write,
    }
}

fn is_shareable(profile: &Profile, lock: Lock) -> bool {
    profile.locks.iter().any(|(of, kind)| *of == lock && matches!(kind, Kind::RwLock { .. }))
}
