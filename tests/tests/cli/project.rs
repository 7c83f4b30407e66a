//! Projects in folders of their own, and the command run in them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::{env, fs, iter};

/// Two locks, and two functions that take them in either order. What most projects are made of.
pub(crate) const TWO_LOCKS: &str = r#"
use std::sync::Mutex;

static FIRST: Mutex<u8> = Mutex::new(0);
static SECOND: Mutex<u16> = Mutex::new(0);

pub fn forward() {
    let _first = FIRST.lock().unwrap();
    let _second = SECOND.lock().unwrap();
}

pub fn backward() {
    let _second = SECOND.lock().unwrap();
    let _first = FIRST.lock().unwrap();
}
"#;

/// A package.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
}

impl Project {
    /// A package without files but its manifest. Names must differ: all projects share one target
    /// folder.
    pub(crate) fn new(name: &str) -> Project {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli projects").join(name);
        if root.exists() {
            fs::remove_dir_all(&root).expect("an old project can be removed");
        }
        let project = Project { root };
        project.file(
            "Cargo.toml",
            &format!(
                "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n"
            ),
        )
    }

    /// The package with one more file.
    pub(crate) fn file(self, path: &str, text: &str) -> Project {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a file lies in a folder"))
            .and_then(|()| fs::write(path, text))
            .expect("a file of a project can be written");
        self
    }

    /// The package with one more executable script for the shell.
    pub(crate) fn script(self, path: &str, text: &str) -> Project {
        use std::os::unix::fs::PermissionsExt as _;
        let project = self.file(path, &format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(project.root.join(path), fs::Permissions::from_mode(0o755))
            .expect("a script can be made executable");
        project
    }

    /// `cargo lockdep` with `arguments`, to be run in the package's folder.
    pub(crate) fn lockdep(&self, arguments: &[&str]) -> Call {
        lockdep(&self.root, arguments)
    }
}

/// `cargo lockdep` with `arguments`, to be run in `folder`.
pub(crate) fn lockdep(folder: &Path, arguments: &[&str]) -> Call {
    let mut command = Command::new("cargo");
    // What cargo tells the tests is not for the commands that they run.
    let told = |name: &str| {
        let prefixes = ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "LOCKDEP"];
        prefixes.iter().any(|prefix| name.starts_with(prefix)) && name != "CARGO_HOME"
    };
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(told)) {
        command.env_remove(name);
    }
    command
        .arg("lockdep")
        .args(arguments)
        .current_dir(folder)
        .env("PATH", path_with(binary_folder()))
        .env("CARGO_TARGET_DIR", target())
        .stdin(Stdio::null());
    Call { command }
}

/// The target folder of all projects.
pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli target")
}

/// The search path for programs with `folder` before all others.
pub(crate) fn path_with(folder: &Path) -> std::ffi::OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(iter::once(folder.to_owned()).chain(env::split_paths(&path)))
        .expect("no folder's name has a colon in it")
}

/// The folder of the command's binary, which is built by the first test that wants it.
pub(crate) fn binary_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in another");
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "cargo-lockdep", "--target-dir"])
            .arg(target)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the command builds");
        target.join("debug")
    })
}

/// A command to be run.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) command: Command,
}

impl Call {
    /// The call with a variable set.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Call {
        self.command.env(name, value);
        self
    }

    /// The call with a variable not set.
    pub(crate) fn env_remove(mut self, name: &str) -> Call {
        self.command.env_remove(name);
        self
    }

    /// Runs the command to its end, which must come with `status`; every crate that has a facade must
    /// get it.
    #[track_caller]
    pub(crate) fn exits(mut self, status: i32) -> Said {
        let output = self.command.output().expect("cargo runs");
        let said = Said::of(&output);
        assert_eq!(output.status.code(), Some(status), "{:?}\n{said:?}", self.command);
        // Nothing fails for that, but then nothing is tracked either.
        assert!(!said.stderr.contains("no facade fits"), "{:?}\n{said:?}", self.command);
        said
    }
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    fn of(output: &Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// The last line on stderr.
    pub(crate) fn last(&self) -> &str {
        self.stderr.lines().next_back().unwrap_or_default()
    }

    /// How many reports of this code were printed.
    pub(crate) fn reports(&self, code: &str) -> usize {
        self.stderr.matches(&format!("error[{code}]")).count()
    }

    /// Fails unless stderr has `text` in it.
    #[track_caller]
    pub(crate) fn has(&self, text: &str) {
        assert!(self.stderr.contains(text), "no `{text}` in:\n{}", self.stderr);
    }
}
