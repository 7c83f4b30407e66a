//! What the command can be asked to do.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

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

/// What the arguments ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Run cargo with the locks replaced.
    Forward(Verb, Options),
    /// Explain a violation's code.
    Explain,
    /// Print the help text.
    Help,
    /// Print the version.
    Version,
}

/// What stands before the verb that is forwarded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Whether each order that is held back is shown.
    pub(crate) ledger: bool,
    /// Whether the locks are timed, and how that is shown.
    pub(crate) statistics: Option<Show>,
}

/// How statistics are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Show {
    /// With all classes.
    pub(crate) all: bool,
    /// As JSON instead of a table.
    pub(crate) json: Option<Json>,
}

/// Where JSON goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    /// To standard output, as one line behind all that the program wrote.
    Stdout,
    /// To a file.
    File(PathBuf),
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
    /// Reads the arguments up to the verb, which it takes away; none asks for help.
    pub(crate) fn read(arguments: &mut VecDeque<OsString>) -> Result<Request, Failure> {
        let mut options = Options::default();
        while let Some(argument) = arguments.pop_front() {
            let text = argument.to_str().unwrap_or_default();
            match (text, &mut options.statistics) {
                ("-h" | "--help" | "help", _) => return Ok(Request::Help),
                ("-V" | "--version", _) => return Ok(Request::Version),
                ("explain", _) => return Ok(Request::Explain),
                ("--ledger", _) => options.ledger = true,
                ("stat", None) => options.statistics = Some(Show::default()),
                ("--all", Some(show)) => show.all = true,
                ("--json", Some(show)) => show.json = Some(Json::Stdout),
                (text, Some(show)) if text.starts_with("--json=") => {
                    show.json = Some(Json::File(text["--json=".len()..].into()));
                }
                (text, _) => return forwarded(text, &argument, options),
            }
        }
        match options {
            Options { statistics: Some(_), .. } => {
                Err(Failure::usage("stat takes a verb to run, for example `stat test`"))
            }
            Options { ledger: true, .. } => {
                Err(Failure::usage("--ledger takes a verb to run, for example `--ledger test`"))
            }
            Options { .. } => Ok(Request::Help),
        }
    }
}

/// Cargo's verb under any of its names.
fn forwarded(text: &str, argument: &OsStr, options: Options) -> Result<Request, Failure> {
    let found = FORWARDED.iter().find(|(name, _)| text == *name);
    found.map(|(_, verb)| Request::Forward(*verb, options)).ok_or_else(|| {
        Failure::usage(format!(
            "unknown verb `{}`; accepted are build (b), run (r), test (t), bench, nextest, stat, \
             explain, --ledger, --help, --version",
            argument.display(),
        ))
    })
}

/// The text of `cargo lockdep --help`.
pub(crate) const HELP: &str = "\
Runs an unmodified program with its locks tracked and reports what could deadlock.

Usage: cargo lockdep [--ledger] [stat] <verb> [arguments of the verb]

Verbs that take what cargo takes:
  build, b   Build with tracked locks
  run, r     Run a program
  test, t    Run tests, doctests included
  bench      Run benches
  nextest    Run tests under cargo-nextest, if it is installed

Before such a verb:
  --ledger         Show each order that was held back, with the reason
  stat             Time the locks too, and say who waited and who held longest
       --json[=FILE]   as JSON, to standard output behind the program's or to a file
       --all           with all classes and places

Other verbs:
  explain [code]   Say more about a violation, for example `cargo lockdep explain LD0002`

Environment:
  LOCKDEP            report (default), panic, abort, off: what a violation does in the program
  LOCKDEP_LEVEL      deadlock (default), order: what counts as a violation
  LOCKDEP_WARNINGS   warn (default), allow, deny: what is only possible is printed, is not
                     printed, is handled as an error
  LOCKDEP_BACKTRACE  1 (default, the user's frames), full, 0
  LOCKDEP_STAT       0 (default), 1: time every lock, as `stat` does
  LOCKDEP_OUT        folder for the records; default: one a run under the target folder

Exit status:
  0    no violation
  100  at least one violation or warning
  2    unknown verb or value
  96   the project or the runtime could not be set up
  otherwise the program's own, 128 + n if it died by signal n
";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> (Option<Request>, usize) {
        let mut arguments = arguments.iter().map(OsString::from).collect();
        let request = Request::read(&mut arguments).ok();
        (request, arguments.len())
    }

    #[test]
    fn options_stand_before_the_verb_and_what_follows_is_its_own() {
        let show = Show { all: true, json: Some(Json::File("x=y".into())) };
        let options = Options { ledger: true, statistics: Some(show) };
        let arguments = ["--ledger", "stat", "--all", "--json=x=y", "run", "--json"];
        assert_eq!(read(&arguments), (Some(Request::Forward(Verb::Run, options)), 1));
        let plain = Request::Forward(Verb::Test, Options::default());
        assert_eq!(read(&["t", "stat", "--ledger"]), (Some(plain), 2));
    }

    #[test]
    fn options_of_statistics_need_statistics_and_all_need_a_verb() {
        for arguments in
            [&["--json", "run"][..], &["stat"], &["--ledger"], &["stat", "stat", "run"]]
        {
            assert_eq!(read(arguments).0, None, "{arguments:?}");
        }
        assert_eq!(read(&[]).0, Some(Request::Help));
    }
}
