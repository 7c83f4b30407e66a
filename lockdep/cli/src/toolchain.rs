//! The user's compiler.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use crate::exit::Failure;

/// The oldest compiler that the runtime builds with.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// A compiler that the runtime supports.
#[derive(Debug)]
pub(crate) struct Toolchain {
    /// The whole answer to `rustc -vV`; two compilers with the same one are the same.
    pub(crate) identity: String,
    /// The target that the compiler itself runs on.
    pub(crate) host: String,
    /// Its version, for people.
    pub(crate) release: String,
}

impl Toolchain {
    /// Asks the compiler.
    pub(crate) fn ask(rustc: &OsString) -> Result<Toolchain, Failure> {
        let name = rustc.display();
        let output = Command::new(rustc)
            .arg("-vV")
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| Failure::setup(format!("cannot run `{name} -vV`: {error}")))?;
        let identity = String::from_utf8_lossy(&output.stdout).into_owned();
        let (Some(host), Some(release)) = (field(&identity, "host"), field(&identity, "release"))
        else {
            let message = format!("`{name} -vV` names no host and release; is it a rustc?");
            return Err(Failure::setup(message));
        };
        let (host, release) = (host.to_owned(), release.to_owned());
        if numbers(&release) < numbers(OLDEST) {
            return Err(Failure::setup(format!(
                "rustc {release} is too old: the runtime needs {OLDEST} or newer",
            )));
        }
        Ok(Toolchain { identity, host, release })
    }
}

/// The value of a line `name: value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// Major and minor number. `1.95.0-nightly` counts as 1.95: most of what is in a release is in
/// the nightly builds before it.
fn numbers(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(numbers("1.100.0") > numbers("1.95"));
        assert_eq!(numbers("1.95.0-nightly"), numbers("1.95"));
    }
}
