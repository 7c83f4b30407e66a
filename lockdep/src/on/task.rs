//! Whoever holds locks: the held stack of one task and the keys it knows to be validated.
//!
//! The warm path of every event is here: it touches this memory and the lock's map, nothing shared.
//! All of it is in cells of fixed size and zero at the start, so that a task can live in a
//! thread-local that needs no constructor, no destructor and no allocation.
//!
//! A push is four stores (depth, place, chain key, lock), a pop two. The key of what is held below
//! is the chain key of the entry below, so nothing is restored.
//!
//! # Signal handlers
//!
//! A handler may run between any two instructions here and take locks itself. An entry is
//! therefore reserved before it is filled, its lock is written last and cleared first; an empty
//! lock is an entry in the making and is passed over. Fences keep the compiler from undoing that
//! order. The chain key below an entry in the making may be an old one: the cold path derives the
//! key again from the entries, and only that key is ever validated.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};

use crate::how::{Describe, How};
use crate::mode::Mode;
use crate::on::chain::{self, KeyCache};
use crate::on::loss::{self, Loss};
use crate::on::map::{self, Map, Word};
use crate::on::registry::ClassId;

/// How many locks a task holds without allocating.
const INLINE: usize = 64;
/// How many locks of one class are nearest to one more.
const NEAREST: usize = 64;
/// How many constructors a task remembers the class of.
const CLASSES: usize = 64;
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

/// A held lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// Which lock, and how it is held.
    pub(crate) entry: Word,
    pub(crate) site: &'static Location<'static>,
    /// Under which key the backtrace of the acquire is kept.
    pub(crate) witness: u64,
}

/// An entry of the held stack beyond the inline ones.
#[derive(Clone, Copy, Debug, Default)]
struct Spilled {
    entry: Word,
    site: Option<&'static Location<'static>>,
    chain: u64,
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
    /// Up to which depth the warm path goes: [`INLINE`] while events count, else 0.
    limit: Cell<usize>,
    depth: Cell<usize>,
    /// Chain key of the first `n` entries at index `n`.
    chains: [Cell<u64>; INLINE + 1],
    locks: [Cell<Word>; INLINE],
    sites: [Cell<Option<&'static Location<'static>>>; INLINE],
    known: KeyCache,
    /// Entries beyond the inline ones. Freed as soon as it is empty, so dropping it is not needed.
    spill: ManuallyDrop<RefCell<Vec<Spilled>>>,
    /// For entries whose chain key changed when a lock below was released: their present witness
    /// key, and the one under which the backtrace is kept.
    origins: [Cell<(u64, u64)>; INLINE],
    /// Classes of recently met constructors.
    classes: [Cell<(u64, u32)>; CLASSES],
    next_instance: Cell<u64>,
    last_instance: Cell<u64>,
    /// How many allocator locks are held: while there are any the tracker must not allocate.
    own: Cell<u32>,
    /// How many acquires of locks still held were not tracked.
    untracked: Cell<u32>,
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
    /// How many locks a task holds without allocating.
    pub(crate) const INLINE: usize = INLINE;

    /// A task of its own, which holds nothing; for use with a tracker of its own.
    #[must_use]
    pub const fn new(name: &'static str) -> Task {
        Task {
            state: Cell::new(State::Active),
            limit: Cell::new(INLINE),
            name: Some(name),
            ..Task::of_thread()
        }
    }

    /// The task of a thread that has seen no event yet. All zero.
    pub(crate) const fn of_thread() -> Task {
        Task {
            state: Cell::new(State::Unstarted),
            limit: Cell::new(0),
            depth: Cell::new(0),
            chains: [const { Cell::new(chain::EMPTY) }; INLINE + 1],
            locks: [const { Cell::new(Word::NONE) }; INLINE],
            sites: [const { Cell::new(None) }; INLINE],
            known: KeyCache::new(),
            spill: ManuallyDrop::new(RefCell::new(Vec::new())),
            origins: [const { Cell::new((0, 0)) }; INLINE],
            classes: [const { Cell::new((0, 0)) }; CLASSES],
            next_instance: Cell::new(0),
            last_instance: Cell::new(0),
            own: Cell::new(0),
            untracked: Cell::new(0),
            name: None,
        }
    }

