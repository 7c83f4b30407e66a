//! Looks at the records while the program runs.
//!
//! A task that waits for a lock it holds itself, and tasks that wait for each other, wait for ever,
//! and the program may hang with them: nobody would see the report that comes at the end. So a
//! deadlock that is certain, and that has been on record for a while, is handed out at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lockdep::record::Record;
use lockdep::violation::{Dependency, Violation};

use crate::gather::{has_records, record_files};

/// How long a program may take to end by itself after it has found a deadlock: it may be
/// told to panic or abort.
const PATIENCE: Duration = Duration::from_secs(1);

/// The records of a run that goes on.
#[derive(Debug)]
pub(crate) struct Watch {
    folder: PathBuf,
    /// Files of earlier runs.
    before: BTreeSet<OsString>,
    /// How much of each file has been read.
    read: BTreeMap<OsString, u64>,
    /// What waits to be handed out, since when.
    waiting: Vec<(Instant, Violation)>,
}

impl Watch {
    /// Watches the files in `folder` that were not there `before`.
    pub(crate) fn new(folder: PathBuf, before: BTreeSet<OsString>) -> Watch {
        Watch { folder, before, read: BTreeMap::new(), waiting: Vec::new() }
    }

    /// The deadlocks that are due at `now`. What cannot be read now is read at the end.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Violation> {
        for name in record_files(&self.folder).unwrap_or_default() {
            if !self.before.contains(&name) && has_records(&name) {
                let found = self.fresh(&name).into_iter().map(|violation| (now, violation));
                self.waiting.extend(found);
            }
        }
        let is_due = |since: &Instant| now.duration_since(*since) >= PATIENCE;
        self.waiting.extract_if(.., |(since, _)| is_due(since)).map(|(_, found)| found).collect()
    }

    /// The deadlocks in the lines that were added to a file since the last look.
    fn fresh(&mut self, name: &OsString) -> Vec<Violation> {
        let read = self.read.entry(name.clone()).or_default();
        let mut added = Vec::new();
        let result = File::open(self.folder.join(name)).and_then(|mut file| {
            file.seek(SeekFrom::Start(*read))?;
            file.read_to_end(&mut added)
        });
        if result.is_err() {
            return Vec::new();
        }
        let complete = added.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        *read += complete as u64;
        let lines = added[..complete].split(|byte| *byte == b'\n');
        lines.filter_map(|line| certain_deadlock(serde_json::from_slice(line).ok()?)).collect()
    }
}

/// The violation in a line, if it says that tasks are about to wait for ever.
fn certain_deadlock(record: Record) -> Option<Violation> {
    let Record::Violation { violation } = record else {
        return None;
    };
    let certain = match &violation {
        Violation::Recursion(Dependency { held, wanted, .. }) => {
            held.mode.excludes(wanted.mode) && !wanted.trylock
        }
        Violation::Deadlock { .. } | Violation::EndlessWait { .. } => true,
        _ => false,
    };
    certain.then_some(violation)
}
