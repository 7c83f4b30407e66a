//! LD0008: a lock taken under a nest lock that is not held.

use crate::class::Class;
use crate::violation::Touch;

use super::held;
use super::lock::Labels;
use super::misuse::spot;
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::rows;
use super::task;

pub(super) fn page(
    task: &str,
    wanted: &Touch,
    nest: &Class,
    held: &[Touch],
    paths: &Paths,
) -> Page {
    let classes = [&wanted.class, nest].into_iter().chain(held.iter().map(|touch| &touch.class));
    let labels = Labels::of(classes, paths);
    let (within, task) = (task::within(task), task::whole(task));
    let (label, outer) = (labels.get(&wanted.class), labels.get(nest));
    let mut sections = vec![Section {
        head: format!("{label}, {within}"),
        rows: rows("wanted at", &wanted.at, None, paths),
    }];
    sections.extend(held::sections(task, held, &wanted.at, &labels, paths));
    let why = "locks of one kind may be taken in any order only while one lock around them keeps \
               everybody else out; without it two threads can each hold what the other one wants";
    let why = match held.iter().any(|touch| touch.class == *nest) {
        true => format!("{why}; what is held of the kind of `{outer}` is another lock"),
        false => why.to_string(),
    };
    Page {
        title: "nest lock not held",
        event: format!(
            "`{task}` takes `{label}` under the nest lock `{outer}`, which it does not hold."
        ),
        classes: labels.rows(paths),
        scenario: None,
        notes: Vec::new(),
        sections,
        why,
        help: format!(
            "{}, take `{outer}` before the first `{label}` and keep it until the last one is \
             taken; if nothing has to hold it, take `{label}` without naming a nest lock",
            spot(&wanted.at, paths)
        ),
    }
}

pub(super) const EXPLANATION: &str = "\
LD0008: nest lock not held

Two locks that were made at the same place in the source are one kind, and taking two of a kind is
safe only if everybody takes them in one order. There is another way: if one lock around them is
always taken first, only its holder ever has more than one of the kind, and any order will do. That
lock is the nest lock. Whoever takes a lock of the kind under it says so:

    let tree = self.tree.lock().unwrap();       // the nest lock
    for node in nodes {
        guards.push(lock_nest_lock(node, &self.tree).unwrap());
    }

The report says that a lock was taken that way by a thread that does not hold the nest lock. Then
nothing keeps two such threads apart, and each can get the lock that the other one wants next.

It counts this very lock, not one of its kind, and what this thread holds, not whether anyone does.
What is exempt is the order between locks of the one kind that are taken after the nest lock. Their
order against locks of all other kinds is learned and checked as ever.

How to mend it
  - Take the nest lock first, in this thread, and keep its guard until the last lock of the kind is
    taken. `let _ = lock.lock()` ends the guard at once; `let _guard = lock.lock()` keeps it.
  - If the function is called with the nest lock held by some callers and without it by others,
    take a guard of it as a parameter: then nobody can forget it.
  - If only one lock of the kind is taken here, take it without naming a nest lock.

When to let it be
  Never: the source says that a lock is held that is not.

Reported at every level.
";
