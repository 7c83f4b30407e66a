//! The few settings of cargo that the command must know, read as cargo reads them.
//!
//! Cargo can be told of a compiler, a wrapper or a target by its command line, by the environment
//! and by config files from the working folder upward; the nearest wins. It prints the outcome on
//! nightly only, so the search is repeated here. A file that cannot be parsed is passed over:
//! cargo itself has refused it by then.

use std::collections::{HashMap, HashSet};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::exit::Failure;

/// Cargo's settings from all sources.
#[derive(Debug)]
pub(crate) struct Config {
    environment: HashMap<String, OsString>,
    /// From `--config`, the last one first.
    command_line: Vec<Layer>,
    /// From files, the nearest first.
    files: Vec<Layer>,
}

/// The settings of one file or one argument.
#[derive(Debug)]
struct Layer {
    table: Table,
    /// The folder that relative paths start from.
    base: PathBuf,
}

impl Config {
    /// Reads what applies in `folder`, with the values of `--config`.
    pub(crate) fn read(folder: &Path, command_line: &[String]) -> Config {
        let environment = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(_, value)| !value.is_empty());
        let mut files = Vec::new();
        let folders = folder.ancestors().map(|folder| folder.join(".cargo")).chain(home());
        for folder in folders {
            // The name without an ending is the older one; cargo prefers it.
            let names = ["config", "config.toml"].map(|name| folder.join(name));
            if let Some(path) = names.iter().find(|path| path.is_file()) {
                files.extend(Layer::of_file(path, 0));
            }
        }
        let command_line =
            command_line.iter().rev().flat_map(|value| match value.parse::<Table>() {
                Ok(table) if value.contains('=') => {
                    vec![Layer { table, base: folder.to_owned() }]
                }
                _ => Layer::of_file(&folder.join(value), 0),
            });
        Config { environment: environment.collect(), command_line: command_line.collect(), files }
    }

    /// Refuses settings that would take the build out of the command's own folder.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        for key in ["target-dir", "build-dir"] {
            if self.command_line.iter().any(|layer| layer.build(key).is_some()) {
                let message = format!("`--config build.{key}` is not supported; use --target-dir");
                return Err(Failure::usage(message));
            }
        }
        Ok(())
    }

    /// The targets to build for, if the environment or a config file names any.
    pub(crate) fn targets(&self) -> Option<Vec<String>> {
        let (value, base) = self.value("target", "CARGO_BUILD_TARGET")?;
        let target = |value: &Value| {
            let name = value.as_str()?;
            let is_file = name.ends_with(".json");
            Some(if is_file { base.join(name).display().to_string() } else { name.to_owned() })
        };
        match &value {
            Value::Array(values) => values.iter().map(target).collect(),
            value => Some(vec![target(value)?]),
        }
    }

    /// The compiler.
    pub(crate) fn rustc(&self) -> OsString {
        self.tool("RUSTC", "rustc", "CARGO_BUILD_RUSTC").unwrap_or_else(|| "rustc".into())
    }

    /// The documentation tool.
    pub(crate) fn rustdoc(&self) -> OsString {
        self.tool("RUSTDOC", "rustdoc", "CARGO_BUILD_RUSTDOC").unwrap_or_else(|| "rustdoc".into())
    }

    /// The user's own wrapper around the compiler.
    pub(crate) fn rustc_wrapper(&self) -> Option<OsString> {
        // Set but empty, the variable turns a wrapper of a config file off.
        if env::var_os("RUSTC_WRAPPER").is_some_and(|value| value.is_empty()) {
            return None;
        }
        self.tool("RUSTC_WRAPPER", "rustc-wrapper", "CARGO_BUILD_RUSTC_WRAPPER")
    }

    /// Whether packages come from folders instead of a registry.
    pub(crate) fn is_vendored(&self) -> bool {
        let setting = |source: &str, key: &str| {
            let mut layers = self.command_line.iter().chain(&self.files);
            layers.find_map(|layer| layer.table.get("source")?.get(source)?.get(key))
        };
        let mut source = "crates-io";
        let mut seen = HashSet::new();
        while let Some(other) = setting(source, "replace-with").and_then(Value::as_str) {
            if !seen.insert(source) {
                return false;
            }
            source = other;
        }
        ["directory", "local-registry"].iter().any(|key| setting(source, key).is_some())
    }

    /// A tool: its own variable, then what every setting of cargo has.
    fn tool(&self, variable: &str, key: &str, cargo_variable: &str) -> Option<OsString> {
        if let Some(value) = self.environment.get(variable) {
            return Some(value.clone());
        }
        let (value, base) = self.value(key, cargo_variable)?;
        let tool = value.as_str().filter(|tool| !tool.is_empty())?;
        // A bare name is looked up by the system; a path is relative to where it was written.
        let is_path = tool.contains(std::path::MAIN_SEPARATOR);
        Some(if is_path { base.join(tool).into() } else { tool.into() })
    }

    /// The setting `build.<key>`, and the folder that a relative path in it starts from.
    fn value(&self, key: &str, variable: &str) -> Option<(Value, PathBuf)> {
        let written = |layers: &[Layer]| {
            layers.iter().find_map(|layer| Some((layer.build(key)?.clone(), layer.base.clone())))
        };
        let environment = || {
            let value = self.environment.get(variable)?.to_str()?;
            Some((Value::String(value.to_owned()), PathBuf::new()))
        };
        written(&self.command_line).or_else(environment).or_else(|| written(&self.files))
    }
}

