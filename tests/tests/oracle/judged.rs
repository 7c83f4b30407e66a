//! One program, judged by the oracle, the tracker and the rules.

use lockdep::{Level, Task, Violation};
use tests::discipline::{Broken, Discipline, Rules};
use tests::interleave::{Search, Truth};
use tests::notation::print;
use tests::program::{Lock, Path, Run, within};
use tests::recording::Recording;
use tests::shrink::shrink;

/// How many states the search for a deadlock visits at most.
const LIMIT: usize = 5_000_000;
/// How many states each search for the reason of a false alarm visits at most.
const REASON_LIMIT: usize = 20_000;

fn two_copies() -> Search {
    Search { copies: 2, environment: false, limit: LIMIT }
}

/// What was found out about one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// The tracker reports a deadlock that can happen.
    Reported,
    /// The tracker is silent, and nothing can happen.
    Quiet,
    /// It happens with three copies of each run.
    MoreCopies,
    /// It would happen if a lock that is only read had a writer (N2).
    NoWriter,
    /// The parts of the cycle cannot overlap, because of a gate (N1) or for another reason.
    Apart,
    /// There are too many states to give the reason of what is probably a false alarm.
    TooLarge,
}

/// What must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    Missed,
    DependsOnRecording,
    OtherThanTheRules,
    UnjustifiedRepeat,
}

/// One program, judged by everybody.
pub(crate) struct Judged<'a> {
    runs: &'a [Run],
    pub(crate) truth: Truth,
    /// Every way through every run.
    ways: Vec<(&'a Run, Path)>,
}

impl<'a> Judged<'a> {
    pub(crate) fn new(runs: &'a [Run]) -> Option<Judged<'a>> {
        let truth = two_copies().explore(runs)?;
        let ways = runs.iter().zip(&truth.paths);
        let ways = ways.flat_map(|(run, paths)| paths.iter().map(move |path| (run, *path)));
        let ways = ways.collect();
        Some(Judged { runs, truth, ways })
    }

    pub(crate) fn mismatch(&self) -> Option<Mismatch> {
        for (level, rules) in [(Level::Deadlock, Rules::Deadlock), (Level::Order, Rules::Order)] {
            let verdict = record(level, &self.ways, 1).is_some();
            if self.truth.deadlock.is_some() && !verdict {
                return Some(Mismatch::Missed);
            }
            let mut ways = self.ways.clone();
            for _ in 0..ways.len().min(4) {
                ways.rotate_left(1);
                for tasks in [1, 3] {
                    let found = record(level, &ways, tasks);
                    if found.is_some() != verdict {
                        return Some(Mismatch::DependsOnRecording);
                    }
                    if level == Level::Order && found != expect(rules, &ways) {
                        return Some(Mismatch::OtherThanTheRules);
                    }
                    if level == Level::Order && !repeats_are_justified(level, rules, &ways) {
                        return Some(Mismatch::UnjustifiedRepeat);
                    }
                }
                ways.reverse();
            }
        }
        None
    }

    /// Why the tracker is right, or wrong.
    pub(crate) fn class(&self) -> Class {
        match (record(Level::Deadlock, &self.ways, 1), &self.truth.deadlock) {
            (Some(_), Some(_)) => return Class::Reported,
            (None, _) => return Class::Quiet,
            (Some(_), None) => {}
        }
        let searches =
            [(3, false, Class::MoreCopies), (2, true, Class::NoWriter), (3, true, Class::NoWriter)];
        let mut class = Class::Apart;
        for (copies, environment, reason) in searches {
            match (Search { copies, environment, limit: REASON_LIMIT }).explore(self.runs) {
                Some(truth) if truth.deadlock.is_some() => return reason,
                Some(_) => {}
                None => class = Class::TooLarge,
            }
        }
        class
    }
}

/// Records ways with a fresh tracker; returns which one is reported first, and for what.
fn record(level: Level, ways: &[(&Run, Path)], tasks: usize) -> Option<(usize, Vec<Broken>)> {
    let mut recording = Recording::at(level);
    let tasks: Vec<Task> = ["1", "2", "3"].into_iter().take(tasks).map(Task::new).collect();
    for (index, (run, path)) in ways.iter().enumerate() {
        let met = recording.path(&tasks[index % tasks.len()], run, *path);
        if !met.is_empty() {
            let broken = met.iter().map(|met| broken(&met.violation)).collect();
            return Some((index, distinct(broken)));
        }
    }
    None
}

/// What the rules say that [`record`] must return.
fn expect(rules: Rules, ways: &[(&Run, Path)]) -> Option<(usize, Vec<Broken>)> {
    let mut discipline = Discipline::new(rules);
    let broken = ways.iter().map(|(run, path)| discipline.path(run, *path));
    broken.enumerate().find(|(_, broken)| !broken.is_empty())
}

/// Records all ways and then each one again with another lock around it, which makes every chain
/// new and no order: what is reported then must be what the way itself is to blame for.
fn repeats_are_justified(level: Level, rules: Rules, ways: &[(&Run, Path)]) -> bool {
    let mut recording = Recording::at(level);
    let mut discipline = Discipline::new(rules);
    let task = Task::new("1");
    for (run, path) in ways {
        recording.path(&task, run, *path);
        discipline.path(run, *path);
    }
    ways.iter().all(|(run, path)| {
        let again = within(Lock { class: 'Z', instance: 0 }, run);
        let ends = path.completed == run.len();
        let path = Path { completed: path.completed + 1 + usize::from(ends), ..*path };
        let met = recording.path(&task, &again, path);
        let justified = discipline.path(&again, path);
        met.iter().all(|met| justified.contains(&broken(&met.violation)))
    })
}

fn distinct(mut broken: Vec<Broken>) -> Vec<Broken> {
    broken.sort_unstable();
    broken.dedup();
    broken
}

fn broken(violation: &Violation) -> Broken {
    match violation {
        Violation::Recursion(_) => Broken::Recursion,
        Violation::UnorderedNesting(_) => Broken::Nesting,
        Violation::Inversion { .. } => Broken::Circle,
        Violation::InstanceInversion { .. } => Broken::InstanceCircle,
        other => panic!("the program does nothing wrong of the kind {other:?}"),
    }
}

/// Shrinks a mismatch and says all there is to say about it.
pub(crate) fn explain(seed: u64, runs: &[Run], mismatch: Mismatch) -> String {
    let shows = |runs: &[Run]| Judged::new(runs).and_then(|judged| judged.mismatch());
    let small = shrink(runs, |runs| shows(runs) == Some(mismatch));
    let judged = Judged::new(&small).expect("what is smaller has fewer states");
    let mut text = format!("{mismatch:?}: `{}`, from seed {seed}\n", print(&small));
    text += &format!("from       {}\n", print(runs));
    text += &format!("steps      {small:?}\n");
    text += &format!("deadlock   {:?}\n", judged.truth.deadlock);
    for (level, rules) in [(Level::Deadlock, Rules::Deadlock), (Level::Order, Rules::Order)] {
        text += &format!("tracker    {:?} at {level:?}\n", record(level, &judged.ways, 1));
        text += &format!("rules      {:?}\n", expect(rules, &judged.ways));
    }
    text
}
