//! All that the environment can set, and the only place that reads it.
//!
//! | variable | values |
//! |---|---|
//! | `LOCKDEP` | `panic` (default), `report`, `abort`, `off` |
//! | `LOCKDEP_LEVEL` | `order`, `deadlock` (default), `observed` |
//! | `LOCKDEP_WARNINGS` | `warn` (default), `allow`: warnings are not printed, `deny`: they are handled as errors |
//! | `LOCKDEP_BACKTRACE` | `0`, `1` (default: the user's own frames), `full` |
//! | `LOCKDEP_SIGNAL` | `QUIT`, `USR1`, `USR2`, `HUP` or a number: this signal has all held locks of all tasks printed |
//! | `LOCKDEP_HUNG` | seconds after which a task that waits for one lock is reported, with all held locks |
//! | `LOCKDEP_STAT` | `1` times every hold and wait, `0` (default) none |
//! | `LOCKDEP_OUT` | folder for the process's records; whoever sets it reads them and reports |

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fmt};

/// Which of the broken orders are violations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Every cycle that is strong, and any unordered nesting within a class: the kernel's
    /// discipline.
    Order,
    /// Cycles that can deadlock. Locks of one class may be nested in one order, which is learned.
    #[default]
    Deadlock,
    /// Of these only the ones whose dependencies come from tasks that were there at the same time,
    /// each from another one: alive together, and not ordered by spawn or join.
    Observed,
}

/// How much of a stack is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BacktraceStyle {
    /// Nothing but the place of the call.
    Off,
    /// The user's own frames.
    #[default]
    Short,
    /// All frames.
    Full,
}

/// What happens when a rule is broken, besides the hook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reaction {
    /// The task panics before it takes the lock.
    #[default]
    Panic,
    /// The report is printed and the task goes on.
    Report,
    /// The report is printed and the process aborts.
    Abort,
    /// Nothing is tracked.
    Off,
}

/// What happens with a violation that is only a warning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Warnings {
    /// It is reported, and never panics or aborts.
    #[default]
    Warn,
    /// It is recorded and not printed.
    Allow,
    /// It is handled as an error.
    Deny,
}

/// What one tracker needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which of the broken orders are violations.
    pub level: Level,
    /// How much of a stack is kept.
    pub backtrace: BacktraceStyle,
}

/// What the process needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// What happens when a rule is broken.
    pub reaction: Reaction,
    /// What happens where that is only a warning.
    pub warnings: Warnings,
    /// The process's own tracker.
    pub settings: Settings,
    /// Whether holds and waits are timed.
    pub statistics: bool,
    /// The signal that has all held locks printed.
    pub signal: Option<i32>,
    /// How long a task may wait for one lock before that is reported.
    pub hung: Option<Duration>,
    /// Where records go, if they are wanted.
    pub out: Option<PathBuf>,
}

/// A variable with a value that means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue {
    /// The variable.
    pub variable: &'static str,
    /// Its value.
    pub value: OsString,
    /// What it could be.
    pub accepted: &'static str,
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnknownValue { variable, value, accepted } = self;
        write!(f, "{variable} is `{}`; it takes {accepted}", value.to_string_lossy())
    }
}

impl std::error::Error for UnknownValue {}

impl Environment {
    /// What the environment says, and every variable that could not be understood; those keep
    /// their default.
    #[must_use]
    pub fn read() -> (Environment, Vec<UnknownValue>) {
        Environment::from_variables(|name| env::var_os(name))
    }

    fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> (Environment, Vec<UnknownValue>) {
        let mut unknown = Vec::new();
        let mut choose = |name: &'static str, accepted, known: &dyn Fn(&str) -> bool| {
            let value = variable(name).filter(|value| !value.is_empty())?;
            match value.to_str().filter(|value| known(value)) {
                Some(value) => Some(value.to_owned()),
                None => {
                    unknown.push(UnknownValue { variable: name, value, accepted });
                    None
                }
            }
        };
        let reaction = choose("LOCKDEP", "panic, report, abort or off", &|value| {
            matches!(value, "panic" | "report" | "abort" | "off")
        });
        let level = choose("LOCKDEP_LEVEL", "order, deadlock or observed", &|value| {
            matches!(value, "order" | "deadlock" | "observed")
        });
        let warnings = choose("LOCKDEP_WARNINGS", "warn, allow or deny", &|value| {
            matches!(value, "warn" | "allow" | "deny")
        });
        let backtrace = choose("LOCKDEP_BACKTRACE", "0, 1 or full", &|value| {
            matches!(value, "0" | "1" | "full")
        });
        let statistics = choose("LOCKDEP_STAT", "0 or 1", &|value| matches!(value, "0" | "1"));
        let signal = choose("LOCKDEP_SIGNAL", "QUIT, USR1, USR2, HUP or a number", &|value| {
            signal(value).is_some()
        });
        let hung = choose("LOCKDEP_HUNG", "a number of seconds", &|value| seconds(value).is_some());
        let environment = Environment {
            reaction: match reaction.as_deref() {
                Some("report") => Reaction::Report,
                Some("abort") => Reaction::Abort,
                Some("off") => Reaction::Off,
                _ => Reaction::Panic,
            },
            warnings: match warnings.as_deref() {
                Some("allow") => Warnings::Allow,
                Some("deny") => Warnings::Deny,
                _ => Warnings::Warn,
            },
            settings: Settings {
                level: match level.as_deref() {
                    Some("order") => Level::Order,
                    Some("observed") => Level::Observed,
                    _ => Level::Deadlock,
                },
                backtrace: match backtrace.as_deref() {
                    Some("0") => BacktraceStyle::Off,
                    Some("full") => BacktraceStyle::Full,
                    _ => BacktraceStyle::Short,
                },
            },
            statistics: statistics.as_deref() == Some("1"),
            signal: signal.as_deref().and_then(self::signal),
            hung: hung.as_deref().and_then(seconds),
            out: variable("LOCKDEP_OUT").filter(|out| !out.is_empty()).map(|out| {
                // Absolute, because the process may go to another folder before it writes.
                std::path::absolute(&out).unwrap_or_else(|_| PathBuf::from(out))
            }),
        };
        (environment, unknown)
    }
}

/// A signal by its name or its number.
fn signal(text: &str) -> Option<i32> {
    let number = match text.strip_prefix("SIG").unwrap_or(text) {
        "QUIT" => libc::SIGQUIT,
        "USR1" => libc::SIGUSR1,
        "USR2" => libc::SIGUSR2,
        "HUP" => libc::SIGHUP,
        number => number.parse().ok()?,
    };
    (1..=64).contains(&number).then_some(number)
}

/// A time in seconds, of which there may be parts; at least a millisecond.
fn seconds(text: &str) -> Option<Duration> {
    let time = Duration::try_from_secs_f64(text.parse().ok()?).ok()?;
    (time >= Duration::from_millis(1)).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Environment, Vec<UnknownValue>) {
        Environment::from_variables(|name| {
            let (_, value) = variables.iter().find(|(variable, _)| *variable == name)?;
            Some(OsString::from(value))
        })
    }

    #[test]
    fn an_empty_environment_panics_at_level_deadlock() {
        let (environment, unknown) = read(&[("LOCKDEP", ""), ("LOCKDEP_OUT", "")]);
        assert_eq!(environment, Environment::default());
        assert_eq!(unknown, []);
    }

    #[test]
    fn every_variable_is_heard() {
        let (environment, unknown) = read(&[
            ("LOCKDEP", "abort"),
            ("LOCKDEP_LEVEL", "order"),
            ("LOCKDEP_WARNINGS", "deny"),
            ("LOCKDEP_BACKTRACE", "full"),
            ("LOCKDEP_STAT", "1"),
            ("LOCKDEP_SIGNAL", "USR1"),
            ("LOCKDEP_HUNG", "2.5"),
            ("LOCKDEP_OUT", "records"),
        ]);
        assert_eq!(unknown, []);
        assert_eq!((environment.reaction, environment.warnings), (Reaction::Abort, Warnings::Deny));
        assert_eq!(
            environment.settings,
            Settings { level: Level::Order, backtrace: BacktraceStyle::Full }
        );
        assert!(environment.statistics);
        assert_eq!(environment.signal, Some(libc::SIGUSR1));
        assert_eq!(environment.hung, Some(Duration::from_millis(2_500)));
        assert_eq!(environment.out, Some(env::current_dir().unwrap().join("records")));
    }

    #[test]
    fn a_signal_has_a_name_or_a_number_and_a_time_passes() {
        let signals = ["SIGQUIT", "12", "0", "65", "KILLALL"].map(signal);
        assert_eq!(signals, [Some(libc::SIGQUIT), Some(12), None, None, None]);
        let times = ["3", "0", "-1", "inf", "1e300", "soon"].map(seconds);
        assert_eq!(times, [Some(Duration::from_secs(3)), None, None, None, None, None]);
    }

    #[test]
    fn an_unknown_value_is_named_with_what_is_accepted() {
        let (environment, unknown) = read(&[("LOCKDEP_LEVEL", "strict")]);
        assert_eq!(environment.settings.level, Level::Deadlock);
        assert_eq!(
            unknown[0].to_string(),
            "LOCKDEP_LEVEL is `strict`; it takes order, deadlock or observed"
        );
    }
}
