//! What a crate that is wrapped has to offer, read from its sources.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

/// The source folder of a package that this one depends on, by its name and the beginning of its
/// version.
pub(crate) fn sources(package: &str) -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let host = cargo(&["-vV"]);
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo says it");
    let asked = ["metadata", "--format-version", "1", "--offline", "--filter-platform", host];
    let own = ["--features", "tokio", "--manifest-path", manifest];
    let text = cargo(&[&asked[..], &own].concat());
    let manifests =
        text.split("\"manifest_path\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut folders = manifests.filter_map(|manifest| manifest.strip_suffix("/Cargo.toml"));
    let folder = folders.find(|folder| folder.contains(&format!("/{package}")));
    PathBuf::from(folder.expect("the package is there")).join("src")
}

/// What cargo says.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).output().expect("cargo runs");
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

/// The public functions in a source file that are there in every build, each behind the
/// type whose `impl` it stands in.
pub(crate) fn functions(source: &str) -> BTreeSet<String> {
    let mut functions = BTreeSet::new();
    let (mut header, mut owner) = (String::new(), String::new());
    let mut is_unstable = false;
    for line in source.lines() {
        if line.starts_with("impl") || !header.is_empty() {
            header.push_str(line);
            header.push(' ');
            if line.contains('{') {
                owner = type_of(&header);
                header.clear();
            }
        } else if line.starts_with("    #[cfg(") {
            is_unstable |= line.contains("tokio_unstable");
        } else if let Some(name) = line.strip_prefix("    pub ").and_then(name_of)
            && !std::mem::take(&mut is_unstable)
            && !owner.is_empty()
        {
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
    let words = ["const ", "async ", "unsafe "];
    let line = words.iter().fold(line, |line, word| line.strip_prefix(word).unwrap_or(line));
    line.strip_prefix("fn ")?.split(['<', '(']).next()
}
