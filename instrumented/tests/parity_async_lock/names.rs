//! The lists of the other modules are whole: they are held against the sources of the real crate.

#[path = "../sources/mod.rs"]
mod sources;

use std::fs;

use sources::{functions, sources};

/// What the modules here call, as text.
const CALLED: &str = concat!(include_str!("locks.rs"), include_str!("rwlock.rs"));

const FILES: [&str; 5] = ["barrier.rs", "mutex.rs", "once_cell.rs", "rwlock.rs", "semaphore.rs"];

#[test]
fn every_function_is_called() {
    let folder = sources("async-lock-3.");
    let all: Vec<String> = FILES
        .iter()
        .flat_map(|file| {
            functions(&fs::read_to_string(folder.join(file)).expect("the source is there"))
        })
        .collect();
    assert!(all.len() > 60, "{all:?}");
    let is_called = |function: &&String| !CALLED.contains(&format!("{function}("));
    let missing: Vec<&String> = all.iter().filter(is_called).collect();
    assert_eq!(missing, [""; 0]);
}
