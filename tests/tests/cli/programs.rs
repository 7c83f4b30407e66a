//! Kinds of projects: the locks of every one are tracked, and the project never notices.

use crate::project::{Project, TWO_LOCKS};

/// Two locks in either order, as a macro's caller sees them.
fn inverting(body: &str) -> String {
    format!("{TWO_LOCKS}\n{body}")
}

#[test]
fn a_workspace_with_all_kinds_of_targets_is_tracked_in_each() {
    let project = Project::new("workspace")
        .file(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"plain\", \"seven\"]\n",
        )
        .file("seven/Cargo.toml", &member("seven", "[lib]\nproc-macro = true\n"))
        .file(
            "seven/src/lib.rs",
            "static LOCK: std::sync::Mutex<u8> = std::sync::Mutex::new(7);
             #[proc_macro]
             pub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
                 LOCK.lock().unwrap().to_string().parse().unwrap()
             }",
        )
        .file("plain/Cargo.toml", &member("plain", ""))
        .file("plain/src/lib.rs", &format!("#![no_std]\nextern crate std;\n{TWO_LOCKS}"))
        .file(
            "app/Cargo.toml",
            &member(
                "app",
                "default-run = \"app\"\n[dependencies]\n\
                 plain = { path = \"../plain\" }\nseven = { path = \"../seven\" }\n",
            ),
        )
        .file(
            "app/build.rs",
            "static LOCK: std::sync::Mutex<u8> = std::sync::Mutex::new(1);
             fn main() { println!(\"cargo::rustc-env=ONE={}\", LOCK.lock().unwrap()); }",
        )
        .file("app/src/lib.rs", TWO_LOCKS)
        .file(
            "app/src/main.rs",
            "fn main() { app::forward(); println!(\"{} {}\", seven::seven!(), env!(\"ONE\")); }",
        )
        .file("app/src/bin/other.rs", "fn main() { app::forward(); app::backward(); }")
        .file("app/examples/shown.rs", "fn main() { plain::backward(); plain::forward(); }");

    let said = project.lockdep(&["run", "-q"]).exits(0);
    assert_eq!(said.stdout, "7 1\n");
    assert_eq!(said.last(), "lockdep: 3 classes, 1 edge, 1 process, 0 violations");
    let said = project.lockdep(&["run", "-q", "--bin", "other"]).exits(100);
    said.has("app/src/lib.rs:4");
    let said = project.lockdep(&["run", "-q", "-p", "app", "--example", "shown"]).exits(100);
    said.has("plain/src/lib.rs:6");
    project.lockdep(&["test", "-q", "--workspace"]).exits(0);
}

fn member(name: &str, rest: &str) -> String {
    format!("[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n{rest}")
}

#[test]
fn a_release_profile_may_optimise_across_crates_and_abort_on_panic() {
    let project = Project::new("released");
    let manifest =
        std::fs::read_to_string(project.root.join("Cargo.toml")).expect("it was written");
    let profile =
        "[profile.release]\nlto = true\npanic = \"abort\"\ncodegen-units = 1\nstrip = true\n";
    let project = project
        .file("Cargo.toml", &(manifest + profile))
        .file("src/main.rs", &inverting("fn main() { forward(); backward(); }"));
    let said = project.lockdep(&["run", "-q", "--release"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    said.has("src/main.rs:4");
}

#[test]
fn what_the_level_and_the_reaction_ask_for_is_done() {
    let project = Project::new("reacting")
        .file("src/main.rs", &inverting("fn main() { forward(); backward(); println!(\"end\"); }"));
    let run = || project.lockdep(&["run", "-q"]);
    let off = run().env("LOCKDEP", "off").exits(0);
    assert_eq!(off.stdout, "end\n");
    assert_eq!(off.last(), "lockdep: nothing was tracked: LOCKDEP is off");
    let panics = run().env("LOCKDEP", "panic").exits(100);
    assert_eq!(panics.stdout, "");
    // The panic's own message is the first; a test harness would have swallowed it.
    assert_eq!(panics.reports("LD0002"), 2);
    let order = run().env("LOCKDEP_LEVEL", "order").env("LOCKDEP_BACKTRACE", "full").exits(100);
    assert_eq!(order.stdout, "end\n");
    assert_eq!(order.reports("LD0002"), 1);
}
