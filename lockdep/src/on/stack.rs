//! The held stack of one task.
//!
//! One task at a time writes it; every thread may read it, so that what a task holds can be listed
//! while it waits. All of it is atomics of fixed size, zero when nothing is held: on the usual
//! processors their relaxed accesses are the instructions that plain memory takes. A stack is made
//! once, never freed and used again by a later task (`directory`), so that a reader needs no
//! promise of anybody.
//!
//! ```text
//! entry   0 … 63   locks, sites, chains: arrays in the stack itself, all that the warm path sees
//!        64 … 127  a block of its own, made when the stack grows that deep, kept
//!       128 … 255  another, and so on: each as large as everything before it
//! ```
//!
//! A push is four stores (depth, place, chain key, lock), a pop two. The key of what is held below
//! is the chain key of the entry below, so nothing is restored.
//!
//! # Frames
//!
//! An entry may be a *frame* instead of a lock: from there on a new chain begins, whose key starts
//! from what the frame's chain key says. A frame moves with the entries around it, so there may be
//! any number, and a lock from below may be released inside of one.
//!
//! # Signal handlers
//!
//! A handler may run between any two instructions here and take locks itself. An entry is
//! therefore reserved before it is filled, its lock is written last and cleared first; an empty
//! lock is an entry in the making and is passed over. Fences keep the compiler from undoing that
//! order. The chain key below an entry in the making may be an old one: the cold path derives the
//! key again from the entries, and only that key is ever validated.
//!
//! The same order serves other threads: the lock is stored with Release and loaded with Acquire, so
//! whoever sees a lock sees its place, and a second look tells whether it is still the same entry.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, compiler_fence, fence};

use once_cell::race::OnceBox;
use parking_lot::Mutex;

use crate::mode::Mode;
use crate::on::chain;
use crate::on::directory::Owner;
use crate::on::map::{self, Word};
use crate::on::pending::Wait;
use crate::on::site::Site;

/// How many locks a task holds without allocating.
pub(crate) const INLINE: usize = 64;
/// How many locks of one class are nearest to one more.
const NEAREST: usize = 64;
/// How many blocks there can be. The last one alone would need more memory than there is.
const BLOCKS: usize = 40;

/// A held lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// Which lock, and how it is held.
    pub(crate) entry: Word,
    pub(crate) site: &'static Location<'static>,
    /// Under which key the backtrace of the acquire is kept.
    pub(crate) witness: u64,
}

/// What an entry of the stack says.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    entry: Word,
    site: Option<&'static Location<'static>>,
    chain: u64,
}

/// An entry beyond the inline ones.
#[derive(Debug)]
struct Slot {
    lock: AtomicU64,
    site: Site,
    chain: AtomicU64,
}

/// What another task has taken off a stack.
#[derive(Clone, Copy, Debug)]
struct Disowned {
    lock: u64,
    extent: Extent,
}

/// How many of the holds of one lock are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The newest one: a guard was dropped.
    One,
    /// The lock is gone.
    All,
}

/// What one task holds, oldest first.
///
/// On pages of its own: no other thread writes near it, and a test can tell a write to it from a
/// write to anything shared.
#[repr(align(4096))]
pub(crate) struct Stack {
    depth: AtomicUsize,
    /// How many of the entries are frames, or are about to be.
    frames: AtomicUsize,
    /// Chain key of the first `n` entries at index `n`.
    chains: [AtomicU64; INLINE + 1],
    locks: [AtomicU64; INLINE],
    sites: [Site; INLINE],
    /// For entries whose chain key changed when a lock below was released: their present witness
    /// key, and the one under which the backtrace is kept.
    origins: [(AtomicU64, AtomicU64); INLINE],
    blocks: [OnceBox<Box<[Slot]>>; BLOCKS],
    /// What others have released or destroyed; the task takes it off when it next looks. At most
    /// as much as is held. Nobody allocates who may hold an allocator's lock and wait for this.
    disowned: Mutex<Vec<Disowned>>,
    has_disowned: AtomicBool,
    /// What the task waits for.
    pub(crate) wait: Wait,
    /// Whether it waits for something that is no lock, and has no end of its own.
    pub(crate) is_idle: AtomicBool,
    /// Whose stack it is.
    pub(crate) owner: Owner,
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack")
            .field("owner", &self.owner)
            .field("depth", &self.depth())
            .finish_non_exhaustive()
    }
}

