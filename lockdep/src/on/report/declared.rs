//! LD0009: two locks of one kind taken against their declared order.
//!
//! The scenario adds a second task, which takes the two in the declared order: nobody has to have
//! been seen to do so, because the declaration says that somebody may.

use crate::violation::Dependency;

use super::circle::Circle;
use super::lock::Labels;
use super::page::{Page, Section};
use super::paths::Paths;
use super::task;

pub(super) fn page(dependency: &Dependency, ranks: (u64, u64), paths: &Paths) -> Page {
    let labels = Labels::of([&dependency.held.class, &dependency.wanted.class], paths);
    let label = labels.get(&dependency.wanted.class);
    let (first, second) = match ranks {
        (first, second) if first != second => {
            (format!("{label} of rank {first}"), format!("{label} of rank {second}"))
        }
        (rank, _) => {
            (format!("first {label} of rank {rank}"), format!("second {label} of rank {rank}"))
        }
    };
    let lock = |index: usize| [&first, &second][index].clone();
    let circle = Circle::new([dependency, dependency], 0, lock);
    let task = task::whole(&dependency.task);
    let [party, other] = circle.parties() else { unreachable!("two were given") };
    let spot = party.spot_to_change(paths);
    let is_same = ranks.0 == ranks.1;
    let stands = match is_same {
        true => "comes to the same places with the two locks swapped",
        false => "takes the two locks in the declared order",
    };
    let mut notes = vec![format!("`{}` stands for another thread that {stands}", other.task)];
    // The first note of the circle says that the other task has been seen: it has not.
    notes.extend(circle.notes().into_iter().skip(1));
    let (why, help) = match is_same {
        true => (
            "the comparison function of this kind does not put one of the two before the other, \
             so nothing says which comes first",
            format!("{spot}, hold one at a time; or give every lock of the kind a rank of its own"),
        ),
        false => (
            "the comparison function of this kind declares the other order, and whoever keeps to \
             it can meet this thread half-way",
            format!(
                "{spot}, take the `{second}` before the `{first}`, or let go of the first before \
                 the second"
            ),
        ),
    };
    Page {
        title: "locks of one kind taken against their declared order",
        event: format!("`{task}` takes the `{second}` while it holds the `{first}`."),
        classes: labels.rows(paths),
        scenario: Some(circle.scenario()),
        notes,
        sections: vec![Section {
            head: format!("{} → {}, {}", party.held, party.wanted, task::within(&dependency.task)),
            rows: party.rows(paths),
        }],
        why: why.to_string(),
        help,
    }
}

pub(super) const EXPLANATION: &str = "\
LD0009: locks of one kind taken against their declared order

Locks that were made at the same place in the source are one kind. The program has declared in which
order locks of this kind are taken, by a comparison function over their ranks:

    let shards: Vec<_> = (0..16).map(|_| Mutex::new(Shard::default())).collect();
    for (index, shard) in shards.iter().enumerate() {
        lockdep::set_rank(shard, index as u64);
    }
    lockdep::set_cmp_fn(&shards[0], |held, wanted| held.cmp(&wanted));

    let _one = shards[3].lock().unwrap();
    let _two = shards[1].lock().unwrap();       // against the order: reported

A lock may be taken while another of the kind is held only if the function says `Less` of the held
one's rank and the wanted one's. Here it did not. A thread that keeps to the declared order can hold
the one lock and wait for the other, while this thread holds the other and waits for the one.

Nobody has to be seen taking them in the declared order: the first wrong pair is reported, every
time and whatever was taken in what order before. Locks without a rank are not compared; for them
the order is learned, as for locks of a kind without such a function.

How to mend it
  - Sort by rank before locking.
  - Hold one at a time.
  - Take all but the first with `try_lock`; if that fails let go of everything and start again.
  - If the ranks are equal, give each lock one of its own.

When to let it be
  Never: either the code is wrong or the declaration is. If the order between two locks is of no
  importance because a third one is always held around them, name that as the nest lock
  (`lock_nest_lock`).

Reported at every level.
";