    /// The name given to [`Task::new`].
    pub(crate) fn name(&self) -> Option<&'static str> {
        self.name
    }

    pub(crate) fn state(&self) -> State {
        self.state.get()
    }

    /// Sets the state and returns the one before.
    pub(crate) fn set_state(&self, state: State) -> State {
        self.limit.set(if state == State::Active { INLINE } else { 0 });
        self.state.replace(state)
    }

    /// Whether the task holds a lock that the tracker's own allocations would wait for.
    pub(crate) fn holds_own(&self) -> bool {
        self.own.get() != 0
    }

    #[inline]
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

    /// The warm path of an acquire that is about to block: whether it was seen before and broke
    /// nothing.
    #[inline]
    pub(crate) fn knows(&self, map: &Map, how: How, site: &'static Location<'static>) -> bool {
        let (word, depth) = (map.word(), self.depth.get());
        if depth >= self.limit.get() || !word.is_plain() {
            return false;
        }
        let chain = chain::extend(self.chains[depth % INLINE].get(), word.held(how));
        self.known.has_at_hand(chain::at(chain, site))
    }

    /// The warm path of an acquire that succeeds at once: [`Task::knows`] and [`Task::push`].
    #[inline]
    pub(crate) fn push_known(
        &self,
        word: Word,
        how: How,
        site: &'static Location<'static>,
    ) -> bool {
        let depth = self.depth.get();
        if depth >= self.limit.get() || !word.is_plain() {
            return false;
        }
        let depth = depth % INLINE;
        let entry = word.held(how);
        let chain = chain::extend(self.chains[depth].get(), entry);
        if !self.known.has_at_hand(chain::at(chain, site)) {
            return false;
        }
        self.put(depth, entry, site, chain);
        true
    }

    /// The warm path of [`Task::push`]; false if it does not apply.
    #[inline]
    pub(crate) fn push_plain(&self, map: &Map, how: How, site: &'static Location<'static>) -> bool {
        let (word, depth) = (map.word(), self.depth.get());
        if depth >= self.limit.get() || !word.is_plain() {
            return false;
        }
        let depth = depth % INLINE;
        let entry = word.held(how);
        let chain = chain::extend(self.chains[depth].get(), entry);
        self.put(depth, entry, site, chain);
        true
    }

    #[inline]
    fn put(&self, depth: usize, entry: Word, site: &'static Location<'static>, chain: u64) {
        self.depth.set(depth + 1);
        compiler_fence(Ordering::Release);
        self.sites[depth].set(Some(site));
        self.chains[depth + 1].set(chain);
        compiler_fence(Ordering::Release);
        self.locks[depth].set(entry);
    }

    /// Pushes a lock that was obtained. Allocates nothing, given [`Task::reserve`] before.
    #[cold]
    pub(crate) fn push(&self, map: &Map, how: How, site: &'static Location<'static>) {
        let entry = map.word().held(how);
        // A lock without a class was acquired while nothing could be learned of it.
        if !entry.is_resolved() {
            return self.acquired_untracked();
        }
        let depth = self.depth.get();
        let chain = chain::extend(self.chain(), entry);
        if depth < INLINE {
            self.put(depth, entry, site, chain);
        } else {
            let state = self.set_state(State::Working);
            let Ok(mut spill) = self.spill.try_borrow_mut() else {
                // A signal handler locks while its thread reads.
                self.set_state(state);
                loss::count(Loss::Interrupted);
                return self.acquired_untracked();
            };
            // A release under an allocator's lock leaves entries behind.
            spill.truncate(depth - INLINE);
            if spill.len() == spill.capacity() && (entry.is_own() || self.holds_own()) {
                drop(spill);
                self.set_state(state);
                loss::count(Loss::UnderAllocator);
                return self.acquired_untracked();
            }
            spill.push(Spilled { entry, site: Some(site), chain });
            drop(spill);
            self.depth.set(depth + 1);
            self.set_state(state);
        }
        self.own.set(self.own.get() + u32::from(entry.is_own()));
    }

    /// Makes room for one more entry, so that [`Task::push`] need not allocate.
    pub(crate) fn reserve(&self) {
        if self.depth.get() >= INLINE
            && !self.holds_own()
            && let Ok(mut spill) = self.spill.try_borrow_mut()
        {
            spill.reserve(1);
        }
    }

    /// Pops the lock if it is the newest one: the warm path of a release.
    #[inline]
    pub(crate) fn pop(&self, map: &Map) -> bool {
        let top = self.depth.get().wrapping_sub(1);
        if top >= self.limit.get() {
            return false;
        }
        let top = top % INLINE;
        if !self.locks[top].get().is_plainly(map.word()) {
            return false;
        }
        self.locks[top].set(Word::NONE);
        compiler_fence(Ordering::Release);
        self.depth.set(top);
        true
    }

    /// Removes the newest entry of this lock, wherever it is; false if it is not held.
    pub(crate) fn remove(&self, lock: u64) -> bool {
        let Some(index) = self.newest(lock) else {
            return false;
        };
        let state = self.set_state(State::Working);
        self.own.set(self.own.get() - u32::from(self.get(index).entry.is_own()));
        self.replay(index + 1, index);
        self.set_state(state);
        true
    }

    /// Changes a held write into a held read; false if it is not held.
    pub(crate) fn downgrade(&self, lock: u64) -> bool {
        let Some(index) = self.newest(lock) else {
            return false;
        };
        let state = self.set_state(State::Working);
        let mut held = self.get(index);
        held.entry = held.entry.with_how(held.entry.how().with_mode(Mode::Shared));
        self.set(index, held);
        self.replay(index, index);
        self.set_state(state);
        true
    }

    /// Whether the task, or that of a scope in its place, may hold this lock.
    #[inline]
    pub(crate) fn may_hold(&self, lock: u64) -> bool {
        self.depth.get() != 0 && self.newest(lock).is_some() || self.state() == State::Scoped
    }

    /// Whether locks are held whose acquire was not tracked.
    pub(crate) fn has_untracked(&self) -> bool {
        self.untracked.get() != 0
    }

    /// The held locks, oldest first.
    pub(crate) fn held(&self) -> impl DoubleEndedIterator<Item = Held> {
        (0..self.depth.get()).filter_map(|index| {
            let Spilled { entry, site, chain } = self.get(index);
            let site = site.filter(|_| entry.is_resolved())?;
            Some(Held { entry, site, witness: self.origin(index, chain::at(chain, site)) })
        })
    }

    /// The held locks of one class, oldest first.
    pub(crate) fn siblings(&self, class: u32) -> impl DoubleEndedIterator<Item = Held> {
        self.held().filter(move |held| held.entry.class() == class)
    }

    /// The newest held locks of one class, newest first: those whose order with one more lock of
    /// the class is looked at. Older ones are ordered through them, so that a thousand locks of a
    /// class held at once do not make a million pairs.
    pub(crate) fn nearest_siblings(&self, class: u32) -> impl Iterator<Item = Held> {
        self.siblings(class).rev().take(NEAREST)
    }

    /// The keys of an acquire on top of what is held, derived from the entries.
    pub(crate) fn keys(&self, entry: Word, site: &'static Location<'static>) -> Keys {
        let below = self.held().fold(chain::EMPTY, |key, held| chain::extend(key, held.entry));
        let chain = chain::extend(below, entry);
        Keys { chain, witness: chain::at(chain, site) }
    }

    /// Whether an acquire was seen before and broke nothing, with the locks of the same class that
    /// are held now.
    pub(crate) fn knows_slow(&self, entry: Word, keys: Keys) -> bool {
        if entry.how().is_trylock() || self.siblings(entry.class()).next().is_none() {
            return self.known.contains(keys.witness);
        }
        self.known.contains(chain::with_siblings(keys.witness))
            && self.siblings(entry.class()).all(|held| held.entry.lock() != entry.lock())
            && self
                .nearest_siblings(entry.class())
                .all(|held| self.knows_pair(keys, held.entry, entry))
    }

    /// Notes that an acquire broke nothing.
    pub(crate) fn learn(&self, entry: Word, keys: Keys) {
        let alone = entry.how().is_trylock() || self.siblings(entry.class()).next().is_none();
        let key = if alone { keys.witness } else { chain::with_siblings(keys.witness) };
        self.known.insert(key);
    }

    /// Whether two locks of one class are known to be taken in this order rightly.
    pub(crate) fn knows_pair(&self, keys: Keys, held: Word, wanted: Word) -> bool {
        self.known.contains(chain::pair(keys.chain, held, wanted))
    }

    /// Notes that two locks of one class are taken in this order rightly.
    pub(crate) fn learn_pair(&self, keys: Keys, held: Word, wanted: Word) {
        self.known.insert(chain::pair(keys.chain, held, wanted));
    }

    /// The class that this task found for a constructor, if it still knows.
    pub(crate) fn class_of(
        &self,
        place: &'static Location<'static>,
        describe: Describe,
    ) -> Option<ClassId> {
        let key = chain::constructor(place, describe);
        let (known, class) = self.class_slot(key).get();
        if known == key { ClassId::new(class) } else { None }
    }

    /// Remembers the class of a constructor.
    pub(crate) fn learn_class(
        &self,
        place: &'static Location<'static>,
        describe: Describe,
        class: ClassId,
    ) {
        let key = chain::constructor(place, describe);
        self.class_slot(key).set((key, class.get()));
    }

    /// A number that no other lock of the process has; none if there are no more.
    pub(crate) fn next_instance(&self) -> Option<u64> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if self.next_instance.get() == self.last_instance.get() {
            let first = NEXT.fetch_add(INSTANCE_BLOCK, Ordering::Relaxed);
            self.next_instance.set(first);
            self.last_instance.set(first + INSTANCE_BLOCK);
        }
        let instance = self.next_instance.get();
        if instance > map::MAX_INSTANCE {
            loss::count(Loss::Instances);
            return None;
        }
        self.next_instance.set(instance + 1);
        Some(instance)
    }

    fn class_slot(&self, key: u64) -> &Cell<(u64, u32)> {
        &self.classes[key as usize % CLASSES]
    }

    /// The chain key of all that is held.
    fn chain(&self) -> u64 {
        let depth = self.depth.get();
        match self.chains.get(depth) {
            Some(chain) => chain.get(),
            None => self.get(depth - 1).chain,
        }
    }

    /// Where the lock was taken last; a lock of 0 has no number yet and is not held.
    fn newest(&self, lock: u64) -> Option<usize> {
        if lock == 0 {
            return None;
        }
        (0..self.depth.get()).rev().find(|&index| self.get(index).entry.lock() == lock)
    }

    fn get(&self, index: usize) -> Spilled {
        match self.locks.get(index) {
            Some(slot) => Spilled {
                entry: slot.get(),
                site: self.sites[index].get(),
                chain: self.chains[index + 1].get(),
            },
            None => {
                let spill = self.spill.try_borrow().ok();
                spill.and_then(|spill| spill.get(index - INLINE).copied()).unwrap_or_default()
            }
        }
    }

    fn set(&self, index: usize, held: Spilled) {
        match self.locks.get(index) {
            Some(slot) => {
                self.sites[index].set(held.site);
                self.chains[index + 1].set(held.chain);
                slot.set(held.entry);
            }
            None => self.spill.borrow_mut()[index - INLINE] = held,
        }
    }

    /// Under which key the backtrace is kept whose key would now be `witness`.
    fn origin(&self, index: usize, witness: u64) -> u64 {
        match self.origins.get(index).map(Cell::get) {
            Some((now, origin)) if now == witness => origin,
            _ => witness,
        }
    }

    /// Moves the entries from `from` up to `to` and derives their keys again; the stack then ends
    /// with the last of them.
    ///
    /// The changed chains need no validation: an acquire records the edges from all held locks, so
    /// a chain with a lock taken out has no edge that is new. Works in place, because an allocator
    /// may be what releases out of order.
    fn replay(&self, from: usize, to: usize) {
        let mut chain = match to.checked_sub(1) {
            Some(below) => self.get(below).chain,
            None => chain::EMPTY,
        };
        let depth = self.depth.get() - (from - to);
        for at in to..depth {
            let mut held = self.get(at + (from - to));
            let before = held.site.map(|site| chain::at(held.chain, site));
            let origin = before.map(|key| self.origin(at + (from - to), key));
            chain = chain::extend(chain, held.entry);
            held.chain = chain;
            self.set(at, held);
            if let (Some(slot), Some(site), Some(origin)) =
                (self.origins.get(at), held.site, origin)
            {
                slot.set((chain::at(chain, site), origin));
            }
        }
        self.locks.iter().skip(depth).for_each(|slot| slot.set(Word::NONE));
        self.depth.set(depth);
        if !self.holds_own() {
            let mut spill = self.spill.borrow_mut();
            spill.truncate(depth.saturating_sub(INLINE));
            if spill.is_empty() {
                *spill = Vec::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on::map::Tag;

    fn map(class: u32, instance: u64) -> Map {
        let map = Map::new();
        map.resolve(ClassId::new(class).unwrap(), Tag::COMMON, instance);
        map
    }

    fn here() -> &'static Location<'static> {
        Location::caller()
    }

    #[test]
    fn a_stack_deeper_than_the_inline_part_keeps_its_order() {
        let task = Task::new("test");
        let maps: Vec<Map> = (1..200).map(|class| map(class, 1)).collect();
        for map in &maps {
            task.reserve();
            task.push(map, How::EXCLUSIVE, here());
        }
        let classes: Vec<u32> = task.held().map(|held| held.entry.class()).collect();
        assert_eq!(classes, (1..200).collect::<Vec<_>>());
        // Every third goes, oldest first; the rest keeps its order and its keys.
        for map in maps.iter().step_by(3) {
            assert!(!task.pop(map) && task.remove(map.word().lock()));
        }
        let rest: Vec<&Map> = maps.iter().filter(|map| map.word().class() % 3 != 1).collect();
        let fresh = Task::new("fresh");
        for map in &rest {
            fresh.reserve();
            fresh.push(map, How::EXCLUSIVE, here());
        }
        assert_eq!(task.chain(), fresh.chain());
        for map in rest.iter().rev() {
            assert!(task.pop(map) || task.remove(map.word().lock()));
        }
        assert_eq!((task.depth(), task.chain()), (0, chain::EMPTY));
        assert_eq!(task.spill.borrow().capacity(), 0);
    }

    #[test]
    fn a_release_below_keeps_the_backtraces_above() {
        let task = Task::new("test");
        let (a, b) = (map(1, 1), map(2, 1));
        let site = here();
        task.push(&a, How::EXCLUSIVE, site);
        let keys = task.keys(b.word().held(How::EXCLUSIVE), site);
        task.push(&b, How::EXCLUSIVE, site);
        assert!(task.remove(a.word().lock()));
        assert_eq!(task.held().next().unwrap().witness, keys.witness);
    }

    #[test]
    fn the_warm_path_does_not_see_a_chain_with_siblings() {
        let task = Task::new("test");
        let (first, second, third) = (map(1, 1), map(1, 2), map(1, 3));
        let site = here();
        task.push(&first, How::EXCLUSIVE, site);
        let entry = second.word().held(How::EXCLUSIVE);
        let keys = task.keys(entry, site);
        task.learn(entry, keys);
        task.learn_pair(keys, task.held().next().unwrap().entry, entry);
        assert!(!task.knows(&second, How::EXCLUSIVE, site));
        assert!(task.knows_slow(entry, keys));
        assert!(!task.knows_slow(third.word().held(How::EXCLUSIVE), keys));
    }
}
