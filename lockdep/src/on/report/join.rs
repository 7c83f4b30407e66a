//! LD0020 and LD0021: the end of code is waited for with a lock held; a wait that nobody can end.

use crate::class::Class;
use crate::violation::{Awaited, Point, Touch};

use super::lock::Labels;
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::{functions, rows, rows_since};
use super::task;

/// LD0020.
pub(super) fn under_lock(
    task: &str,
    held: &Touch,
    code: &Class,
    at: &Point,
    paths: &Paths,
) -> Page {
    let labels = Labels::of([&held.class, code], paths);
    let (label, code) = (labels.get(&held.class), labels.get(code));
    let (within, task) = (task::within(task), task::whole(task));
    Page {
        title: "lock held while the end of a thread is waited for",
        event: format!("`{task}` holds `{label}` and waits for the end of `{code}`."),
        classes: labels.rows(paths),
        scenario: None,
        notes: Vec::new(),
        sections: vec![Section {
            head: format!("{label}, {within}"),
            rows: rows_since(&held.at, "waits at", at, paths),
        }],
        why: format!(
            "`{label}` was taken after `{code}` had been started, and is held until `{code}` has \
             ended: if anything that runs there ever takes `{label}`, or drops the last owner of \
             something whose destructor does, both wait forever. That was not seen"
        ),
        help: format!(
            "let go of `{label}` before the wait {}: take the handle out in a statement of its own \
             (`let handle = lock.take();`), because in `if let` and `match` the guard lives to the end \
             of the block",
            spot(at, paths)
        ),
    }
}

/// LD0021.
pub(super) fn endless(task: &str, awaited: &Awaited, at: &Point, paths: &Paths) -> Page {
    let labels = Labels::of([awaited.class()], paths);
    let label = labels.get(awaited.class());
    let (within, task) = (task::within(task), task::whole(task));
    let (event, why, help) = match awaited {
        Awaited::End(_) => (
            format!("`{task}` waits for its own end."),
            "a thread that waits has not ended, and this one waits until it has",
            format!(
                "let the thread go without a join {}, or have another one join it: something that \
                 owns the handle is dropped by the thread itself",
                spot(at, paths)
            ),
        ),
        Awaited::Event(_) => (
            format!("`{task}` waits for `{label}`, which nobody but itself could end."),
            "every other thread waits too, and the one that could end this wait is the one that \
             waits",
            format!(
                "have another thread do the other half, use a `try` method {}, or make the channel \
                 large enough",
                spot(at, paths)
            ),
        ),
    };
    Page {
        title: "wait that nobody can end",
        event,
        classes: labels.rows(paths),
        scenario: None,
        notes: Vec::new(),
        sections: vec![Section {
            head: format!("{label}, {within}"),
            rows: rows("waits at", at, None, paths),
        }],
        why: why.to_string(),
        help,
    }
}

fn spot(at: &Point, paths: &Paths) -> String {
    match functions(at).first() {
        Some(function) => format!("in `{function}`"),
        None => format!("at {}", paths.place(&at.place)),
    }
}

/// For `cargo lockdep explain`.
pub(super) const UNDER_LOCK: &str = "\
LD0020: lock held while the end of a thread is waited for

A thread, or a task, is joined while a lock is held that was taken after it had been started, and
that guards its handle, or under which it was told something: to end, say. Nothing that it ran was
seen to take that lock. But who joins it holds the lock for as long as the other one
likes to run, and if anything there ever wants it, both wait forever: a destructor, a logger, a
panic hook, a branch that no test comes to.

    if let Some(thread) = self.thread.lock().unwrap().take() {
        thread.join().unwrap();                 // the guard lives to the end of the `if let`
    }

This is a warning: it may never hang. A lock that is held since before the start is not reported:
who starts a thread under a lock knows that it runs under it.

How to mend it
  - Take the handle out in a statement of its own, so that the guard is gone before the join:
        let thread = self.thread.lock().unwrap().take();
        if let Some(thread) = thread { thread.join().unwrap(); }

  - If the thread itself may come here, compare `handle.thread().id()` with `thread::current().id()`
    first: who asks that is not reported.

When to let it be
  If the thread can never come to the lock, and whoever else waits for it may wait so long.

Reported at every level; of a lock that has nothing to do with the thread only at level `order`.
";

/// For `cargo lockdep explain`.
pub(super) const ENDLESS: &str = "\
LD0021: wait that nobody can end

A thread waits for what only it could do itself, so it waits forever. The report is made before it
blocks.

    let (sender, receiver) = sync_channel(1);
    sender.send(1).unwrap();
    sender.send(2).unwrap();                    // full, and the only receiver is here

A thread that joins itself is another case: it owns the last reference to something whose destructor
joins the thread. (On some systems the standard library panics there.)

This is certain. Of a channel it is said only if the receiver was last used by the thread that
sends, and every other thread of the program waits, with no end of its own, too.

How to mend it
  - Have another thread receive, or use `try_send`, or make the channel large enough.
  - Do not join in a destructor that may run on the thread itself: compare the ids first.

When to let it be
  Never: the thread hangs.

Reported at every level.
";
