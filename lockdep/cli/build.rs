//! Collects the runtime's sources into one table, so that an installed binary needs no checkout.
//!
//! What travels: the library crates that the facade is built from, the workspace's manifest with
//! its members reduced to them, and the lock file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The packages of the runtime, as folders under the workspace's root.
const PACKAGES: [&str; 3] = ["lockdep", "instrumented", "instrumented/facade/std"];

/// The facades that are compiled against crates of the program.
const FACADES: [&str; 12] = [
    "instrumented/facade/async_lock.rs",
    "instrumented/facade/crossbeam_channel.rs",
    "instrumented/facade/futures_util.rs",
    "instrumented/facade/lazy_static.rs",
    "instrumented/facade/lock_api.rs",
    "instrumented/facade/lock_api_0_5.rs",
    "instrumented/facade/lock_api_older.rs",
    "instrumented/facade/once_cell.rs",
    "instrumented/facade/parking_lot.rs",
    "instrumented/facade/parking_lot_0_13.rs",
    "instrumented/facade/rayon_core.rs",
    "instrumented/facade/tokio.rs",
];

fn main() -> io::Result<()> {
    let crate_root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let root = crate_root.ancestors().nth(2).expect("the command lives two folders deep");
    let out = PathBuf::from(variable("OUT_DIR"));

    let reduced = out.join("workspace.toml");
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    fs::write(&reduced, with_members(&manifest, &PACKAGES))?;

    let mut files = vec![("Cargo.toml".to_owned(), reduced)];
    files.push(("Cargo.lock".to_owned(), root.join("Cargo.lock")));
    for facade in FACADES {
        files.push((facade.to_owned(), root.join(facade)));
    }
    for package in PACKAGES {
        files.push((format!("{package}/Cargo.toml"), root.join(package).join("Cargo.toml")));
        collect(root, &root.join(package).join("src"), &mut files)?;
    }
    files.sort();

    let mut table = String::from("pub(crate) static SOURCES: &[(&str, &str)] = &[\n");
    for (name, path) in &files {
        writeln!(table, "    ({name:?}, include_str!({path:?})),").expect("a string takes all");
        println!("cargo::rerun-if-changed={}", path.display());
    }
    table.push_str("];\n");
    println!("cargo::rerun-if-changed={}", root.join("Cargo.toml").display());
    fs::write(out.join("sources.rs"), table)
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("cargo sets {name}: {error}"))
}

/// Adds all Rust files below `folder`, and the text files that sources may include.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "md") {
            let name = path.strip_prefix(root).expect("found below the root");
            files.push((name.to_str().expect("our file names are ASCII").to_owned(), path));
        }
    }
    Ok(())
}

/// The manifest's text with another list of members.
///
/// The list is a flat one of strings; a change of that shape fails the build here.
fn with_members(manifest: &str, members: &[&str]) -> String {
    let start = manifest.find("members = [").expect("the workspace lists its members");
    let length = manifest[start..].find(']').expect("the list ends") + 1;
    let mut text = manifest.to_owned();
    text.replace_range(start..start + length, &format!("members = {members:?}"));
    text
}
