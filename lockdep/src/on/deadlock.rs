//! The rule for tasks that wait for each other now: LD0017.
//!
//! A function of values: what some tasks hold and want at one moment. A task that waits takes no
//! step until it has its lock, so what it holds stays held; if each of some tasks waits for a lock
//! that another of them holds, none of them ever goes on.
//!
//! | wanted | waits for a holder that is | when |
//! |---|---|---|
//! | any mode | exclusive | always |
//! | exclusively, upgradable | shared, upgradable | if the two exclude each other |
//! | to read | shared, upgradable | if a writer waits for the lock too and the reader does not pass it |
//!
//! In the last case the reader stands in a queue, and whether it does nobody can see for certain:
//! such a circle is to be looked at again ([`Circle::has_queue`]). A wait that may time out is part
//! of no circle.

use rustc_hash::FxHashMap;

use crate::mode::Mode;
use crate::on::map::{self, Word};

/// What one task holds and waits for.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    pub(crate) holds: Vec<Word>,
    pub(crate) wants: Word,
    /// Whether it waits until it has the lock, whatever happens.
    pub(crate) is_patient: bool,
}

/// Tasks that wait for each other: each for the next, the last for the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Circle(pub(crate) Vec<Link>);

/// A task of a circle and what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The one that waits.
    pub(crate) waiter: usize,
    /// Which of the next task's holds it waits for.
    pub(crate) hold: usize,
    /// The writer that it stands behind, if that is why it waits.
    pub(crate) behind: Option<usize>,
}

impl Circle {
    /// Whether some task waits only because it stands in a queue.
    pub(crate) fn has_queue(&self) -> bool {
        self.0.iter().any(|link| link.behind.is_some())
    }

    /// All tasks that the circle depends on.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = usize> + use<'_> {
        self.0.iter().flat_map(|link| [Some(link.waiter), link.behind]).flatten()
    }
}

/// The circle that `start` is part of, if there is one. One that needs no queue is preferred.
///
/// Takes time for each task, each hold and each pair of one that waits and one that it waits for.
pub(crate) fn find(waiters: &[Waiter], start: usize) -> Option<Circle> {
    let field = Field::new(waiters);
    [false, true].into_iter().find_map(|queues| field.circle(start, queues))
}

/// The tasks, by lock.
struct Field<'a> {
    waiters: &'a [Waiter],
    /// Each hold of a lock: which task's, and which of its holds.
    holds: FxHashMap<u64, Vec<(usize, usize)>>,
    /// Who waits for a lock to write.
    writers: FxHashMap<u64, Vec<usize>>,
}

