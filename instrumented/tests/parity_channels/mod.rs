//! Every public name and function of `crossbeam_channel`, used over `crate::channels`: each test crate
//! that includes this module says which one that is. That the list is whole is checked against the
//! sources of the real crate.

mod functions;
mod macros;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// What the modules here use, as text.
const USED: &str = concat!(include_str!("functions.rs"), include_str!("macros.rs"));

/// The source folder of the real crate.
fn sources() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo runs");
    let text = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let manifests =
        text.split("\"manifest_path\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut folders = manifests.filter_map(|manifest| manifest.strip_suffix("/Cargo.toml"));
    let folder = folders.find(|folder| folder.contains("/crossbeam-channel-0.5."));
    PathBuf::from(folder.expect("the package is there")).join("src")
}

fn source(file: &str) -> String {
    fs::read_to_string(sources().join(file)).expect("the source is there")
}

#[test]
fn every_function_is_called() {
    let text = source("channel.rs") + &source("select.rs");
    let functions = text.lines().filter_map(|line| {
        let line = line.trim_start().strip_prefix("pub ")?;
        let line = line.strip_prefix("const ").unwrap_or(line);
        line.strip_prefix("fn ")?.split(['<', '(']).next()
    });
    // An implementation detail of the crate.
    let missing: BTreeSet<&str> =
        functions.filter(|name| *name != "hook" && !USED.contains(&format!("{name}("))).collect();
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn every_name_is_used() {
    let text = source("lib.rs");
    let exports = text.split("pub use crate::{").nth(1).and_then(|rest| rest.split("};").next());
    let names = exports.expect("they are listed").split(['{', '}', ',', ' ', '\n']);
    let names = names.filter(|name| !name.is_empty() && !name.ends_with("::"));
    let missing: BTreeSet<&str> = names.filter(|name| !USED.contains(*name)).collect();
    assert_eq!(missing, BTreeSet::new());
}
