//! The runtime: the facades that take the place of replaced crates, and all they are made of.
//!
//! Its sources travel inside the binary. They are written out and built once for each compiler
//! and target, optimised whatever profile the user builds with, and as far as possible the same
//! whatever the user's environment and config files say: flags, profiles, wrappers and folders
//! are given here, while what says how to reach packages and linkers is left alone.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::exit::Failure;
use crate::folder::Folder;
use crate::toolchain::Toolchain;
use crate::workspace;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/sources.rs"));
}

use embedded::SOURCES;

/// What the runtime is made of: as long as this and the compiler are the same, so is the runtime.
pub(crate) static IDENTITY: (&[(&str, &str)], [&str; 2], &[&str]) =
    (SOURCES, [FLAGS, THREAD_LOCALS], &PROFILE);

/// What is given to the compiler for one target.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Facade {
    /// The crate named `std`.
    pub(crate) std: PathBuf,
    /// The tracker.
    pub(crate) tracker: PathBuf,
    /// The folder with the sources of the runtime, and so of the other facades.
    pub(crate) sources: PathBuf,
    /// The folders with everything that it depends on, procedural macros included.
    pub(crate) dependencies: [PathBuf; 2],
}

/// How the runtime's packages are reached.
#[derive(Debug)]
pub(crate) struct Network {
    /// Not over the network.
    pub(crate) offline: bool,
    /// From another folder than the user's, because of the config files there.
    pub(crate) from: Option<PathBuf>,
}

/// Flags that keep the runtime's crates apart from the user's, where name, version, features and
/// profile may agree, and that let the user's release profile optimise across crates.
const FLAGS: &str = "-Cmetadata=lockdep_runtime\u{1f}-Cembed-bitcode=yes";

/// Reaches thread-locals by descriptors, which cost an event no saved registers: half a nanosecond
/// for a lock and its unlock. Linkers turn them into plain offsets in executables, and shared
/// objects may have them too. Known to work where it is given.
const THREAD_LOCALS: &str = "-Cllvm-args=-enable-tlsdesc";

/// Where [`THREAD_LOCALS`] is given.
const WITH_DESCRIPTORS: &str = "x86_64-unknown-linux-gnu";

/// The profile, spelled out: a config file of the user's may change any of it.
const PROFILE: [&str; 10] = [
    "opt-level=3",
    "debug=false",
    "strip='none'",
    "debug-assertions=false",
    "overflow-checks=false",
    "lto=false",
    "panic='unwind'",
    "incremental=false",
    "codegen-units=16",
    // Flags do not reach procedural macros; a number that nobody else has keeps them apart.
    "build-override.codegen-units=251",
];

/// What the user's environment may say about a build and shall not say about this one.
const CLEARED: [&str; 6] = [
    "RUSTFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_TARGET",
    "CARGO_INCREMENTAL",
    "RUSTC_BOOTSTRAP",
];

/// The facades for `target`, built if they are not there yet.
///
/// The caller holds the folder's lock.
pub(crate) fn facade(
    folder: &Folder,
    toolchain: &Toolchain,
    target: &str,
    network: &Network,
) -> Result<Facade, Failure> {
    let root = folder.runtime();
    let marker = root.join(format!("{}.built", target.replace(['/', '\\'], "_")));
    if let Some(facade) = read_marker(&root, &marker) {
        return Ok(facade);
    }
    write_sources(&root)
        .map_err(|error| Failure::setup(format!("cannot write the runtime's sources: {error}")))?;
    // What was built against a runtime that is gone must not meet the new one.
    let _ = fs::remove_dir_all(folder.build().join(target));

    eprint!("lockdep: building the runtime for rustc {} (once) … ", toolchain.release);
    let _ = io::stderr().flush();
    let start = Instant::now();
    let built = build(&root, target, network)?;
    eprintln!("{:.1} s", start.elapsed().as_secs_f32());

    // The names in the marker are relative: the project may be moved.
    let mut names = Vec::new();
    for path in &built {
        let name = path.strip_prefix(&root).unwrap_or(path);
        names.extend_from_slice(name.as_os_str().as_encoded_bytes());
        names.push(b'\n');
    }
    fs::write(&marker, names)
        .map_err(|error| Failure::setup(format!("cannot write {}: {error}", marker.display())))?;
    Ok(Facade::at(&root, built))
}