impl<'a> Field<'a> {
    fn new(waiters: &'a [Waiter]) -> Field<'a> {
        let (mut holds, mut writers) = (FxHashMap::default(), FxHashMap::default());
        for (index, waiter) in waiters.iter().enumerate() {
            for (hold, held) in waiter.holds.iter().enumerate() {
                holds.entry(instance(*held)).or_insert_with(Vec::new).push((index, hold));
            }
            if waiter.wants.how().mode() == Mode::Exclusive && waiter.is_patient {
                writers.entry(instance(waiter.wants)).or_insert_with(Vec::new).push(index);
            }
        }
        Field { waiters, holds, writers }
    }

    /// Goes along the tasks that are waited for, deep first, until it comes to `start` again.
    fn circle(&self, start: usize, queues: bool) -> Option<Circle> {
        let mut seen = vec![false; self.waiters.len()];
        let mut path: Vec<Link> = Vec::new();
        let mut ways = vec![self.ways(start, queues)];
        seen[start] = true;
        while let Some(way) = ways.last_mut() {
            let Some((link, next)) = way.pop() else {
                ways.pop();
                path.pop();
                continue;
            };
            if next == start {
                path.push(link);
                return Some(Circle(path));
            }
            if !std::mem::replace(&mut seen[next], true) {
                path.push(link);
                ways.push(self.ways(next, queues));
            }
        }
        None
    }

    /// What `at` waits for, each with the task that holds it.
    fn ways(&self, at: usize, queues: bool) -> Vec<(Link, usize)> {
        let waiter = &self.waiters[at];
        let holds = self.holds.get(&instance(waiter.wants)).filter(|_| waiter.is_patient);
        let ways = holds.into_iter().flatten().filter_map(|&(next, hold)| {
            // Who waits for itself has broken another rule, which says so.
            let held = self.waiters[next].holds[hold];
            let behind = (next != at).then(|| self.behind(at, held, queues)).flatten()?;
            Some((Link { waiter: at, hold, behind }, next))
        });
        ways.collect()
    }

    /// Whether the task `at` waits for the holder of `held`, and behind which writer.
    fn behind(&self, at: usize, held: Word, queues: bool) -> Option<Option<usize>> {
        let wants = self.waiters[at].wants;
        let (mode, wanted) = (held.how().mode(), wants.how().mode());
        if mode.excludes(wanted) {
            return Some(None);
        }
        if !queues || !mode.blocks(wanted) {
            return None;
        }
        let writers = self.writers.get(&instance(wants))?;
        writers.iter().find(|&&writer| writer != at).map(|&writer| Some(writer))
    }
}

/// The lock, whose class may change while it is held.
fn instance(entry: Word) -> u64 {
    map::instance_of(entry.lock())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::how::How;
    use crate::on::map::{Map, Tag};
    use crate::on::registry::ClassId;

    const W: How = How::EXCLUSIVE;
    const R: How = How::SHARED;

    fn lock(number: u64, how: How) -> Word {
        Map::new().resolve(ClassId::MIN, Tag::REST, number).held(how)
    }

    fn waiter(holds: &[(u64, How)], wants: (u64, How)) -> Waiter {
        let holds = holds.iter().map(|&(number, how)| lock(number, how)).collect();
        Waiter { holds, wants: lock(wants.0, wants.1), is_patient: true }
    }

    fn parties(circle: Option<Circle>) -> Vec<usize> {
        circle.map(|circle| circle.0.iter().map(|link| link.waiter).collect()).unwrap_or_default()
    }

    #[test]
    fn two_and_three_tasks_in_a_circle_are_found_from_each_of_them() {
        let two = [waiter(&[(1, W)], (2, W)), waiter(&[(9, W), (2, W)], (1, W))];
        assert_eq!(parties(find(&two, 0)), [0, 1]);
        assert_eq!(parties(find(&two, 1)), [1, 0]);
        assert_eq!(find(&two, 0).unwrap().0[0].hold, 1);
        let three =
            [waiter(&[(1, W)], (2, W)), waiter(&[(3, W)], (1, W)), waiter(&[(2, W)], (3, W))];
        assert_eq!(parties(find(&three, 0)), [0, 2, 1]);
    }

    #[test]
    fn a_task_that_waits_for_a_circle_is_not_in_it() {
        let tasks =
            [waiter(&[(1, W)], (2, W)), waiter(&[(2, W)], (1, W)), waiter(&[(3, W)], (1, W))];
        assert_eq!(parties(find(&tasks, 2)), []);
    }

    #[test]
    fn a_chain_without_an_end_is_none() {
        let tasks = [waiter(&[(1, W)], (2, W)), waiter(&[(2, W)], (3, W)), waiter(&[], (1, W))];
        assert!((0..3).all(|start| find(&tasks, start).is_none()));
    }

    #[test]
    fn a_task_that_may_give_up_breaks_the_circle() {
        let mut tasks = [waiter(&[(1, W)], (2, W)), waiter(&[(2, W)], (1, W))];
        tasks[0].is_patient = false;
        assert!((0..2).all(|start| find(&tasks, start).is_none()));
    }

    #[test]
    fn readers_wait_for_each_other_only_behind_a_writer() {
        let readers = [waiter(&[(1, R)], (2, R)), waiter(&[(2, R)], (1, R))];
        assert_eq!(find(&readers, 0), None);
        let mut queued = readers.to_vec();
        queued.push(waiter(&[], (1, W)));
        // The other lock has no writer.
        assert_eq!(find(&queued, 0), None);
        queued.push(waiter(&[], (2, W)));
        let circle = find(&queued, 0).unwrap();
        assert!(circle.has_queue());
        assert_eq!(circle.tasks().collect::<Vec<_>>(), [0, 3, 1, 2]);
        queued[3].is_patient = false;
        assert_eq!(find(&queued, 0), None);
    }

    #[test]
    fn recursive_readers_pass_the_writer() {
        let recursive = How::SHARED_RECURSIVE;
        let tasks =
            [waiter(&[(1, R)], (2, W)), waiter(&[(2, W)], (1, recursive)), waiter(&[], (1, W))];
        assert_eq!(find(&tasks, 0), None);
    }

    #[test]
    fn a_writer_waits_for_every_reader() {
        let tasks =
            [waiter(&[(1, R)], (2, W)), waiter(&[(2, R)], (1, W)), waiter(&[(1, R)], (3, W))];
        let circle = find(&tasks, 1).unwrap();
        assert!(!circle.has_queue());
        assert_eq!(parties(Some(circle)), [1, 0]);
    }
}
