//! What a task did since it last had to wait: a *pass* through its code.
//!
//! Whoever ends a wait of others did something before: it took locks, and joined other tasks. What of
//! that was needed for the event? What the task did since it last received something itself: a worker
//! that takes a request, a lock, and answers, needs the lock for the answer; what it took for the
//! request before has nothing to do with it. So a pass begins with the task and with everything that
//! the task has waited for ([`begin`](Task::begin_pass)), and an event needs what is in the pass by
//! then. The order within the pass counts: a lock that is taken after the event is not needed for it.
//!
//! # How a pass is seen
//!
//! The warm path of an acquire leaves no trace, and must not. But the first acquire of a kind that
//! the task does not know goes the cold path, which notes it here. So a pass is seen whole if the task
//! has forgotten what it knows: at its start, and at the beginning of the first [`SEEN`] passes that
//! begin at a place, then at that of every one whose number is a power of two. Of other passes only
//! what is new to the task is seen. What is missed is a lock that the task takes in some pass after
//! the first ones that begin at that place, and that it knows from elsewhere; never is a lock taken
//! for needed that is not.
//!
//! # Jobs
//!
//! A task may run code that others wait for as such: a thread is joined, a job of a pool is, and code
//! between [`Completion::must_run`](crate::wait::Completion::must_run) and its end. A job has a pass of
//! its own ([`Task::run`]), as long as which that of its thread rests.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::how::How;
use crate::mode::Mode;
use crate::on::chain;
use crate::on::guards::Guards;
use crate::on::loss::{self, Loss};
use crate::on::map::Map;
use crate::on::registry::Node;
use crate::on::task::{State, Task};
use crate::on::trace::Trace;
use crate::on::witness::End;

/// How many passes that begin at one place are seen whole before it becomes rarer.
pub(crate) const SEEN: u32 = 16;
/// How many different acquires one pass keeps.
const MOST: usize = 1 << 12;

/// The number that the next task gets.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A number for a new task: larger than those of all tasks before it.
pub(crate) fn number() -> u64 {
    NEXT.fetch_add(1, Relaxed)
}

/// The number that the next task will get: what was done before is older than it.
pub(crate) fn now() -> u64 {
    NEXT.load(Relaxed)
}

/// Which code a task runs, and as which task.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Runs {
    /// The class of the code; 0 if nobody can wait for its end.
    pub(crate) code: u32,
    /// The task's number, 0 before it is asked for.
    pub(crate) task: u64,
}

/// The tasks that a task descends from.
#[derive(Debug)]
pub(crate) struct Ancestry {
    /// The number of the task itself.
    pub(crate) task: u64,
    /// The number of the one that started it.
    pub(crate) parent: u64,
    pub(crate) older: Option<Arc<Ancestry>>,
}

impl Drop for Ancestry {
    /// Drops the ancestors that only this one keeps, one by one: there may be any number.
    fn drop(&mut self) {
        let mut next = self.older.take();
        while let Some(ancestry) = next {
            next = Arc::into_inner(ancestry).and_then(|mut ancestry| ancestry.older.take());
        }
    }
}

/// A lock that was waited for in a pass.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) wanted: End,
    pub(crate) guards: Guards,
    /// When; see [`now`].
    pub(crate) at: u64,
}

/// Other code whose end was waited for in a pass.
#[derive(Clone, Debug)]
pub(crate) struct Joined {
    /// The class of the code.
    pub(crate) code: Node,
    pub(crate) site: &'static Location<'static>,
    pub(crate) trace: Option<Trace>,
    pub(crate) at: u64,
}

/// What a task did since it last had to wait, and what of that was said.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    pub(crate) taken: Vec<Taken>,
    known: FxHashSet<(Node, Mode, Guards)>,
    pub(crate) joined: Vec<Joined>,
    /// How much of it was said of each event.
    said: FxHashMap<Node, (usize, usize)>,
    /// The completions for which the code must run, outermost first.
    scopes: Vec<u32>,
    /// How often a pass began at each place.
    begun: FxHashMap<usize, u32>,
    ancestry: Option<Arc<Ancestry>>,
}

impl Pass {
    /// What is to be said of an event now: from which of the taken and of the joined ones on. From
    /// now on they are said.
    fn say(&mut self, event: Node) -> (usize, usize) {
        let all = (self.taken.len(), self.joined.len());
        self.said.insert(event, all).unwrap_or_default()
    }

    fn begin(&mut self, site: &'static Location<'static>) -> bool {
        self.taken.clear();
        self.known.clear();
        self.joined.clear();
        self.said.clear();
        let begun = self.begun.entry(std::ptr::from_ref(site).addr()).or_default();
        *begun = begun.saturating_add(1);
        *begun <= SEEN || begun.is_power_of_two()
    }
}

/// What is needed for an event, as far as it was not said of it before.
#[derive(Debug, Default)]
pub(crate) struct Needed {
    pub(crate) taken: Vec<Taken>,
    pub(crate) joined: Vec<Joined>,
}

impl Task {
    /// The task's number.
    pub(crate) fn number(&self) -> u64 {
        let runs = self.runs().get();
        if runs.task != 0 {
            return runs.task;
        }
        let task = number();
        self.runs().set(Runs { task, ..runs });
        task
    }

    /// Whom the task descends from, as far as that is known.
    pub(crate) fn ancestry(&self) -> Option<Arc<Ancestry>> {
        self.with_pass(|pass| pass.ancestry.clone())
    }

