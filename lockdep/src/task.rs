//! Whoever holds locks: the held stack of one task and the keys it knows to be validated.
//!
//! The warm path of every event is here: it touches this memory and the lock's map, nothing shared.
//! All of it is in cells of fixed size and zero at the start, so that a task can live in a
//! thread-local that needs no constructor, no destructor and no allocation.
//!
//! # Signal handlers
//!
//! A handler may run between any two instructions here and take locks itself. An entry is
//! therefore reserved before it is filled and its `lock` word is written last; a word of 0 is an
//! entry in the making and is passed over. Fences keep the compiler from undoing that order.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};

use crate::chain::{self, KeyCache};
use crate::how::{Describe, How};
use crate::loss::{self, Loss};
use crate::map::{self, Map, MapWord};
use crate::mode::Mode;
use crate::registry::{ClassId, Node};

/// How many locks a task holds without allocating.
const INLINE: usize = 64;
/// How many instance numbers a task takes from the common counter at once.
const INSTANCE_BLOCK: u64 = 1024;

/// Whether a task's events count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// No event yet.
    #[default]
    Unstarted,
    /// Events count.
    Active,
    /// The tracker works for this task: its own allocations must not be tracked.
    Working,
    /// A violation hook runs: what it locks is not tracked.
    Reporting,
    /// The thread's events go to another tracker for a while.
    Scoped,
    /// Tracking is off.
    Off,
}

/// A held lock besides its `lock` word.
#[derive(Clone, Copy, Debug, Default)]
struct Detail {
    site: Option<&'static Location<'static>>,
    /// Chain key of the locks below.
    below: u64,
    /// Filter of the locks below.
    filter: u64,
    /// Under which key the backtrace of the acquire is kept.
    witness: u64,
    how: Packed,
    own: bool,
}

/// [`How`] with an all-zero default.
#[derive(Clone, Copy, Debug, Default)]
struct Packed(u8);

impl Packed {
    fn new(how: How) -> Packed {
        Packed(how.mode as u8 | u8::from(how.trylock) << 2 | how.subclass << 3)
    }

    fn how(self) -> How {
        let mode = match self.0 & 3 {
            0 => Mode::Exclusive,
            1 => Mode::Shared,
            _ => Mode::SharedRecursive,
        };
        How { mode, trylock: self.0 & 4 != 0, subclass: self.0 >> 3 }
    }
}

/// One held lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// Class and instance.
    pub(crate) lock: u64,
    pub(crate) how: How,
    pub(crate) site: &'static Location<'static>,
    /// Under which key the backtrace of the acquire is kept.
    pub(crate) witness: u64,
}

impl Held {
    pub(crate) fn node(&self) -> Node {
        Node::new(map::class_of(self.lock), self.how.subclass)
    }
}

/// The keys of one acquire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    /// Of the chain with the new lock on top.
    pub(crate) chain: u64,
    /// Of that chain taken at this place.
    pub(crate) witness: u64,
}

/// Held stack, validated keys and bookkeeping of one task.
///
/// A task belongs to the tracker that judged its first event: the keys it knows mean nothing to
/// another.
pub struct Task {
    state: Cell<State>,
    /// How many allocator locks are held: while there are any the tracker must not allocate.
    own: Cell<u32>,
    /// How many acquires of locks still held were not tracked.
    untracked: Cell<u32>,
    depth: Cell<usize>,
    chain: Cell<u64>,
    /// One bit for each held class, modulo 64.
    filter: Cell<u64>,
    known: KeyCache,
    locks: [Cell<u64>; INLINE],
    details: [Cell<Detail>; INLINE],
    /// Entries beyond the inline ones. Freed as soon as it is empty, so dropping it is not needed.
    spill: ManuallyDrop<RefCell<Vec<(u64, Detail)>>>,
    /// Classes of recently met constructors, with whether the class is an allocator's.
    classes: [Cell<(u64, u32, bool)>; INLINE],
    next_instance: Cell<u64>,
    last_instance: Cell<u64>,
    name: Option<&'static str>,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.name)
            .field("state", &self.state.get())
            .field("depth", &self.depth.get())
            .finish()
    }
}

