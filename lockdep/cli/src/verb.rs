//! What the command can be asked to do.

use std::ffi::OsStr;

use crate::exit::Failure;

/// A verb that is forwarded to cargo, under the name that cargo knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Build,
    Run,
    Test,
    Bench,
    Nextest,
}

/// Verbs by all their names, in the order in which they are listed to the user.
const FORWARDED: [(&str, Verb); 8] = [
    ("build", Verb::Build),
    ("b", Verb::Build),
    ("run", Verb::Run),
    ("r", Verb::Run),
    ("test", Verb::Test),
    ("t", Verb::Test),
    ("bench", Verb::Bench),
    ("nextest", Verb::Nextest),
];

/// What the first argument asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Run cargo with the locks replaced.
    Forward(Verb),
    /// Explain a violation's code.
    Explain,
    /// Print the help text.
    Help,
    /// Print the version.
    Version,
}

impl Verb {
    /// The name that cargo knows.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Verb::Build => "build",
            Verb::Run => "run",
            Verb::Test => "test",
            Verb::Bench => "bench",
            Verb::Nextest => "nextest",
        }
    }

    /// Whether a program is expected to run.
    pub(crate) fn runs(self) -> bool {
        self != Verb::Build
    }

    /// Whether everything after the first positional argument belongs to the program.
    pub(crate) fn ends_at_positional(self) -> bool {
        self == Verb::Run
    }
}

impl Request {
    /// Reads the first argument; none asks for help.
    pub(crate) fn of(argument: Option<&OsStr>) -> Result<Request, Failure> {
        let Some(argument) = argument else {
            return Ok(Request::Help);
        };
        match argument.to_str() {
            Some("-h" | "--help" | "help") => return Ok(Request::Help),
            Some("-V" | "--version") => return Ok(Request::Version),
            Some("explain") => return Ok(Request::Explain),
            _ => {}
        }
        let forwarded = FORWARDED.iter().find(|(name, _)| argument == *name);
        forwarded.map(|(_, verb)| Request::Forward(*verb)).ok_or_else(|| {
            Failure::usage(format!(
                "unknown verb `{}`; accepted are build (b), run (r), test (t), bench, nextest, \
                 explain, --help, --version",
                argument.display(),
            ))
        })
    }
}

/// The text of `cargo lockdep --help`.
pub(crate) const HELP: &str = "\
Runs an unmodified program with its locks tracked and reports what could deadlock.

Usage: cargo lockdep <verb> [arguments of the verb]

Verbs that take what cargo takes:
  build, b   Build with tracked locks
  run, r     Run a program
  test, t    Run tests, doctests included
  bench      Run benches
  nextest    Run tests under cargo-nextest, if it is installed

Other verbs:
  explain <code>   Say more about a violation, for example `cargo lockdep explain LD0002`

Environment:
  LOCKDEP            report (default), panic, abort, off: what a violation does in the program
  LOCKDEP_LEVEL      deadlock (default), order: what counts as a violation
  LOCKDEP_BACKTRACE  1 (default, the user's frames), full, 0
  LOCKDEP_OUT        folder for the records; default: one a run under the target folder

Exit status:
  0    no violation
  100  at least one violation
  2    unknown verb or value
  96   the project or the runtime could not be set up
  otherwise the program's own, 128 + n if it died by signal n
";
