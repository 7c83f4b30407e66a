//! One program, judged by the oracle, the tracker and the rules.

use lockdep::{Level, Task, Violation};
use tests::crowd::{self, Truth};
use tests::discipline::{Broken, Discipline, Rules};
use tests::notation::print;
use tests::program::{Lock, Op, Path, Run, within};
use tests::recording::Recording;
use tests::shrink::shrink;
use tests::verdict::{self, Memory};

/// How many states a search visits at most.
const LIMIT: usize = 5_000_000;

/// What was found out about one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// The tracker reports a deadlock that can happen.
    Reported,
    /// The tracker is silent, and nothing can happen.
    Quiet,
    /// A false alarm where tasks keep each other from where they would wait by what they give back
    /// before.
    Passed,
    /// A false alarm where locks of one class are not told apart.
    Classes,
}

/// What must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// The tracker is silent, and the program can deadlock.
    Missed(Level),
    /// The tracker reports, and the program cannot deadlock.
    Invented,
    /// The exact rule, computed the naive way, is not what the oracle says.
    InexactRule,
    /// The order in which the ways are recorded, or by how many tasks, makes a difference.
    DependsOnRecording(Level),
    /// The first way that is reported, or what for, is not what the discipline says.
    OtherThanTheRules,
    /// Something is reported that breaks not even a rule that looks at no guards and no writers.
    NotEvenACircle,
    /// A way that was recorded again is blamed for what it did not do.
    UnjustifiedRepeat,
}

/// One program, judged by everybody.
pub(crate) struct Judged<'a> {
    pub(crate) truth: Truth,
    /// Every way through every run.
    ways: Vec<(&'a Run, Path)>,
    /// Whether each lock is a class of its own.
    is_exact: bool,
}

impl<'a> Judged<'a> {
    /// None if the program has too many states.
    pub(crate) fn new(runs: &'a [Run]) -> Option<Judged<'a>> {
        let truth = crowd::explore(runs, &crowd::copies(runs), LIMIT)?;
        let ways = runs.iter().zip(&truth.paths);
        let ways = ways.flat_map(|(run, paths)| paths.iter().map(move |path| (run, *path)));
        let ways = ways.collect();
        let is_exact = runs.iter().flatten().map(Op::lock).all(|lock| lock.instance == 0);
        Some(Judged { truth, ways, is_exact })
    }

    fn can_deadlock(&self) -> bool {
        self.truth.deadlock.is_some()
    }

    /// What the exact rule says.
    fn by_rule(&self, memory: Memory) -> bool {
        let waits = self.ways.iter().flat_map(|(run, path)| verdict::waits(run, *path));
        verdict::deadlock(&waits.collect::<Vec<_>>(), memory).is_some()
    }

    pub(crate) fn mismatch(&self) -> Option<Mismatch> {
        self.mismatch_of_verdict().or_else(|| self.mismatch_of_order())
    }

    /// Level `deadlock`: the truth, whatever the order of recording.
    fn mismatch_of_verdict(&self) -> Option<Mismatch> {
        let level = Level::Deadlock;
        if self.by_rule(Memory::Order) != self.can_deadlock() {
            return Some(Mismatch::InexactRule);
        }
        let verdict = reports(level, &self.ways, 1);
        if self.can_deadlock() && !verdict {
            return Some(Mismatch::Missed(level));
        }
        if verdict && !self.can_deadlock() && self.is_exact && !self.by_rule(Memory::Holds) {
            return Some(Mismatch::Invented);
        }
        if verdict && expect(Rules::Deadlock, &self.ways).is_none() {
            return Some(Mismatch::NotEvenACircle);
        }
        let depends = orders(&self.ways)
            .any(|ways| [1, 3].map(|tasks| reports(level, &ways, tasks)) != [verdict; 2]);
        (depends && self.is_exact).then_some(Mismatch::DependsOnRecording(level))
    }

    /// Level `order`: the discipline.
    fn mismatch_of_order(&self) -> Option<Mismatch> {
        let level = Level::Order;
        let verdict = reports(level, &self.ways, 1);
        if self.can_deadlock() && !verdict {
            return Some(Mismatch::Missed(level));
        }
        for ways in orders(&self.ways).take(8) {
            for tasks in [1, 3] {
                let found = record(level, &ways, tasks);
                if found.is_some() != verdict {
                    return Some(Mismatch::DependsOnRecording(level));
                }
                if found != expect(Rules::Order, &ways) {
                    return Some(Mismatch::OtherThanTheRules);
                }
            }
            if !repeats_are_justified(&ways) {
                return Some(Mismatch::UnjustifiedRepeat);
            }
        }
        None
    }

    /// Why the tracker is right, or wrong.
    pub(crate) fn class(&self) -> Class {
        match (reports(Level::Deadlock, &self.ways, 1), self.can_deadlock()) {
            (true, true) => Class::Reported,
            (false, _) => Class::Quiet,
            (true, false) if self.is_exact => Class::Passed,
            (true, false) => Class::Classes,
        }
    }
}

type Ways<'a> = Vec<(&'a Run, Path)>;

