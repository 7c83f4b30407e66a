//! What one thread times: the holds that go on, and those that ended and are not counted yet.
//!
//! A shard belongs to one thread at a time and outlives it: the next thread takes it over, so there
//! are as many shards as there were threads at once. Others look into it too, to count what ended
//! and to end a hold whose guard they were given.
//!
//! # Signal handlers and allocators
//!
//! A handler that locks while its thread is inside its shard is turned away, and counted as a loss.
//! Everybody else spins for the moment that another is inside. Nobody who is inside allocates but
//! the owner in [`Inner::make_room`], and nobody waits for the owner: a lock of the allocator may
//! be what is released.

use std::cell::Cell;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::thread::yield_now;
use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::on::loss::{self, Loss};
use crate::on::map::Word;
use crate::on::registry::Node;
use crate::on::stat::events::generation;
use crate::on::stat::table::{Ended, Table};
use crate::on::{thread, trace};

/// How many holds end until they are counted.
pub(super) const BATCH: usize = 64;
/// How many stacks are kept until then.
const STACKS: usize = 4;
/// How deep a stack is kept.
const DEPTH: usize = 64;
/// Holds that are shorter have no stack: taking it takes longer. In nanoseconds.
const WORTH_A_STACK: u64 = 1_000;
/// How often an owner asks for its shard.
const ATTEMPTS: u32 = 100_000;

/// The memory of one thread.
#[derive(Debug)]
pub(super) struct Shard {
    /// Of which process the owner is. A shard of a thread that a `fork` left behind may be locked
    /// for ever.
    generation: AtomicU32,
    /// Whether a thread owns it.
    owned: AtomicBool,
    inner: Mutex<Inner>,
}

/// What is behind a shard's lock.
#[derive(Debug)]
pub(super) struct Inner {
    task: Arc<str>,
    open: Vec<Open>,
    /// The lock that is waited for, and since when.
    waiting: Option<(u64, u64)>,
    ended: Vec<Ended>,
    stacks: Vec<Stack>,
    /// The longest hold of each class that the thread has seen, for which it took the stack.
    longest: FxHashMap<Node, u64>,
    /// When something happened last.
    pub(super) latest: u64,
}

/// A hold that goes on.
#[derive(Clone, Copy, Debug)]
struct Open {
    entry: Word,
    site: &'static Location<'static>,
    since: u64,
    wait: Option<Duration>,
}

/// The stack under a release.
#[derive(Debug)]
struct Stack {
    /// Index of the hold among those that ended.
    of: usize,
    length: usize,
    addresses: [usize; DEPTH],
}

/// Whose shard the current thread has.
#[derive(Clone, Copy)]
enum Mine {
    None,
    Shard(&'static Shard),
    /// The thread is at its end.
    Ended,
}

thread_local! {
    static MINE: Cell<Mine> = const { Cell::new(Mine::None) };
    /// Whether this thread is inside its shard.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// All shards.
static SHARDS: Mutex<Vec<&'static Shard>> = Mutex::new(Vec::new());

/// The current thread's shard; none if it has none yet or is at its end.
pub(super) fn mine() -> Option<&'static Shard> {
    match MINE.get() {
        Mine::Shard(shard) => Some(shard),
        Mine::None | Mine::Ended => None,
    }
}

/// Takes the current thread's shard away, for good; none if it has none.
pub(super) fn leave() -> Option<&'static Shard> {
    let mine = mine();
    MINE.set(Mine::Ended);
    mine
}

/// Gives the current thread a shard, unless it is at its end. Allocates.
pub(super) fn take() -> Option<&'static Shard> {
    if matches!(MINE.get(), Mine::Ended) {
        return None;
    }
    let mut shards = SHARDS.lock();
    let free = |shard: &&&Shard| shard.is_alive() && !shard.owned.swap(true, Relaxed);
    let shard = shards.iter().find(free).copied().unwrap_or_else(|| {
        let shard: &'static Shard = Box::leak(Box::new(Shard::new()));
        shards.push(shard);
        shard
    });
    drop(shards);
    MINE.set(Mine::Shard(shard));
    let task = thread::name();
    shard.with(|inner| inner.task = task);
    Some(shard)
}

/// All shards of threads that this process has or had.
pub(super) fn all() -> Vec<&'static Shard> {
    let mut shards = SHARDS.lock();
    shards.retain(|shard| shard.is_alive());
    shards.clone()
}

impl Shard {
    fn new() -> Shard {
        Shard {
            generation: AtomicU32::new(generation()),
            owned: AtomicBool::new(true),
            inner: Mutex::new(Inner {
                task: Arc::from(""),
                open: Vec::new(),
                waiting: None,
                ended: Vec::new(),
                stacks: Vec::with_capacity(STACKS),
                longest: FxHashMap::default(),
                latest: 0,
            }),
        }
    }

    fn is_alive(&self) -> bool {
        self.generation.load(Relaxed) == generation()
    }

