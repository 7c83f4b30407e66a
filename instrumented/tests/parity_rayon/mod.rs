//! Every public name and function of `rayon_core` that `rayon` gives on, used over `crate::jobs`: each
//! test crate that includes this module says which one that is. That the list is whole is checked
//! against the sources of the real crates.

mod functions;
mod pools;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// What the modules here use, as text.
const USED: &str = concat!(include_str!("functions.rs"), include_str!("pools.rs"));

/// The source folder of a package, by its name and the beginning of its version.
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

#[test]
fn every_name_is_used() {
    let text = fs::read_to_string(sources("rayon-1.").join("lib.rs")).expect("it is there");
    let exports = text.split("pub use rayon_core::").skip(1);
    let exports = exports.map(|rest| rest.split(';').next().unwrap_or_default());
    let names = exports.flat_map(|list| list.split(['{', '}', ',', ' ']));
    let names: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
    assert!(names.len() > 15, "{names:?}");
    let missing: Vec<_> = names.into_iter().filter(|name| !USED.contains(*name)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_method_is_called() {
    let folder = sources("rayon-core-1.");
    let read = |file: &str| fs::read_to_string(folder.join(file)).expect("it is there");
    let text = ["lib.rs", "thread_pool/mod.rs", "scope/mod.rs", "broadcast/mod.rs"].map(read);
    let text = text.concat();
    // What is deprecated with a type that `rayon` does not give on ends here.
    let (before, after) = text.split_once("pub struct Configuration").expect("it is there");
    let after = after.split_once("impl ThreadPoolBuildError").expect("it is there").1;
    let methods = before.lines().chain(after.lines()).filter_map(|line| {
        let line = line.strip_prefix("    pub fn ")?;
        line.split(['<', '(']).next()
    });
    let methods: BTreeSet<&str> = methods.collect();
    assert!(methods.contains("install"), "{methods:?}");
    let missing: Vec<_> =
        methods.into_iter().filter(|name| !USED.contains(&format!("{name}("))).collect();
    assert_eq!(missing, [""; 0]);
}
