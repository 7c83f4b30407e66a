//! LD0010: a lock released under a pin, or a pin that is none.

use crate::class::Class;
use crate::violation::{PinFault, Point, Touch};

use super::lock::Labels;
use super::misuse::spot;
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::{rows, rows_since};
use super::task;

pub(super) fn page(
    task: &str,
    class: &Class,
    fault: PinFault,
    (held, at): (Option<&Touch>, &Point),
    paths: &Paths,
) -> Page {
    let labels = Labels::of([class], paths);
    let (within, task) = (task::within(task), task::whole(task));
    let (label, spot) = (labels.get(class), spot(at, paths));
    let (key, event) = match fault {
        PinFault::Released => ("released at", format!("releases `{label}`, which is pinned")),
        PinFault::PinOfUnheld => ("pinned at", format!("pins `{label}`, which it does not hold")),
        PinFault::UnpinOfUnheld => {
            ("unpinned at", format!("unpins `{label}`, which it does not hold"))
        }
        PinFault::UnpinOfUnpinned => {
            ("unpinned at", format!("unpins `{label}`, which is not pinned"))
        }
        PinFault::WrongCookie => {
            ("unpinned at", format!("unpins `{label}` with the cookie of another pin"))
        }
    };
    let (why, help) = match fault {
        PinFault::Released => (
            "whoever pinned the lock relies on what it protects staying as it is until the pin is \
             taken off; others can change it from here on",
            format!(
                "{spot}, keep the lock until the pin is taken off, or take the pin off before and \
                 set it again after the lock is held again"
            ),
        ),
        PinFault::PinOfUnheld => (
            "a pin says that a lock stays held; this thread does not hold it",
            format!("take `{label}` before it is pinned, {spot}, in the same thread"),
        ),
        PinFault::UnpinOfUnheld | PinFault::UnpinOfUnpinned => (
            "the lock was let go since it was pinned, or the pin was taken off twice",
            format!("take every pin off once, before `{label}` is released; look {spot}"),
        ),
        PinFault::WrongCookie => (
            "a pin that is taken off in place of another one leaves the other in force, and the \
             release is reported where it is right",
            format!("{spot}, hand on the cookie that `pin_lock` gave for this very pin"),
        ),
    };
    let rows = match held {
        Some(held) => rows_since(&held.at, key, at, paths),
        None => rows(key, at, None, paths),
    };
    Page {
        title: "pin broken",
        event: format!("`{task}` {event}."),
        classes: labels.rows(paths),
        scenario: None,
        notes: Vec::new(),
        sections: vec![Section { head: format!("{label}, {within}"), rows }],
        why: why.to_string(),
        help,
    }
}

pub(super) const EXPLANATION: &str = "\
LD0010: pin broken

A pin on a held lock says: from here to the unpin this lock is not let go, not even for a moment. It
is for code that looks something up under a lock, calls functions that get at the lock too, and then
uses what it has looked up.

    let cookie = lockdep::pin_lock(&queue.lock);
    let job = queue.first();                    // stays the first as long as the lock is held
    notify(queue);                              // waits on a condition variable inside: reported
    queue.remove(job);
    lockdep::unpin_lock(&queue.lock, cookie);

With one guard in one function the compiler sees to this. A pin is for locks that are released and
taken again by hand, and for guards that are lent to others as `&mut`, which may wait on a condition
variable or unlock for a while (`MutexGuard::unlocked`, `bump`).

The cookie tells one pin from another. Pins nest: the lock is pinned until all are taken off. A
function that has to let go of the lock takes the pin off, and sets it again with `repin_lock`.

Reported are: the release of a pinned lock; a pin on a lock that this thread does not hold; and an
unpin of a lock that is not held, has no pin, or has others than the cookie's.

How to mend it
  - Release: let whoever pinned the lock unpin it first, or do without releasing.
  - Unpin: take each pin off once, with its own cookie, in the thread that set it.

When to let it be
  Never: a pin that does not hold is a wrong comment that is checked.

Reported at every level.
";
