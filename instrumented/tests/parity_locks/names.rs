//! The lists of the other modules are whole: they are held against the sources of the real crates.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{CALLED, LOCK_API, LOCK_API_FILES, PARKING_LOT, PARKING_LOT_FILES};

/// Names that no user can reach, or that are re-exported as they are.
const NOT_OURS: [&str; 2] = ["RawReentrantMutex", "WaitTimeoutResult"];

/// The source folder of a package that this one depends on, by its name and the beginning of its
/// version.
fn sources(package: &str) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo runs");
    let text = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let manifests =
        text.split("\"manifest_path\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut folders = manifests.filter_map(|manifest| manifest.strip_suffix("/Cargo.toml"));
    let folder = folders.find(|folder| folder.contains(&format!("/{package}")));
    PathBuf::from(folder.expect("the package is there")).join("src")
}

/// The public functions in a source file, each behind the type whose `impl` it stands in.
fn functions(source: &str) -> BTreeSet<String> {
    let mut functions = BTreeSet::new();
    let (mut header, mut owner) = (String::new(), String::new());
    for line in source.lines() {
        if line.starts_with("impl") || !header.is_empty() {
            header.push_str(line);
            header.push(' ');
            if line.contains('{') {
                owner = type_of(&header);
                header.clear();
            }
        } else if let Some(name) = line.strip_prefix("    pub ").and_then(name_of) {
            functions.insert(format!("{owner}::{name}"));
        }
    }
    functions
}

/// The type that `impl<…> Type<…> …` is for.
fn type_of(header: &str) -> String {
    let mut depth = 0;
    let after = header["impl".len()..].char_indices().find(|(_, character)| {
        depth += i32::from(*character == '<') - i32::from(*character == '>');
        depth == 0
    });
    let rest = &header["impl".len() + after.map_or(0, |(at, found)| at + found.len_utf8())..];
    let rest = rest.rsplit(" for ").next().unwrap_or(rest).trim_start();
    rest.chars().take_while(|character| character.is_alphanumeric()).collect()
}

/// The name of a function that is declared on this line.
fn name_of(line: &str) -> Option<&str> {
    let words = ["const ", "unsafe "];
    let line = words.iter().fold(line, |line, word| line.strip_prefix(word).unwrap_or(line));
    line.strip_prefix("fn ")?.split(['<', '(']).next()
}

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
