//! The lists of the other modules are whole: they are held against the sources of the real crates.

#[path = "../sources/mod.rs"]
mod sources;

use std::fs;

use sources::{functions, sources};

use super::{CALLED, LOCK_API, LOCK_API_FILES, PARKING_LOT, PARKING_LOT_FILES};

/// Names that no user can reach, or that are re-exported as they are.
const NOT_OURS: [&str; 2] = ["RawReentrantMutex", "WaitTimeoutResult"];

fn missing(package: &str, files: &[&str]) -> Vec<String> {
    let folder = sources(package);
    let all = files.iter().flat_map(|file| {
        functions(&fs::read_to_string(folder.join(file)).expect("the source is there"))
    });
    let is_called = |function: &String| {
        let owner = function.split("::").next().unwrap_or_default();
        NOT_OURS.contains(&owner) || CALLED.contains(&format!("{function}("))
    };
    all.filter(|function| !is_called(function)).collect()
}

#[test]
fn every_function_of_lock_api_is_called() {
    assert_eq!(missing(LOCK_API, LOCK_API_FILES), [""; 0]);
}

#[test]
fn every_function_of_parking_lot_is_called() {
    assert_eq!(missing(PARKING_LOT, PARKING_LOT_FILES), [""; 0]);
}

#[test]
fn every_name_of_parking_lot_is_used() {
    let root = fs::read_to_string(sources(PARKING_LOT).join("lib.rs")).expect("it is there");
    let exports = root.split("pub use ").skip(1).map(|rest| rest.split(';').next().unwrap_or(""));
    let names = exports.flat_map(|export| {
        let list = export.rsplit("::").next().unwrap_or(export);
        list.split(['{', '}', ',', ' ', '\n']).filter(|name| !name.is_empty()).map(str::to_owned)
    });
    let missing: Vec<String> = names.filter(|name| !CALLED.contains(name.as_str())).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_reader_of_sources_sees_what_is_missing() {
    let source = "impl<R: Raw<A>> Lock<R> {\n    pub const unsafe fn gone<T>(&self) {}\n}\n";
    assert_eq!(functions(source).into_iter().collect::<Vec<_>>(), ["Lock::gone"]);
    assert!(!CALLED.contains("Lock::gone("));
}