    /// Works on the current thread's own shard; none, and a loss, if it is inside already.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Inner) -> R) -> Option<R> {
        if INSIDE.replace(true) {
            loss::count(Loss::Untimed);
            return None;
        }
        let result = self.enter().map(|mut inner| {
            // The thread that forked lives on; what it had not counted, its parent will.
            if !self.is_alive() {
                inner.ended.clear();
                inner.stacks.clear();
                self.generation.store(generation(), Relaxed);
            }
            work(&mut inner)
        });
        INSIDE.set(false);
        if result.is_none() {
            loss::count(Loss::Untimed);
        }
        result
    }

    /// Waits without parking, which may allocate.
    fn enter(&self) -> Option<parking_lot::MutexGuard<'_, Inner>> {
        (0..ATTEMPTS).find_map(|attempt| {
            if attempt > 100 {
                yield_now();
            }
            self.inner.try_lock()
        })
    }

    /// Ends a hold of another thread, if it has one of this lock.
    pub(super) fn end_other(&self, lock: u64, now: u64) -> bool {
        self.enter().is_some_and(|mut inner| match inner.close(lock) {
            Some(open) => {
                inner.end(&open, now, None);
                true
            }
            None => false,
        })
    }

    /// Moves what ended out of the shard and into `table`; with `now`, what goes on counts as ended
    /// then.
    ///
    /// The copy is made into memory that is there already; counting it allocates.
    pub(super) fn count(&self, table: &mut Table, now: Option<u64>, spare: &mut Spare) {
        let Some(mut inner) = self.inner.try_lock() else {
            return;
        };
        if let Some(now) = now {
            for index in 0..inner.open.len().min(inner.ended.capacity() - inner.ended.len()) {
                let open = inner.open[index];
                inner.end(&open, now, None);
            }
            inner.open.clear();
        }
        let Inner { task, ended, stacks, .. } = &mut *inner;
        let task = Arc::clone(task);
        let room = spare.ended.capacity().min(ended.len());
        spare.ended.extend(ended.drain(..room));
        std::mem::swap(stacks, &mut spare.stacks);
        // Those of holds that stay have lost them.
        drop(inner);
        for (index, ended) in spare.ended.iter().enumerate() {
            let stack = spare.stacks.iter().find(|stack| stack.of == index);
            table.add(ended, &task, stack.map(|stack| &stack.addresses[..stack.length]));
        }
        spare.ended.clear();
        spare.stacks.clear();
    }

    /// Lets another thread take the shard over.
    pub(super) fn give_back(&self) {
        self.owned.store(false, Relaxed);
    }
}

/// Memory that is there before a shard is entered.
#[derive(Debug)]
pub(super) struct Spare {
    ended: Vec<Ended>,
    stacks: Vec<Stack>,
}

impl Spare {
    pub(super) fn new() -> Spare {
        Spare { ended: Vec::with_capacity(64 * BATCH), stacks: Vec::with_capacity(STACKS) }
    }
}

impl Inner {
    /// Whether so much ended that it should be counted.
    pub(super) fn is_full(&self) -> bool {
        self.ended.len() >= BATCH
    }

    /// Whether one more hold of this class can be timed.
    pub(super) fn has_room(&self, node: Node) -> bool {
        // All that goes on may end before there is room again.
        self.open.len() < self.open.capacity()
            && self.ended.len() + self.open.len() < self.ended.capacity()
            && self.longest.contains_key(&node)
    }

    /// Makes room for more. Allocates.
    pub(super) fn make_room(&mut self, node: Node) {
        self.open.reserve(BATCH);
        self.ended.reserve(self.open.capacity() + BATCH);
        self.longest.entry(node).or_default();
    }

    /// A hold begins, after the wait that was announced.
    pub(super) fn begin(&mut self, entry: Word, site: &'static Location<'static>, now: u64) {
        self.latest = now;
        let waited = self.waiting.take_if(|(lock, _)| *lock == entry.lock());
        let wait = waited.map(|(_, since)| Duration::from_nanos(now.saturating_sub(since)));
        if self.open.len() < self.open.capacity() {
            self.open.push(Open { entry, site, since: now, wait });
        } else {
            loss::count(Loss::Untimed);
        }
    }

    /// The lock is not free: the hold that began just now begins later.
    pub(super) fn take_back(&mut self, lock: u64, now: u64) {
        self.close(lock);
        self.wait(lock, now);
    }

    /// The lock is not free.
    pub(super) fn wait(&mut self, lock: u64, now: u64) {
        self.waiting = Some((lock, now));
    }

    /// The newest hold of a lock, which ends or never was.
    fn close(&mut self, lock: u64) -> Option<Open> {
        let index = self.open.iter().rposition(|open| open.entry.lock() == lock)?;
        Some(self.open.remove(index))
    }

    /// Closes the newest hold of a lock; the current thread takes its stack if that is worth it.
    pub(super) fn release(&mut self, lock: u64, now: u64, may_unwind: bool) -> bool {
        self.latest = now;
        let Some(open) = self.close(lock) else {
            return false;
        };
        let hold = now.saturating_sub(open.since);
        let longest = self.longest.get_mut(&open.entry.node());
        let longest = longest.filter(|longest| hold > **longest && hold >= WORTH_A_STACK);
        let stack = longest.filter(|_| may_unwind && self.stacks.len() < STACKS).map(|longest| {
            *longest = hold;
            let mut addresses = [0; DEPTH];
            let length = trace::capture_into(&mut addresses);
            Stack { of: self.ended.len(), length, addresses }
        });
        self.end(&open, now, stack);
        true
    }

    /// The lock is held otherwise from now on.
    pub(super) fn turn(&mut self, lock: u64, entry: Word, now: u64) {
        if let Some(open) = self.close(lock) {
            self.end(&open, now, None);
            self.begin(entry, open.site, now);
        }
    }

    /// Forgets the holds of a lock that is destroyed.
    pub(super) fn forget(&mut self, lock: u64) {
        self.open.retain(|open| open.entry.lock() != lock);
    }

    fn end(&mut self, open: &Open, now: u64, stack: Option<Stack>) {
        let Open { entry, site, since, wait } = *open;
        if self.ended.len() == self.ended.capacity() {
            loss::count(Loss::Untimed);
            return;
        }
        let hold = Duration::from_nanos(now.saturating_sub(since));
        self.ended.push(Ended { entry, site, wait, hold });
        self.stacks.extend(stack);
    }
}
