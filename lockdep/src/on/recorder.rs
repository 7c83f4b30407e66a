//! Writes what the process learns to its own file, at once.
//!
//! If writing fails the recorder says so once and stops; the tracker goes on and prints its reports
//! itself.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::on::hook;
use crate::on::learn::Learned;
use crate::on::loss::{self, Loss};
use crate::on::record::{EXTENSION, Record, Writer};
use crate::on::record_file::RecordFile;
use crate::on::withheld::Withheld;

/// The process's record file.
#[derive(Debug)]
pub(crate) struct Recorder {
    folder: PathBuf,
    writing: AtomicBool,
    file: Mutex<Option<RecordFile>>,
}

impl Recorder {
    pub(crate) fn new(folder: PathBuf) -> Recorder {
        Recorder { folder, writing: AtomicBool::new(true), file: Mutex::new(None) }
    }

    /// Whether records are still being written.
    pub(crate) fn is_writing(&self) -> bool {
        self.writing.load(Relaxed)
    }

    /// Appends what one event taught.
    pub(crate) fn record(&self, learned: &Learned) {
        let mut file = self.file.lock();
        let lost = file.as_ref().map_or(loss::any(), |file| file.said.is_behind());
        if learned.is_empty() && !lost || !self.is_writing() {
            return;
        }
        if let Err(error) = self.write(&mut file, learned) {
            loss::count(Loss::Unwritten);
            self.writing.store(false, Relaxed);
            hook::say(format_args!(
                "lockdep: cannot write records to {}: {error}; reports are printed here instead\n",
                self.folder.display()
            ));
        }
    }

    fn write(&self, file: &mut Option<RecordFile>, learned: &Learned) -> io::Result<()> {
        let pid = std::process::id();
        let file = match file {
            Some(open) if open.pid() == pid && open.is_own() => open,
            _ => {
                file.take().into_iter().for_each(RecordFile::close);
                let path = self.folder.join(RecordFile::name(pid, EXTENSION));
                file.insert(RecordFile::create(&path, pid)?)
            }
        };
        if let Some(class) = learned.class {
            file.class(class)?;
        }
        for witness in &learned.dependencies {
            let edge = file.edge(witness)?;
            file.line(&Record::Edge(edge))?;
        }
        for waiter in &learned.writers {
            let task = waiter.task.as_ref().to_owned();
            let (wanted, guards) = (file.end(&waiter.wanted)?, file.guards(&waiter.guards)?);
            file.line(&Record::Writer(Writer { task, wanted, guards }))?;
        }
        for Withheld { cycle, closing, reason } in &learned.withheld {
            let cycle = cycle.iter().map(|witness| file.edge(witness));
            let cycle = cycle.collect::<io::Result<_>>()?;
            let (closing, reason) = (*closing as u32, reason.clone());
            file.line(&Record::HeldBack { cycle, closing, reason })?;
        }
        for met in &learned.met {
            file.met(met)?;
        }
        for (what, times) in file.said.catch_up() {
            file.line(&Record::Loss { what: what.to_owned(), times })?;
        }
        Ok(())
    }
}