/// What an earlier call has built, if it is still there.
fn read_marker(root: &Path, marker: &Path) -> Option<Facade> {
    let names = fs::read_to_string(marker).ok()?;
    let mut paths = names.lines().map(|name| root.join(name));
    let built = [paths.next()?, paths.next()?];
    built.iter().all(|path| path.is_file()).then(|| Facade::at(root, built))
}

impl Facade {
    fn at(root: &Path, [std, tracker]: [PathBuf; 2]) -> Facade {
        let target = std.parent().unwrap_or(root).to_owned();
        let host = root.join("target/release/deps");
        Facade { std, tracker, sources: root.to_owned(), dependencies: [target, host] }
    }
}

fn write_sources(root: &Path) -> io::Result<()> {
    for (name, text) in SOURCES {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        // An unchanged file keeps its time, so that a second target does not rebuild the first.
        if fs::read_to_string(&path).is_ok_and(|written| written == *text) {
            continue;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

/// Runs cargo and finds the facade and the tracker among what it says it made.
fn build(root: &Path, target: &str, network: &Network) -> Result<[PathBuf; 2], Failure> {
    let target_dir = root.join("target");
    let mut command = Command::new(workspace::cargo());
    command
        .args(["build", "--release", "--package", "facade-std", "--target", target])
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"))
        .args(["--message-format", "json-render-diagnostics"])
        .args(network.offline.then_some("--offline"))
        .env("CARGO_TARGET_DIR", &target_dir)
        .env("CARGO_BUILD_BUILD_DIR", &target_dir)
        .stdin(Stdio::null());
    if let Some(folder) = &network.from {
        command.current_dir(folder);
    }
    for setting in PROFILE {
        command.arg("--config").arg(format!("profile.release.{setting}"));
    }
    for name in CLEARED {
        command.env_remove(name);
    }
    // Present and empty, these also turn off what a config file names.
    command.env("RUSTC_WRAPPER", "").env("RUSTC_WORKSPACE_WRAPPER", "");
    let thread_locals = (target == WITH_DESCRIPTORS).then_some(THREAD_LOCALS);
    let flags: Vec<&str> = [FLAGS].into_iter().chain(thread_locals).collect();
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));

    let output = command.output().map_err(|error| {
        eprintln!();
        Failure::setup(format!("cannot run cargo: {error}"))
    })?;
    let made = |name| artifact(&output.stdout, name).filter(|_| output.status.success());
    let built = made("std").zip(made("lockdep"));
    built.map(<[PathBuf; 2]>::from).ok_or_else(|| {
        eprintln!("failed");
        let _ = io::stderr().write_all(&output.stderr);
        Failure::setup(format!("the runtime for {target} did not build; see cargo's message above"))
    })
}

/// One of cargo's messages about what it made.
#[derive(Deserialize)]
struct Artifact {
    target: Target,
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// The library of the crate `name` under the file name that carries its hash.
///
/// Other crates look it up by that name; cargo reports it for the metadata file, and for the
/// library a link without the hash.
fn artifact(messages: &[u8], name: &str) -> Option<PathBuf> {
    let artifacts = messages.split(|byte| *byte == b'\n').filter_map(|line| {
        let artifact = serde_json::from_slice::<Artifact>(line).ok()?;
        (artifact.target.name == name).then_some(artifact.filenames)
    });
    let metadata = artifacts
        .flatten()
        .find(|path| path.extension().is_some_and(|ending| ending == "rmeta"))?;
    let library = metadata.with_extension("rlib");
    library.is_file().then_some(library)
}
