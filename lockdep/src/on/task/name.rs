//! What an async task is called in reports: its number and where it was started.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// An async task's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AsyncName {
    /// Where it was started.
    pub(crate) spawned: &'static Location<'static>,
    /// Which one it was in the process, from 1 on.
    pub(crate) number: u64,
}

impl AsyncName {
    /// The name of a new task.
    pub(super) fn next(spawned: &'static Location<'static>) -> AsyncName {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        AsyncName { spawned, number: NEXT.fetch_add(1, Relaxed) }
    }
}

impl AsyncName {
    /// The name in a report, which must not say anything else in the next run: without the number.
    pub(crate) fn in_report(self) -> String {
        format!("task of {}", self.place())
    }

    /// Where it was started.
    fn place(self) -> String {
        let spawned = self.spawned;
        // A package's sources may lie anywhere; from its own folder on the path is telling.
        let path = spawned.file();
        let short = path.starts_with('/').then(|| path.rmatch_indices('/').nth(2)).flatten();
        let path = short.map_or(path, |(slash, _)| &path[slash + 1..]);
        format!("{path}:{}:{}", spawned.line(), spawned.column())
    }
}

impl fmt::Display for AsyncName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} of {}", self.number, self.place())
    }
}