impl Stack {
    pub(crate) const fn new() -> Stack {
        Stack {
            depth: AtomicUsize::new(0),
            frames: AtomicUsize::new(0),
            chains: [const { AtomicU64::new(chain::EMPTY) }; INLINE + 1],
            locks: [const { AtomicU64::new(0) }; INLINE],
            sites: [const { Site::new() }; INLINE],
            origins: [const { (AtomicU64::new(0), AtomicU64::new(0)) }; INLINE],
            blocks: [const { OnceBox::new() }; BLOCKS],
            disowned: Mutex::new(Vec::new()),
            has_disowned: AtomicBool::new(false),
            wait: Wait::new(),
            is_idle: AtomicBool::new(false),
            owner: Owner::new(),
        }
    }

    #[inline]
    pub(crate) fn depth(&self) -> usize {
        self.depth.load(Relaxed)
    }

    /// The chain key of the first `depth` entries, at most [`INLINE`].
    #[inline]
    pub(crate) fn chain_at(&self, depth: usize) -> u64 {
        self.chains[depth].load(Relaxed)
    }

    /// Fills the entry `depth`, less than [`INLINE`], on top of what is held.
    #[inline]
    pub(crate) fn put(
        &self,
        depth: usize,
        entry: Word,
        site: &'static Location<'static>,
        chain: u64,
    ) {
        self.depth.store(depth + 1, Relaxed);
        compiler_fence(Release);
        self.sites[depth].set(site);
        self.chains[depth + 1].store(chain, Relaxed);
        compiler_fence(Release);
        self.locks[depth].store(entry.bits(), Release);
    }

    /// Pops the lock if it is the newest entry and an inline one.
    #[inline]
    pub(crate) fn pop(&self, word: Word) -> bool {
        let top = self.depth().wrapping_sub(1);
        if top >= INLINE || !Word::from_bits(self.locks[top].load(Relaxed)).is_plainly(word) {
            return false;
        }
        self.locks[top].store(Word::NONE.bits(), Release);
        compiler_fence(Release);
        self.depth.store(top, Relaxed);
        true
    }

    /// Whether one more entry needs no memory.
    pub(crate) fn has_room(&self) -> bool {
        let (block, _) = position(self.depth());
        block.is_none_or(|block| self.blocks[block].get().is_some())
    }

    /// Makes room for one more entry. Allocates if [`Stack::has_room`] says no.
    pub(crate) fn reserve(&self) {
        if let (Some(block), _) = position(self.depth()) {
            self.block(block);
        }
    }

    /// Pushes a lock. Allocates nothing, given [`Stack::reserve`] before.
    pub(crate) fn push(&self, entry: Word, site: &'static Location<'static>) {
        self.push_entry(entry, Some(site), chain::extend(self.chain(), entry));
    }

    fn push_entry(&self, entry: Word, site: Option<&'static Location<'static>>, chain: u64) {
        let depth = self.depth();
        self.reserve();
        self.depth.store(depth + 1, Relaxed);
        compiler_fence(Release);
        self.set(depth, Entry { entry, site, chain });
    }

    /// Begins a new chain above what is held: the key of what comes above starts from `base` and
    /// from what is held below, so that locks from below that come again are looked at.
    pub(crate) fn begin_frame(&self, base: u64) {
        self.frames.store(self.frames.load(Relaxed) + 1, Relaxed);
        self.push_entry(Word::FRAME, None, chain::frame(self.chain(), base));
    }

    /// Ends the innermost frame. Locks that were taken in it and are still held are of the frame
    /// around it from then on.
    pub(crate) fn end_frame(&self) {
        if let Some(index) = self.frame() {
            self.replay(index + 1, index);
            self.frames.store(self.frames.load(Relaxed) - 1, Relaxed);
        }
    }

