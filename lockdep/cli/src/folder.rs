//! The command's own folder under the project's target folder.
//!
//! ```text
//! <target>/lockdep/<key>/lock      held while the runtime is being set up
//!                        runtime/  the runtime's sources and what is built from them
//!                        build/    the user's build: cargo's target folder
//!                        runs/<n>/ the records of one run
//! ```
//!
//! The key stands for the compiler and all that the runtime is made of. What was built against an older
//! runtime is therefore never mixed with a newer one, and a plain `cargo build` never sees it.

use std::fs::{self, File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Failure;
use crate::runtime;
use crate::toolchain::Toolchain;

/// How many finished runs are kept for a look at their records.
const KEPT_RUNS: usize = 8;

/// A run that is still going on holds this file locked, so that it is not swept away.
const RUNNING: &str = ".running";

/// The command's own folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

/// The folder of one run's records.
#[derive(Debug)]
pub(crate) struct Records {
    /// Where the processes put their records.
    pub(crate) path: PathBuf,
    /// Locked as long as the run goes on; none if the folder is the user's.
    _running: Option<File>,
}

impl Folder {
    /// The folder beneath the target folder `target`.
    pub(crate) fn create(target: &Path, toolchain: &Toolchain) -> Result<Folder, Failure> {
        let mut hasher = DefaultHasher::new();
        toolchain.identity.hash(&mut hasher);
        runtime::IDENTITY.hash(&mut hasher);
        let path = target.join("lockdep").join(format!("{:016x}", hasher.finish()));
        fs::create_dir_all(&path).map_err(|error| cannot("create", &path, &error))?;
        Ok(Folder { path })
    }

    /// The runtime's sources and what is built from them.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.path.join("runtime")
    }

    /// Cargo's target folder for the user's build.
    pub(crate) fn build(&self) -> PathBuf {
        self.path.join("build")
    }

    /// Waits until no other command sets up the runtime; the file holds the lock.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        let path = self.path.join("lock");
        let locked = File::create(&path).and_then(|file| {
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    eprintln!("lockdep: waiting for another command to set up the runtime");
                    file.lock()?;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            Ok(file)
        });
        locked.map_err(|error| cannot("lock", &path, &error))
    }

    /// A new folder for the records of one run; old ones are removed.
    pub(crate) fn new_run(&self) -> Result<Records, Failure> {
        let runs = self.path.join("runs");
        let created = fs::create_dir_all(&runs).and_then(|()| {
            let mut numbers = numbered(&runs)?;
            numbers.sort_unstable();
            let (old, _) = numbers.split_at(numbers.len().saturating_sub(KEPT_RUNS - 1));
            for number in old {
                remove_finished(&runs.join(number.to_string()));
            }
            create_next(&runs, numbers.last().map_or(1, |last| last + 1))
        });
        created.map_err(|error| cannot("create a folder in", &runs, &error))
    }
}

impl Records {
    /// The folder that the user chose.
    pub(crate) fn at(path: PathBuf) -> Result<Records, Failure> {
        fs::create_dir_all(&path).map_err(|error| cannot("create", &path, &error))?;
        let records = Records { path, _running: None };
        records.check()?;
        Ok(records)
    }

    /// Fails unless there is room for records: only writing a file tells whether one can.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let probe = self.path.join(format!(".probe-{}", std::process::id()));
        let written = fs::write(&probe, [b'\n'; 4096]);
        let removed = fs::remove_file(&probe);
        written.and(removed).map_err(|error| cannot("write to", &self.path, &error))
    }
}

/// The names in `runs` that are numbers.
fn numbered(runs: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(runs)? {
        numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    Ok(numbers)
}

/// Creates the first folder from `number` on that another command has not created meanwhile.
fn create_next(runs: &Path, mut number: u64) -> io::Result<Records> {
    loop {
        let path = runs.join(number.to_string());
        match fs::create_dir(&path) {
            Ok(()) => {
                let running = File::create(path.join(RUNNING))?;
                running.lock()?;
                return Ok(Records { path, _running: Some(running) });
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Removes an old run's folder. A run that still goes on is left, and so is what cannot be
/// removed: the next run tries again.
fn remove_finished(run: &Path) {
    let finished = File::open(run.join(RUNNING)).map_or(true, |file| file.try_lock().is_ok());
    if finished {
        let _ = fs::remove_dir_all(run);
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::setup(format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_runs_are_removed_but_not_one_that_goes_on() {
        let path = std::env::temp_dir().join(format!("lockdep runs {}", std::process::id()));
        let folder = Folder { path: path.clone() };
        let running = folder.new_run().expect("a folder can be made");
        for _ in 0..2 * KEPT_RUNS {
            drop(folder.new_run().expect("a folder can be made"));
        }
        assert!(running.path.exists());
        let kept = numbered(&path.join("runs")).expect("it can be read");
        assert_eq!(kept.len(), KEPT_RUNS + 1);
        assert_eq!(kept.iter().max(), Some(&(2 * KEPT_RUNS as u64 + 1)));
        fs::remove_dir_all(path).expect("it can be removed");
    }
}
