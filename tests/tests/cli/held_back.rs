//! Orders that are held back, and what another process makes of them.

use crate::project::{Project, TWO_LOCKS};

/// Two locks, taken in both orders by functions that hold a third.
fn gated(name: &str) -> Project {
    let lib = format!(
        "{TWO_LOCKS}
        struct Gate;
        static GATE: Mutex<Gate> = Mutex::new(Gate);
        pub fn both() {{
            for way in [forward, backward] {{
                let _gate = GATE.lock().unwrap();
                way();
            }}
        }}"
    );
    Project::new(name)
        .file("src/lib.rs", &lib)
        .file("tests/one.rs", &format!("#[test]\nfn gated_ways() {{ {name}::both(); }}"))
        .file("tests/two.rs", &format!("#[test]\nfn bare_way() {{ {name}::backward(); }}"))
}

#[test]
fn what_is_held_back_is_one_line_unless_the_ledger_is_wanted() {
    let project = gated("gated");
    let said = project.lockdep(&["test", "-q", "--test", "one"]).exits(0);
    let line = "lockdep: note: 1 order is held back: 1 kept apart by a lock that both sides hold";
    said.has(&format!("{line}; --ledger before the verb shows them\n"));
    assert!(!said.stderr.contains("held back: `"), "{}", said.stderr);

    let said = project.lockdep(&["--ledger", "test", "-q", "--test", "one"]).exits(0);
    said.has("held back: `Mutex<u8>` → `Mutex<u16>` → `Mutex<u8>`\n");
    said.has("held since src/lib.rs:8:24, wanted at src/lib.rs:9:26, in `gated_ways`\n");
    said.has("were only ever seen with `Gate` (Mutex<gated::Gate>, made at src/lib.rs:18:");
    said.has(&format!("{line}\n"));
}

#[test]
fn a_process_without_the_gate_makes_a_violation_of_it() {
    let said = gated("opened").lockdep(&["test", "-q", "--tests"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    assert!(!said.stderr.contains("held back"), "{}", said.stderr);
    said.has("in one");
    said.has("in two");
}
