//! The command on programs of many crates that lock or wait, each of which is replaced.

use std::path::{Path, PathBuf};

use crate::project::lockdep;

/// A program of the workspace.
fn fixture(name: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it lies in one");
    workspace.join("tests/fixtures").join(name)
}

#[test]
fn values_of_lazy_static_are_told_apart() {
    let fixture = fixture("lazy-static-values");
    let said = lockdep(&fixture, &["run", "-q"]).exits(0);
    assert_eq!(said.stdout, "3\n");
    assert!(said.last().ends_with("0 violations"), "{said:?}");

    // It would hang; the panic comes before.
    let said =
        lockdep(&fixture, &["run", "-q", "--", "recursion"]).env("LOCKDEP", "panic").exits(100);
    said.has("ITSELF   lazy_static<lazy_static_values::ITSELF>");
    said.has("lock taken again by its holder");
    let report = said.stderr.split("stack backtrace").next().unwrap_or_default();
    assert!(!report.contains("facade"), "frames of ours are left out: {report}");
}

#[test]
fn a_lock_that_is_held_while_an_answer_is_waited_for_is_a_warning() {
    let fixture = fixture("crossbeam-channel-waits");
    let said = lockdep(&fixture, &["run", "-q"]).exits(0);
    assert!(said.last().ends_with("0 violations"), "{said:?}");

    let said = lockdep(&fixture, &["run", "-q", "--", "circle"]).exits(100);
    said.has("warning[LD0019]");
    said.has("channel<u32>   made at src/main.rs:17:31");
    said.has("waits at     crossbeam_channel_waits::main");
    assert!(said.last().contains("0 violations, 1 warning"), "{said:?}");
}

#[test]
fn a_lock_that_is_held_while_a_pool_is_waited_for_is_a_warning_if_its_jobs_want_it() {
    let fixture = fixture("rayon-waits");
    let said = lockdep(&fixture, &["run", "-q"]).exits(0);
    assert!(said.last().ends_with("0 violations"), "{said:?}");

    for what in ["jobs", "install"] {
        let said = lockdep(&fixture, &["run", "-q", "--", what]).exits(100);
        said.has("warning[LD0019]");
        said.has("rayon pool");
        assert!(said.last().contains("0 violations, 1 warning"), "{what}: {said:?}");
    }
}

#[test]
fn the_oldest_versions_that_are_known_are_tracked() {
    let fixture = fixture("oldest-versions");
    let said = lockdep(&fixture, &["run", "-q"]).exits(0);
    assert!(said.last().ends_with("0 violations"), "{said:?}");

    let said = lockdep(&fixture, &["run", "-q", "--", "wrong"]).exits(100);
    assert_eq!(said.reports("LD0002"), 2);
    for what in ["channel<u8>", "channel<u16>", "channel<u32>", "rayon pool", "OnceCell<i64>"] {
        said.has(&format!("`{what}`"));
    }
    said.has("takes `Mutex<u32>` while it holds `Mutex<i16>`");
    assert!(said.last().contains("2 violations, 4 warnings"), "{said:?}");
}

#[test]
fn futures_that_one_task_polls_in_turn_do_not_wait_for_themselves() {
    let fixture = fixture("futures-branches");
    let said = lockdep(&fixture, &["run", "-q"]).exits(0);
    assert_eq!(said.stdout, "20\n");
    assert!(said.last().ends_with("0 violations"), "{said:?}");

    let said = lockdep(&fixture, &["run", "-q", "--", "inversion"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    said.has("Mutex<u64>   made at src/main.rs:30:42");
}

#[test]
fn locks_of_async_lock_are_seen_in_tasks_of_an_executor() {
    let fixture = fixture("async-lock-order");
    let said = lockdep(&fixture, &["run", "-q"]).exits(0);
    assert_eq!(said.stdout, "8\n");
    assert!(said.last().ends_with("0 violations"), "{said:?}");

    let said = lockdep(&fixture, &["run", "-q", "--", "inversion"]).exits(100);
    assert_eq!(said.reports("LD0002"), 1);
    said.has("made at src/main.rs:12:10");
    said.has("Mutex<u32> → RwLock<Vec<u32>>, first seen in thread `smol-");

    let said = lockdep(&fixture, &["run", "-q", "--", "again"]).exits(100);
    assert_eq!(said.reports("LD0001"), 1);
}