/// All orders of up to four ways; of more, all rotations, forwards and backwards.
fn orders<'a>(ways: &Ways<'a>) -> impl Iterator<Item = Ways<'a>> {
    let all = ways.len() <= 4;
    let count = match all {
        true => (1..=ways.len()).product(),
        false => 2 * ways.len(),
    };
    let ways = ways.clone();
    (0..count).map(move |mut number| {
        let mut order = ways.clone();
        if !all {
            if number % 2 == 1 {
                order.reverse();
            }
            order.rotate_left(number / 2);
            return order;
        }
        for left in (2..=order.len()).rev() {
            order.swap(left - 1, number % left);
            number /= left;
        }
        order
    })
}

/// Whether anything is reported once all ways are recorded, at once or late.
fn reports(level: Level, ways: &Ways<'_>, tasks: usize) -> bool {
    let mut recording = Recording::at(level);
    let tasks = some_tasks(tasks);
    for (index, (run, path)) in ways.iter().enumerate() {
        recording.path(&tasks[index % tasks.len()], run, *path);
    }
    !recording.violations().is_empty()
}

/// Records ways with a fresh tracker; returns which one is reported first, and for what.
fn record(level: Level, ways: &Ways<'_>, tasks: usize) -> Option<(usize, Vec<Broken>)> {
    let mut recording = Recording::at(level);
    let tasks = some_tasks(tasks);
    for (index, (run, path)) in ways.iter().enumerate() {
        let met = recording.path(&tasks[index % tasks.len()], run, *path);
        if !met.is_empty() {
            let broken = met.iter().map(|met| broken(&met.violation)).collect();
            return Some((index, distinct(broken)));
        }
    }
    None
}

fn some_tasks(count: usize) -> Vec<Task> {
    ["1", "2", "3"].into_iter().take(count).map(Task::new).collect()
}

/// What the rules say that [`record`] must return.
fn expect(rules: Rules, ways: &Ways<'_>) -> Option<(usize, Vec<Broken>)> {
    let mut discipline = Discipline::new(rules);
    let broken = ways.iter().map(|(run, path)| discipline.path(run, *path));
    broken.enumerate().find(|(_, broken)| !broken.is_empty())
}

/// Records all ways and then each one again with another lock around it, which makes every chain
/// new and no order: what is reported then must be what the way itself is to blame for.
fn repeats_are_justified(ways: &Ways<'_>) -> bool {
    let mut recording = Recording::at(Level::Order);
    let mut discipline = Discipline::new(Rules::Order);
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
    let head = format!("{mismatch:?}: `{}`, from seed {seed}\n", print(&small));
    head + &format!("from       {}\n", print(runs)) + &describe(&small)
}

/// What everybody says of a program.
pub(crate) fn describe(runs: &[Run]) -> String {
    let Some(judged) = Judged::new(runs) else {
        return "there are too many states".to_owned();
    };
    let mut text = format!("steps      {runs:?}\n");
    text += &format!("deadlock   {:?}\n", judged.truth.deadlock);
    text += &format!("mismatch   {:?}\n", judged.mismatch());
    for memory in [Memory::Holds, Memory::Order] {
        text += &format!("exact rule {} by {memory:?}\n", judged.by_rule(memory));
    }
    for (level, rules) in [(Level::Deadlock, Rules::Deadlock), (Level::Order, Rules::Order)] {
        text += &format!("tracker    {:?} at {level:?}\n", record(level, &judged.ways, 1));
        text += &format!("discipline {:?}\n", expect(rules, &judged.ways));
    }
    text
}
