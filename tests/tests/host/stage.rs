//! Scenes: tests that each have a process to themselves.
//!
//! The process's tracker reads its environment once, keeps what it learns, and may bring the
//! process down when it is told to or when it is wrong. So the test program plays each scene in a
//! child of its own, with the environment that the scene asks for, and judges what became of it. A
//! scene that hangs is killed by its own alarm.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

/// Names the scene to play; what tells a child from the test program.
const SCENE: &str = "HOST_SCENE";
/// After how many seconds a scene has hung. None takes more than two or three.
const HUNG: libc::c_uint = 60;

/// One test.
pub(crate) struct Scene {
    name: &'static str,
    play: fn(),
    environment: Vec<(&'static str, String)>,
    judge: Box<Judge>,
}

/// Says what is wrong with how a scene ended.
type Judge = dyn Fn(&Played) -> Result<(), String> + Send;

/// What became of a scene.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A scene in mode `report` that must end well with nothing on standard error.
pub(crate) fn scene(name: &'static str, play: fn()) -> Scene {
    // To look up the names of a stack takes a second in a debug build.
    let environment = [("LOCKDEP", "report"), ("LOCKDEP_BACKTRACE", "0")]
        .map(|(name, value)| (name, value.into()));
    Scene { name, play, environment: environment.into(), judge: Box::new(Played::silent) }
}

impl Scene {
    /// Sets a variable of the scene's environment.
    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Scene {
        self.environment.push((variable, value.to_owned()));
        self
    }

    /// Has the scene judged by `judge` alone.
    pub(crate) fn ends(
        mut self,
        judge: impl Fn(&Played) -> Result<(), String> + Send + 'static,
    ) -> Scene {
        self.judge = Box::new(judge);
        self
    }

    /// The scene must end well and print so many reports.
    pub(crate) fn reports(self, number: usize) -> Scene {
        self.ends(move |played| {
            played.ended_well()?;
            played.reports(number)
        })
    }

    fn trial(self, group: &str) -> Trial {
        Trial::test(format!("{group}::{}", self.name), move || {
            let played = self.in_child().map_err(|error| Failed::from(error.to_string()))?;
            (self.judge)(&played).map_err(|words| {
                let Played { status, stdout, stderr } = played;
                Failed::from(format!(
                    "{words}\n--- status\n{status}\n--- stdout\n{stdout}--- stderr\n{stderr}---"
                ))
            })
        })
    }

    fn in_child(&self) -> std::io::Result<Played> {
        let mut command = Command::new(std::env::current_exe()?);
        let variables = [
            "LOCKDEP",
            "LOCKDEP_LEVEL",
            "LOCKDEP_WARNINGS",
            "LOCKDEP_BACKTRACE",
            "LOCKDEP_OUT",
            "LOCKDEP_STAT",
        ];
        for variable in variables {
            command.env_remove(variable);
        }
        command.env(SCENE, self.name).env("RUST_BACKTRACE", "0");
        for (variable, value) in &self.environment {
            command.env(variable, value);
        }
        let output = command.stdin(Stdio::null()).output()?;
        Ok(Played {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

impl Played {
    /// The scene ended well and said nothing.
    pub(crate) fn silent(&self) -> Result<(), String> {
        self.ended_well()?;
        check(self.stderr.is_empty(), "something was said")
    }

    /// The scene returned.
    pub(crate) fn ended_well(&self) -> Result<(), String> {
        check(self.status.signal() != Some(libc::SIGALRM), "the scene hung")?;
        check(self.status.success(), "the scene failed")
    }

    /// A signal ended the scene.
    pub(crate) fn killed_by(&self, signal: libc::c_int) -> Result<(), String> {
        check(self.status.signal() == Some(signal), "another signal, or none, ended the scene")
    }

    /// The scene said this.
    pub(crate) fn says(&self, words: &str) -> Result<(), String> {
        check(self.stderr.contains(words), &format!("`{words}` was not said"))
    }

    /// So many reports were printed, no more.
    pub(crate) fn reports(&self, number: usize) -> Result<(), String> {
        let lines = self.stderr.lines().filter(|line| line.starts_with("error[LD")).count();
        check(lines == number, &format!("{lines} reports instead of {number}"))
    }
}

/// `words` unless it is so.
pub(crate) fn check(so: bool, words: &str) -> Result<(), String> {
    if so { Ok(()) } else { Err(words.to_owned()) }
}

/// Plays the scene that the environment names, or else tests all of them, each group by its name.
pub(crate) fn run(groups: Vec<(&str, Vec<Scene>)>) {
    if let Ok(name) = std::env::var(SCENE) {
        let mut scenes = groups.iter().flat_map(|(_, scenes)| scenes);
        let scene = scenes.find(|scene| scene.name == name).expect("the scene exists");
        // SAFETY: no handler is installed for the alarm; it ends the process.
        unsafe { libc::alarm(HUNG) };
        (scene.play)();
        return;
    }
    let trials = groups.into_iter().flat_map(|(group, scenes)| {
        scenes.into_iter().map(move |scene| scene.trial(group)).collect::<Vec<_>>()
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}
