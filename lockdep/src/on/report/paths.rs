//! File names as a reader wants them: short, and the same on every machine.
//!
//! | file | printed |
//! |---|---|
//! | `…/registry/src/<index>/indicatif-0.18.6/src/multi.rs` | `indicatif-0.18.6/src/multi.rs` |
//! | `…/git/checkouts/indicatif-<hash>/<rev>/src/multi.rs` | `indicatif/src/multi.rs` |
//! | `/rustc/<hash>/library/std/src/thread/mod.rs` | `std/src/thread/mod.rs` |
//! | `…/lib/rustlib/src/rust/library/std/src/thread/mod.rs` | `std/src/thread/mod.rs` |
//! | `/rust/deps/hashbrown-0.16.1/src/map.rs` | `hashbrown-0.16.1/src/map.rs` |
//! | under a root | relative to the first root that holds it |
//! | else | unchanged |

use std::borrow::Cow;
use std::env;
use std::path::Path;

use crate::place::Place;

/// What file names are printed relative to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Absolute folders of the user's own sources; of two that hold a file, the earlier counts.
    pub roots: Vec<String>,
}

impl Paths {
    /// The roots of this process: the workspaces that `CARGO_MANIFEST_DIR` and the current folder
    /// lie in, then these two folders themselves.
    ///
    /// The compiler names the files of a workspace relative to its root, so the roots come first.
    pub fn of_process() -> Paths {
        let manifest = env::var("CARGO_MANIFEST_DIR").ok();
        let current = env::current_dir().ok();
        let current = current.and_then(|folder| folder.to_str().map(String::from));
        let folders: Vec<String> = manifest.into_iter().chain(current).collect();
        let mut roots = Vec::new();
        let workspaces = folders.iter().filter_map(|folder| workspace(folder));
        for root in workspaces.chain(folders.iter().cloned()) {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        Paths { roots }
    }

    /// The name to print for `file`.
    pub fn short<'a>(&self, file: &'a str) -> Cow<'a, str> {
        let file = file.strip_prefix("./").unwrap_or(file);
        if let Some(name) = of_registry(file).or_else(|| of_toolchain(file)) {
            return Cow::Borrowed(name);
        }
        if let Some(name) = of_git(file) {
            return Cow::Owned(name);
        }
        let below = |root: &String| under(file, root);
        Cow::Borrowed(self.roots.iter().find_map(below).unwrap_or(file))
    }

    /// `place` with the name to print for its file.
    pub(super) fn place(&self, place: &Place) -> String {
        let file = Cow::Owned(self.short(&place.file).into_owned());
        Place { file, ..*place }.to_string()
    }
}

/// The last part of a place, for where the full one stands close by: `multi.rs:131`.
pub(super) fn spot(place: &Place) -> String {
    let mut parts = place.file.rsplit('/');
    let name = parts.next().unwrap_or_default();
    match parts.next() {
        // Every folder has a `mod.rs`.
        Some(folder) if name == "mod.rs" => format!("{folder}/{name}:{}", place.line),
        _ => format!("{name}:{}", place.line),
    }
}

/// The outermost folder around `folder` that is locked by one `Cargo.lock`.
fn workspace(folder: &str) -> Option<String> {
    let mut folders = Path::new(folder).ancestors();
    let root = folders.find(|folder| folder.join("Cargo.lock").is_file())?;
    root.to_str().map(String::from)
}

fn under<'a>(file: &'a str, root: &str) -> Option<&'a str> {
    let root = root.trim_end_matches('/');
    if root.is_empty() {
        return None;
    }
    let below = file.strip_prefix(root)?.strip_prefix('/')?;
    (!below.is_empty()).then_some(below)
}

fn of_registry(file: &str) -> Option<&str> {
    let (_, below) = file.split_once("/registry/src/")?;
    let (_index, name) = below.split_once('/')?;
    Some(name)
}

fn of_toolchain(file: &str) -> Option<&str> {
    if let Some((_, name)) = file.split_once("/rustlib/src/rust/library/") {
        return Some(name);
    }
    if let Some(name) = file.strip_prefix("/rust/deps/") {
        return Some(name);
    }
    let (_hash, below) = file.strip_prefix("/rustc/")?.split_once('/')?;
    Some(below.strip_prefix("library/").unwrap_or(below))
}

fn of_git(file: &str) -> Option<String> {
    let (_, below) = file.split_once("/git/checkouts/")?;
    let mut parts = below.splitn(3, '/');
    let (checkout, _revision, path) = (parts.next()?, parts.next()?, parts.next()?);
    let name = checkout.rsplit_once('-').map_or(checkout, |(name, _hash)| name);
    Some(format!("{name}/{path}"))
}

/// Whether `file` is a source of the lock types. A place there is that of no caller: a constructor was
/// called by its address.
pub(crate) fn is_own(file: &str) -> bool {
    file.starts_with("instrumented/src/") || file.contains("/instrumented/facade/")
}

/// Whether `file` is a source of the standard library or of what it is built from.
pub(crate) fn is_toolchain(file: &str) -> bool {
    of_toolchain(file).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(file: &str) -> String {
        let roots = vec!["/home/me/app".to_string(), "/home/me".to_string()];
        Paths { roots }.short(file).into_owned()
    }

    #[test]
    fn a_file_under_a_root_is_relative_to_the_first_root() {
        assert_eq!(short("/home/me/app/src/main.rs"), "src/main.rs");
        assert_eq!(short("/home/me/other/src/lib.rs"), "other/src/lib.rs");
        assert_eq!(short("/home/me/application/src/lib.rs"), "application/src/lib.rs");
    }

    #[test]
    fn a_file_elsewhere_is_unchanged() {
        assert_eq!(short("/opt/x/src/lib.rs"), "/opt/x/src/lib.rs");
        assert_eq!(short("src/lib.rs"), "src/lib.rs");
        assert_eq!(short("./src/lib.rs"), "src/lib.rs");
    }

    #[test]
    fn the_root_of_the_file_system_is_no_root() {
        let paths = Paths { roots: vec!["/".to_string()] };
        assert_eq!(paths.short("/opt/x.rs"), "/opt/x.rs");
    }

    #[test]
    fn a_dependency_is_named_by_its_package_even_below_a_root() {
        let file = "/home/me/.cargo/registry/src/index-1949cf8c/indicatif-0.18.6/src/multi.rs";
        assert_eq!(short(file), "indicatif-0.18.6/src/multi.rs");
        let file = "/home/me/.cargo/git/checkouts/lock-api-0d0a8ba/4f2c9d1/core/src/lib.rs";
        assert_eq!(short(file), "lock-api/core/src/lib.rs");
    }

    #[test]
    fn the_standard_library_is_named_by_crate() {
        let virtual_path = "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/rt.rs";
        assert_eq!(short(virtual_path), "std/src/rt.rs");
        let installed = "/opt/rust/lib/rustlib/src/rust/library/core/src/ops/function.rs";
        assert_eq!(short(installed), "core/src/ops/function.rs");
        assert_eq!(short("/rust/deps/hashbrown-0.16.1/src/map.rs"), "hashbrown-0.16.1/src/map.rs");
    }

    #[test]
    fn a_spot_names_the_folder_of_a_mod_file() {
        let place = |file: &'static str| Place { file: file.into(), line: 7, column: 1 };
        assert_eq!(spot(&place("src/multi/mod.rs")), "multi/mod.rs:7");
        assert_eq!(spot(&place("src/multi.rs")), "multi.rs:7");
        assert_eq!(spot(&place("mod.rs")), "mod.rs:7");
    }
}
