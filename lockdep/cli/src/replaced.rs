//! Crates of the program that are replaced: each is compiled twice, and its facade takes its place.
//!
//! Cargo asks for `liblock_api-<hash>.rlib`. The crate itself is compiled under another file name,
//! and then, under the name that cargo asked for, a crate of the same name that re-exports it with
//! its locks replaced. So cargo does with the facade what it does with every crate: it builds it
//! once for each version and set of features, at the right time and no second time, and all that
//! depends on the crate is given the facade. The facade gets the call's own flags and features.
//!
//! A facade is written for the versions of a crate that are known. If the one at hand is another, or
//! the facade does not compile against it, it is compiled in its own place and left untracked,
//! which is said.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::Command;

use crate::runtime::Facade;
use crate::wrapper::{expand, with_prefix};

/// What is replaced: the crate, the beginning of its version, and the facade below the sources.
const REPLACED: [(&str, &str, &str); 20] = [
    ("async_lock", "3.", "instrumented/facade/async_lock.rs"),
    ("crossbeam_channel", "0.3.", "instrumented/facade/crossbeam_channel.rs"),
    ("crossbeam_channel", "0.4.", "instrumented/facade/crossbeam_channel.rs"),
    ("crossbeam_channel", "0.5.", "instrumented/facade/crossbeam_channel.rs"),
    ("futures_util", "0.3.", "instrumented/facade/futures_util.rs"),
    ("lazy_static", "1.", "instrumented/facade/lazy_static.rs"),
    ("once_cell", "1.", "instrumented/facade/once_cell.rs"),
    ("lock_api", "0.1.", "instrumented/facade/lock_api_older.rs"),
    ("lock_api", "0.2.", "instrumented/facade/lock_api_older.rs"),
    ("lock_api", "0.3.", "instrumented/facade/lock_api_older.rs"),
    ("lock_api", "0.4.", "instrumented/facade/lock_api.rs"),
    ("lock_api", "0.5.", "instrumented/facade/lock_api_0_5.rs"),
    ("parking_lot", "0.8.", "instrumented/facade/parking_lot.rs"),
    ("parking_lot", "0.9.", "instrumented/facade/parking_lot.rs"),
    ("parking_lot", "0.10.", "instrumented/facade/parking_lot.rs"),
    ("parking_lot", "0.11.", "instrumented/facade/parking_lot.rs"),
    ("parking_lot", "0.12.", "instrumented/facade/parking_lot.rs"),
    ("parking_lot", "0.13.", "instrumented/facade/parking_lot_0_13.rs"),
    ("rayon_core", "1.", "instrumented/facade/rayon_core.rs"),
    ("tokio", "1.", "instrumented/facade/tokio.rs"),
];

/// A facade for many versions asks `cfg(before = "1.40")` of the one at hand, or
/// `cfg(before = "0.4.12")` of one before 1.0. This many that come after it are named.
const VERSIONS: u32 = 100;

/// What is added to the file name and to the identity of the crate itself.
const SUFFIX: &str = "-untracked";

/// A call of the compiler for a crate that is to be replaced.
#[derive(Debug)]
pub(crate) struct Call {
    name: &'static str,
    source: &'static str,
    version: String,
    arguments: Vec<Argument>,
}

/// One argument, with its value if the value is one of its own.
#[derive(Clone, Debug)]
struct Argument {
    name: String,
    value: Option<String>,
}

impl Call {
    /// The call with these arguments, if it is one for the library of a crate to be replaced.
    pub(crate) fn of(arguments: &[OsString]) -> Option<Call> {
        let package = env::var("CARGO_PKG_NAME").ok()?;
        let version = env::var("CARGO_PKG_VERSION").ok()?;
        Call::new(&package, version, &expand(arguments))
    }

    fn new(package: &str, version: String, arguments: &[String]) -> Option<Call> {
        let package = package.replace('-', "_");
        let named = || REPLACED.iter().filter(|replaced| replaced.0 == package);
        let fitting = named().find(|replaced| version.starts_with(replaced.1));
        let (name, _, source) = *fitting.or_else(|| named().next())?;
        let call = Call { name, source, version, arguments: Argument::all(arguments) };
        let is_library = call.value("--crate-name") == Some(name)
            && call.value("--crate-type").is_some_and(|kind| matches!(kind, "lib" | "rlib"))
            && call.value("--test").is_none()
            && call.value("--out-dir").is_some();
        if is_library && fitting.is_none() {
            call.say_untracked();
        }
        (is_library && fitting.is_some()).then_some(call)
    }

    /// Cargo shows this again whenever it has nothing to do for the crate.
    fn say_untracked(&self) {
        let Call { name, version, .. } = self;
        eprintln!(
            "lockdep: no facade fits {name} {version}: what one would replace is not tracked"
        );
    }

