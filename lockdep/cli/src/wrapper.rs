//! The other face of the binary: the wrapper around `rustc` and `rustdoc`.
//!
//! `cargo lockdep` names itself to cargo as compiler wrapper and as documentation tool, and leaves
//! a [`Plan`] in the environment. Every call that compiles for a target then gets the facade of
//! that target, and a crate that is to be replaced is compiled twice (`replaced`). Calls without
//! `--target` are for build scripts and procedural macros, which run at build time with the real
//! libraries; probes are passed through.
//!
//! Otherwise arguments are only ever added, at the end, so any wrapper of the user's sees what it
//! expects.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

use serde::{Deserialize, Serialize};

use crate::exit::Failure;
use crate::replaced;
use crate::runtime::Facade;

/// Holds the [`Plan`] as JSON. Its presence makes the binary a wrapper; internal.
const VARIABLE: &str = "CARGO_LOCKDEP_WRAPPER";

/// What a wrapper needs to know, and a command that a tracked program calls.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// Facades by target.
    pub(crate) facades: BTreeMap<String, Facade>,
    /// The user's own wrapper around the compiler.
    pub(crate) rustc_wrapper: Option<String>,
    /// The real documentation tool.
    pub(crate) rustdoc: String,
    /// The target folder that the command's own lies in.
    pub(crate) target_dir: PathBuf,
    /// The target folder that cargo is told of.
    pub(crate) build: PathBuf,
    /// Where the run's records go.
    pub(crate) records: PathBuf,
}

impl Plan {
    /// The plan that a surrounding `cargo lockdep` left, if this process is to be a wrapper.
    ///
    /// A tracked program may itself call `cargo lockdep`: that is told by its first argument.
    pub(crate) fn from_environment(first: Option<&OsStr>) -> Option<Plan> {
        if first == Some(OsStr::new("lockdep")) {
            return None;
        }
        Plan::inherited()
    }

    /// The plan of a surrounding `cargo lockdep`.
    pub(crate) fn inherited() -> Option<Plan> {
        serde_json::from_str(&env::var(VARIABLE).ok()?).ok()
    }

    /// Makes a cargo command use this binary as wrapper.
    pub(crate) fn apply(&self, cargo: &mut Command) -> Result<(), Failure> {
        let this = this_binary()?;
        let text = serde_json::to_string(self)
            .map_err(|error| Failure::setup(format!("cannot describe the runtime: {error}")))?;
        cargo
            .env(VARIABLE, text)
            .env("RUSTC_WRAPPER", &this)
            .env("RUSTDOC", this)
            .env("CARGO_TARGET_DIR", &self.build)
            .env("CARGO_BUILD_BUILD_DIR", &self.build)
            .env("LOCKDEP_OUT", &self.records);
        Ok(())
    }

    /// Becomes the wrapped tool. Returns only if that fails.
    ///
    /// Cargo calls a compiler wrapper with the compiler (or the wrapper for workspace members) as
    /// first argument, and a documentation tool with its arguments alone.
    pub(crate) fn exec(&self, arguments: &[OsString]) -> Failure {
        let first = arguments.first().map_or(&b""[..], |first| first.as_encoded_bytes());
        let is_rustdoc = first.is_empty() || first.starts_with(b"-") || first.starts_with(b"@");
        let (tool, arguments) = match (&self.rustc_wrapper, is_rustdoc) {
            (_, true) => (OsStr::new(&self.rustdoc), arguments),
            (Some(wrapper), false) => (OsStr::new(wrapper), arguments),
            (None, false) => (arguments[0].as_os_str(), &arguments[1..]),
        };
        let mut command = Command::new(tool);
        command.args(arguments);
        if let Some(facade) = self.facade(arguments) {
            if !is_rustdoc
                && let Some(call) = replaced::Call::of(arguments)
                && let Some(status) = call.compile(tool, facade)
            {
                exit(status);
            }
            facade.add_to(&mut command);
        }
        let error = command.exec();
        Failure::setup(format!("cannot run `{}`: {error}", tool.display()))
    }

    /// The facade for a call with these arguments, if it is one to be given a facade.
    fn facade(&self, arguments: &[OsString]) -> Option<&Facade> {
        let arguments = expand(arguments);
        if arguments.iter().any(|argument| is_probe(argument)) {
            return None;
        }
        let target = arguments.iter().enumerate().find_map(|(at, argument)| {
            match argument.strip_prefix("--target")? {
                "" => arguments.get(at + 1).map(String::as_str),
                joined => joined.strip_prefix('='),
            }
        })?;
        self.facades.get(target)
    }
}

impl Facade {
    /// Puts the standard library's facade in its place for a call of the compiler.
    pub(crate) fn add_to(&self, command: &mut Command) {
        command.arg("--extern").arg(with_prefix("std=", &self.std));
        self.add_dependencies(command);
    }

    /// Tells a call of the compiler where the runtime's crates are.
    pub(crate) fn add_dependencies(&self, command: &mut Command) {
        for folder in &self.dependencies {
            command.arg("-L").arg(with_prefix("dependency=", folder));
        }
    }
}

/// An argument with a path behind a word.
pub(crate) fn with_prefix(prefix: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(prefix);
    argument.push(path);
    argument
}

/// Path of this binary.
pub(crate) fn this_binary() -> Result<PathBuf, Failure> {
    env::current_exe().map_err(|error| Failure::setup(format!("cannot find myself: {error}")))
}

/// Whether the call only asks the compiler something.
fn is_probe(argument: &str) -> bool {
    // `--print` also asks for notes on a real compilation, in these two forms.
    let printed = argument.strip_prefix("--print=");
    let asks = printed.is_some_and(|what| !matches!(what, "link-args" | "native-static-libs"));
    asks || matches!(argument, "-vV" | "-V" | "--version" | "--print")
}

/// The arguments as text, with those of argument files in their place: cargo writes a file when
/// a command line grows too long.
pub(crate) fn expand(arguments: &[OsString]) -> Vec<String> {
    let mut expanded = Vec::new();
    for argument in arguments {
        let text = argument.to_string_lossy();
        match text.strip_prefix('@').and_then(|path| fs::read_to_string(path).ok()) {
            Some(file) => expanded.extend(file.lines().map(str::to_owned)),
            None => expanded.push(text.into_owned()),
        }
    }
    expanded
}
