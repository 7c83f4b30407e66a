//! What the command reads of the arguments it forwards.
//!
//! Arguments go to cargo as they are, in their order; the value of `--target-dir` alone is
//! replaced. Reading never fails: what is wrong with an argument is cargo's to say.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::verb::Verb;

/// Options of cargo's verbs that take a value as the next argument. Only `run` needs the list to
/// be complete: there, the first argument that is none of them ends cargo's own.
const WITH_VALUE: [&str; 23] = [
    "--artifact-dir",
    "--bench",
    "--bin",
    "--color",
    "--config",
    "--example",
    "--exclude",
    "--features",
    "--jobs",
    "--lockfile-path",
    "--manifest-path",
    "--message-format",
    "--package",
    "--profile",
    "--target",
    "--target-dir",
    "--test",
    "-C",
    "-F",
    "-Z",
    "-j",
    "-m",
    "-p",
];

/// Options that decide which project cargo reads, and how; they go to `cargo metadata` too.
const FOR_METADATA: [&str; 4] = ["--manifest-path", "--config", "--lockfile-path", "-Z"];
/// The same, of those that take no value.
const FLAGS_FOR_METADATA: [&str; 3] = ["--locked", "--offline", "--frozen"];

/// The user's arguments after the verb.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    all: Vec<OsString>,
    /// Index in `all` of the value of `--target-dir`, and where in that string it begins.
    target_dir_at: Option<(usize, usize)>,
    /// The values of `--target`.
    pub(crate) targets: Vec<String>,
    /// The values of `--config`.
    pub(crate) config: Vec<String>,
    /// What `cargo metadata` must be given to see the same project.
    pub(crate) for_metadata: Vec<OsString>,
    /// Whether the network is not to be used.
    pub(crate) offline: bool,
    /// Whether cargo is only asked for its help or version.
    pub(crate) asks_only: bool,
}

impl Arguments {
    /// Reads the arguments of `verb`.
    pub(crate) fn read(verb: Verb, all: Vec<OsString>) -> Arguments {
        let mut read = Arguments { all, ..Arguments::default() };
        let mut at = 0;
        while let Some(argument) = read.all.get(at).cloned() {
            at += 1;
            let text = argument.to_str().unwrap_or_default();
            if text == "--" || (!text.starts_with('-') && verb.ends_at_positional()) {
                break;
            }
            match split(text) {
                (name, Some(value)) => {
                    let start = text.len() - value.len();
                    read.option(name, OsStr::new(value), (at - 1, start));
                }
                (name, None) if takes_next(name) => {
                    let next = read.all.get(at).filter(|next| !starts_with_dash(next)).cloned();
                    if let Some(value) = next {
                        read.option(name, &value, (at, 0));
                        at += 1;
                    }
                }
                (name, None) => read.flag(name),
            }
        }
        read
    }

    /// The user's own target folder, if the arguments name one.
    pub(crate) fn target_dir(&self) -> Option<PathBuf> {
        let (index, start) = self.target_dir_at?;
        let argument = &self.all[index];
        // A value within its argument was found by reading it as text.
        Some(argument.to_str().map_or_else(|| argument.into(), |text| text[start..].into()))
    }

    /// The arguments for cargo, with `build` in the place of the user's own target folder.
    pub(crate) fn forwarded(&self, build: &OsStr) -> Vec<OsString> {
        let mut forwarded = self.all.clone();
        if let Some((index, start)) = self.target_dir_at {
            let mut value = OsString::from(&forwarded[index].to_str().unwrap_or_default()[..start]);
            value.push(build);
            forwarded[index] = value;
        }
        forwarded
    }

    /// The arguments as they came.
    pub(crate) fn untouched(&self) -> &[OsString] {
        &self.all
    }

    fn option(&mut self, name: &str, value: &OsStr, at: (usize, usize)) {
        match (name, value.to_str()) {
            ("--target", Some(target)) => self.targets.push(target.to_owned()),
            ("--config", Some(config)) => self.config.push(config.to_owned()),
            ("--target-dir", _) => self.target_dir_at = Some(at),
            _ => {}
        }
        if FOR_METADATA.contains(&name) {
            self.for_metadata.extend([OsString::from(name), value.to_owned()]);
        }
    }

    fn flag(&mut self, name: &str) {
        self.offline |= matches!(name, "--offline" | "--frozen");
        self.asks_only |= matches!(name, "--help" | "-h" | "--version");
        // `-Zname`: short options carry their value without a sign between.
        if FLAGS_FOR_METADATA.contains(&name) || name.starts_with("-Z") {
            self.for_metadata.push(name.into());
        }
    }
}

/// Splits `--name=value`.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once('=') {
        Some((name, value)) if text.starts_with("--") => (name, Some(value)),
        _ => (text, None),
    }
}

/// Whether the option's value is the next argument. Of a bundle of short options (`-rp`), the
/// last decides; a value within the bundle (`-j4`) ends in none of their letters.
fn takes_next(name: &str) -> bool {
    if name.starts_with("--") || name.len() == 2 {
        return WITH_VALUE.contains(&name);
    }
    let mut letters = name.chars().skip(1);
    let first = letters.find(|letter| WITH_VALUE.contains(&format!("-{letter}").as_str()));
    first.is_some() && letters.next().is_none()
}

fn starts_with_dash(argument: &OsStr) -> bool {
    argument.as_encoded_bytes().starts_with(b"-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(verb: Verb, arguments: &[&str]) -> Arguments {
        Arguments::read(verb, arguments.iter().map(OsString::from).collect())
    }

    #[test]
    fn values_are_read_in_both_spellings() {
        let read = read(Verb::Test, &["--target=a", "--target", "b", "--manifest-path", "m"]);
        assert_eq!(read.targets, ["a", "b"]);
        assert_eq!(read.for_metadata, ["--manifest-path", "m"]);
    }

    #[test]
    fn what_follows_two_dashes_belongs_to_the_program() {
        let read = read(Verb::Test, &["name", "--", "--target", "b", "--help"]);
        assert!(read.targets.is_empty());
        assert!(!read.asks_only);
    }

    #[test]
    fn arguments_of_a_program_that_is_run_are_not_read() {
        let read = read(Verb::Run, &["-rp", "package", "--bin", "b", "file", "--target-dir", "x"]);
        assert_eq!(read.target_dir(), None);
        assert_eq!(read.forwarded(OsStr::new("ours")), read.untouched());
    }

    #[test]
    fn a_filter_does_not_end_the_arguments_of_a_test() {
        let read = read(Verb::Test, &["filter", "--offline", "-Zunstable"]);
        assert!(read.offline);
        assert_eq!(read.for_metadata, ["--offline", "-Zunstable"]);
    }

    #[test]
    fn the_target_folder_is_replaced_in_both_spellings() {
        let ours = OsStr::new("/our folder");
        let joined = read(Verb::Build, &["--target-dir=x y", "-q"]);
        assert_eq!(joined.target_dir(), Some(PathBuf::from("x y")));
        assert_eq!(joined.forwarded(ours), ["--target-dir=/our folder", "-q"]);
        let apart = read(Verb::Build, &["--target-dir", "x"]);
        assert_eq!(apart.target_dir(), Some(PathBuf::from("x")));
        assert_eq!(apart.forwarded(ours), ["--target-dir", "/our folder"]);
    }
}
