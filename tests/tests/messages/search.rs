//! Tries every interleaving of copies of a set of runs.
//!
//! Naive on purpose: a state is where every task stands, what is held and how many messages wait
//! follows from that, and all states that can be reached are visited. Copies of one run are
//! interchangeable. That a writer waits is a state of its own, which a plain reader notices.

use rustc_hash::FxHashSet;
use tests::program::Mode;

use crate::program::{Run, Step};

/// How many tasks one search can interleave.
const MAX_TASKS: usize = 12;

/// How many steps a task has done, and whether it waits to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Stand(u8);

impl Stand {
    fn new(at: usize, waits: bool) -> Stand {
        Stand((at as u8) << 1 | u8::from(waits))
    }

    fn at(self) -> usize {
        usize::from(self.0 >> 1)
    }

    fn waits(self) -> bool {
        self.0 & 1 != 0
    }
}

type State = [Stand; MAX_TASKS];

/// How some tasks can end up waiting for ever: of each its run and how many steps it has done; none
/// if they cannot. An error if there are too many states.
pub(crate) fn deadlock(
    runs: &[Run],
    copies: usize,
    limit: usize,
) -> Result<Option<Vec<(usize, usize)>>, ()> {
    let tasks: Vec<usize> = (0..runs.len()).flat_map(|run| [run].repeat(copies)).collect();
    let start = State::default();
    let mut seen = FxHashSet::from_iter([start]);
    let mut open = vec![start];
    while let Some(state) = open.pop() {
        let mut is_stuck = true;
        for (task, &run) in tasks.iter().enumerate() {
            let Some(next) = step(runs, &tasks, &state, task, run) else {
                continue;
            };
            is_stuck = false;
            let mut state = state;
            state[task] = next;
            state[..tasks.len()].chunks_mut(copies).for_each(<[Stand]>::sort_unstable);
            if seen.insert(state) {
                open.push(state);
            }
        }
        if seen.len() > limit {
            return Err(());
        }
        let mut stands = tasks.iter().copied().zip(state.iter().map(|stand| stand.at()));
        if is_stuck && !stands.clone().all(|(run, at)| at == runs[run].len()) {
            return Ok(Some(stands.by_ref().collect()));
        }
    }
    Ok(None)
}

/// Where a task stands after its next step; none if it has ended or has to wait.
fn step(runs: &[Run], tasks: &[usize], state: &State, task: usize, run: usize) -> Option<Stand> {
    let stand = state[task];
    let done = Some(Stand::new(stand.at() + 1, false));
    let all = || tasks.iter().map(|run| &runs[*run]).zip(state);
    let others = || all().enumerate().filter(move |(other, _)| *other != task).map(|(_, of)| of);
    match *runs[run].get(stand.at())? {
        Step::Unlock(_) | Step::Send(_) => done,
        Step::Receive(channel) => {
            let count = |wanted: Step| {
                let steps = all().flat_map(|(run, stand)| &run[..stand.at()]);
                steps.filter(|step| **step == wanted).count()
            };
            done.filter(|_| count(Step::Send(channel)) > count(Step::Receive(channel)))
        }
        Step::Lock(lock, mode) => {
            let is_held = |how: fn(Mode) -> bool| {
                others().any(|(run, stand)| held(run, stand.at(), lock).is_some_and(how))
            };
            let is_wanted = || {
                others().any(|(run, stand)| {
                    stand.waits() && run[stand.at()] == Step::Lock(lock, Mode::Write)
                })
            };
            match mode {
                Mode::Write if !is_held(|_| true) => done,
                Mode::Write => (!stand.waits()).then(|| Stand::new(stand.at(), true)),
                Mode::Read if !is_held(|how| how == Mode::Write) && !is_wanted() => done,
                Mode::ReadRecursive if !is_held(|how| how == Mode::Write) => done,
                _ => None,
            }
        }
    }
}

/// How a task holds a lock after so many steps of its run.
fn held(run: &Run, at: usize, lock: char) -> Option<Mode> {
    let mut of_lock = run[..at].iter().rev().filter_map(|step| match *step {
        Step::Lock(taken, mode) if taken == lock => Some(Some(mode)),
        Step::Unlock(given) if given == lock => Some(None),
        _ => None,
    });
    of_lock.next().flatten()
}
