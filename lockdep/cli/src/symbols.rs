//! Names for the addresses in a record.
//!
//! A process writes where in which file its calls lie, and leaves the parsing of debug
//! information to the one who needs it. A file that is gone, or has no debug information, gives
//! no frames; a report then shows the places of the calls alone.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use addr2line::Loader;
use lockdep::frames::of_hold;
use lockdep::place::Place;
use lockdep::record::{Address, Edge};
use lockdep::violation::Frame;
use object::{Object as _, ObjectSegment as _, ReadCache};

use crate::gather::Process;

/// Debug information of the files that were asked for so far.
pub(crate) struct Symbols {
    modules: HashMap<PathBuf, Option<Module>>,
    /// Whether frames that are not the user's are kept.
    full: bool,
}

/// One executable or shared object.
struct Module {
    loader: Loader,
    segments: Vec<Segment>,
}

/// A part of a file that is loaded as a whole.
struct Segment {
    /// Where it begins in the file.
    offset: u64,
    size: u64,
    /// Where it begins in memory, before the object as a whole is moved.
    address: u64,
}

impl Symbols {
    /// Symbols that give all frames, or the user's own.
    pub(crate) fn new(full: bool) -> Symbols {
        Symbols { modules: HashMap::new(), full }
    }

    /// The frames of a stack, innermost first.
    pub(crate) fn frames(&mut self, process: &Process, stack: &[Address]) -> Vec<Frame> {
        let mut frames = Vec::new();
        for address in stack {
            let Some(path) = process.modules.get(&address.module) else {
                continue;
            };
            let module = self.modules.entry(path.clone()).or_insert_with(|| Module::open(path));
            if let Some(module) = module {
                module.resolve(address.offset, &mut frames);
            }
        }
        if self.full { frames } else { lockdep::frames::trim(frames) }
    }

    /// The frames under a hold and under the acquire that followed, innermost first.
    pub(crate) fn frames_of_edge(
        &mut self,
        process: &Process,
        edge: &Edge,
    ) -> (Vec<Frame>, Vec<Frame>) {
        let held = self.frames(process, &edge.held.stack);
        let wanted = self.frames(process, &edge.wanted.stack);
        if self.full { (held, wanted) } else { (of_hold(held, &wanted), wanted) }
    }
}

impl Module {
    fn open(path: &Path) -> Option<Module> {
        let loader = Loader::new(path).ok()?;
        let cache = ReadCache::new(File::open(path).ok()?);
        let file = object::File::parse(&cache).ok()?;
        let segment = |segment: object::Segment<'_, '_, _>| {
            let (offset, size) = segment.file_range();
            Segment { offset, size, address: segment.address() }
        };
        Some(Module { segments: file.segments().map(segment).collect(), loader })
    }

    /// Adds the functions at a byte of the file, inlined ones first.
    fn resolve(&self, offset: u64, frames: &mut Vec<Frame>) {
        let Some(address) = self.segments.iter().find_map(|segment| segment.address_of(offset))
        else {
            return;
        };
        let known = frames.len();
        if let Ok(mut found) = self.loader.find_frames(address) {
            while let Ok(Some(frame)) = found.next() {
                let Some(name) = frame.function.as_ref().and_then(|name| name.raw_name().ok())
                else {
                    continue;
                };
                frames.push(Frame {
                    function: demangled(&name),
                    place: frame.location.and_then(place),
                });
            }
        }
        if frames.len() == known
            && let Some(name) = self.loader.find_symbol(address)
        {
            frames.push(Frame { function: demangled(name), place: None });
        }
    }
}

impl Segment {
    fn address_of(&self, offset: u64) -> Option<u64> {
        let within = offset.checked_sub(self.offset).filter(|within| *within < self.size)?;
        Some(self.address + within)
    }
}

/// A function's path without its hash.
fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

fn place(location: addr2line::Location<'_>) -> Option<Place> {
    Some(Place {
        file: location.file?.to_owned().into(),
        line: location.line?,
        column: location.column.unwrap_or(0),
    })
}
