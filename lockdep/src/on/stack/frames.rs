//! Parts of a stack, and the chain keys of what is in them.
//!
//! An entry may be a *frame* instead of a lock: from there on a new chain begins, whose key starts
//! from what the frame's chain key says. A frame moves with the entries around it, so there may be
//! any number, and a lock from below may be released inside of one.
//!
//! The polls of async tasks are marked likewise, by [`Word::SPAWNED`] or [`Word::ROOT`].

use std::sync::atomic::Ordering::Relaxed;

use crate::on::chain;
use crate::on::map::Word;
use crate::on::stack::Stack;

impl Stack {
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

    pub(super) fn mark(&self) -> Option<usize> {
        self.newest_entry(Word::SPAWNED).max(self.newest_entry(Word::ROOT))
    }

    pub(super) fn newest_entry(&self, entry: Word) -> Option<usize> {
        (0..self.depth()).rev().find(|&index| self.get(index).entry == entry)
    }

    /// Where the innermost frame begins.
    pub(super) fn frame(&self) -> Option<usize> {
        if self.frames.load(Relaxed) == 0 {
            return None;
        }
        (0..self.depth()).rev().find(|&index| self.get(index).entry == Word::FRAME)
    }

    /// The chain key of all that is held.
    pub(crate) fn chain(&self) -> u64 {
        self.chain_below(self.depth())
    }

    /// The chain key of the first `depth` entries.
    pub(super) fn chain_below(&self, depth: usize) -> u64 {
        match self.chains.get(depth) {
            Some(chain) => chain.load(Relaxed),
            None => self.get(depth - 1).chain,
        }
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

    /// Moves the entries from `from` up to `to` and derives their keys again; the stack then ends
    /// with the last of them.
    ///
    /// The changed chains need no validation: an acquire records the edges from all held locks, so
    /// a chain with a lock taken out has no edge that is new. A frame keeps its key, which then
    /// says more than is held below. Works in place, because an allocator may be what releases out
    /// of order.
    pub(super) fn replay(&self, from: usize, to: usize) {
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
