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

use std::cell::Cell;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::how::How;
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
/// How many generations of ancestors are known at most. What came before the start of one that is
/// further back may be taken for what came at any time.
const GENERATIONS: usize = 64;

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
    /// The same as who does something for others; 0 for an async task. Many are started at one place
    /// that have no more to do with each other than that, so what one of them did says nothing of
    /// what another one does.
    maker: u32,
    /// The task's number, 0 before it is asked for.
    pub(crate) task: u64,
}

/// What is known of a task on its way: it goes with an async task from thread to thread.
#[derive(Debug, Default)]
pub(crate) struct Course {
    runs: Runs,
    ancestry: Option<Arc<Ancestry>>,
    /// What the task did since it last had to wait, once there is anything.
    pass: Option<Box<Pass>>,
}

impl Course {
    /// Of a task of which nothing is known yet.
    pub(crate) const fn new() -> Course {
        Course { runs: Runs { code: 0, maker: 0, task: 0 }, ancestry: None, pass: None }
    }

    /// Of a task that runs the code of a class, 0 if nobody can wait for its end.
    pub(crate) fn of(code: u32, ancestry: &Arc<Ancestry>) -> Course {
        let runs = Runs { code, maker: code, task: ancestry.task };
        Course { runs, ancestry: Some(Arc::clone(ancestry)), pass: None }
    }

    /// Of an async task that runs the code of a class.
    pub(crate) fn of_async(code: u32, ancestry: &Arc<Ancestry>) -> Course {
        let mut course = Course::of(code, ancestry);
        course.runs.maker = 0;
        course
    }
}

/// The tasks that a task descends from, a few generations back.
#[derive(Debug)]
pub(crate) struct Ancestry {
    /// The number of the task itself.
    pub(crate) task: u64,
    /// The number of the one that started it.
    pub(crate) parent: u64,
    pub(crate) older: Option<Arc<Ancestry>>,
    /// How many there are.
    generations: usize,
}

impl Ancestry {
    /// Of a task that `parent` starts now, which has this ancestry itself.
    pub(crate) fn of_child(parent: u64, older: Option<&Arc<Ancestry>>) -> Arc<Ancestry> {
        let older = older.map(|older| match older.generations {
            GENERATIONS.. => older.nearest(GENERATIONS / 2),
            _ => Arc::clone(older),
        });
        Ancestry::above(number(), parent, older)
    }

    pub(crate) fn above(task: u64, parent: u64, older: Option<Arc<Ancestry>>) -> Arc<Ancestry> {
        let generations = older.as_ref().map_or(0, |older| older.generations) + 1;
        Arc::new(Ancestry { task, parent, older, generations })
    }

    /// The same without those that are further back.
    fn nearest(&self, generations: usize) -> Arc<Ancestry> {
        let mut nearest = Vec::new();
        let mut at = Some(self);
        while let Some(ancestry) = at.filter(|_| nearest.len() < generations) {
            nearest.push((ancestry.task, ancestry.parent));
            at = ancestry.older.as_deref();
        }
        let older = nearest
            .iter()
            .skip(1)
            .rev()
            .fold(None, |older, &(task, parent)| Some(Ancestry::above(task, parent, older)));
        Ancestry::above(self.task, self.parent, older)
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
    /// Under which chain keys.
    known: FxHashSet<u64>,
    pub(crate) joined: Vec<Joined>,
    /// How much of it was said of each event.
    said: FxHashMap<Node, (usize, usize)>,
    /// The completions for which the code must run, outermost first.
    scopes: Vec<u32>,
}

impl Pass {
    /// What is to be said of an event now: from which of the taken and of the joined ones on. From
    /// now on they are said.
    fn say(&mut self, event: Node) -> (usize, usize) {
        let all = (self.taken.len(), self.joined.len());
        self.said.insert(event, all).unwrap_or_default()
    }

    fn begin(&mut self) {
        self.taken.clear();
        self.known.clear();
        self.joined.clear();
        self.said.clear();
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
        self.with_course(|course| {
            if course.runs.task == 0 {
                course.runs.task = number();
            }
            course.runs.task
        })
    }

    /// The class of the code that the task runs; 0 if nobody can wait for its end.
    pub(crate) fn code(&self) -> u32 {
        self.with_course(|course| course.runs.code)
    }

    /// By which code the task is known that ends waits of others; 0 if by itself alone.
    pub(crate) fn code_as_maker(&self) -> u32 {
        self.with_course(|course| course.runs.maker)
    }

    /// The key of a wait for the end of code, with nothing held.
    pub(crate) fn join_key(&self, code: u32, site: &'static Location<'static>) -> u64 {
        let key = chain::of_code(chain::at(self.chain_key(), site), code);
        chain::of_code(key, self.code())
    }

