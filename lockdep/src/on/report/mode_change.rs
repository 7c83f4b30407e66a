//! LD0011: a downgrade or an upgrade of a hold that does not allow it.

use crate::class::Class;
use crate::mode::Mode;
use crate::violation::{Point, Touch};

use super::lock::{Labels, verb};
use super::misuse::spot;
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::{rows, rows_since};
use super::task;

pub(super) fn page(
    task: &str,
    class: &Class,
    (held, to, at): (Option<&Touch>, Mode, &Point),
    paths: &Paths,
) -> Page {
    let labels = Labels::of([class], paths);
    let (within, task) = (task::within(task), task::whole(task));
    let (label, spot) = (labels.get(class), spot(at, paths));
    let is_upgrade = to == Mode::Exclusive;
    let change = if is_upgrade { "upgrades" } else { "downgrades" };
    let how = match held {
        None => "which it does not hold".to_string(),
        Some(held) => format!("which it holds by `{}`", verb(held)),
    };
    let (why, help) = match (held, is_upgrade) {
        (None, _) => (
            "only the holder of a lock can change how it is held; another thread may hold it now, \
             or nobody",
            format!("{spot}, take `{label}` in this thread before its mode is changed"),
        ),
        (Some(_), true) => (
            "an upgrade waits until all other readers have left; of two plain readers that both \
             do so each waits for the other, and of a writer there is nothing to upgrade",
            format!(
                "take `{label}` for an upgradable read where it is taken, or {spot} let go of it, \
                 take it for writing and look again at what has changed"
            ),
        ),
        (Some(_), false) => (
            "a downgrade turns a write into a read, or an upgradable read into a plain one; it \
             never gives the holder more than it had",
            format!("{spot}, leave the downgrade out, or take `{label}` for writing before it"),
        ),
    };
    let rows = match held {
        Some(held) => rows_since(&held.at, "changed at", at, paths),
        None => rows("changed at", at, None, paths),
    };
    Page {
        title: "a hold that cannot be changed this way",
        event: format!("`{task}` {change} `{label}`, {how}."),
        classes: labels.rows(paths),
        scenario: None,
        notes: Vec::new(),
        sections: vec![Section { head: format!("{label}, {within}"), rows }],
        why: why.to_string(),
        help,
    }
}

pub(super) const EXPLANATION: &str = "\
LD0011: a hold that cannot be changed this way

A reader-writer lock can be taken for reading and for writing, and some can change from the one to
the other without letting go:

  downgrade   a write becomes a read or an upgradable read, an upgradable read becomes a read; it
              never waits
  upgrade     an upgradable read becomes a write; it waits until all other readers have left

There is one upgradable reader at most, so no two of them can wait for each other to leave. Two
plain readers that ask for an upgrade do, for ever.

Here a thread downgraded what it holds as a plain reader, upgraded what it does not hold as an
upgradable reader, or changed the mode of a lock that it does not hold at all. With guards the types
rule this out. It happens with locks that are handled by hand, and in code that reports its own lock
to the tracker:

    lock_acquire_shared!(&map);
    lock_acquired_shared!(&map);
    lock_downgrade!(&map);                      // there is nothing to downgrade

How to mend it
  - Downgrade once, right after the write is done; then the hold is a read.
  - To read first and maybe write later, take an upgradable read.
  - Without one: let go, take the lock for writing, and check again what was read before.
  - In code that reports its own lock, say `lock_downgrade!` only for a write that was reported.

When to let it be
  Never: the tracker now knows less than it should of how the lock is held.

Reported at every level.
";
