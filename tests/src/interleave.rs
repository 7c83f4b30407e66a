//! The oracle: tries every interleaving of copies of a set of runs, with the blocking rules of
//! real locks, and says whether some tasks can end up waiting for ever.
//!
//! Exhaustive and naive on purpose: a state is where every task stands, what is held follows from
//! that, and all states that can be reached are visited. The only liberties are that copies of one
//! run are interchangeable, and that a writer's wait is a state of its own only where a reader that
//! queues (`r`) could notice.
//!
//! | wanted | waits for |
//! |---|---|
//! | `W`, `sync` | every holder |
//! | `up` | every other holder |
//! | `r` | a write holder, any task that waits for `up`, and one that waits for `W` unless `U` is held |
//! | `R` | a write holder |
//! | `U` | a write holder, a holder like itself, and any task that waits for `W` or `up` |
//! | a try-lock | nothing: it fails where the same acquire would wait |
//!
//! Runs have no loops and give everything back, so a task that can go on at all ends. Hence some
//! tasks wait for ever iff a state is reached from which no step leads on and not all have ended.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use crate::program::{Failed, Lock, Mode, Op, Path, Run};

/// How many tasks one search can interleave.
const MAX_TASKS: usize = 16;
const PLACE_BITS: u32 = 6;
const WAITING_BIT: u16 = 1 << PLACE_BITS;
const FAILED_SHIFT: u32 = PLACE_BITS + 1;

/// Where one task stands: steps completed, whether its wait for a write lock began, and which of
/// its try-locks failed.
///
/// ```text
/// 15…7     6         5…0
/// failed   waiting   steps completed
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Stand(u16);

impl Stand {
    fn new(place: usize, waiting: bool, failed: Failed) -> Stand {
        assert!(place < 1 << PLACE_BITS && failed < 1 << (u16::BITS - FAILED_SHIFT));
        Stand(place as u16 | u16::from(waiting) << PLACE_BITS | (failed as u16) << FAILED_SHIFT)
    }

    fn place(self) -> usize {
        usize::from(self.0 & (WAITING_BIT - 1))
    }

    fn is_waiting(self) -> bool {
        self.0 & WAITING_BIT != 0
    }

    fn failed(self) -> Failed {
        Failed::from(self.0 >> FAILED_SHIFT)
    }
}

type State = [Stand; MAX_TASKS];
/// One bit for each lock.
type Locks = u32;
/// How far each run came, by which of its try-locks failed.
type Reached = BTreeMap<(usize, Failed), usize>;

/// What to interleave.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// How many tasks do each run.
    pub copies: usize,
    /// Whether every lock that a queueing reader takes has a writer besides the runs' own tasks.
    pub environment: bool,
    /// How many states are visited at most.
    pub limit: usize,
}

/// What can happen.
#[derive(Clone, Debug)]
pub struct Truth {
    /// How tasks can end up waiting for ever: for each of them its run and how it got there.
    pub deadlock: Option<Vec<(usize, Path)>>,
    /// Every way through each run that some interleaving takes.
    pub paths: Vec<BTreeSet<Path>>,
    /// How many states were visited.
    pub states: usize,
}

impl Search {
    /// Interleaves; none if there are more states than the limit.
    pub fn explore(&self, runs: &[Run]) -> Option<Truth> {
        Explorer::new(self, runs).explore(self.limit)
    }
}

struct Explorer {
    /// The caller's runs and, after them, the environment's.
    runs: Vec<Run>,
    given: usize,
    /// The lock of each step.
    locks: Vec<Vec<Locks>>,
    /// What each run holds after so many steps, by which try-locks failed.
    holds: Vec<Vec<Vec<Held>>>,
    /// Which run each task does; tasks of one run are neighbours.
    tasks: Vec<usize>,
    /// Locks where it matters whether a writer waits.
    queued: Locks,
    has_tries: bool,
}

