//! Writes what the process learns to its own file, at once.
//!
//! A line is one `write`, so that a killed process leaves whole lines. If writing fails the
//! recorder says so once and stops; the tracker goes on and prints its reports itself.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::IntoRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use rustc_hash::FxHashSet;

use crate::on::found::Met;
use crate::on::guards::{self, Guards};
use crate::on::hook;
use crate::on::loss::{self, Loss, Said};
use crate::on::map;
use crate::on::modules::Modules;
use crate::on::record::{EXTENSION, Edge, EdgeEnd, Guard, GuardSet, Record, VERSION, Writer};
use crate::on::registry::{self, Node};
use crate::on::tracker::Learned;
use crate::on::withheld::Withheld;
use crate::on::witness::{End, Witness};

/// Bytes of a line that most records fit in; a longer line takes more attempts.
const USUAL_LINE: usize = 4096;

/// The process's record file.
#[derive(Debug)]
pub(crate) struct Recorder {
    folder: PathBuf,
    writing: AtomicBool,
    file: Mutex<Option<RecordFile>>,
}

/// An open record file with what it has defined so far.
#[derive(Debug)]
struct RecordFile {
    file: File,
    /// Which file it is, by device and number.
    identity: (u64, u64),
    /// Whose file this is: a child of `fork` needs its own.
    pid: u32,
    classes: FxHashSet<Node>,
    modules: Modules,
    /// Numbers of the violations in this file, by the tracker's numbers.
    violations: Vec<usize>,
    said: Said,
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
            Some(open) if open.pid == pid && open.is_own() => open,
            _ => {
                file.take().into_iter().for_each(RecordFile::close);
                file.insert(RecordFile::create(&self.folder, pid)?)
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

impl RecordFile {
    fn create(folder: &std::path::Path, pid: u32) -> io::Result<RecordFile> {
        fs::create_dir_all(folder)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let path = folder.join(format!("{pid}-{now}.{EXTENSION}"));
        let file = OpenOptions::new().append(true).create_new(true).open(path)?;
        let mut file = RecordFile {
            identity: identity(&file)?,
            file,
            pid,
            classes: FxHashSet::default(),
            modules: Modules::default(),
            violations: Vec::new(),
            said: Said::default(),
        };
        let text = |path: io::Result<PathBuf>| {
            path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
        };
        file.line(&Record::Process {
            version: VERSION,
            pid,
            executable: text(std::env::current_exe()),
            directory: text(std::env::current_dir()),
        })?;
        Ok(file)
    }

    /// Whether the descriptor still is the file's: a host that closes all descriptors, as daemons
    /// do, closes this one too, and may have opened a file of its own in its place.
    fn is_own(&self) -> bool {
        identity(&self.file).is_ok_and(|identity| identity == self.identity)
    }

    fn close(self) {
        if !self.is_own() {
            let _descriptor_of_host = self.file.into_raw_fd();
        }
    }

    fn line(&mut self, record: &Record) -> io::Result<()> {
        let mut line = vec![0; USUAL_LINE];
        let length = loop {
            match serde_json_core::to_slice(record, &mut line) {
                Ok(length) if length < line.len() => break length,
                Ok(_) | Err(serde_json_core::ser::Error::BufferFull) => {
                    line.resize(2 * line.len(), 0)
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        };
        line[length] = b'\n';
        self.file.write_all(&line[..=length])
    }

    fn class(&mut self, node: Node) -> io::Result<()> {
        if self.classes.insert(node) {
            self.line(&Record::Class { id: node.bits(), class: registry::describe(node) })?;
        }
        Ok(())
    }

    fn edge(&mut self, witness: &Witness) -> io::Result<Edge> {
        let held = self.end(&witness.held)?;
        let wanted = self.end(&witness.wanted)?;
        let task = witness.task.as_ref().to_owned();
        Ok(Edge { task, held, wanted, guards: self.guards(&witness.guards)? })
    }

    fn guards(&mut self, guards: &Guards) -> io::Result<GuardSet> {
        let guard = |guard: &guards::Guard| {
            let node = Node::new(guard.class, 0);
            self.class(node)?;
            let (class, instance) = (node.bits(), map::instance_of(guard.lock));
            Ok(Guard { class, instance, mode: guard.mode })
        };
        let held = guards.held().iter().map(guard).collect::<io::Result<_>>()?;
        Ok(GuardSet { held, complete: guards.is_complete() })
    }

    fn met(&mut self, met: &Met) -> io::Result<()> {
        match self.violations.iter().position(|&index| index == met.index) {
            None => {
                self.violations.push(met.index);
                self.line(&Record::Violation { violation: met.violation.as_ref().clone() })
            }
            Some(violation) if met.times.is_power_of_two() => {
                self.line(&Record::Repeat { violation: violation as u32, times: met.times })
            }
            Some(_) => Ok(()),
        }
    }

    fn end(&mut self, end: &End) -> io::Result<EdgeEnd> {
        let node = end.entry.node();
        self.class(node)?;
        let mut stack = Vec::new();
        for &address in end.trace.iter().flat_map(|trace| trace.iter()) {
            let Some((address, new)) = self.modules.locate(address) else {
                continue;
            };
            if let Some(path) = new {
                self.line(&Record::Module { id: address.module, path })?;
            }
            stack.push(address);
        }
        Ok(EdgeEnd {
            class: node.bits(),
            mode: end.entry.how().mode(),
            trylock: end.entry.how().is_trylock(),
            instance: map::instance_of(end.entry.lock()),
            place: end.site.into(),
            stack,
        })
    }
}

fn identity(file: &File) -> io::Result<(u64, u64)> {
    let metadata = file.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}