impl Layer {
    /// How deep files may include each other.
    const DEPTH: usize = 8;

    /// The file's settings, then those of the files that it includes.
    fn of_file(path: &Path, depth: usize) -> Vec<Layer> {
        let text = fs::read_to_string(path).unwrap_or_default();
        let Ok(table) = text.parse::<Table>() else {
            return Vec::new();
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut included = Vec::new();
        if depth < Layer::DEPTH {
            for path in includes(&table) {
                included.extend(Layer::of_file(&folder.join(path), depth + 1));
            }
        }
        // Of several included files the later ones win.
        included.reverse();
        // `project/.cargo/config.toml` speaks of paths from `project`.
        let base = folder.parent().unwrap_or(folder).to_owned();
        let mut layers = vec![Layer { table, base }];
        layers.append(&mut included);
        layers
    }

    /// The setting `build.<key>`.
    fn build(&self, key: &str) -> Option<&Value> {
        self.table.get("build")?.get(key)
    }
}

/// Cargo's own folder.
pub(crate) fn home() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| Some(env::home_dir()?.join(".cargo")))
}

/// The files that a config file includes: a path, or a list of paths and of tables with one.
fn includes<'a>(table: &'a Table) -> Vec<&'a str> {
    let listed = match table.get("include") {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    let path = |value: &'a Value| value.get("path").unwrap_or(value).as_str();
    listed.iter().filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(base: &str, text: &str) -> Layer {
        Layer { table: text.parse().expect("it is TOML"), base: base.into() }
    }

    fn config(command_line: &str, environment: (&str, &str), files: &[(&str, &str)]) -> Config {
        let (name, value) = environment;
        Config {
            environment: HashMap::from([(name.to_owned(), value.into())]),
            command_line: vec![layer("/here", command_line)],
            files: files.iter().map(|(base, text)| layer(base, text)).collect(),
        }
    }

    #[test]
    fn the_command_line_wins_over_the_environment_and_that_over_files() {
        let near = ("/a/b", "build.target = 'near'");
        let far = ("/a", "build.target = ['far', 'x/y.json']");
        let variable = ("CARGO_BUILD_TARGET", "variable");
        let targets = |config: Config| config.targets().expect("a target is named");
        assert_eq!(targets(config("build.target = 'first'", variable, &[near])), ["first"]);
        assert_eq!(targets(config("", variable, &[near])), ["variable"]);
        assert_eq!(targets(config("", ("A", "B"), &[near, far])), ["near"]);
        assert_eq!(targets(config("", ("A", "B"), &[far])), ["far", "/a/x/y.json"]);
    }

    #[test]
    fn a_path_starts_where_it_was_written_and_a_name_is_looked_up() {
        let files = [("/a", "build.rustdoc = 'tools/doc'\nbuild.rustc = 'mine'")];
        let config = config("", ("A", "B"), &files);
        assert_eq!(config.rustdoc(), "/a/tools/doc");
        assert_eq!(config.rustc(), "mine");
    }

    #[test]
    fn vendored_packages_are_told_from_a_mirror() {
        let vendored = "source.crates-io.replace-with = 'v'\nsource.v.directory = 'vendor'";
        let mirror = "source.crates-io.replace-with = 'm'\nsource.m.registry = 'sparse+x'";
        let circle = "source.crates-io.replace-with = 'crates-io'";
        let is_vendored = |text| config("", ("A", "B"), &[("/a", text)]).is_vendored();
        assert!(is_vendored(vendored));
        assert!(!is_vendored(mirror));
        assert!(!is_vendored(circle));
        assert!(!is_vendored(""));
    }
}