impl Explorer {
    fn new(search: &Search, given: &[Run]) -> Explorer {
        let ops = || given.iter().flatten();
        let names: BTreeSet<Lock> = ops().map(Op::lock).collect();
        let bit = |lock| 1 << names.iter().position(|name| *name == lock).unwrap_or_default();
        let is_read = |op: &&Op| match op {
            Op::Lock { mode, .. } | Op::Try { mode, .. } => mode.queues(),
            _ => false,
        };
        let reads: BTreeSet<Lock> = ops().filter(is_read).map(Op::lock).collect();
        let mut tasks: Vec<usize> =
            (0..given.len()).flat_map(|run| std::iter::repeat_n(run, search.copies)).collect();
        let mut runs = given.to_vec();
        if search.environment {
            for &lock in &reads {
                tasks.push(runs.len());
                let acquire = Op::Lock { guard: 0, lock, mode: Mode::Write, subclass: 0 };
                runs.push(vec![acquire, Op::Unlock { guard: 0, lock }]);
            }
        }
        let locks: Vec<Vec<Locks>> =
            runs.iter().map(|run| run.iter().map(|op| bit(op.lock())).collect()).collect();
        let holds = runs.iter().zip(&locks).map(|(run, locks)| holds(run, locks)).collect();
        let queued = reads.into_iter().map(bit).sum();
        let has_tries = ops().any(|op| matches!(op, Op::Try { .. }));
        Explorer { runs, given: given.len(), locks, holds, tasks, queued, has_tries }
    }

    fn explore(&self, limit: usize) -> Option<Truth> {
        if self.tasks.len() > MAX_TASKS {
            return None;
        }
        let start = [Stand::default(); MAX_TASKS];
        let mut seen: FxHashSet<State> = FxHashSet::from_iter([start]);
        let mut open = vec![start];
        let mut deadlock = None;
        let mut reached = Reached::new();
        while let Some(state) = open.pop() {
            let world = self.world(&state);
            let (mut stuck, mut ended) = (true, true);
            for (task, &run) in self.tasks.iter().enumerate() {
                let stand = state[task];
                if self.has_tries && stand != Stand::default() {
                    let completed = reached.entry((run, stand.failed())).or_default();
                    *completed = stand.place().max(*completed);
                }
                ended &= stand.place() == self.runs[run].len();
                let Some(next) = self.step(run, stand, &world) else {
                    continue;
                };
                stuck = false;
                let mut state = state;
                state[task] = next;
                self.sort(&mut state);
                if seen.insert(state) {
                    if seen.len() > limit {
                        return None;
                    }
                    open.push(state);
                }
            }
            if stuck && !ended && deadlock.is_none() {
                deadlock = Some(self.stuck(&state));
                // Without a try-lock each run has one way, which is known without a search.
                if !self.has_tries {
                    break;
                }
            }
        }
        let paths = (0..self.given).map(|run| self.paths(run, &reached)).collect();
        Some(Truth { deadlock, paths, states: seen.len() })
    }

    /// Puts the copies of each run in order.
    fn sort(&self, state: &mut State) {
        let mut from = 0;
        for tasks in self.tasks.chunk_by(|a, b| a == b) {
            state[from..from + tasks.len()].sort_unstable();
            from += tasks.len();
        }
    }

    fn world(&self, state: &State) -> World {
        let mut world = World::default();
        for (&run, stand) in self.tasks.iter().zip(state) {
            world.held = world.held.and(self.held(run, *stand));
            if stand.is_waiting() {
                let lock = self.locks[run][stand.place()];
                match self.runs[run][stand.place()] {
                    Op::Upgrade { .. } => world.upgraded |= lock,
                    _ => world.wanted |= lock,
                }
            }
        }
        world
    }

    fn held(&self, run: usize, stand: Stand) -> Held {
        self.holds[run][stand.failed() as usize][stand.place()]
    }

    /// Where the task stands after its next step; none if it has ended or has to wait.
    fn step(&self, run: usize, stand: Stand, world: &World) -> Option<Stand> {
        let op = self.runs[run].get(stand.place())?;
        let lock = self.locks[run][stand.place()];
        let done = Stand::new(stand.place() + 1, false, stand.failed());
        if (Path { failed: stand.failed(), completed: stand.place() }).skips(op) {
            return Some(done);
        }
        match *op {
            Op::Lock { mode, .. } => {
                if world.grants(lock, mode) {
                    return Some(done);
                }
                let begins = mode == Mode::Write && !stand.is_waiting() && lock & self.queued != 0;
                begins.then(|| Stand::new(stand.place(), true, stand.failed()))
            }
            Op::Upgrade { .. } => {
                if world.grants_upgrade(lock) {
                    return Some(done);
                }
                let begins = !stand.is_waiting() && lock & self.queued != 0;
                begins.then(|| Stand::new(stand.place(), true, stand.failed()))
            }
            Op::Sync { .. } => world.grants(lock, Mode::Write).then_some(done),
            Op::Try { guard, mode, .. } => {
                let failed = match world.grants(lock, mode) {
                    true => stand.failed(),
                    false => stand.failed() | 1 << guard,
                };
                Some(Stand::new(stand.place() + 1, false, failed))
            }
            Op::Unlock { .. } | Op::Downgrade { .. } | Op::Init { .. } => Some(done),
        }
    }