    /// Compiles the crate and its facade by `tool`; the exit status, or none if the crate has to be
    /// left in its own place.
    pub(crate) fn compile(&self, tool: &OsStr, facade: &Facade) -> Option<i32> {
        let mut crate_itself = Command::new(tool);
        crate_itself.args(self.of_crate_itself());
        facade.add_to(&mut crate_itself);
        match crate_itself.status() {
            Ok(status) if status.success() => {}
            Ok(status) => return Some(status.code().unwrap_or(101)),
            Err(_) => return None,
        }

        let mut replacement = Command::new(tool);
        replacement
            .args(self.of_facade(facade))
            .arg("--extern")
            .arg(with_prefix(&format!("real_{}=", self.name), &self.library()?))
            .arg("--extern")
            .arg(with_prefix("lockdep=", &facade.tracker));
        facade.add_dependencies(&mut replacement);
        let output = replacement.output().ok()?;
        if output.status.success() {
            // Cargo listens here for what has been written.
            io::stderr().write_all(&output.stderr).ok()?;
            return Some(0);
        }
        self.say_untracked();
        if env::var_os("CARGO_LOCKDEP_DEBUG").is_some() {
            let _ = io::stderr().write_all(&output.stderr);
        }
        None
    }

    /// The first value of an argument.
    fn value(&self, name: &str) -> Option<&str> {
        let argument = self.arguments.iter().find(|argument| argument.name == name)?;
        Some(argument.value.as_deref().unwrap_or(""))
    }

    /// The value of `-C name=`.
    fn codegen(&self, name: &str) -> Option<&str> {
        let mut values = self.arguments.iter().filter(|argument| argument.name == "-C");
        values.find_map(|argument| argument.value.as_deref()?.strip_prefix(name)?.strip_prefix('='))
    }

    /// Versions that come after this one: as `major.minor`, and before 1.0 as `0.minor.patch` too, of
    /// those that are compatible with it.
    fn later_versions(&self) -> impl Iterator<Item = String> + use<> {
        let version = self.version.split(['-', '+']).next().unwrap_or_default();
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        let (major, minor, patch) = (next(), next(), next());
        let later = |prefix: String, number: u32| {
            (number + 1..=number + VERSIONS).map(move |later| format!("{prefix}.{later}"))
        };
        let patches = (major == 0).then(|| later(format!("0.{minor}"), patch));
        later(major.to_string(), minor).chain(patches.into_iter().flatten())
    }

    /// What cargo wants in the names of files.
    fn stem(&self) -> String {
        format!("{}{}", self.name, self.codegen("extra-filename").unwrap_or(""))
    }

    /// Where the crate itself is.
    fn library(&self) -> Option<PathBuf> {
        let folder = PathBuf::from(self.value("--out-dir")?);
        let path = folder.join(format!("lib{}{SUFFIX}", self.stem()));
        let paths = ["rlib", "rmeta"].map(|ending| path.with_added_extension(ending));
        paths.into_iter().find(|path| path.is_file())
    }

    /// The arguments for the crate itself: it is another file and another crate, and cargo does not
    /// hear of it except by the list of its sources, which it keeps an eye on.
    fn of_crate_itself(&self) -> Vec<String> {
        let mut arguments = self.arguments.clone();
        let sources = format!("{}/{}.d", self.value("--out-dir").unwrap_or("."), self.stem());
        for Argument { name, value } in &mut arguments {
            let Some(value) = value else { continue };
            match name.as_str() {
                "-C" if value.starts_with("extra-filename=") => value.push_str(SUFFIX),
                "--emit" => edit_list(value, |kind| match kind {
                    "dep-info" => Some(format!("dep-info={sources}")),
                    kind => Some(kind.to_owned()),
                }),
                "--json" => edit_list(value, |kind| (kind != "artifacts").then(|| kind.to_owned())),
                _ => {}
            }
        }
        arguments.push(Argument::pair("-C", format!("metadata={SUFFIX}")));
        if self.codegen("extra-filename").is_none() {
            arguments.push(Argument::pair("-C", format!("extra-filename={SUFFIX}")));
        }
        arguments.iter().flat_map(Argument::words).collect()
    }

    /// The arguments for the facade: another source in our own edition, whose flaws are not the
    /// user's.
    fn of_facade(&self, facade: &Facade) -> Vec<String> {
        let mut arguments = self.arguments.clone();
        arguments.retain(|argument| argument.name != "--cap-lints");
        for Argument { name, value } in &mut arguments {
            match (name.as_str(), value) {
                ("--edition", Some(edition)) => "2024".clone_into(edition),
                ("--emit", Some(value)) => {
                    edit_list(value, |kind| (kind != "dep-info").then(|| kind.to_owned()))
                }
                (source, None) if is_source(source) => {
                    *name = facade.sources.join(self.source).display().to_string();
                }
                _ => {}
            }
        }
        if self.value("--edition").is_none() {
            arguments.push(Argument::pair("--edition", "2024".to_owned()));
        }
        let later = self.later_versions().map(|later| format!("before=\"{later}\""));
        arguments.extend(later.map(|later| Argument::pair("--cfg", later)));
        arguments.push(Argument::pair("--cap-lints", "allow".to_owned()));
        arguments.iter().flat_map(Argument::words).collect()
    }
}

