//! The oracle for any number of tasks: whether so many copies of each run as may be can come to
//! wait for ever.
//!
//! As exhaustive as [`crate::interleave`], which it agrees with (there is a test), but for programs
//! with a dozen tasks. It takes four liberties, none of which can hide a deadlock or make one up.
//!
//! 1. *How many copies.* Of two tasks of one run that wait for ever at the same place, one can be
//!    left out: both hold the same, so that whoever waits for the one waits for the other, and
//!    whoever waits for the other's hold has the same hold of its own. So a run needs no more
//!    copies than it has places where a task can wait and be waited for.
//! 2. *What is given back is given back at once.* It only lets others go on.
//! 3. *Writers begin to wait at the end.* That a writer waits keeps others back and helps nobody,
//!    so all come as far while no writer has begun; in the end all those that cannot go on have.
//! 4. *Who ends begins again.* There are as many tasks as may be, so one more can begin; what counts
//!    is how many are under way at once.
//!
//! A try-lock fails because of others, so that what they do is no longer just in the way. Hence the
//! second does not hold for locks that are tried, the third not where a reader that queues tries,
//! and the first not at all: a program with try-locks gets one copy more of each run, and that two
//! more make no difference is tested.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use crate::program::{Failed, Lock, Mode, Op, Path, Run};

/// How many tasks one search can interleave.
const MAX_TASKS: usize = 24;

/// One bit for each lock.
type Locks = u16;
/// The number of a [`Stand`] within its run.
type Index = u8;
type State = [Index; MAX_TASKS];

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

/// How many copies of each run are enough.
pub fn copies(runs: &[Run]) -> Vec<usize> {
    let queued: BTreeSet<Lock> = runs.iter().flatten().filter(queues).map(Op::lock).collect();
    let tries = runs.iter().flatten().any(|op| matches!(op, Op::Try { .. }));
    let places = |run: &Run| {
        let holds = |place: usize| {
            let taken = run[..place].iter().filter_map(|op| match op {
                Op::Lock { guard, .. } | Op::Try { guard, .. } => Some(*guard),
                _ => None,
            });
            let gone = run[..place].iter().filter(|op| matches!(op, Op::Unlock { .. }));
            taken.count() > gone.count()
        };
        let matters = |&place: &usize| match run[place] {
            Op::Lock { mode: Mode::Write, lock, .. } => holds(place) || queued.contains(&lock),
            Op::Lock { .. } | Op::Sync { .. } | Op::Upgrade { .. } => holds(place),
            _ => false,
        };
        (0..run.len()).filter(matters).count()
    };
    runs.iter().map(|run| places(run).max(1) + usize::from(tries)).collect()
}

fn queues(op: &&Op) -> bool {
    match op {
        Op::Lock { mode, .. } | Op::Try { mode, .. } => mode.queues(),
        _ => false,
    }
}

/// Interleaves so many copies of each run; none if there are more states than the limit.
///
/// # Panics
///
/// If there are more tasks than fit into a state.
pub fn explore(runs: &[Run], copies: &[usize], limit: usize) -> Option<Truth> {
    Explorer::new(runs, copies).explore(limit)
}

/// Where one task of a run stands.
#[derive(Clone, Debug)]
struct Stand {
    completed: usize,
    failed: Failed,
    held: Held,
    wants: Wants,
    lock: Locks,
    /// Where the task stands when it has got what it wants.
    got: Index,
    /// Where it stands when its try-lock has failed, or its wait has begun.
    not_got: Index,
}

/// What a task does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    /// Nothing: it has ended.
    End,
    /// A step that waits for nobody.
    Step,
    Acquire(Mode),
    /// An acquire that has begun to wait.
    Waits(Mode),
    Upgrade,
    /// An upgrade that has begun to wait.
    WaitsForUpgrade,
    Try(Mode),
    Sync,
}

/// Locks that are held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    writes: Locks,
    reads: Locks,
    upgradable: Locks,
}

