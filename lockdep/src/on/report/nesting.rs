//! LD0004: two locks of one kind held together, with nothing that orders them.
//!
//! Only one order was seen. The scenario adds a second task that takes them the other way round,
//! at the same places: what is reported is that nothing rules it out.

use crate::violation::Dependency;

use super::circle::Circle;
use super::inversion::ordinal;
use super::lock::Labels;
use super::page::{Page, Section};
use super::paths::Paths;
use super::task;

pub(super) fn page(dependency: &Dependency, paths: &Paths) -> Page {
    let labels = Labels::of([&dependency.held.class, &dependency.wanted.class], paths);
    let (held, wanted) = (labels.get(&dependency.held.class), labels.get(&dependency.wanted.class));
    let lock = |index: usize| format!("{} {}", ordinal(index), [held, wanted][index]);
    // The dependency against itself with the two locks swapped.
    let circle = Circle::new([dependency, dependency], 0, lock);
    let task = task::whole(&dependency.task);
    let [party, other] = circle.parties() else { unreachable!("two were given") };
    let spot = party.spot_to_change(paths);
    let mut notes = vec![format!(
        "`{}` stands for another thread that comes to the same places with the two locks swapped",
        other.task
    )];
    // The first note of the circle says that the other task has been seen: it has not.
    notes.extend(circle.notes().into_iter().skip(1));
    Page {
        title: "locks of one kind nested without an order",
        event: format!(
            "`{task}` takes a second `{wanted}` while it holds a first: nothing says which of two \
             such locks comes first."
        ),
        classes: labels.rows(paths),
        scenario: Some(circle.scenario()),
        notes,
        sections: vec![Section {
            head: format!("{} → {}, {}", party.held, party.wanted, task::within(&dependency.task)),
            rows: party.rows(paths),
        }],
        why: "all locks made at one place are one kind, and two threads may meet two of them in \
              opposite orders; level `deadlock` waits until that is seen, level `order` does not"
            .to_string(),
        help: format!(
            "{spot}, hold one at a time, or take both in a fixed order (by index, by key, by \
             address) and declare it: by a subclass for the inner one, a nest lock around both, or \
             `lockdep::set_cmp_fn`"
        ),
    }
}
