//! `cargo lockdep build | run | test | bench | nextest`: from the arguments to the exit status.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use lockdep::settings::{BacktraceStyle, Environment, Reaction, Warnings};

use crate::arguments::Arguments;
use crate::exit::{self, Failure};
use crate::gather::{gather, record_files};
use crate::ledger::Ledger;
use crate::merge::merge;
use crate::run::run;
use crate::setup::Setup;
use crate::statistics;
use crate::symbols::Symbols;
use crate::verb::{Options, Show, Verb};
use crate::watch::Watch;
use crate::workspace;

/// Runs cargo's `verb` with the locks replaced; the status to exit with.
pub(crate) fn forward(
    verb: Verb,
    options: &Options,
    arguments: Vec<OsString>,
) -> Result<u8, Failure> {
    let arguments = Arguments::read(verb, arguments);
    let mut cargo = Command::new(workspace::cargo());
    cargo.arg(verb.name());
    if arguments.asks_only {
        let status = cargo.args(arguments.untouched()).status();
        return status
            .map(exit::of_child)
            .map_err(|error| Failure::setup(format!("cannot run cargo: {error}")));
    }
    let environment = environment()?;
    let here = env::current_dir()
        .map_err(|error| Failure::setup(format!("there is no working folder: {error}")))?;
    let setup = Setup::make(&arguments, &here, environment.out.as_deref())?;
    setup.apply(&mut cargo, &arguments)?;
    if env::var_os("LOCKDEP").is_none_or(|value| value.is_empty()) {
        cargo.env("LOCKDEP", "report");
    }

    // Asked for by the verb or by the variable.
    let by_variable = environment.statistics.then(Show::default);
    let statistics = options.statistics.clone().or(by_variable);
    if statistics.is_some() {
        cargo.env("LOCKDEP_STAT", "1");
    }

    let records = &setup.records.path;
    let before = record_files(records).unwrap_or_default();
    let mut ledger = Ledger::new(&[&setup.root, &here], options.ledger);
    let mut watch = Watch::new(records.clone(), before.clone());
    let status = exit::of_child(run(cargo, &mut watch, &mut ledger)?);
    if environment.reaction == Reaction::Off {
        eprintln!("lockdep: nothing was tracked: LOCKDEP is off");
        return Ok(status);
    }

    let gathered = gather(records, &before);
    let mut symbols = Symbols::new(environment.settings.backtrace == BacktraceStyle::Full);
    let mut outcome = merge(&gathered.processes, environment.settings.level, &mut symbols);
    if environment.warnings == Warnings::Allow {
        outcome.allow_warnings();
    }
    if let Some(statistics) = statistics {
        statistics::show(&gathered.measured, &statistics, &mut symbols, ledger.paths())?;
    }
    // A build runs nothing, and a failed one says enough itself.
    let ran = verb.runs() && status == exit::OK;
    if ran || outcome.processes > 0 || !gathered.warnings.is_empty() {
        ledger.close(&gathered, &outcome);
    }
    match (outcome.findings.is_empty(), status) {
        (false, _) => Ok(exit::VIOLATIONS),
        (true, exit::OK) if gathered.incomplete => {
            Err(Failure::setup("records are missing, so nothing can be said of the program"))
        }
        (true, exit::OK) => setup.records.check().map(|()| status),
        (true, status) => Ok(status),
    }
}

/// The user's variables. An unknown value stops here, before anything is built.
fn environment() -> Result<Environment, Failure> {
    let (environment, unknown) = Environment::read();
    match unknown.first() {
        Some(unknown) => Err(Failure::usage(unknown.to_string())),
        None => Ok(environment),
    }
}