impl Held {
    fn add(&mut self, lock: Locks, mode: Mode) {
        match mode {
            Mode::Write => self.writes |= lock,
            Mode::Read | Mode::ReadRecursive => self.reads |= lock,
            Mode::Upgradable => self.upgradable |= lock,
        }
    }
}

/// What all tasks together hold, and which waits have begun.
#[derive(Clone, Copy, Debug, Default)]
struct World {
    held: Held,
    waits: Locks,
    waits_for_upgrade: Locks,
}

impl World {
    fn grants(&self, wants: Wants, lock: Locks) -> bool {
        let Held { writes, reads, upgradable } = self.held;
        let obstacles = match wants {
            Wants::End => return false,
            Wants::Step => 0,
            Wants::Upgrade | Wants::WaitsForUpgrade => writes | reads,
            Wants::Sync => writes | reads | upgradable,
            Wants::Acquire(mode) | Wants::Waits(mode) | Wants::Try(mode) => match mode {
                Mode::Write => writes | reads | upgradable,
                Mode::Read => writes | self.waits_for_upgrade | self.waits & !upgradable,
                Mode::ReadRecursive => writes,
                Mode::Upgradable => writes | upgradable | self.waits,
            },
        };
        lock & obstacles == 0
    }
}

struct Explorer {
    /// All stands of each run; the first is where it begins.
    stands: Vec<Vec<Stand>>,
    /// Which run each task does; tasks of one run are neighbours.
    tasks: Vec<usize>,
    /// Locks whose writers' waits are states of their own.
    noticed: Locks,
    has_tries: bool,
}

impl Explorer {
    fn new(runs: &[Run], copies: &[usize]) -> Explorer {
        let ops = || runs.iter().flatten();
        let names: BTreeSet<Lock> = ops().map(Op::lock).collect();
        let bit = |lock| 1 << names.iter().position(|name| *name == lock).unwrap_or_default();
        let (mut tried, mut noticed) = (0, 0);
        for op in ops() {
            if let Op::Try { lock, mode, .. } = *op {
                tried |= bit(lock);
                noticed |= if mode.queues() { bit(lock) } else { 0 };
            }
        }
        let stands = runs
            .iter()
            .map(|run| {
                let locks = run.iter().map(|op| bit(op.lock())).collect();
                Compiler { run, locks, tried, noticed, stands: Vec::new() }.compile()
            })
            .collect();
        let tasks: Vec<usize> =
            copies.iter().enumerate().flat_map(|(run, &of)| std::iter::repeat_n(run, of)).collect();
        assert!(tasks.len() <= MAX_TASKS, "{} tasks are too many", tasks.len());
        Explorer { stands, tasks, noticed, has_tries: tried != 0 }
    }

    fn explore(&self, limit: usize) -> Option<Truth> {
        let start: State = [0; MAX_TASKS];
        let mut seen: FxHashSet<State> = FxHashSet::from_iter([start]);
        let mut open = vec![start];
        let mut deadlock = None;
        let mut reached: Vec<BTreeSet<Index>> = vec![BTreeSet::new(); self.stands.len()];
        while let Some(state) = open.pop() {
            let world = self.world(&state);
            let mut begin = 0;
            for tasks in self.tasks.chunk_by(|a, b| a == b) {
                let run = tasks[0];
                let end = begin + tasks.len();
                let mut previous = None;
                for task in begin..end {
                    // Tasks of one run that stand at one place do the same.
                    if previous.replace(state[task]) == Some(state[task]) {
                        continue;
                    }
                    let Some(next) = self.step(run, state[task], &world) else {
                        continue;
                    };
                    reached[run].insert(next);
                    let mut state = state;
                    state[task] = match self.stands[run][usize::from(next)].wants {
                        Wants::End => 0,
                        _ => next,
                    };
                    state[begin..end].sort_unstable();
                    if seen.insert(state) {
                        if seen.len() > limit {
                            return None;
                        }
                        open.push(state);
                    }
                }
                begin = end;
            }
            if deadlock.is_none()
                && let Some(stuck) = self.stuck(&state, &world)
            {
                deadlock = Some(stuck);
                // Without a try-lock each run has one way, which is known without a search.
                if !self.has_tries {
                    break;
                }
            }
        }
        let paths = (0..self.stands.len()).map(|run| self.paths(run, &reached[run])).collect();
        Some(Truth { deadlock, paths, states: seen.len() })
    }