impl Task {
    /// A task of its own, which holds nothing; for use with a tracker of its own.
    #[must_use]
    pub const fn new(name: &'static str) -> Task {
        Task { state: Cell::new(State::Active), name: Some(name), ..Task::of_thread() }
    }

    /// The task of a thread that has seen no event yet.
    pub(crate) const fn of_thread() -> Task {
        Task {
            state: Cell::new(State::Unstarted),
            own: Cell::new(0),
            untracked: Cell::new(0),
            depth: Cell::new(0),
            chain: Cell::new(chain::EMPTY),
            filter: Cell::new(0),
            known: KeyCache::new(),
            locks: [const { Cell::new(0) }; INLINE],
            details: [const {
                Cell::new(Detail {
                    site: None,
                    below: 0,
                    filter: 0,
                    witness: 0,
                    how: Packed(0),
                    own: false,
                })
            }; INLINE],
            spill: ManuallyDrop::new(RefCell::new(Vec::new())),
            classes: [const { Cell::new((0, 0, false)) }; INLINE],
            next_instance: Cell::new(0),
            last_instance: Cell::new(0),
            name: None,
        }
    }

    /// The name given to [`Task::new`].
    pub(crate) fn name(&self) -> Option<&'static str> {
        self.name
    }

    #[inline]
    pub(crate) fn state(&self) -> State {
        self.state.get()
    }

    pub(crate) fn set_state(&self, state: State) {
        self.state.set(state);
    }

    /// Whether the task holds a lock that the tracker's own allocations would wait for.
    pub(crate) fn holds_own(&self) -> bool {
        self.own.get() != 0
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth.get()
    }

    /// Notes an acquire that is not tracked, so that its release is expected.
    pub(crate) fn acquired_untracked(&self) {
        self.untracked.set(self.untracked.get().saturating_add(1));
    }

    /// Takes back one [`Task::acquired_untracked`]; false if there is none.
    pub(crate) fn released_untracked(&self) -> bool {
        let untracked = self.untracked.get();
        self.untracked.set(untracked.saturating_sub(1));
        untracked != 0
    }

    /// The keys of an acquire of a resolved lock on top of what is held.
    #[inline]
    pub(crate) fn keys(
        &self,
        word: MapWord,
        how: How,
        site: &'static Location<'static>,
    ) -> Keys {
        let node = word.node(how.subclass);
        let chain = chain::extend(self.chain.get(), node, how.mode);
        // A try-lock is no dependency: what is validated for it is another thing.
        let site = std::ptr::from_ref(site).addr() ^ usize::from(how.trylock);
        Keys { chain, witness: chain::at(chain, site) }
    }

    /// Whether this acquire was seen before and broke nothing: the warm path.
    #[inline]
    pub(crate) fn knows(&self, map: &Map, how: How, site: &'static Location<'static>) -> bool {
        let word = map.word();
        word.is_resolved()
            && self.filter.get() & filter_bit(word) == 0
            && self.known.contains(self.keys(word, how, site).witness)
    }

    /// [`Task::knows`] when a lock with the same filter bit is held: looks at the locks of the
    /// same class too.
    pub(crate) fn knows_slow(&self, word: MapWord, how: How, keys: Keys) -> bool {
        if how.trylock {
            return self.known.contains(keys.witness);
        }
        self.known.contains(keys.witness)
            && self.siblings(word.class()).all(|held| {
                held.lock != word.lock() && self.known.contains(pair(&held, word, how))
            })
    }

    /// Whether this key is known to be validated.
    pub(crate) fn is_known(&self, key: u64) -> bool {
        self.known.contains(key)
    }

    /// Notes that an acquire broke nothing.
    pub(crate) fn learn(&self, key: u64) {
        self.known.insert(key);
    }

    /// Makes room for one more entry, so that [`Task::push`] need not allocate.
    pub(crate) fn reserve(&self) {
        if self.depth.get() >= INLINE && !self.holds_own() {
            self.spill.borrow_mut().reserve(1);
        }
    }

    /// Pushes a lock that was obtained.
    #[inline]
    pub(crate) fn push(&self, map: &Map, how: How, site: &'static Location<'static>) {
        let word = map.word();
        let keys = self.keys(word, how, site);
        let detail = Detail {
            site: Some(site),
            below: self.chain.get(),
            filter: self.filter.get(),
            witness: keys.witness,
            how: Packed::new(how),
            own: word.is_own(),
        };
        let depth = self.depth.get();
        let Some(slot) = self.locks.get(depth) else {
            return self.push_slow(word, detail, keys.chain);
        };
        self.depth.set(depth + 1);
        compiler_fence(Ordering::Release);
        self.details[depth].set(detail);
        compiler_fence(Ordering::Release);
        slot.set(word.lock());
        self.chain.set(keys.chain);
        self.filter.set(detail.filter | filter_bit(word));
        if detail.own {
            self.own.set(self.own.get() + 1);
        }
    }

    #[cold]
    fn push_slow(&self, word: MapWord, detail: Detail, chain: u64) {
        let state = self.state.replace(State::Working);
        let mut spill = self.spill.borrow_mut();
        // A release under an allocator's lock leaves entries behind.
        spill.truncate(self.depth.get() - INLINE);
        if spill.len() == spill.capacity() && self.holds_own() {
            self.acquired_untracked();
            loss::count(Loss::UnderAllocator);
            self.state.set(state);
            return;
        }
        spill.push((word.lock(), detail));
        drop(spill);
        self.depth.set(self.depth.get() + 1);
        self.chain.set(chain);
        self.filter.set(detail.filter | filter_bit(word));
        self.own.set(self.own.get() + u32::from(detail.own));
        self.state.set(state);
    }

    /// Pops the lock if it is the newest one: the warm path of a release.
    #[inline]
    pub(crate) fn pop(&self, map: &Map) -> bool {
        let lock = map.word().lock();
        let Some(top) = self.depth.get().checked_sub(1) else {
            return false;
        };
        let Some(slot) = self.locks.get(top).filter(|slot| slot.get() == lock) else {
            return false;
        };
        let detail = self.details[top].get();
        self.filter.set(detail.filter);
        self.chain.set(detail.below);
        slot.set(0);
        compiler_fence(Ordering::Release);
        self.depth.set(top);
        if detail.own {
            self.own.set(self.own.get() - 1);
        }
        true
    }

    /// Removes the newest entry of this lock, wherever it is; false if it is not held.
    pub(crate) fn remove(&self, lock: u64) -> bool {
        let Some(index) = self.newest(lock) else {
            return false;
        };
        let state = self.state.replace(State::Working);
        self.own.set(self.own.get() - u32::from(self.get(index).1.own));
        self.replay(index + 1, index);
        self.state.set(state);
        true
    }

    /// Changes a held write into a held read; false if it is not held.
    pub(crate) fn downgrade(&self, lock: u64) -> bool {
        let Some(index) = self.newest(lock) else {
            return false;
        };
        let state = self.state.replace(State::Working);
        let (_, mut detail) = self.get(index);
        detail.how = Packed::new(How { mode: Mode::Shared, ..detail.how.how() });
        self.set(index, lock, detail);
        self.replay(index, index);
        self.state.set(state);
        true
    }

    /// The held locks, oldest first.
    pub(crate) fn held(&self) -> impl DoubleEndedIterator<Item = Held> {
        (0..self.depth.get()).filter_map(|index| {
            let (lock, detail) = self.get(index);
            let site = detail.site.filter(|_| lock != 0)?;
            Some(Held { lock, how: detail.how.how(), site, witness: detail.witness })
        })
    }

    /// The held locks of one class, oldest first.
    pub(crate) fn siblings(&self, class: u32) -> impl Iterator<Item = Held> {
        self.held().filter(move |held| map::class_of(held.lock) == class)
    }

    /// The class that this task found for a constructor, if it still knows.
    pub(crate) fn class_of(
        &self,
        place: &'static Location<'static>,
        describe: Describe,
    ) -> Option<(ClassId, bool)> {
        let (slot, key) = self.class_slot(place, describe);
        let (known, class, own) = slot.get();
        if known == key { Some((ClassId::new(class)?, own)) } else { None }
    }

    /// Remembers the class of a constructor.
    pub(crate) fn learn_class(
        &self,
        place: &'static Location<'static>,
        describe: Describe,
        class: ClassId,
        own: bool,
    ) {
        let (slot, key) = self.class_slot(place, describe);
        slot.set((key, class.get(), own));
    }

    /// A number that no other lock of the process has.
    pub(crate) fn next_instance(&self) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if self.next_instance.get() == self.last_instance.get() {
            let first = NEXT.fetch_add(INSTANCE_BLOCK, Ordering::Relaxed);
            self.next_instance.set(first);
            self.last_instance.set(first + INSTANCE_BLOCK);
        }
        let instance = self.next_instance.get();
        self.next_instance.set(instance + 1);
        instance.min(map::MAX_INSTANCE)
    }

    fn class_slot(
        &self,
        place: &'static Location<'static>,
        describe: Describe,
    ) -> (&Cell<(u64, u32, bool)>, u64) {
        let place = std::ptr::from_ref(place).addr();
        let key = chain::at(chain::at(chain::EMPTY, place), describe as usize);
        (&self.classes[(key >> 58) as usize], key)
    }

    fn newest(&self, lock: u64) -> Option<usize> {
        (0..self.depth.get()).rev().find(|&index| self.get(index).0 == lock)
    }

    fn get(&self, index: usize) -> (u64, Detail) {
        match self.locks.get(index) {
            Some(slot) => (slot.get(), self.details[index].get()),
            None => self.spill.borrow().get(index - INLINE).copied().unwrap_or_default(),
        }
    }

    fn set(&self, index: usize, lock: u64, detail: Detail) {
        match self.locks.get(index) {
            Some(slot) => {
                self.details[index].set(detail);
                slot.set(lock);
            }
            None => self.spill.borrow_mut()[index - INLINE] = (lock, detail),
        }
    }

    /// Moves the entries from `from` up to `to` and derives their keys and filters again; the
    /// stack then ends with the last of them.
    ///
    /// The changed chains need no validation: an acquire records the edges from all held locks, so
    /// a chain with a lock taken out has no edge that is new. Works in place, because an allocator
    /// may be what releases out of order.
    fn replay(&self, from: usize, to: usize) {
        let (_, first) = self.get(to);
        let (mut chain, mut filter) = (first.below, first.filter);
        let depth = self.depth.get() - (from - to);
        for at in to..depth {
            let (lock, mut detail) = self.get(at + (from - to));
            (detail.below, detail.filter) = (chain, filter);
            let (how, class) = (detail.how.how(), map::class_of(lock));
            chain = chain::extend(chain, Node::new(class, how.subclass), how.mode);
            filter |= 1 << (class & 63);
            self.set(at, lock, detail);
        }
        self.locks.iter().skip(depth).for_each(|slot| slot.set(0));
        self.depth.set(depth);
        self.chain.set(chain);
        self.filter.set(filter);
        if !self.holds_own() {
            let mut spill = self.spill.borrow_mut();
            spill.truncate(depth.saturating_sub(INLINE));
            if spill.is_empty() {
                *spill = Vec::new();
            }
        }
    }
}

/// The key of a lock taken while a lock of its class is held.
pub(crate) fn pair(held: &Held, wanted: MapWord, how: How) -> u64 {
    chain::pair(held.lock, held.how.mode, wanted.lock(), how.mode)
}

#[inline]
fn filter_bit(word: MapWord) -> u64 {
    1 << (word.class() & 63)
}
