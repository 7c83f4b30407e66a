//! `cargo lockdep explain`: more about a violation than fits its report.

use std::ffi::OsString;

use lockdep::report;

use crate::exit::Failure;

/// The text for the code that the arguments name.
pub(crate) fn text(arguments: &[OsString]) -> Result<&'static str, Failure> {
    let [code] = arguments else {
        return Err(Failure::usage("explain takes one code, for example LD0002"));
    };
    let known = code.to_str().and_then(|code| report::explain(&code.to_ascii_uppercase()));
    known.ok_or_else(|| Failure::usage(format!("there is no code `{}`", code.display())))
}
