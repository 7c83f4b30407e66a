//! Runs as text, in the letters of the kernel's self-test.
//!
//! | token | step |
//! |---|---|
//! | `W(A)` `r(A)` `R(A)` `U(A)` | take A: write, read, recursive read, upgradable read |
//! | `tryW(A)` … | the same as a try-lock |
//! | `W(X1/2)` | take lock 1 of class X at nesting level 2 |
//! | `-A` | give back the newest acquire of A |
//! | `down(A)` | turn the write hold of A into a read hold |
//! | `up(A)` | turn the upgradable read hold of A into a write hold |
//! | `sync(A)` | wait until nobody holds A |
//! | `init(A)` | initialise A again; it is not held after |
//! | `;` | give back what is still held, newest first; the next run begins |

use std::fmt::Write;

use crate::program::{Guard, Lock, Mode, Op, Run};

/// Reads runs.
///
/// # Panics
///
/// If the text is not in the notation.
pub fn parse(text: &str) -> Vec<Run> {
    text.split(';').map(parse_run).collect()
}

fn parse_run(text: &str) -> Run {
    let mut run = Run::new();
    let mut guards: Vec<(Guard, Lock)> = Vec::new();
    let mut open: Vec<(Guard, Lock)> = Vec::new();
    for token in text.split_whitespace() {
        let (verb, argument) = match token.strip_prefix('-') {
            Some(lock) => ("-", lock),
            None => token
                .strip_suffix(')')
                .and_then(|token| token.split_once('('))
                .unwrap_or_else(|| panic!("`{token}` is not a step")),
        };
        let (lock, subclass) = parse_lock(argument);
        let newest = |guards: &[(Guard, Lock)]| {
            guards.iter().rev().find(|(_, of)| *of == lock).map(|(guard, _)| *guard)
        };
        let taken = || {
            newest(&open)
                .or_else(|| newest(&guards))
                .unwrap_or_else(|| panic!("`{token}` before {lock:?} is taken"))
        };
        let op = match verb {
            "-" => Op::Unlock { guard: taken(), lock },
            "down" => Op::Downgrade { guard: taken(), lock },
            "up" => Op::Upgrade { guard: taken(), lock },
            "sync" => Op::Sync { lock },
            "init" => Op::Init { lock },
            _ => {
                let guard = guards.len() as Guard;
                guards.push((guard, lock));
                open.push((guard, lock));
                match verb.strip_prefix("try") {
                    Some(mode) => Op::Try { guard, lock, mode: parse_mode(mode) },
                    None => Op::Lock { guard, lock, mode: parse_mode(verb), subclass },
                }
            }
        };
        match op {
            Op::Unlock { guard, .. } => open.retain(|(open, _)| *open != guard),
            Op::Init { lock } => open.retain(|(_, held)| *held != lock),
            _ => {}
        }
        run.push(op);
    }
    run.extend(open.into_iter().rev().map(|(guard, lock)| Op::Unlock { guard, lock }));
    run
}

fn parse_mode(text: &str) -> Mode {
    match text {
        "W" => Mode::Write,
        "r" => Mode::Read,
        "R" => Mode::ReadRecursive,
        "U" => Mode::Upgradable,
        _ => panic!("`{text}` is not a mode"),
    }
}

fn parse_lock(text: &str) -> (Lock, u8) {
    let (lock, subclass) = text.split_once('/').unwrap_or((text, "0"));
    let number = |digits: &str| digits.parse().unwrap_or_else(|_| panic!("`{text}` is no lock"));
    let class = lock.chars().next().unwrap_or_else(|| panic!("a lock needs a letter"));
    let instance = if lock.len() > 1 { number(&lock[1..]) } else { 0 };
    (Lock { class, instance }, number(subclass))
}

/// Writes runs, so that [`parse`] reads them back.
pub fn print(runs: &[Run]) -> String {
    let mut text = String::new();
    for (index, run) in runs.iter().enumerate() {
        if index > 0 {
            text.push_str(" ; ");
        }
        // What the next `;` gives back anyway is left out.
        let steps: Vec<String> = run[..written(run)].iter().map(print_op).collect();
        text.push_str(&steps.join(" "));
    }
    text
}

/// How many steps need to be written.
fn written(run: &Run) -> usize {
    (0..=run.len()).find(|&length| closed(&run[..length]) == *run).unwrap_or(run.len())
}

/// A run with what is still held given back at its end.
fn closed(steps: &[Op]) -> Run {
    let mut run = steps.to_vec();
    let mut open: Vec<(Guard, Lock)> = Vec::new();
    for op in steps {
        match *op {
            Op::Lock { guard, lock, .. } | Op::Try { guard, lock, .. } => open.push((guard, lock)),
            Op::Unlock { guard, .. } => open.retain(|(open, _)| *open != guard),
            Op::Init { lock } => open.retain(|(_, held)| *held != lock),
            Op::Downgrade { .. } | Op::Upgrade { .. } | Op::Sync { .. } => {}
        }
    }
    run.extend(open.into_iter().rev().map(|(guard, lock)| Op::Unlock { guard, lock }));
    run
}

fn print_op(op: &Op) -> String {
    let mut lock = op.lock().class.to_string();
    if op.lock().instance != 0 {
        let _ = write!(lock, "{}", op.lock().instance);
    }
    let letter = |mode| match mode {
        Mode::Write => "W",
        Mode::Read => "r",
        Mode::ReadRecursive => "R",
        Mode::Upgradable => "U",
    };
    match *op {
        Op::Lock { mode, subclass: 0, .. } => format!("{}({lock})", letter(mode)),
        Op::Lock { mode, subclass, .. } => format!("{}({lock}/{subclass})", letter(mode)),
        Op::Try { mode, .. } => format!("try{}({lock})", letter(mode)),
        Op::Unlock { .. } => format!("-{lock}"),
        Op::Downgrade { .. } => format!("down({lock})"),
        Op::Upgrade { .. } => format!("up({lock})"),
        Op::Sync { .. } => format!("sync({lock})"),
        Op::Init { .. } => format!("init({lock})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "W(A) r(B) ; R(B) W(A)",
            "W(A) W(B) -A W(C)",
            "tryW(X1) W(X2/3) down(X1) ; R(A) R(A) -A sync(B)",
            "U(A) up(A) down(A) ; tryU(A)",
        ] {
            assert_eq!(print(&parse(text)), text);
        }
    }

    #[test]
    fn what_is_still_held_is_given_back_newest_first() {
        assert_eq!(parse("W(A) W(B)"), parse("W(A) W(B) -B -A"));
        assert_ne!(parse("W(A) W(B)"), parse("W(A) W(B) -A -B"));
    }

    #[test]
    fn a_step_belongs_to_the_newest_open_acquire() {
        let run = &parse("R(A) R(A) -A -A")[0];
        let guards: Vec<_> = run.iter().map(Op::guard).collect();
        assert_eq!(guards, [Some(0), Some(1), Some(1), Some(0)]);
    }
}