    fn world(&self, state: &State) -> World {
        let mut world = World::default();
        for (&run, &at) in self.tasks.iter().zip(state) {
            let stand = &self.stands[run][usize::from(at)];
            world.held.writes |= stand.held.writes;
            world.held.reads |= stand.held.reads;
            world.held.upgradable |= stand.held.upgradable;
            match stand.wants {
                Wants::Waits(_) => world.waits |= stand.lock,
                Wants::WaitsForUpgrade => world.waits_for_upgrade |= stand.lock,
                _ => {}
            }
        }
        world
    }

    /// Where a task stands after its next step; none if it has ended or has to wait.
    fn step(&self, run: usize, at: Index, world: &World) -> Option<Index> {
        let stand = &self.stands[run][usize::from(at)];
        if world.grants(stand.wants, stand.lock) {
            return Some(stand.got);
        }
        let begins = match stand.wants {
            Wants::Try(_) => true,
            Wants::Acquire(Mode::Write) | Wants::Upgrade => stand.lock & self.noticed != 0,
            _ => false,
        };
        begins.then_some(stand.not_got)
    }

    /// Those tasks that wait for ever, if all that hold something do.
    fn stuck(&self, state: &State, world: &World) -> Option<Vec<(usize, Path)>> {
        let stands = || {
            let tasks = self.tasks.iter().zip(state);
            tasks.map(|(&run, &at)| (run, &self.stands[run][usize::from(at)]))
        };
        // All writers that cannot go on have begun to wait.
        let mut late = *world;
        for (_, stand) in stands().filter(|(_, stand)| !world.grants(stand.wants, stand.lock)) {
            match stand.wants {
                Wants::Acquire(Mode::Write) => late.waits |= stand.lock,
                Wants::Upgrade => late.waits_for_upgrade |= stand.lock,
                _ => {}
            }
        }
        let mut stuck = Vec::new();
        for (run, stand) in stands() {
            let tries = matches!(stand.wants, Wants::Try(_));
            let has_begun = matches!(stand.wants, Wants::Waits(_) | Wants::WaitsForUpgrade);
            if !tries && !late.grants(stand.wants, stand.lock) {
                stuck.push((run, Path { failed: stand.failed, completed: stand.completed }));
            } else if has_begun || stand.held != Held::default() {
                return None;
            }
        }
        (!stuck.is_empty()).then_some(stuck)
    }

    /// The ways through a run.
    fn paths(&self, run: usize, reached: &BTreeSet<Index>) -> BTreeSet<Path> {
        if !self.has_tries {
            return BTreeSet::from([self.alone(run)]);
        }
        let mut longest: BTreeMap<Failed, (usize, bool)> = BTreeMap::new();
        for &at in reached {
            let stand = &self.stands[run][usize::from(at)];
            let tries = matches!(stand.wants, Wants::Try(_));
            let way = longest.entry(stand.failed).or_default();
            *way = (stand.completed, tries).max(*way);
        }
        // At a try-lock every task goes on, so there is a longer way.
        let ways = longest.into_iter().filter(|(_, (_, tries))| !tries);
        ways.map(|(failed, (completed, _))| Path { failed, completed }).collect()
    }

    /// How far a run without try-locks comes with nobody else about.
    fn alone(&self, run: usize) -> Path {
        let mut at = 0;
        loop {
            let stand = &self.stands[run][usize::from(at)];
            let world = World { held: stand.held, ..World::default() };
            match world.grants(stand.wants, stand.lock) {
                true => at = stand.got,
                false => return Path { failed: 0, completed: stand.completed },
            }
        }
    }
}

