//! `cargo lockdep explain`: more about a violation than fits its report.

use std::ffi::OsString;

use lockdep::report;

use crate::exit::Failure;

/// The text for the code that the arguments name; for none, the list of all codes.
pub(crate) fn text(arguments: &[OsString]) -> Result<String, Failure> {
    match arguments {
        [] => Ok(list()),
        [code] => {
            let known = code.to_str().and_then(|code| report::explain(&code.to_ascii_uppercase()));
            known
                .map(ToOwned::to_owned)
                .ok_or_else(|| Failure::usage(format!("there is no code `{}`", code.display())))
        }
        _ => Err(Failure::usage("explain takes one code, for example LD0002")),
    }
}

fn list() -> String {
    let mut list = String::from("Codes that `cargo lockdep explain <code>` explains:\n");
    for title in report::explained() {
        list += &format!("\n  {title}");
    }
    list
}
