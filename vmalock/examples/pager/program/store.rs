//! The file behind the memory.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::process;

use super::layout::{FILE_PAGES, PAGE, SNAPSHOTS, VIEWS, WORDS, snapshot_word};

#[derive(Debug)]
pub(crate) struct Store(File);

impl Store {
    /// A temporary file with all snapshots; ledgers are 0.
    pub(crate) fn new() -> io::Result<Store> {
        let path = env::temp_dir().join(format!("vmalock-pager-{}", process::id()));
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        // From now on the file has no name, and ends with the process.
        fs::remove_file(&path)?;
        let mut writer = io::BufWriter::new(&file);
        for snapshot in 0..SNAPSHOTS {
            for page in 0..VIEWS {
                for word in 0..WORDS {
                    writer.write_all(&snapshot_word(snapshot, page, word).to_ne_bytes())?;
                }
            }
        }
        writer.flush()?;
        drop(writer);
        file.set_len((FILE_PAGES * PAGE) as u64)?;
        Ok(Store(file))
    }

    pub(crate) fn read(&self, place: u64, page: &mut [u8; PAGE]) -> io::Result<()> {
        self.0.read_exact_at(page, place)
    }

    pub(crate) fn write(&self, place: u64, page: &[u8; PAGE]) -> io::Result<()> {
        self.0.write_all_at(page, place)
    }
}