    fn stuck(&self, state: &State) -> Vec<(usize, Path)> {
        let stands = self.tasks.iter().zip(state);
        stands
            .filter(|(run, stand)| stand.place() < self.runs[**run].len())
            .map(|(&run, stand)| (run, Path { failed: stand.failed(), completed: stand.place() }))
            .collect()
    }

    /// The ways through a run, given how far each combination of failures was seen to go.
    fn paths(&self, run: usize, reached: &Reached) -> BTreeSet<Path> {
        if !self.has_tries {
            return BTreeSet::from([self.alone(run)]);
        }
        let ways = reached.range((run, 0)..=(run, Failed::MAX));
        ways.map(|(&(_, failed), &completed)| Path { failed, completed })
            // At a try-lock every task goes on, so there is a longer way.
            .filter(|path| !matches!(self.runs[run].get(path.completed), Some(Op::Try { .. })))
            .collect()
    }

    /// How far a run without try-locks comes with nobody else about: to its end, unless it waits
    /// for itself.
    fn alone(&self, run: usize) -> Path {
        let mut stand = Stand::default();
        loop {
            let world = World { held: self.held(run, stand), ..World::default() };
            match self.step(run, stand, &world) {
                Some(next) if !next.is_waiting() => stand = next,
                _ => return Path { failed: 0, completed: stand.place() },
            }
        }
    }
}

/// What a run holds before each of its steps and at its end, by which try-locks failed.
fn holds(run: &Run, locks: &[Locks]) -> Vec<Vec<Held>> {
    let count = run.iter().filter_map(Op::guard).max().map_or(0, |guard| usize::from(guard) + 1);
    (0..1 << count)
        .map(|failed| {
            let path = Path { failed, completed: run.len() };
            let mut guards = vec![Held::default(); count];
            let mut holds = vec![Held::default()];
            for (op, &lock) in run.iter().zip(locks) {
                if let Some(guard) = op.guard().filter(|_| !path.skips(op)) {
                    guards[usize::from(guard)] = match *op {
                        Op::Lock { mode, .. } | Op::Try { mode, .. } => Held::one(lock, mode),
                        Op::Downgrade { .. } => Held::one(lock, Mode::Read),
                        Op::Upgrade { .. } => Held::one(lock, Mode::Write),
                        _ => Held::default(),
                    };
                }
                holds.push(guards.iter().fold(Held::default(), |all, one| all.and(*one)));
            }
            holds
        })
        .collect()
}

/// Locks that are held.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    writes: Locks,
    reads: Locks,
    upgradable: Locks,
}

impl Held {
    fn one(lock: Locks, mode: Mode) -> Held {
        let none = Held::default();
        match mode {
            Mode::Write => Held { writes: lock, ..none },
            Mode::Read | Mode::ReadRecursive => Held { reads: lock, ..none },
            Mode::Upgradable => Held { upgradable: lock, ..none },
        }
    }

    fn and(self, other: Held) -> Held {
        Held {
            writes: self.writes | other.writes,
            reads: self.reads | other.reads,
            upgradable: self.upgradable | other.upgradable,
        }
    }
}

/// What all tasks together hold and want.
#[derive(Debug, Default)]
struct World {
    held: Held,
    /// Locks that a writer waits for.
    wanted: Locks,
    /// Locks that their upgradable reader waits for as a writer.
    upgraded: Locks,
}

impl World {
    fn grants(&self, lock: Locks, mode: Mode) -> bool {
        let Held { writes, reads, upgradable } = self.held;
        let obstacles = match mode {
            Mode::Write => writes | reads | upgradable,
            Mode::Read => writes | self.upgraded | self.wanted & !upgradable,
            Mode::ReadRecursive => writes,
            Mode::Upgradable => writes | upgradable | self.wanted,
        };
        lock & obstacles == 0
    }

    /// Whether the upgradable reader may become the writer.
    fn grants_upgrade(&self, lock: Locks) -> bool {
        lock & (self.held.writes | self.held.reads) == 0
    }
}
