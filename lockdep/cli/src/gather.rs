//! Reads the records of one run: one file a process.
//!
//! A process may have been killed while it wrote, so a last line without its end is passed over;
//! a file with nothing else is named, because its process most likely could not write at all. Any
//! other line that is no record is named too; the rest of its file counts.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{fs, io};

use lockdep::class::Class;
use lockdep::held_back::Reason;
use lockdep::record::{EXTENSION, Edge, LongestRecord, Record, STATISTICS, VERSION, Writer};
use lockdep::statistics::{PlaceStatistics, Times};
use lockdep::violation::Violation;

/// What one process wrote.
#[derive(Debug, Default)]
pub(crate) struct Process {
    /// Path of its executable.
    pub(crate) executable: String,
    /// Its classes by their ids.
    pub(crate) classes: BTreeMap<u32, Class>,
    /// Its executable and shared objects by their ids.
    pub(crate) modules: BTreeMap<u32, PathBuf>,
    /// Its dependencies; their classes are known.
    pub(crate) edges: Vec<Edge>,
    /// Its tasks that waited to write; their classes are known.
    pub(crate) writers: Vec<Writer>,
    /// Its cycles that the level held back.
    pub(crate) held_back: Vec<HeldBackRecord>,
    /// Its violations, with how often each was met.
    pub(crate) violations: Vec<(Violation, u64)>,
    /// What it could not check or write.
    pub(crate) losses: BTreeMap<String, u64>,
    /// What it measured; only in a file of its own.
    pub(crate) measured: Vec<Measured>,
}

/// A cycle that a process held back.
#[derive(Debug)]
pub(crate) struct HeldBackRecord {
    pub(crate) cycle: Vec<Edge>,
    pub(crate) closing: usize,
    pub(crate) reason: Reason,
}

/// What a process measured of one class in one mode.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) class: u32,
    pub(crate) shared: bool,
    pub(crate) times: Times,
    pub(crate) places: Vec<PlaceStatistics>,
    pub(crate) forgotten: u64,
    pub(crate) longest: Option<LongestRecord>,
}

/// What all processes of a run wrote.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The processes, by the names of their files.
    pub(crate) processes: Vec<Process>,
    /// The same with nothing but what they measured.
    pub(crate) measured: Vec<Process>,
    /// What could not be read.
    pub(crate) warnings: Vec<String>,
    /// Whether a process left a file without a record in it.
    pub(crate) incomplete: bool,
}

/// Whether a file of this name has records, as against statistics.
pub(crate) fn has_records(name: &OsStr) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == EXTENSION)
}

/// The files in `folder` that tracked processes wrote.
pub(crate) fn record_files(folder: &Path) -> io::Result<BTreeSet<OsString>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let ours = |ending: &OsStr| ending == EXTENSION || ending == STATISTICS;
        if Path::new(&name).extension().is_some_and(ours) {
            files.insert(name);
        }
    }
    Ok(files)
}

/// Reads all record files in `folder` but those that were there `before`.
pub(crate) fn gather(folder: &Path, before: &BTreeSet<OsString>) -> Gathered {
    let mut gathered = Gathered::default();
    let files = record_files(folder).unwrap_or_else(|error| {
        gathered.warnings.push(format!("cannot read {}: {error}", folder.display()));
        BTreeSet::new()
    });
    for name in files.difference(before) {
        let path = folder.join(name);
        match fs::read(&path) {
            Ok(bytes) if !bytes.contains(&b'\n') => {
                let message = "its process was killed at once or could not write";
                gathered.warnings.push(format!("{} has no record: {message}", path.display()));
                gathered.incomplete = true;
            }
            Ok(bytes) => {
                let process = read(&path, &bytes, &mut gathered.warnings);
                match has_records(name) {
                    true => gathered.processes.extend(process),
                    false => gathered.measured.extend(process),
                }
            }
            Err(error) => {
                gathered.warnings.push(format!("cannot read {}: {error}", path.display()));
            }
        }
    }
    gathered
}

