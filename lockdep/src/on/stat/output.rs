//! Where the numbers go: to a file beside the process's records, or to standard error at its end.
//!
//! The file is written whole, under another name first, and takes the place of the one before: it
//! is never torn and does not grow with time. It is written once a second while locks are taken, or
//! less often where that would take more than a fiftieth of the time, and at the end of the
//! process. A process that is killed loses what happened since: at most a second of locking, and of
//! each thread what it did after it last took a lock.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use once_cell::race::OnceBox;
use parking_lot::Mutex;

use crate::on::hook;
use crate::on::loss::{self, Loss};
use crate::on::record::{LongestRecord, Record, STATISTICS};
use crate::on::record_file::RecordFile;
use crate::on::registry::{self, Node};
use crate::on::report::{Paths, Statistics};
use crate::on::settings::BacktraceStyle;
use crate::on::stat::table::Row;
use crate::on::stat::{clock, events};
use crate::on::statistics::{ClassStatistics, LongestHold, PlaceStatistics};
use crate::on::{process, trace};

/// How often the file is written, in nanoseconds.
const PERIOD: u64 = 1_000_000_000;
/// Which part of the time may be spent on it.
const SHARE: u64 = 50;
/// How long the end of the process may wait for a thread that counts: it may be this one, under a
/// signal handler that ends the process.
pub(super) const AT_EXIT: Duration = Duration::from_millis(500);

/// When to write next.
static NEXT: AtomicU64 = AtomicU64::new(PERIOD);
static OUTPUT: OnceBox<Output> = OnceBox::new();

/// Where to write.
#[derive(Debug)]
struct Output {
    /// None to print at the end.
    folder: Option<PathBuf>,
    style: BacktraceStyle,
    /// The process that writes, and its file.
    file: Mutex<Option<(u32, PathBuf)>>,
}

/// Has the numbers go to `folder`, or to standard error if there is none. The first call counts.
pub(crate) fn prepare(folder: Option<PathBuf>, style: BacktraceStyle) {
    let output = Output { folder, style, file: Mutex::new(None) };
    if OUTPUT.set(Box::new(output)).is_ok() {
        at_exit();
    }
}

/// Has the process write at its end.
#[allow(unsafe_code, reason = "there is no safe binding of atexit")]
fn at_exit() {
    // SAFETY: the function lives as long as the process, which never unloads its own code, and it
    // does not unwind: a panic in it would abort.
    let failed = unsafe { libc::atexit(last) };
    // Only a lack of memory can fail; then what is written every second is all there is.
    let _ = failed;
}

extern "C" fn last() {
    process::quietly(|| {
        write(true);
        process::process().say_losses();
    });
}

/// Whether it is time to write, at `now`.
#[inline]
pub(super) fn is_due(now: u64) -> bool {
    now >= NEXT.load(Relaxed)
}

/// Writes the file, unless another thread does or there is none.
pub(super) fn write_now() {
    let start = clock::now();
    // Others need not come here meanwhile.
    NEXT.store(start.saturating_add(PERIOD), Relaxed);
    write(false);
    let end = clock::now();
    let pause = PERIOD.max((end - start).saturating_mul(SHARE));
    NEXT.store(end.saturating_add(pause), Relaxed);
}

fn write(last: bool) {
    let Some(output) = OUTPUT.get() else {
        return;
    };
    let mut file = match last {
        true => match output.file.try_lock_for(AT_EXIT) {
            Some(file) => file,
            None => return,
        },
        false => match output.file.try_lock() {
            Some(file) => file,
            None => return,
        },
    };
    let rows = {
        let Some(mut table) = events::table_soon() else {
            return;
        };
        events::collect(&mut table, last.then(clock::now));
        table.rows()
    };
    if rows.is_empty() {
        return;
    }
    match &output.folder {
        Some(folder) => {
            let pid = std::process::id();
            if file.as_ref().is_none_or(|(of, _)| *of != pid) {
                *file = Some((pid, folder.join(RecordFile::name(pid, STATISTICS))));
            }
            let path = file.as_ref().map(|(_, path)| path.clone()).unwrap_or_default();
            if write_file(&path, &rows).is_err() {
                loss::count(Loss::Unwritten);
            }
        }
        None if last => print(&rows, output.style),
        None => {}
    }
}

fn write_file(path: &std::path::Path, rows: &[(Node, bool, Row)]) -> io::Result<()> {
    let unfinished = path.with_extension(format!("{STATISTICS}-unfinished"));
    let mut file = RecordFile::create(&unfinished, std::process::id())?;
    for (node, shared, row) in rows {
        let (node, shared) = (*node, *shared);
        file.class(node)?;
        let longest = match &row.longest {
            None => None,
            Some(longest) => Some(LongestRecord {
                hold: longest.hold.as_nanos() as u64,
                task: longest.task.as_ref().to_owned(),
                place: longest.site.into(),
                stack: file.stack(&longest.stack)?,
            }),
        };
        let (times, places) = (row.times.clone(), places(row));
        let forgotten = row.places.unseated;
        let class = node.bits();
        file.line(&Record::Statistics { class, shared, times, places, forgotten, longest })?;
    }
    drop(file);
    std::fs::rename(unfinished, path)
}

/// The places of a row; one place of the source may have been several.
fn places(row: &Row) -> Vec<PlaceStatistics> {
    let mut places: Vec<PlaceStatistics> = Vec::new();
    for seat in row.places.seats() {
        let place = seat.site.into();
        match places.iter_mut().find(|known| known.place == place) {
            Some(known) => known.times.merge(&seat.times),
            None => places.push(PlaceStatistics { place, times: seat.times.clone() }),
        }
    }
    places
}

fn print(rows: &[(Node, bool, Row)], style: BacktraceStyle) {
    let class = |(node, shared, row): &(Node, bool, Row)| ClassStatistics {
        class: registry::describe(*node),
        shared: *shared,
        times: row.times.clone(),
        places: places(row),
        forgotten: row.places.unseated,
        longest: row.longest.as_ref().map(|longest| LongestHold {
            hold: longest.hold,
            task: longest.task.as_ref().to_owned(),
            place: longest.site.into(),
            frames: trace::resolve(&longest.stack, style),
        }),
    };
    let classes: Vec<ClassStatistics> = rows.iter().map(class).collect();
    hook::say(format_args!(
        "lockdep: locks by time waited, then held\n{}\n",
        Statistics::new(classes, &Paths::of_process())
    ));
}