impl Argument {
    /// Options whose value is the next argument in what cargo writes.
    const WITH_VALUE: [&str; 10] = [
        "-C",
        "-L",
        "-l",
        "-Z",
        "--extern",
        "--crate-name",
        "--crate-type",
        "--out-dir",
        "--cfg",
        "--check-cfg",
    ];

    fn pair(name: &str, value: String) -> Argument {
        Argument { name: name.to_owned(), value: Some(value) }
    }

    fn all(words: &[String]) -> Vec<Argument> {
        let mut arguments = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            arguments.push(match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => {
                    Argument::pair(name, value.to_owned())
                }
                _ => {
                    let takes = Argument::WITH_VALUE.contains(&word.as_str())
                        || matches!(
                            word.as_str(),
                            "--cap-lints" | "--edition" | "--emit" | "--target"
                        );
                    let value = if takes { words.next().cloned() } else { None };
                    Argument { name: word.clone(), value }
                }
            });
        }
        arguments
    }

    fn words(&self) -> Vec<String> {
        match &self.value {
            None => vec![self.name.clone()],
            Some(value) if self.name.starts_with("--") && self.name != "--extern" => {
                vec![format!("{}={value}", self.name)]
            }
            Some(value) => vec![self.name.clone(), value.clone()],
        }
    }
}

fn is_source(argument: &str) -> bool {
    !argument.starts_with('-') && argument.ends_with(".rs")
}

/// Changes or drops the parts of a list with commas.
fn edit_list(list: &mut String, edit: impl Fn(&str) -> Option<String>) {
    *list = list.split(',').filter_map(edit).collect::<Vec<_>>().join(",");
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = "--crate-name lock_api --edition=2021 /r/lock_api-0.4.14/src/lib.rs \
        --error-format=json --json=diagnostic-rendered-ansi,artifacts,future-incompat \
        --crate-type lib --emit=dep-info,metadata,link -C embed-bitcode=no -C debuginfo=2 \
        --cfg feature=\"arc_lock\" -C metadata=11 -C extra-filename=-22 --out-dir /t/deps \
        --target x86_64-unknown-linux-gnu -L dependency=/t/deps \
        --extern scopeguard=/t/deps/libscopeguard-33.rmeta --cap-lints warn";

    fn call(text: &str) -> Option<Call> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        Call::new("lock_api", "0.4.14".to_owned(), &words)
    }

    fn facade() -> Facade {
        Facade {
            std: "/r/libstd-1.rlib".into(),
            tracker: "/r/liblockdep-1.rlib".into(),
            sources: "/r".into(),
            dependencies: ["/r/a".into(), "/r/b".into()],
        }
    }

    #[test]
    fn the_crate_itself_makes_way_and_tells_cargo_its_sources() {
        let words = call(CALL).expect("it is to be replaced").of_crate_itself().join(" ");
        assert!(words.contains("/r/lock_api-0.4.14/src/lib.rs"), "{words}");
        assert!(words.contains("-C extra-filename=-22-untracked"), "{words}");
        assert!(words.contains("-C metadata=11") && words.ends_with("-C metadata=-untracked"));
        assert!(words.contains("--emit=dep-info=/t/deps/lock_api-22.d,metadata,link"), "{words}");
        assert!(words.contains("--json=diagnostic-rendered-ansi,future-incompat"), "{words}");
    }

    #[test]
    fn the_facade_takes_the_names_and_the_features() {
        let words = call(CALL).expect("it is to be replaced").of_facade(&facade()).join(" ");
        assert!(words.contains("/r/instrumented/facade/lock_api.rs"), "{words}");
        assert!(!words.contains("lock_api-0.4.14"), "{words}");
        assert!(words.contains("-C metadata=11 -C extra-filename=-22 "), "{words}");
        assert!(words.contains("--cfg=feature=\"arc_lock\""), "{words}");
        assert!(words.contains("--cfg=before=\"0.5\"") && !words.contains("before=\"0.4\""));
        assert!(words.contains("before=\"0.4.15\"") && !words.contains("before=\"0.4.14\""));
        assert!(words.contains("--edition=2024") && words.contains("--emit=metadata,link"));
        assert!(words.contains("artifacts") && words.ends_with("--cap-lints=allow"), "{words}");
    }

    #[test]
    fn only_libraries_of_known_versions_are_replaced() {
        assert!(call(&CALL.replace("--crate-type lib", "--test")).is_none());
        assert!(call(&CALL.replace("--crate-type lib", "--crate-type bin")).is_none());
        assert!(call(&CALL.replace("--crate-name lock_api", "--crate-name other")).is_none());
        let words: Vec<String> = CALL.split_whitespace().map(str::to_owned).collect();
        assert!(Call::new("lock_api", "0.6.0".to_owned(), &words).is_none());
        let older = Call::new("lock_api", "0.3.4".to_owned(), &words).expect("it is known too");
        assert_eq!(older.source, "instrumented/facade/lock_api_older.rs");
        assert!(Call::new("mine", "0.4.14".to_owned(), &words).is_none());
    }
}
