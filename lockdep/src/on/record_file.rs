//! One file of records: lines, and what they may refer to.
//!
//! A line is one `write`, so that a killed process leaves whole lines.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::IntoRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rustc_hash::FxHashSet;

use crate::on::found::Met;
use crate::on::guards::{self, Guards};
use crate::on::loss::Said;
use crate::on::map;
use crate::on::modules::Modules;
use crate::on::record::{Address, Edge, EdgeEnd, Guard, GuardSet, Record, VERSION};
use crate::on::registry::{self, Node};
use crate::on::witness::{End, Witness};

/// Bytes of a line that most records fit in; a longer line takes more attempts.
const USUAL_LINE: usize = 4096;

/// An open record file with what it has defined so far.
#[derive(Debug)]
pub(crate) struct RecordFile {
    file: File,
    /// Which file it is, by device and number.
    identity: (u64, u64),
    /// Whose file this is: a child of `fork` needs its own.
    pid: u32,
    classes: FxHashSet<Node>,
    modules: Modules,
    /// Numbers of the violations in this file, by the tracker's numbers.
    violations: Vec<usize>,
    pub(crate) said: Said,
}

impl RecordFile {
    /// A name for a file that process `pid` makes now.
    pub(crate) fn name(pid: u32, extension: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        format!("{pid}-{now}.{extension}")
    }

    /// Makes an empty file in the place of any that has the name, and its folder if need be.
    pub(crate) fn create(path: &Path, pid: u32) -> io::Result<RecordFile> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // Where another process writes to an old one, as a child of `fork` might, it keeps it.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
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

    /// Of which process the file is.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the descriptor still is the file's: a host that closes all descriptors, as daemons
    /// do, closes this one too, and may have opened a file of its own in its place.
    pub(crate) fn is_own(&self) -> bool {
        identity(&self.file).is_ok_and(|identity| identity == self.identity)
    }

    /// Closes the descriptor, if it still is ours.
    pub(crate) fn close(self) {
        if !self.is_own() {
            let _descriptor_of_host = self.file.into_raw_fd();
        }
    }

    /// Appends one line.
    pub(crate) fn line(&mut self, record: &Record) -> io::Result<()> {
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

    /// Says what a class is, if that was not said before.
    pub(crate) fn class(&mut self, node: Node) -> io::Result<()> {
        if self.classes.insert(node) {
            self.line(&Record::Class { id: node.bits(), class: registry::describe(node) })?;
        }
        Ok(())
    }

    /// A dependency in terms of this file.
    pub(crate) fn edge(&mut self, witness: &Witness) -> io::Result<Edge> {
        let held = self.end(&witness.held)?;
        let wanted = self.end(&witness.wanted)?;
        let task = witness.task.as_ref().to_owned();
        Ok(Edge { task, held, wanted, guards: self.guards(&witness.guards)? })
    }

    /// Held locks in terms of this file.
    pub(crate) fn guards(&mut self, guards: &Guards) -> io::Result<GuardSet> {
        let guard = |guard: &guards::Guard| {
            let node = Node::new(guard.class, 0);
            self.class(node)?;
            let (class, instance) = (node.bits(), map::instance_of(guard.lock));
            Ok(Guard { class, instance, mode: guard.mode, downgraded: guard.downgraded })
        };
        let held = guards.held().iter().map(guard).collect::<io::Result<_>>()?;
        Ok(GuardSet { held, complete: guards.is_complete() })
    }

    /// Appends a violation, or how often it was met by now.
    pub(crate) fn met(&mut self, met: &Met) -> io::Result<()> {
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

    /// A lock as a task held or wanted it, in terms of this file.
    pub(crate) fn end(&mut self, end: &End) -> io::Result<EdgeEnd> {
        let node = end.entry.node();
        self.class(node)?;
        let stack = self.stack(end.trace.as_deref().unwrap_or_default())?;
        Ok(EdgeEnd {
            class: node.bits(),
            mode: end.entry.how().mode(),
            trylock: end.entry.how().is_trylock(),
            instance: map::instance_of(end.entry.lock()),
            place: end.site.into(),
            stack,
        })
    }

    /// Where the addresses of a stack lie; those that are in no file are left out.
    pub(crate) fn stack(&mut self, trace: &[usize]) -> io::Result<Vec<Address>> {
        let mut stack = Vec::new();
        for &address in trace {
            let Some((address, new)) = self.modules.locate(address) else {
                continue;
            };
            if let Some(path) = new {
                self.line(&Record::Module { id: address.module, path })?;
            }
            stack.push(address);
        }
        Ok(stack)
    }
}

fn identity(file: &File) -> io::Result<(u64, u64)> {
    let metadata = file.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}
