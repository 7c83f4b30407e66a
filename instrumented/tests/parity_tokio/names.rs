//! The lists of the other modules are whole: they are held against the sources of the real crate.

#[path = "../sources/mod.rs"]
mod sources;

use std::fs;

use sources::{functions, sources};

/// What the modules here call, as text.
const CALLED: &str = concat!(
    include_str!("channels.rs"),
    include_str!("events.rs"),
    include_str!("guards.rs"),
    include_str!("locks.rs"),
    include_str!("runtimes.rs"),
    include_str!("tasks.rs"),
    include_str!("timeouts.rs")
);

/// The files of tokio with what is replaced.
const FILES: [&str; 26] = [
    "sync/barrier.rs",
    "sync/broadcast.rs",
    "sync/mpsc/bounded.rs",
    "sync/mpsc/unbounded.rs",
    "sync/mutex.rs",
    "sync/notify.rs",
    "sync/once_cell.rs",
    "sync/oneshot.rs",
    "sync/rwlock.rs",
    "sync/rwlock/owned_read_guard.rs",
    "sync/rwlock/owned_write_guard.rs",
    "sync/rwlock/owned_write_guard_mapped.rs",
    "sync/rwlock/read_guard.rs",
    "sync/rwlock/write_guard.rs",
    "sync/rwlock/write_guard_mapped.rs",
    "sync/semaphore.rs",
    "sync/watch.rs",
    "runtime/builder.rs",
    "runtime/handle.rs",
    "runtime/local_runtime/runtime.rs",
    "runtime/runtime.rs",
    "runtime/task/abort.rs",
    "runtime/task/join.rs",
    "task/join_set.rs",
    "task/local.rs",
    "time/timeout.rs",
];

/// Types with public functions that are re-exported as they are.
const NOT_OURS: [&str; 4] = ["BarrierWaitResult", "Ref", "TryCurrentError", "SetError"];

/// What only those see who build tokio itself for it.
const UNSTABLE: [&str; 7] = [
    "Builder::spawn",
    "Builder::spawn_on",
    "Builder::spawn_blocking",
    "Builder::spawn_blocking_on",
    "Builder::spawn_local",
    "Builder::spawn_local_on",
    "JoinSet::build_task",
];

#[test]
fn every_function_of_what_is_replaced_is_called() {
    let folder = sources("tokio-1.");
    let all = FILES.iter().flat_map(|file| {
        functions(&fs::read_to_string(folder.join(file)).expect("the source is there"))
    });
    let is_called = |function: &String| {
        let owner = function.split("::").next().unwrap_or_default();
        NOT_OURS.contains(&owner)
            || UNSTABLE.contains(&function.as_str())
            || CALLED.contains(&format!("{function}("))
    };
    let missing: Vec<String> = all.filter(|function| !is_called(function)).collect();
    assert_eq!(missing, [""; 0]);
}
