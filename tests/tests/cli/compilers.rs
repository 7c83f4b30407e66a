//! Wrappers, documentation tools and targets of the user's own.

use std::fs;
use std::path::Path;

use crate::project::{Call, Project, TWO_LOCKS};

/// A project with an inversion in a program and in a doctest, and tools that write their name to
/// `log` when they are called.
fn project(name: &str) -> Project {
    let log = |tool: &str| format!("echo {tool} >> \"$(dirname \"$0\")/../log\"");
    let wrapper = |tool: &str| format!("{}\nexec \"$@\"", log(tool));
    let lib = format!("//! ```\n//! {name}::forward(); {name}::backward();\n//! ```\n{TWO_LOCKS}");
    Project::new(name)
        .file("src/lib.rs", &lib)
        .file("src/main.rs", &format!("fn main() {{ {name}::forward(); {name}::backward(); }}"))
        .script("tools/first", &wrapper("first"))
        .script("tools/second", &wrapper("second"))
        .script("tools/doc", &format!("{}\nexec rustdoc \"$@\"", log("doc")))
}

/// Which of the project's tools were called.
fn called(project: &Project) -> Vec<&'static str> {
    let path = project.root.join("log");
    let log = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(&path);
    let tools = ["first", "second", "doc"];
    tools.into_iter().filter(|tool| log.lines().any(|line| line == *tool)).collect()
}

/// The call with all code of the project to be compiled again.
fn anew(project: &Project, arguments: &[&str]) -> Call {
    for path in ["src/lib.rs", "src/main.rs"] {
        let path = project.root.join(path);
        let text = fs::read(&path).expect("it was written");
        fs::write(path, text).expect("it can be written again");
    }
    project.lockdep(arguments)
}

#[test]
fn a_wrapper_in_the_environment_is_called() {
    let project = project("wrapped");
    let tool = project.root.join("tools/first");
    project.lockdep(&["run", "-q"]).env("RUSTC_WRAPPER", &tool).exits(100);
    assert_eq!(called(&project), ["first"]);
    anew(&project, &["run", "-q"]).env("CARGO_BUILD_RUSTC_WRAPPER", &tool).exits(100);
    assert_eq!(called(&project), ["first"]);
}

#[test]
fn a_wrapper_for_members_is_called_below_the_other() {
    let project = project("both_wrapped");
    let tool = |name: &str| project.root.join("tools").join(name);
    project
        .lockdep(&["run", "-q"])
        .env("RUSTC_WRAPPER", tool("first"))
        .env("RUSTC_WORKSPACE_WRAPPER", tool("second"))
        .exits(100);
    assert_eq!(called(&project), ["first", "second"]);
}

#[test]
fn tools_in_a_config_file_are_called() {
    let config = "include = [\"more.toml\"]\n[build]\nrustc-wrapper = \"tools/first\"\n";
    let project = project("configured")
        .file(".cargo/config.toml", config)
        .file(".cargo/more.toml", "build.rustdoc = \"tools/doc\"\n");
    let said = project.lockdep(&["test", "-q", "--doc"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    assert_eq!(called(&project), ["first", "doc"]);
    anew(&project, &["build", "-q"]).env("RUSTC_WRAPPER", "").exits(0);
    assert!(called(&project).is_empty());
}

#[test]
fn a_setting_on_the_command_line_is_heard() {
    let project = project("commanded");
    project.lockdep(&["build", "-q", "--config", "build.rustc-wrapper='tools/first'"]).exits(0);
    assert_eq!(called(&project), ["first"]);
}

#[test]
fn the_runtime_does_not_hear_the_users_flags() {
    let flags =
        "[build]\nrustflags = [\"--cfg\", \"mine\"]\n[profile.release]\npanic = \"abort\"\n";
    let main = "#[cfg(not(mine))] compile_error!(\"flags are missing\");\nfn main() {}";
    let project =
        Project::new("flagged").file(".cargo/config.toml", flags).file("src/main.rs", main);
    project.lockdep(&["run", "-q"]).exits(0);
    project.lockdep(&["run", "-q", "--release"]).exits(0);
}

#[test]
fn a_target_may_be_named_in_every_way_that_cargo_knows() {
    let host = "x86_64-unknown-linux-gnu";
    let project = project("targeted");
    project.lockdep(&["run", "-q", "--target", host]).exits(100);
    project.lockdep(&["run", "-q"]).env("CARGO_BUILD_TARGET", host).exits(100);
    let project = project.file(".cargo/config.toml", &format!("build.target = [\"{host}\"]\n"));
    project.lockdep(&["run", "-q"]).exits(100);
}

#[test]
fn a_program_that_calls_the_command_itself_works() {
    let outer = "
        fn main() {
            let status = std::process::Command::new(\"cargo\")
                .args([\"lockdep\", \"run\", \"-q\"])
                .current_dir(std::env::args().nth(1).unwrap())
                .status()
                .unwrap();
            println!(\"{}\", status.code().unwrap());
        }
    ";
    let inner = project("inner");
    let outer = Project::new("outer").file("src/main.rs", outer);
    let path = |root: &Path| root.to_str().expect("it is text").to_owned();
    let said = outer.lockdep(&["run", "-q", &path(&inner.root)]).exits(0);
    assert_eq!(said.stdout, "100\n");
    assert_eq!(said.reports("LD0002"), 1);
    // The outer one prints, which locks the stream.
    assert_eq!(said.last(), "lockdep: 1 class, 0 edges, 1 process, 0 violations");
}
