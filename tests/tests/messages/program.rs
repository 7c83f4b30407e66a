//! Programs of locks and messages: what they are, as text and drawn at random.
//!
//! | token | step |
//! |---|---|
//! | `W(A)` `r(A)` `R(A)` | take A: write, read, recursive read |
//! | `-A` | give A back |
//! | `!x` | send a message on channel x, which has room for any number |
//! | `?x` | wait for one |
//! | `;` | give back what is still held, newest first; the next run begins |

use std::collections::BTreeMap;

use fastrand::Rng;
use tests::program::Mode;

/// One step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Lock(char, Mode),
    Unlock(char),
    Send(char),
    Receive(char),
}

/// What one task does from holding nothing to holding nothing.
pub(crate) type Run = Vec<Step>;

pub(crate) fn parse(text: &str) -> Vec<Run> {
    text.split(';').map(parse_run).collect()
}

fn parse_run(text: &str) -> Run {
    let mut open = Vec::new();
    let mut run = Run::new();
    for token in text.split_whitespace() {
        let mut letters = token.chars();
        let (verb, rest) = (letters.next(), letters.as_str());
        let name = |text: &str| {
            text.trim_matches(['(', ')']).parse().unwrap_or_else(|_| panic!("`{token}`?"))
        };
        let step = match verb {
            Some('-') => Step::Unlock(name(rest)),
            Some('!') => Step::Send(name(rest)),
            Some('?') => Step::Receive(name(rest)),
            Some('W') => Step::Lock(name(rest), Mode::Write),
            Some('r') => Step::Lock(name(rest), Mode::Read),
            Some('R') => Step::Lock(name(rest), Mode::ReadRecursive),
            _ => panic!("`{token}` is not a step"),
        };
        match step {
            Step::Lock(lock, _) => open.push(lock),
            Step::Unlock(lock) => open.retain(|open| *open != lock),
            Step::Send(_) | Step::Receive(_) => {}
        }
        run.push(step);
    }
    run.extend(open.into_iter().rev().map(Step::Unlock));
    run
}

pub(crate) fn print(runs: &[Run]) -> String {
    let step = |step: &Step| match *step {
        Step::Lock(lock, Mode::Write) => format!("W({lock})"),
        Step::Lock(lock, Mode::Read) => format!("r({lock})"),
        Step::Lock(lock, _) => format!("R({lock})"),
        Step::Unlock(lock) => format!("-{lock}"),
        Step::Send(channel) => format!("!{channel}"),
        Step::Receive(channel) => format!("?{channel}"),
    };
    let run = |run: &Run| run.iter().map(step).collect::<Vec<_>>().join(" ");
    runs.iter().map(run).collect::<Vec<_>>().join(" ; ")
}

/// Two or three runs on two or three locks and up to two channels. Each channel has one run that
/// sends and one that receives; who receives does so once, and sends nothing.
pub(crate) fn random(random: &mut Rng) -> Vec<Run> {
    let locks: Vec<(char, bool)> =
        ('A'..).take(random.usize(2..=3)).map(|lock| (lock, random.u8(0..3) == 0)).collect();
    let givers = random.usize(1..=2);
    let count = givers + random.usize(1..=3 - givers);
    let mut runs: Vec<Run> =
        (0..count).map(|_| with_locks(random, &locks, if count == 2 { 3 } else { 2 })).collect();
    for (to, channel) in (givers..count).zip(['x', 'y']) {
        let from = random.usize(..givers);
        let at = random.usize(..=runs[from].len());
        runs[from].insert(at, Step::Send(channel));
        let at = random.usize(..=runs[to].len());
        runs[to].insert(at, Step::Receive(channel));
    }
    runs
}

/// Up to so many acquires, each lock held once at a time.
fn with_locks(random: &mut Rng, locks: &[(char, bool)], longest: usize) -> Run {
    let mut run = Run::new();
    let mut open: Vec<char> = Vec::new();
    for _ in 0..random.usize(1..=longest) {
        if !open.is_empty() && random.bool() {
            run.push(Step::Unlock(open.swap_remove(random.usize(..open.len()))));
        }
        let (lock, is_shared) = locks[random.usize(..locks.len())];
        if open.contains(&lock) {
            continue;
        }
        let mode = match (is_shared, random.u8(0..5)) {
            (true, 0..2) => Mode::Read,
            (true, 2) => Mode::ReadRecursive,
            _ => Mode::Write,
        };
        run.push(Step::Lock(lock, mode));
        open.push(lock);
    }
    run.extend(open.into_iter().rev().map(Step::Unlock));
    run
}

/// The same with one thing less, in every way.
pub(crate) fn smaller(runs: &[Run]) -> Vec<Vec<Run>> {
    let mut all = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        for (at, step) in run.iter().enumerate() {
            let mut less = runs.to_vec();
            match *step {
                Step::Lock(lock, _) => {
                    let end = run[at..].iter().position(|step| *step == Step::Unlock(lock));
                    less[index].remove(at + end.unwrap_or_default());
                    less[index].remove(at);
                }
                Step::Send(channel) => {
                    less[index].remove(at);
                    let received =
                        |run: &Run| run.iter().position(|step| *step == Step::Receive(channel));
                    let Some(other) = less.iter_mut().find(|run| received(run).is_some()) else {
                        continue;
                    };
                    other.remove(received(other).unwrap_or_default());
                }
                Step::Unlock(_) | Step::Receive(_) => continue,
            }
            all.push(less);
        }
    }
    all
}

/// How often each channel is sent to, less how often it is received from.
pub(crate) fn surplus(runs: &[Run]) -> BTreeMap<char, i32> {
    let mut surplus = BTreeMap::new();
    for step in runs.iter().flatten() {
        match *step {
            Step::Send(channel) => *surplus.entry(channel).or_default() += 1,
            Step::Receive(channel) => *surplus.entry(channel).or_default() -= 1,
            Step::Lock(..) | Step::Unlock(_) => {}
        }
    }
    surplus
}
