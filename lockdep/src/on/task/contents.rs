//! What a task holds, for whoever asks.

use std::ops::Range;
use std::panic::Location;

use crate::on::chain;
use crate::on::map::Word;
use crate::on::registry;
use crate::on::stack::{Held, Stack};
use crate::on::task::holder::{Keys, State, Task};

impl Task {
    /// How many entries the held stack has.
    pub(crate) fn depth(&self) -> usize {
        self.stack.get().map_or(0, Stack::depth)
    }

    /// Whether the task holds this lock.
    pub(crate) fn holds(&self, word: Word) -> bool {
        self.stack_or_empty().holds(word.lock())
    }

    /// Whether the task, or that of a scope in its place, may hold this lock.
    #[inline]
    pub(crate) fn may_hold(&self, lock: u64) -> bool {
        self.stack.get().is_some_and(|stack| stack.depth() != 0 && stack.holds(lock))
            || self.state() == State::Scoped
    }

    /// The task starts other code, which all that it holds is older than.
    pub(crate) fn starts_code(&self) {
        if let Some(stack) = self.stack.get() {
            stack.starts_code();
        }
    }

    /// The held locks, oldest first, of all frames.
    pub(crate) fn held(&self) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().held()
    }

    /// The held locks of the innermost frame, oldest first.
    pub(crate) fn held_in_frame(&self) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().held_in_frame()
    }

    /// What stays held as long as the task waits for a lock, oldest first, of all frames.
    pub(crate) fn held_while_waiting(
        &self,
        wanted: Word,
    ) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().held_while(is_awaited(wanted))
    }

    /// The held locks of the innermost frame, oldest first: those of an async task without those of
    /// whoever polls it.
    pub(crate) fn held_by_itself(&self) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().held_in_frame_while(true)
    }

    /// What an async task holds that is polled now, oldest first.
    pub(crate) fn held_in_poll(&self) -> Vec<Held> {
        self.stack_or_empty().held_in_poll().collect()
    }

    /// Those of the innermost frame.
    pub(crate) fn held_in_frame_while_waiting(
        &self,
        wanted: Word,
    ) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().held_in_frame_while(is_awaited(wanted))
    }

    /// The held locks of one class, oldest first, of all frames.
    pub(crate) fn siblings(&self, class: u32) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().siblings(class)
    }

    /// The newest held locks of one class; see [`Stack::nearest_siblings`].
    pub(crate) fn nearest_siblings(&self, class: u32) -> impl Iterator<Item = Held> + use<> {
        self.stack_or_empty().nearest_siblings(class)
    }

    /// Whether more locks of a class are held than are nearest to one more.
    pub(crate) fn is_crowded(&self, class: u32) -> bool {
        self.stack_or_empty().is_crowded(class)
    }

    /// The keys of an acquire on top of what the innermost frame holds, derived from the entries.
    pub(crate) fn keys(&self, entry: Word, site: &'static Location<'static>) -> Keys {
        let chain = chain::extend(self.stack_or_empty().derived_chain(), entry);
        Keys { chain, witness: chain::at(chain, site) }
    }

    /// The chain key of what is held.
    pub(crate) fn chain_key(&self) -> u64 {
        self.stack_or_empty().derived_chain()
    }

    /// Where the task's stack is.
    pub(crate) fn memory_of_stack(&self) -> Range<usize> {
        let start = std::ptr::from_ref(self.stack_or_empty()).addr();
        start..start + size_of::<Stack>()
    }

    /// The task's stack, or one that stays empty.
    pub(super) fn stack_or_empty(&self) -> &'static Stack {
        static EMPTY: Stack = Stack::new();
        self.stack.get().unwrap_or(&EMPTY)
    }
}

/// Whether a task gives its thread up while it waits for the lock.
fn is_awaited(wanted: Word) -> bool {
    registry::properties(wanted.class()).traits.is_awaited()
}