/// Lists the stands of one run.
struct Compiler<'a> {
    run: &'a Run,
    locks: Vec<Locks>,
    tried: Locks,
    noticed: Locks,
    stands: Vec<Stand>,
}

impl Compiler<'_> {
    fn compile(mut self) -> Vec<Stand> {
        self.stand(0, 0, false);
        self.stands
    }

    /// The number of the stand after so many steps, which may be none of its own.
    fn stand(&mut self, completed: usize, failed: Failed, begun: bool) -> Index {
        let completed = self.advance(completed, failed);
        let wants = self.wants(completed, begun);
        let same = |stand: &Stand| {
            (stand.completed, stand.failed, stand.wants) == (completed, failed, wants)
        };
        if let Some(index) = self.stands.iter().position(same) {
            return index as Index;
        }
        let index = self.stands.len();
        assert!(index < usize::from(Index::MAX), "a run has too many stands");
        let held = self.held(completed, failed);
        let lock = self.locks.get(completed).copied().unwrap_or_default();
        let (got, not_got) = (0, 0);
        self.stands.push(Stand { completed, failed, held, wants, lock, got, not_got });
        if let Some(op) = self.run.get(completed) {
            self.stands[index].got = self.stand(completed + 1, failed, false);
            self.stands[index].not_got = match *op {
                Op::Try { guard, .. } => self.stand(completed + 1, failed | 1 << guard, false),
                Op::Lock { mode: Mode::Write, .. } | Op::Upgrade { .. }
                    if !begun && lock & self.noticed != 0 =>
                {
                    self.stand(completed, failed, true)
                }
                _ => 0,
            };
        }
        index as Index
    }

    /// Goes past what is given back and what is skipped.
    fn advance(&self, mut completed: usize, failed: Failed) -> usize {
        while let Some(op) = self.run.get(completed) {
            let skipped = Path { failed, completed }.skips(op);
            let gives = matches!(op, Op::Unlock { .. } | Op::Downgrade { .. } | Op::Init { .. });
            if !(skipped || gives && self.locks[completed] & self.tried == 0) {
                break;
            }
            completed += 1;
        }
        completed
    }

    fn wants(&self, completed: usize, begun: bool) -> Wants {
        match (self.run.get(completed), begun) {
            (None, _) => Wants::End,
            (Some(Op::Lock { mode, .. }), false) => Wants::Acquire(*mode),
            (Some(Op::Lock { mode, .. }), true) => Wants::Waits(*mode),
            (Some(Op::Upgrade { .. }), false) => Wants::Upgrade,
            (Some(Op::Upgrade { .. }), true) => Wants::WaitsForUpgrade,
            (Some(Op::Try { mode, .. }), _) => Wants::Try(*mode),
            (Some(Op::Sync { .. }), _) => Wants::Sync,
            (Some(Op::Unlock { .. } | Op::Downgrade { .. } | Op::Init { .. }), _) => Wants::Step,
        }
    }

    fn held(&self, completed: usize, failed: Failed) -> Held {
        let path = Path { failed, completed };
        let mut open: Vec<(u8, Locks, Mode)> = Vec::new();
        for (op, &lock) in self.run.iter().zip(&self.locks).take(completed) {
            if path.skips(op) {
                continue;
            }
            match *op {
                Op::Lock { guard, mode, .. } | Op::Try { guard, mode, .. } => {
                    open.push((guard, lock, mode));
                }
                Op::Downgrade { guard, .. } => change(&mut open, guard, Mode::Read),
                Op::Upgrade { guard, .. } => change(&mut open, guard, Mode::Write),
                Op::Unlock { guard, .. } => open.retain(|held| held.0 != guard),
                Op::Init { .. } => open.retain(|held| held.1 != lock),
                Op::Sync { .. } => {}
            }
        }
        let mut held = Held::default();
        open.into_iter().for_each(|(_, lock, mode)| held.add(lock, mode));
        held
    }
}

fn change(open: &mut [(u8, Locks, Mode)], guard: u8, to: Mode) {
    open.iter_mut().filter(|held| held.0 == guard).for_each(|held| held.2 = to);
}