/// Reads one file; nothing if its first line does not say which process wrote it.
fn read(path: &Path, bytes: &[u8], warnings: &mut Vec<String>) -> Option<Process> {
    let mut process: Option<Process> = None;
    let complete = bytes.len() - bytes.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len);
    let lines = bytes[..complete].split_inclusive(|byte| *byte == b'\n');
    for (number, line) in (1..).zip(lines) {
        let record = serde_json::from_slice(line).map_err(|error| format!("no record: {error}"));
        let taken = record.and_then(|record| match record {
            Record::Process { version: VERSION, executable, .. } => {
                process = Some(Process { executable, ..Process::default() });
                Ok(())
            }
            Record::Process { version, .. } => Err(format!("version {version} is not known")),
            record => process.as_mut().ok_or("no process before it".to_owned())?.take(record),
        });
        if let Err(problem) = taken {
            warnings.push(format!("{}:{number}: {problem}", path.display()));
            if process.is_none() {
                break;
            }
        }
    }
    process
}

impl Process {
    /// Fails unless the classes of `edge` are known.
    fn check(&self, edge: &Edge) -> Result<(), String> {
        let guards = edge.guards.held.iter().map(|guard| guard.class);
        let mut all = [edge.held.class, edge.wanted.class].into_iter().chain(guards);
        all.try_for_each(|class| self.know(class))
    }

    /// Fails unless the class is known.
    fn know(&self, id: u32) -> Result<(), String> {
        if self.classes.contains_key(&id) {
            Ok(())
        } else {
            Err(format!("class {id} is not known"))
        }
    }

    /// Adds one line.
    fn take(&mut self, record: Record) -> Result<(), String> {
        match record {
            Record::Process { .. } => return Err("a second process in one file".to_owned()),
            Record::Class { id, class } => {
                self.classes.insert(id, class);
            }
            Record::Module { id, path } => {
                self.modules.insert(id, path.into());
            }
            Record::Edge(edge) => {
                self.check(&edge)?;
                self.edges.push(edge);
            }
            Record::Writer(writer) => {
                self.know(writer.wanted.class)?;
                writer.guards.held.iter().try_for_each(|guard| self.know(guard.class))?;
                self.writers.push(writer);
            }
            Record::HeldBack { cycle, closing, reason } => {
                cycle.iter().try_for_each(|edge| self.check(edge))?;
                let closing = usize::try_from(closing).unwrap_or_default();
                if closing >= cycle.len() {
                    return Err("a cycle that nothing closes".to_owned());
                }
                self.held_back.push(HeldBackRecord { cycle, closing, reason });
            }
            Record::Statistics { class, shared, times, places, forgotten, longest } => {
                self.know(class)?;
                let measured = Measured { class, shared, times, places, forgotten, longest };
                self.measured.push(measured);
            }
            Record::Violation { violation } => self.violations.push((violation, 1)),
            Record::Repeat { violation, times } => {
                let index = usize::try_from(violation).unwrap_or(usize::MAX);
                let (_, met) = self
                    .violations
                    .get_mut(index)
                    .ok_or_else(|| format!("violation {violation} is not known"))?;
                *met = times.max(*met);
            }
            // The numbers of one kind only grow.
            Record::Loss { what, times } => {
                self.losses.insert(what, times);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        r#"{"record":"process","version":2,"pid":7,"executable":"/x/app","directory":"/x"}"#;
    const LOSS: &str = r#"{"record":"loss","what":"stacks of signal handlers","times":2}"#;

    fn read_text(text: &str) -> (Option<Process>, Vec<String>) {
        let mut warnings = Vec::new();
        let process = read(Path::new("7.lockdep"), text.as_bytes(), &mut warnings);
        (process, warnings)
    }

    #[test]
    fn a_torn_last_line_is_no_loss() {
        let (process, warnings) = read_text(&format!("{HEAD}\n{LOSS}\n{{\"record\":\"lo"));
        assert_eq!(process.expect("a process").losses.len(), 1);
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn a_malformed_line_is_named_and_the_rest_counts() {
        let (process, warnings) = read_text(&format!("{HEAD}\nnonsense\n{LOSS}\n"));
        assert_eq!(process.expect("a process").losses.len(), 1);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].starts_with("7.lockdep:2: no record: "), "{}", warnings[0]);
    }

    #[test]
    fn a_file_of_another_version_is_named_once() {
        let head = HEAD.replace("\"version\":2", "\"version\":9");
        let (process, warnings) = read_text(&format!("{head}\n{LOSS}\n{LOSS}\n"));
        assert!(process.is_none());
        assert_eq!(warnings, ["7.lockdep:1: version 9 is not known"]);
    }
}
