//! What is on a stack, for its task and for others.

use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::atomic::fence;

use crate::mode::Mode;
use crate::on::chain;
use crate::on::map::{self, Word};
use crate::on::stack::{Disowned, Entry, Extent, Held, NEAREST, Stack};

impl Stack {
    /// The held locks, oldest first, of all frames.
    pub(crate) fn held(&self) -> impl DoubleEndedIterator<Item = Held> + use<'_> {
        self.held_from(0)
    }

    /// The held locks of the innermost frame, oldest first.
    pub(crate) fn held_in_frame(&self) -> impl DoubleEndedIterator<Item = Held> + use<'_> {
        self.held_from(self.frame().map_or(0, |frame| frame + 1))
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

    pub(super) fn held_from(
        &self,
        start: usize,
    ) -> impl DoubleEndedIterator<Item = Held> + use<'_> {
        (start..self.depth()).filter_map(|index| self.held_at(index, self.get(index)))
    }

    pub(super) fn held_at(&self, index: usize, entry: Entry) -> Option<Held> {
        let Entry { entry, site, chain, has_started } = entry;
        let site = site.filter(|_| entry.is_resolved())?;
        let witness = self.origin(index, chain::at(chain, site));
        Some(Held { entry, site, witness, has_started })
    }

    /// Under which key the backtrace is kept whose key would now be `witness`.
    pub(super) fn origin(&self, index: usize, witness: u64) -> u64 {
        match self.origins.get(index) {
            Some((now, origin)) if now.load(Relaxed) == witness => origin.load(Relaxed),
            _ => witness,
        }
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
    pub(super) fn left<'a>(
        &'a self,
        disowned: &'a [Disowned],
    ) -> impl Iterator<Item = (usize, Entry)> + 'a {
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

    /// Whether this lock is held; a lock of 0 has no number yet and is not.
    pub(crate) fn holds(&self, lock: u64) -> bool {
        self.newest(lock).is_some()
    }

    pub(super) fn newest(&self, lock: u64) -> Option<usize> {
        (0..self.depth()).rev().find(|&index| map::is_same(self.get(index).entry.lock(), lock))
    }
}
