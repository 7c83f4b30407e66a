//! All that must stand before cargo can be called: folders, records, runtime, wrappers.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arguments::Arguments;
use crate::config::{self, Config};
use crate::exit::Failure;
use crate::folder::{Folder, Records};
use crate::runtime::{self, Facade, Network};
use crate::toolchain::Toolchain;
use crate::workspace::Workspace;
use crate::wrapper::{self, Plan};

/// What one run of cargo is given.
#[derive(Debug)]
pub(crate) struct Setup {
    /// Where the records of the run go.
    pub(crate) records: Records,
    /// The folder of the workspace.
    pub(crate) root: PathBuf,
    plan: Plan,
    /// The target to name to cargo, if the user has named none.
    target: Option<String>,
}

impl Setup {
    /// Looks at the project and builds what is missing; `out` is the user's folder for records.
    ///
    /// A tracked program may call the command again: what it inherits from the run that it is a
    /// part of is not the user's wish.
    pub(crate) fn make(
        arguments: &Arguments,
        here: &Path,
        out: Option<&Path>,
    ) -> Result<Setup, Failure> {
        let outer = Plan::inherited();
        let config = Config::read(here, &arguments.config);
        config.check()?;
        let workspace = Workspace::find(arguments)?;
        let toolchain = Toolchain::ask(&config.rustc())?;

        let target_dir = match (arguments.target_dir(), &outer) {
            (Some(path), _) => here.join(path),
            (None, Some(outer)) if outer.build == workspace.target_directory => {
                outer.target_dir.clone()
            }
            (None, _) => workspace.target_directory,
        };
        let folder = Folder::create(&target_dir, &toolchain)?;
        let inherited = |path: &&Path| outer.as_ref().is_some_and(|outer| outer.records == *path);
        let records = match out.filter(|path| !inherited(path)) {
            Some(path) => Records::at(here.join(path))?,
            None => folder.new_run()?,
        };

        let targets = targets(arguments, &config);
        let target = targets.is_empty().then(|| toolchain.host.clone());
        // A folder of vendored packages has none but the project's own.
        let from = config.is_vendored().then(config::home).flatten();
        let network = Network { offline: arguments.offline, from };
        let plan = Plan {
            facades: facades(&folder, &toolchain, &targets, &network)?,
            rustc_wrapper: rustc_wrapper(&config, outer.as_ref())?,
            rustdoc: rustdoc(&config, outer.as_ref())?,
            target_dir,
            build: folder.build(),
            records: records.path.clone(),
        };
        Ok(Setup { records, root: workspace.root, plan, target })
    }

    /// Completes a call of cargo.
    pub(crate) fn apply(&self, cargo: &mut Command, arguments: &Arguments) -> Result<(), Failure> {
        self.plan.apply(cargo)?;
        cargo.args(arguments.forwarded(self.plan.build.as_os_str()));
        if let Some(target) = &self.target {
            // Only a call with a target tells the program's crates from those of build scripts.
            cargo.env("CARGO_BUILD_TARGET", target);
        }
        Ok(())
    }
}

/// The targets that the user names.
fn targets(arguments: &Arguments, config: &Config) -> Vec<String> {
    match arguments.targets.as_slice() {
        [] => config.targets().unwrap_or_default(),
        named => named.to_owned(),
    }
}

/// The facades by target, built where they are missing.
fn facades(
    folder: &Folder,
    toolchain: &Toolchain,
    targets: &[String],
    network: &Network,
) -> Result<BTreeMap<String, Facade>, Failure> {
    let _lock = folder.lock()?;
    let host = || toolchain.host.clone();
    let named = targets.iter().map(|target| match target.as_str() {
        // Cargo's own word; the compiler is given what it stands for.
        "host-tuple" => host(),
        _ => target.clone(),
    });
    let mut targets: Vec<String> = named.collect();
    if targets.is_empty() {
        targets.push(host());
    }
    let mut facades = BTreeMap::new();
    for target in targets {
        let facade = runtime::facade(folder, toolchain, &target, network)?;
        facades.insert(target, facade);
    }
    Ok(facades)
}

/// The user's own wrapper around the compiler.
fn rustc_wrapper(config: &Config, outer: Option<&Plan>) -> Result<Option<String>, Failure> {
    match config.rustc_wrapper() {
        Some(tool) if is_this_binary(&tool)? => {
            Ok(outer.and_then(|plan| plan.rustc_wrapper.clone()))
        }
        tool => tool.map(text).transpose(),
    }
}

/// The real documentation tool.
fn rustdoc(config: &Config, outer: Option<&Plan>) -> Result<String, Failure> {
    match (config.rustdoc(), outer) {
        (tool, Some(outer)) if is_this_binary(&tool)? => Ok(outer.rustdoc.clone()),
        (tool, _) => text(tool),
    }
}

fn is_this_binary(tool: &OsString) -> Result<bool, Failure> {
    Ok(Path::new(tool) == wrapper::this_binary()?)
}

fn text(tool: OsString) -> Result<String, Failure> {
    tool.into_string()
        .map_err(|tool| Failure::setup(format!("the path `{}` is not UTF-8", tool.display())))
}
