//! The user's project, as cargo sees it.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::arguments::Arguments;
use crate::exit::Failure;

/// What the command needs to know of the project.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    /// Where cargo puts what it builds.
    pub(crate) target_directory: PathBuf,
    /// The folder of the outermost manifest.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
}

impl Workspace {
    /// Asks cargo. What cargo has to say against the project, it says itself on stderr.
    pub(crate) fn find(arguments: &Arguments) -> Result<Workspace, Failure> {
        let output = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .args(&arguments.for_metadata)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| Failure::setup(format!("cannot run cargo: {error}")))?;
        if !output.status.success() {
            return Err(Failure::setup("cargo cannot read the project; see its message above"));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| {
            Failure::setup(format!("cannot read what cargo metadata says: {error}"))
        })
    }
}

/// The cargo that called the command, else the one on the path.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