    /// Has the keys of the innermost frame start from `base`, as [`Stack::begin_frame`] says, or
    /// those of the whole stack if there is no frame.
    pub(crate) fn set_base(&self, base: u64) {
        let start = match self.frame() {
            Some(index) => {
                let mut frame = self.get(index);
                frame.chain = chain::frame(self.chain_below(index), base);
                self.set(index, frame);
                index + 1
            }
            None => {
                self.chains[0].store(chain::frame(chain::EMPTY, base), Relaxed);
                0
            }
        };
        self.replay(start, start);
    }

    /// Begins the part of an async task above what is held: a mark, [`Word::SPAWNED`] or
    /// [`Word::ROOT`]. What is held below counts for it too, but the keys differ.
    pub(crate) fn begin_poll(&self, mark: Word) {
        self.push_entry(mark, None, above(self.chain(), mark));
    }

    /// Takes off the newest mark; what is above it is of the part below from then on.
    pub(crate) fn end_poll(&self) {
        if let Some(index) = self.mark() {
            self.replay(index + 1, index);
        }
    }

    /// Empties the stack down to the newest mark, and takes that off.
    pub(crate) fn drop_poll(&self) {
        if let Some(index) = self.mark() {
            let frames = self.poll_entries().filter(Option::is_none).count();
            self.replay(self.depth(), index);
            self.frames.store(self.frames.load(Relaxed) - frames, Relaxed);
        }
    }

