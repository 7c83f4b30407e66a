//! `cargo lockdep`: runs an unmodified program with its locks tracked and reports what could
//! deadlock.
//!
//! The command forwards to cargo, with a compiler wrapper that puts a crate named `std` before the
//! standard library: the same library with its locks instrumented. Each process of the program
//! writes what it learns to a file; the command joins the files at the end. Standard output
//! belongs to the program.
//!
//! | step | file |
//! |---|---|
//! | which verb, which of its arguments matter | `verb`, `arguments` |
//! | what cargo is given | `setup` |
//! | project, settings of cargo, compiler | `workspace`, `config`, `toolchain` |
//! | the folder, the runtime in it | `folder`, `runtime` |
//! | the binary's other face, around `rustc` | `wrapper` |
//! | the program runs | `run`, `family`, `watch` |
//! | records become a verdict | `gather`, `merge`, `judge`, `parties`, `symbols`, `ledger` |
//! | and a table | `statistics` |
//! | exit status | `exit` |

#![forbid(unsafe_code)]

mod arguments;
mod config;
mod exit;
mod explain;
mod family;
mod folder;
mod forward;
mod gather;
mod judge;
mod ledger;
mod merge;
mod parties;
mod replaced;
mod run;
mod runtime;
mod setup;
mod statistics;
mod symbols;
mod toolchain;
mod verb;
mod watch;
mod workspace;
mod wrapper;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use exit::Failure;
use verb::{HELP, Request};
use wrapper::Plan;

fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = env::args_os().skip(1).collect();
    if let Some(plan) = Plan::from_environment(arguments.first().map(OsString::as_os_str)) {
        return stopped(&plan.exec(&arguments));
    }
    // Cargo repeats the name of the subcommand; a direct call need not.
    if arguments.first().is_some_and(|first| first == "lockdep") {
        arguments.remove(0);
    }
    dispatch(arguments).map_or_else(|failure| stopped(&failure), ExitCode::from)
}

fn dispatch(arguments: Vec<OsString>) -> Result<u8, Failure> {
    let mut arguments = arguments.into();
    let request = Request::read(&mut arguments)?;
    let arguments: Vec<OsString> = arguments.into();
    match request {
        Request::Forward(verb, options) => return forward::forward(verb, &options, arguments),
        Request::Explain => println!("{}", explain::text(&arguments)?),
        Request::Help => print!("{HELP}"),
        Request::Version => println!("cargo-lockdep {}", env!("CARGO_PKG_VERSION")),
    }
    Ok(exit::OK)
}

fn stopped(failure: &Failure) -> ExitCode {
    eprintln!("lockdep: error: {failure}");
    ExitCode::from(failure.status())
}