    /// The task is the one that `ancestry` says, and runs the code of a class.
    pub(crate) fn begin_life(&self, code: u32, ancestry: Arc<Ancestry>) {
        self.runs().set(Runs { code, task: ancestry.task });
        self.with_pass(|pass| pass.ancestry = Some(ancestry));
    }

    /// Notes a lock that the task waits for.
    pub(crate) fn note_taken(&self, wanted: &End, guards: &Guards) {
        self.with_pass(|pass| {
            let key = (wanted.entry.node(), wanted.entry.how().mode(), guards.clone());
            if pass.taken.len() >= MOST {
                loss::count(Loss::Waits);
            } else if pass.known.insert(key) {
                let taken = Taken { wanted: wanted.clone(), guards: guards.clone(), at: now() };
                pass.taken.push(taken);
            }
        });
    }

    /// Notes that the task waits for the end of other code.
    pub(crate) fn note_joined(&self, joined: Joined) {
        self.with_pass(|pass| {
            if pass.joined.iter().all(|known| known.code != joined.code) {
                pass.joined.push(joined);
            }
        });
    }

    /// What of the pass is needed for an event and was not said of it yet.
    pub(crate) fn needed(&self, event: Node) -> Needed {
        self.with_pass(|pass| {
            let (taken, joined) = pass.say(event);
            Needed { taken: pass.taken[taken..].to_vec(), joined: pass.joined[joined..].to_vec() }
        })
    }

    /// Whether nothing is to be said of an event.
    #[inline]
    pub(crate) fn has_made(&self, map: &Map, how: How) -> bool {
        match self.state() {
            State::Active => {}
            State::Scoped => return false,
            State::Unstarted => return false,
            State::Working | State::Reporting | State::Off => return true,
        }
        let word = map.word();
        if !word.is_resolved() || !self.knows_key(chain::of_maker(word)) {
            return false;
        }
        let Ok(pass) = self.pass().try_borrow() else {
            return true;
        };
        let Some(pass) = pass.as_deref() else {
            return true;
        };
        let all = (pass.taken.len(), pass.joined.len());
        all == (0, 0) || pass.said.get(&word.held(how).node()).is_some_and(|said| *said == all)
    }

    /// The task has what it waited for, and begins anew.
    pub(crate) fn begin_pass(&self, site: &'static Location<'static>) {
        if self.state() == State::Active && !self.holds_own() {
            let is_seen = self.with_pass(|pass| pass.begin(site));
            if is_seen {
                self.forget_keys();
            }
        }
    }

    /// The completions for which the task's code must run.
    pub(crate) fn scopes(&self) -> Vec<u32> {
        self.with_pass(|pass| pass.scopes.clone())
    }

    /// From now on the task's code must run for a completion. What it takes from now on is noted.
    pub(crate) fn begin_scope(&self, completion: u32, site: &'static Location<'static>) {
        let begun = self.with_pass(|pass| {
            pass.scopes.push(completion);
            let begun = pass.begun.entry(std::ptr::from_ref(site).addr()).or_default();
            *begun = begun.saturating_add(1);
            *begun
        });
        if begun <= SEEN || begun.is_power_of_two() {
            self.forget_keys();
        }
    }

    /// The newest [`Task::begin_scope`] for a completion ends.
    pub(crate) fn end_scope(&self, completion: u32) {
        self.with_pass(|pass| {
            if let Some(at) = pass.scopes.iter().rposition(|&scope| scope == completion) {
                pass.scopes.remove(at);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on::map::Tag;
    use crate::on::registry::ClassId;

    fn lock(class: u32) -> End {
        let map = Map::new();
        let entry = map.resolve(ClassId::new(class).unwrap(), Tag::REST, class.into());
        End { entry: entry.held(How::EXCLUSIVE), site: Location::caller(), trace: None }
    }

    fn classes(needed: &Needed) -> Vec<u32> {
        needed.taken.iter().map(|taken| taken.wanted.entry.class()).collect()
    }

    #[test]
    fn an_event_needs_what_was_taken_before_it_in_its_pass_and_is_told_once() {
        let task = Task::new("test");
        let (one, other) = (Node::new(90, 0), Node::new(91, 0));
        task.note_taken(&lock(1), &Guards::none());
        task.note_taken(&lock(1), &Guards::none());
        assert_eq!(classes(&task.needed(one)), [1]);
        task.note_taken(&lock(2), &Guards::none());
        assert_eq!(classes(&task.needed(one)), [2]);
        assert_eq!(classes(&task.needed(other)), [1, 2]);
        task.begin_pass(Location::caller());
        assert_eq!(classes(&task.needed(one)), [0; 0]);
        task.note_taken(&lock(1), &Guards::none());
        assert_eq!(classes(&task.needed(one)), [1]);
    }

    #[test]
    fn the_first_passes_that_begin_at_a_place_are_seen_whole_and_then_ever_fewer() {
        let here = Location::caller();
        let mut pass = Pass::default();
        let seen = (1..=1_000).filter(|_| pass.begin(here)).count();
        assert_eq!(seen, SEEN as usize + [32, 64, 128, 256, 512].len());
    }

    #[test]
    fn a_million_generations_end_without_a_million_calls() {
        let mut last = None;
        for task in 0..1_000_000 {
            last = Some(Arc::new(Ancestry { task, parent: 0, older: last.take() }));
        }
    }
}