    /// The locks above the newest mark, oldest first, or all of them if there is none.
    pub(crate) fn held_in_poll(&self) -> impl DoubleEndedIterator<Item = Held> + use<'_> {
        self.held_from(self.mark().map_or(0, |mark| mark + 1))
    }

    /// The locks above the first `depth` entries, oldest first.
    pub(crate) fn held_above(&self, depth: usize) -> impl Iterator<Item = Held> + use<'_> {
        self.held_from(depth)
    }

    /// What is above the newest mark, oldest first: locks, and none for a frame.
    pub(crate) fn poll_entries(&self) -> impl Iterator<Item = Option<Held>> + use<'_> {
        let start = self.mark().map_or(0, |mark| mark + 1);
        (start..self.depth()).filter_map(|index| match self.get(index) {
            entry if entry.entry == Word::FRAME => Some(None),
            entry => self.held_at(index, entry).map(Some),
        })
    }

    /// What stays held as long as the task waits, oldest first, of all frames. While it `awaits`
    /// whoever polls it goes on.
    pub(crate) fn held_while(
        &self,
        awaits: bool,
    ) -> impl DoubleEndedIterator<Item = Held> + use<'_> {
        let spawned = if awaits { self.newest_entry(Word::SPAWNED) } else { None };
        self.held_from(spawned.map_or(0, |mark| mark + 1))
    }

    /// Those of the innermost frame.
    pub(crate) fn held_in_frame_while(
        &self,
        awaits: bool,
    ) -> impl DoubleEndedIterator<Item = Held> + use<'_> {
        let spawned = if awaits { self.newest_entry(Word::SPAWNED) } else { None };
        self.held_from(spawned.max(self.frame()).map_or(0, |mark| mark + 1))
    }

    fn mark(&self) -> Option<usize> {
        self.newest_entry(Word::SPAWNED).max(self.newest_entry(Word::ROOT))
    }

    fn newest_entry(&self, entry: Word) -> Option<usize> {
        (0..self.depth()).rev().find(|&index| self.get(index).entry == entry)
    }

    /// Pushes a lock that another stack held, with the backtrace that was kept for it there.
    pub(crate) fn adopt(&self, held: Held) {
        let index = self.depth();
        self.push(held.entry, held.site);
        if let Some((now, kept)) = self.origins.get(index) {
            now.store(chain::at(self.chain(), held.site), Relaxed);
            kept.store(held.witness, Relaxed);
        }
    }

    /// Moves on to another stack what others have released meanwhile.
    pub(crate) fn hand_on_disowned(&self, to: &Stack) {
        if self.has_disowned() {
            let disowned = std::mem::take(&mut *self.disowned.lock());
            self.has_disowned.store(false, Release);
            disowned.into_iter().for_each(|Disowned { lock, extent }| {
                to.disown(lock, extent);
            });
        }
    }

    /// Removes the newest entry of this lock, wherever it is, and returns it.
    pub(crate) fn remove(&self, lock: u64) -> Option<Word> {
        let index = self.newest(lock)?;
        let entry = self.get(index).entry;
        self.replay(index + 1, index);
        Some(entry)
    }

    /// Changes the newest entry that `f` gives another value for; false if there is none.
    pub(crate) fn change(&self, f: impl Fn(Word) -> Option<Word>) -> bool {
        let changed = |index: usize| {
            let entry = self.get(index).entry;
            f(entry).filter(|_| entry.is_resolved()).map(|entry| (index, entry))
        };
        let Some((index, entry)) = (0..self.depth()).rev().find_map(changed) else {
            return false;
        };
        self.set(index, Entry { entry, ..self.get(index) });
        self.replay(index, index);
        true
    }

    /// Notes for the stack's task that it does not hold the lock any more, or holds it once less;
    /// false if nothing is left that has not been noted.
    pub(crate) fn disown(&self, lock: u64, extent: Extent) -> bool {
        let mut disowned = self.disowned.lock();
        let is_left = self.left(&disowned).any(|(_, entry)| map::is_same(entry.entry.lock(), lock));
        if is_left {
            disowned.push(Disowned { lock, extent });
            self.has_disowned.store(true, Release);
        }
        is_left
    }

    /// Whether there is anything for [`Stack::settle`] to take off.
    #[inline]
    pub(crate) fn has_disowned(&self) -> bool {
        self.has_disowned.load(Relaxed)
    }

    /// Takes off what others have released, and says of each lock what that was; nothing, if the
    /// task has itself released what was left. Allocates nothing.
    pub(crate) fn settle(&self, gone: impl Fn(u64, Option<Word>)) {
        let mut disowned = self.disowned.lock();
        for Disowned { lock, extent } in disowned.drain(..) {
            let mut entry = self.remove(lock);
            gone(lock, entry);
            while extent == Extent::All && entry.is_some() {
                entry = self.remove(lock);
                gone(lock, entry);
            }
        }
        // Release: whoever sees that there is nothing sees that it was taken off.
        self.has_disowned.store(false, Release);
    }

    /// Empties the stack for its next task.
    pub(crate) fn clear(&self) {
        self.disowned.lock().clear();
        self.has_disowned.store(false, Relaxed);
        self.wait.end();
        self.is_idle.store(false, Relaxed);
        self.clear_entries();
        self.chains[0].store(chain::EMPTY, Relaxed);
    }

    /// Takes off all entries.
    pub(crate) fn clear_entries(&self) {
        (0..self.depth()).rev().for_each(|index| self.empty(index));
        self.depth.store(0, Relaxed);
        self.frames.store(0, Relaxed);
    }

    /// The held locks, oldest first, of all frames.
    pub(crate) fn held(&self) -> impl DoubleEndedIterator<Item = Held> + use<'_> {
        self.held_from(0)
    }

    /// The held locks of the innermost frame, oldest first.
    pub(crate) fn held_in_frame(&self) -> impl DoubleEndedIterator<Item = Held> + use<'_> {
        self.held_from(self.frame().map_or(0, |frame| frame + 1))
    }

    fn held_from(&self, start: usize) -> impl DoubleEndedIterator<Item = Held> + use<'_> {
        (start..self.depth()).filter_map(|index| self.held_at(index, self.get(index)))
    }

    /// What the task holds, as another thread sees it: an entry that changes meanwhile is left out.
    pub(crate) fn observe(&self) -> Vec<Held> {
        let held = |(index, entry)| self.held_at(index, entry);
        if !self.has_disowned.load(Acquire) {
            return self.steady().filter_map(held).collect();
        }
        // Nothing is taken off meanwhile.
        let disowned = self.disowned.lock();
        let mut left: Vec<Held> = self.left(&disowned).filter_map(held).collect();
        left.reverse();
        left
    }

    /// The entries that do not change meanwhile, oldest first.
    fn steady(&self) -> impl DoubleEndedIterator<Item = (usize, Entry)> + use<'_> {
        (0..self.depth()).filter_map(|index| {
            let first = self.get(index);
            fence(Acquire);
            (self.get(index).entry == first.entry).then_some((index, first))
        })
    }

    /// Those of them that nobody else has taken off, newest first. Allocates nothing.
    fn left<'a>(&'a self, disowned: &'a [Disowned]) -> impl Iterator<Item = (usize, Entry)> + 'a {
        self.steady().rev().filter(|(index, entry)| {
            let is_same = |lock| map::is_same(lock, entry.entry.lock());
            let mut taken = disowned.iter().filter(|disowned| is_same(disowned.lock));
            // How many newer holds of the lock there are.
            let newer =
                (index + 1..self.depth()).filter(|&newer| is_same(self.get(newer).entry.lock()));
            let newer = if taken.clone().next().is_some() { newer.count() } else { 0 };
            let count = taken.clone().count();
            count <= newer && taken.all(|disowned| disowned.extent == Extent::One)
        })
    }

    /// The held locks of one class, oldest first.
    pub(crate) fn siblings(&self, class: u32) -> impl DoubleEndedIterator<Item = Held> + use<'_> {
        self.held().filter(move |held| held.entry.class() == class)
    }

    /// The newest held locks of one class, newest first: those whose order with one more lock of
    /// the class is looked at. Older ones are ordered through them, so that a thousand locks of a
    /// class held at once do not make a million pairs. That goes only through locks that were
    /// waited for and are held exclusively: past such a lock everybody has to wait.
    pub(crate) fn nearest_siblings(&self, class: u32) -> impl Iterator<Item = Held> + use<'_> {
        let mut links = 0;
        self.siblings(class).rev().take_while(move |held| {
            let how = held.entry.how();
            let is_near = links < NEAREST;
            links += usize::from(how.mode() == Mode::Exclusive && !how.is_trylock());
            is_near
        })
    }

    /// Whether more locks of a class are held than are nearest to one more.
    pub(crate) fn is_crowded(&self, class: u32) -> bool {
        self.siblings(class).count() > self.nearest_siblings(class).count()
    }

    /// The chain key of what the innermost frame holds, derived from the entries.
    pub(crate) fn derived_chain(&self) -> u64 {
        let base = match self.frame() {
            Some(frame) => self.get(frame).chain,
            None => self.chain_at(0),
        };
        let entries = (self.frame().map_or(0, |frame| frame + 1)..self.depth())
            .map(|index| self.get(index).entry);
        entries.fold(base, above)
    }

    /// The chain key of all that is held.
    pub(crate) fn chain(&self) -> u64 {
        self.chain_below(self.depth())
    }

    /// The chain key of the first `depth` entries.
    fn chain_below(&self, depth: usize) -> u64 {
        match self.chains.get(depth) {
            Some(chain) => chain.load(Relaxed),
            None => self.get(depth - 1).chain,
        }
    }

    /// Whether this lock is held; a lock of 0 has no number yet and is not.
    pub(crate) fn holds(&self, lock: u64) -> bool {
        self.newest(lock).is_some()
    }

    fn newest(&self, lock: u64) -> Option<usize> {
        (0..self.depth()).rev().find(|&index| map::is_same(self.get(index).entry.lock(), lock))
    }

    /// Where the innermost frame begins.
    fn frame(&self) -> Option<usize> {
        if self.frames.load(Relaxed) == 0 {
            return None;
        }
        (0..self.depth()).rev().find(|&index| self.get(index).entry == Word::FRAME)
    }

    fn held_at(&self, index: usize, entry: Entry) -> Option<Held> {
        let Entry { entry, site, chain } = entry;
        let site = site.filter(|_| entry.is_resolved())?;
        Some(Held { entry, site, witness: self.origin(index, chain::at(chain, site)) })
    }

    fn get(&self, index: usize) -> Entry {
        let (lock, site, chain) = match position(index) {
            (None, at) => (&self.locks[at], &self.sites[at], &self.chains[at + 1]),
            (Some(block), at) => {
                let Some(slots) = self.blocks[block].get() else {
                    return Entry::default();
                };
                (&slots[at].lock, &slots[at].site, &slots[at].chain)
            }
        };
        let entry = Word::from_bits(lock.load(Acquire));
        Entry { entry, site: site.get(), chain: chain.load(Relaxed) }
    }

    fn set(&self, index: usize, held: Entry) {
        let (lock, site, chain) = match position(index) {
            (None, at) => (&self.locks[at], &self.sites[at], &self.chains[at + 1]),
            (Some(block), at) => {
                let slots = self.block(block);
                (&slots[at].lock, &slots[at].site, &slots[at].chain)
            }
        };
        match held.site {
            Some(place) => site.set(place),
            None => site.clear(),
        }
        chain.store(held.chain, Relaxed);
        compiler_fence(Release);
        lock.store(held.entry.bits(), Release);
    }

    fn empty(&self, index: usize) {
        let lock = match position(index) {
            (None, at) => &self.locks[at],
            (Some(block), at) => &self.block(block)[at].lock,
        };
        lock.store(Word::NONE.bits(), Release);
    }

    fn block(&self, block: usize) -> &[Slot] {
        self.blocks[block].get_or_init(|| {
            let slots = (0..INLINE << block).map(|_| Slot {
                lock: AtomicU64::new(0),
                site: Site::new(),
                chain: AtomicU64::new(0),
            });
            Box::new(slots.collect())
        })
    }

    /// Under which key the backtrace is kept whose key would now be `witness`.
    fn origin(&self, index: usize, witness: u64) -> u64 {
        match self.origins.get(index) {
            Some((now, origin)) if now.load(Relaxed) == witness => origin.load(Relaxed),
            _ => witness,
        }
    }

    /// Moves the entries from `from` up to `to` and derives their keys again; the stack then ends
    /// with the last of them.
    ///
    /// The changed chains need no validation: an acquire records the edges from all held locks, so
    /// a chain with a lock taken out has no edge that is new. A frame keeps its key, which then
    /// says more than is held below. Works in place, because an allocator may be what releases out
    /// of order.
    fn replay(&self, from: usize, to: usize) {
        let mut chain = self.chain_below(to);
        let old = self.depth();
        let depth = old - (from - to);
        for at in to..depth {
            let mut held = self.get(at + (from - to));
            if held.entry == Word::FRAME {
                chain = held.chain;
            } else {
                let before = held.site.map(|site| chain::at(held.chain, site));
                let origin = before.map(|key| self.origin(at + (from - to), key));
                chain = above(chain, held.entry);
                held.chain = chain;
                if let (Some((now, kept)), Some(site), Some(origin)) =
                    (self.origins.get(at), held.site, origin)
                {
                    now.store(chain::at(chain, site), Relaxed);
                    kept.store(origin, Relaxed);
                }
            }
            self.set(at, held);
        }
        (depth..old).for_each(|index| self.empty(index));
        self.depth.store(depth, Relaxed);
    }
}

/// The chain key with one more entry on top that is no frame.
fn above(key: u64, entry: Word) -> u64 {
    match entry {
        Word::SPAWNED | Word::ROOT => chain::frame(key, entry.bits()),
        entry if entry.is_resolved() => chain::extend(key, entry),
        // In the making.
        _ => key,
    }
}

/// Which block an entry is in, none for the inline ones, and where in it.
fn position(index: usize) -> (Option<usize>, usize) {
    if index < INLINE {
        return (None, index);
    }
    let block = (index / INLINE).ilog2() as usize;
    (Some(block), index - (INLINE << block))
}
