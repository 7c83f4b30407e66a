//! The streams that are written to.

use std::fmt::{Debug, Display};
use std::fs::File;
use std::io::Write;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::{Command, Stdio};

use super::traits::{Lacks, has};
use crate::io::{self, IsTerminal, Stderr, StderrLock, Stdout, StdoutLock};

macro_rules! differ {
    ([$($name:ident $(<$lifetime:lifetime>)?),*] $bounds:tt) => {
        vec![$(differ!(@ io::$name $(<$lifetime>)?, std::io::$name $(<$lifetime>)?, $bounds)),*].concat()
    };
    (@ $ours:ty, $real:ty, [$($bound:path),*]) => {
        vec![$((
            stringify!($real: $bound),
            has!($ours, $bound) == has!($real, $bound) && has!(&$ours, $bound) == has!(&$real, $bound),
        )),*]
    };
}

#[test]
fn traits_are_those_of_the_real_streams() {
    let all = differ!([Stdout, Stderr, StdoutLock<'static>, StderrLock<'static>] [
        Send, Sync, Unpin, UnwindSafe, RefUnwindSafe, Debug, Display, Clone, Default, Write,
        std::io::Read, Into<Stdio>
    ]);
    #[cfg(unix)]
    let all = [
        all,
        differ!([Stdout, Stderr, StdoutLock<'static>, StderrLock<'static>] [
            std::os::fd::AsFd, std::os::fd::AsRawFd, std::os::fd::IntoRawFd
        ]),
    ]
    .concat();
    let differ: Vec<_> = all.into_iter().filter(|(_, is_same)| !is_same).collect();
    assert_eq!(differ, []);
}

fn ask(stream: &impl IsTerminal) -> bool {
    stream.is_terminal()
}

#[test]
fn whether_they_are_terminals_is_what_the_real_ones_say() {
    let real = std::io::IsTerminal::is_terminal(&std::io::stdout());
    assert_eq!((ask(&io::stdout()), io::stdout().lock().is_terminal()), (real, real));
    let real = std::io::IsTerminal::is_terminal(&std::io::stderr());
    assert_eq!((ask(&io::stderr()), io::stderr().lock().is_terminal()), (real, real));
    assert_eq!(ask(&io::stdin()), std::io::IsTerminal::is_terminal(&std::io::stdin()));
    assert!(!ask(&File::open("Cargo.toml").unwrap()));
}

#[test]
fn they_are_used_in_all_ways() {
    let out: fn() -> Stdout = io::stdout;
    let err: fn() -> Stderr = io::stderr;
    let (mut out, mut err) = (out(), err());
    let mut lock: StdoutLock<'static> = io::stdout().lock();
    let again: StdoutLock<'_> = out.lock();
    let other: StderrLock<'static> = err.lock();
    lock.write_all(b"").unwrap();
    write!(lock, "").unwrap();
    lock.flush().unwrap();
    // Not in the order in which they were taken.
    drop(lock);
    drop((again, other));
    assert_eq!(out.write(b"").unwrap() + (&err).write(b"").unwrap(), 0);
    assert_eq!(out.write_vectored(&[]).unwrap() + (&out).write_vectored(&[]).unwrap(), 0);
    write!(&out, "").and_then(|()| write!(&mut err, "")).unwrap();
    (&out).write_all(b"").and_then(|()| (&err).flush()).unwrap();
    let mut any: [Box<dyn Write>; 2] = [Box::new(out), Box::new(err)];
    any.iter_mut().for_each(|any| any.by_ref().flush().unwrap());
    assert!(format!("{:?} {:?}", io::stdout(), io::stderr()).starts_with("Stdout {"));
    assert!(format!("{:?}", io::stdout().lock()).starts_with("StdoutLock {"));
    if cfg!(unix) {
        let status = Command::new("true").stdout(io::stderr()).stderr(io::stdout()).status();
        assert!(status.unwrap().success());
    }
}
