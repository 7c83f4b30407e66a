//! Runs cargo, and with it the program, and stays.
//!
//! A signal from the keyboard goes to cargo and the program too; the command outlives them to say
//! what they learned. A request to end that was sent to the command alone is passed on to all
//! that it started.

use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::flag;

use crate::exit::Failure;
use crate::family::ask_to_end;
use crate::ledger::Ledger;
use crate::watch::Watch;

/// How often the records of the running program are looked at.
const INTERVAL: Duration = Duration::from_millis(300);

/// Runs `command` to its end; what `watch` finds meanwhile goes to `ledger`.
pub(crate) fn run(
    mut command: Command,
    watch: &mut Watch,
    ledger: &mut Ledger,
) -> Result<ExitStatus, Failure> {
    let asked_to_end = Arc::new(AtomicBool::new(false));
    let from_keyboard = Arc::new(AtomicBool::new(false));
    let signals = [
        (SIGTERM, &asked_to_end),
        (SIGHUP, &asked_to_end),
        (SIGINT, &from_keyboard),
        (SIGQUIT, &from_keyboard),
    ];
    for (signal, flag) in signals {
        flag::register(signal, Arc::clone(flag))
            .map_err(|error| Failure::setup(format!("cannot handle signal {signal}: {error}")))?;
    }

    let name = command.get_program().display().to_string();
    let mut child =
        command.spawn().map_err(|error| Failure::setup(format!("cannot run {name}: {error}")))?;
    let pid = Pid::from_child(&child);
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait()));
    loop {
        match ended.recv_timeout(INTERVAL) {
            Ok(status) => {
                return status.map_err(|error| Failure::setup(format!("lost {name}: {error}")));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::setup(format!("lost {name}")));
            }
        }
        for violation in watch.due(Instant::now()) {
            ledger.show(&violation);
        }
        if asked_to_end.swap(false, Ordering::Relaxed) {
            ask_to_end(pid);
        }
    }
}