    /// Whom the task descends from, as far as that is known.
    pub(crate) fn ancestry(&self) -> Option<Arc<Ancestry>> {
        self.with_course(|course| course.ancestry.clone())
    }

    /// Works on what the task did since it last had to wait. Allocates.
    fn with_pass<R>(&self, work: impl FnOnce(&mut Pass) -> R) -> R {
        self.working(|| self.with_course(|course| work(course.pass.get_or_insert_default())))
    }

    /// Looks at what the task did since it last had to wait, if it did anything.
    fn look_at_pass<R>(&self, look: impl FnOnce(&Pass) -> R) -> Option<R> {
        self.with_course(|course| course.pass.as_deref().map(look))
    }

    /// Notes a lock that the task waits for.
    pub(crate) fn note_taken(&self, chain: u64, wanted: &End, guards: &Guards) {
        self.with_pass(|pass| {
            if pass.taken.len() >= MOST {
                loss::count(Loss::Waits);
            } else if pass.known.insert(chain) {
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
        let is_said = |pass: &Pass| {
            let all = (pass.taken.len(), pass.joined.len());
            all == (0, 0) || pass.said.get(&word.held(how).node()).is_some_and(|said| *said == all)
        };
        self.look_at_pass(is_said).unwrap_or(true)
    }

    /// The task has what it waited for, and begins anew.
    pub(crate) fn begin_pass(&self, site: &'static Location<'static>) {
        if self.state() == State::Active && !self.holds_own() {
            self.with_course(|course| course.pass.as_deref_mut().map(Pass::begin));
            self.begin_at(std::ptr::from_ref(site).addr() as u64);
        }
    }

    /// The class of the code that the task runs, 0 if nobody can wait for its end, and the completions
    /// for which it must run.
    pub(crate) fn runs_for(&self) -> (u32, Vec<u32>) {
        self.with_course(|course| {
            let scopes = course.pass.as_deref().map(|pass| pass.scopes.clone());
            (course.runs.code, scopes.unwrap_or_default())
        })
    }

    /// From now on the task's code must run for a completion. What it takes from now on is noted.
    pub(crate) fn begin_scope(&self, completion: u32, site: &'static Location<'static>) {
        self.with_pass(|pass| pass.scopes.push(completion));
        self.begin_at(std::ptr::from_ref(site).addr() as u64);
    }

    /// Something begins that is to be seen whole: a pass at a place, the code of a class.
    pub(crate) fn begin_at(&self, key: u64) {
        if begins(key) {
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

/// Whether what begins here is seen whole: the first ones that begin at a place on a thread are, then
/// more and more rarely. Of places that share a slot some are seen more often.
fn begins(key: u64) -> bool {
    const PLACES: usize = 256;
    thread_local! {
        static BEGUN: [Cell<(u64, u32)>; PLACES] = const { [const { Cell::new((0, 0)) }; PLACES] };
    }
    BEGUN.with(|begun| {
        let slot = &begun[chain::of_place(key) as usize % PLACES];
        let (known, times) = slot.get();
        let times = if known == key { times.saturating_add(1) } else { 1 };
        slot.set((key, times));
        times <= SEEN || times.is_power_of_two()
    })
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
        task.note_taken(1, &lock(1), &Guards::none());
        task.note_taken(1, &lock(1), &Guards::none());
        assert_eq!(classes(&task.needed(one)), [1]);
        task.note_taken(2, &lock(2), &Guards::none());
        assert_eq!(classes(&task.needed(one)), [2]);
        assert_eq!(classes(&task.needed(other)), [1, 2]);
        task.begin_pass(Location::caller());
        assert_eq!(classes(&task.needed(one)), [0; 0]);
        task.note_taken(1, &lock(1), &Guards::none());
        assert_eq!(classes(&task.needed(one)), [1]);
    }

    #[test]
    fn the_first_passes_that_begin_at_a_place_are_seen_whole_and_then_ever_fewer() {
        let here = std::ptr::from_ref(Location::caller()).addr() as u64;
        let seen = (1..=1_000).filter(|_| begins(here)).count();
        assert_eq!(seen, SEEN as usize + [32, 64, 128, 256, 512].len());
    }

    #[test]
    fn a_task_that_starts_the_next_one_for_ever_keeps_few_ancestors() {
        let mut last: Option<Arc<Ancestry>> = None;
        for _ in 0..1_000 {
            let parent = last.as_ref().map_or(0, |last| last.task);
            last = Some(Ancestry::of_child(parent, last.as_ref()));
        }
        let mut at = last.as_deref();
        let mut generations = 0;
        while let Some(ancestry) = at {
            let older = ancestry.older.as_deref();
            assert!(older.is_none_or(|older| older.task == ancestry.parent));
            (at, generations) = (older, generations + 1);
        }
        assert!((GENERATIONS / 2..=GENERATIONS).contains(&generations), "{generations}");
    }
}
