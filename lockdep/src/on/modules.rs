//! Which file of the process an address belongs to, and where in that file.

use std::fs;

use crate::on::record::Address;

/// The process's mapped files, as far as they are code.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    mappings: Vec<Mapping>,
    /// Paths by id.
    paths: Vec<String>,
}

/// A part of a file in memory.
#[derive(Debug)]
struct Mapping {
    start: usize,
    end: usize,
    /// Where in the file the part starts, in bytes.
    offset: u64,
    path: String,
}

impl Modules {
    /// The address as a byte of a module, and the module's path if it is met for the first time;
    /// none if the address is in no file.
    pub(crate) fn locate(&mut self, address: usize) -> Option<(Address, Option<String>)> {
        let known = self.find(address).is_some();
        if !known {
            // A library may have been loaded since.
            self.mappings = mappings(&fs::read_to_string("/proc/self/maps").ok()?);
        }
        let mapping = &self.mappings[self.find(address)?];
        let offset = mapping.offset + (address - mapping.start) as u64;
        let id = self.paths.iter().position(|path| *path == mapping.path);
        let (module, new) = match id {
            Some(id) => (id, None),
            None => {
                self.paths.push(mapping.path.clone());
                (self.paths.len() - 1, Some(mapping.path.clone()))
            }
        };
        Some((Address { module: module as u32, offset }, new))
    }

    fn find(&self, address: usize) -> Option<usize> {
        self.mappings.iter().position(|mapping| (mapping.start..mapping.end).contains(&address))
    }
}

/// Reads the lines `start-end perms offset device inode path`.
fn mappings(maps: &str) -> Vec<Mapping> {
    maps.lines()
        .filter_map(|line| {
            let (range, rest) = line.split_once(' ')?;
            let (start, end) = range.split_once('-')?;
            let mut fields = rest.splitn(5, ' ');
            // Code is what is asked for; the other parts of a program are many.
            let _code = fields.next().filter(|permissions| permissions.contains('x'))?;
            let offset = fields.next()?;
            let path = fields.nth(2)?.trim_start();
            Some(Mapping {
                start: usize::from_str_radix(start, 16).ok()?,
                end: usize::from_str_radix(end, 16).ok()?,
                offset: u64::from_str_radix(offset, 16).ok()?,
                path: path.starts_with('/').then(|| path.to_owned())?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_spaces_is_read_whole() {
        let maps = "7f00-7f10 r-xp 00002000 fd:00 1234                       /a b/c d\n\
                    7f10-7f20 rw-p 00004000 fd:00 1234                       /a b/c d\n\
                    7f20-7f30 r-xp 00000000 00:00 0 \n";
        let mappings = mappings(maps);
        assert_eq!(mappings.len(), 1);
        assert_eq!((mappings[0].offset, mappings[0].path.as_str()), (0x2000, "/a b/c d"));
    }

    #[test]
    fn an_address_of_this_program_is_found_in_its_file() {
        let mut modules = Modules::default();
        let (address, new) = modules.locate(mappings as *const () as usize).unwrap();
        let executable = std::env::current_exe().unwrap();
        assert_eq!(new.as_deref(), executable.to_str());
        assert_eq!(modules.locate(mappings as *const () as usize), Some((address, None)));
    }
}
