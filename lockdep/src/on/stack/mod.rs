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
//! is the chain key of the entry below, so nothing is restored. Parts of the stack can have chains of
//! their own (`frames`).
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

mod contents;
mod frames;

use std::fmt;
use std::panic::Location;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, compiler_fence};

use once_cell::race::OnceBox;
use parking_lot::Mutex;

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
    /// Whether its task has started other code since.
    pub(crate) has_started: bool,
}

/// What an entry of the stack says.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    entry: Word,
    site: Option<&'static Location<'static>>,
    chain: u64,
    /// Whether other code was started since.
    has_started: bool,
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
        self.set(depth, Entry { entry, site, chain, has_started: false });
    }

    /// Pushes a lock that another stack held, with the backtrace that was kept for it there.
    pub(crate) fn adopt(&self, held: Held) {
        let index = self.depth();
        self.push(held.entry, held.site);
        if held.has_started {
            self.mark_started(index);
        }
        if let Some((now, kept)) = self.origins.get(index) {
            now.store(chain::at(self.chain(), held.site), Relaxed);
            kept.store(held.witness, Relaxed);
        }
    }

    /// The task starts other code, which all that is held is older than.
    pub(crate) fn starts_code(&self) {
        (0..self.depth()).for_each(|index| self.mark_started(index));
    }

    fn mark_started(&self, index: usize) {
        match position(index) {
            (None, at) => self.sites[at].mark(),
            (Some(block), at) => self.block(block)[at].site.mark(),
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
        Entry { entry, site: site.get(), chain: chain.load(Relaxed), has_started: site.is_marked() }
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
        if held.has_started {
            site.mark();
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
}

/// Which block an entry is in, none for the inline ones, and where in it.
fn position(index: usize) -> (Option<usize>, usize) {
    if index < INLINE {
        return (None, index);
    }
    let block = (index / INLINE).ilog2() as usize;
    (Some(block), index - (INLINE << block))
}
