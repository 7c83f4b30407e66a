//! What the branches of one async task hold, each polled under a waker of its own.
//!
//! The locks of all branches are on the task's stack: while one of them blocks its thread, none of
//! them goes on. While one awaits a lock the others do go on; so for the poll of an async lock what
//! other branches took under their wakers is put aside.

use std::cell::RefCell;
use std::mem::ManuallyDrop;

use crate::on::map;
use crate::on::stack::{Held, Stack};
use crate::on::task::Task;
use crate::on::task::waker::WakerKey;

/// Which lock, by number, was taken under which waker.
pub(super) type Taken = (u64, WakerKey);

/// The locks that branches of the present task hold.
#[derive(Debug)]
pub(super) struct Branches {
    /// Freed as soon as it is empty, so dropping it is not needed.
    taken: ManuallyDrop<RefCell<Vec<Taken>>>,
}

/// What is put back at the end of a branch's poll of a lock.
#[derive(Debug)]
pub(super) struct Hidden {
    /// What other branches hold.
    stack: Option<&'static Stack>,
    /// How much is held beside that.
    depth: usize,
}

impl Branches {
    pub(super) const fn new() -> Branches {
        Branches { taken: ManuallyDrop::new(RefCell::new(Vec::new())) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taken.borrow().is_empty()
    }

    /// Takes all away, for a task that is suspended, or puts in those of one that goes on.
    pub(super) fn replace(&self, taken: Vec<Taken>) -> Vec<Taken> {
        self.taken.replace(taken)
    }
}

impl Task {
    /// A branch polls an async lock; none if nothing can be put aside here.
    pub(super) fn begin_branch(&self, key: WakerKey) -> Option<Hidden> {
        let own = self.stack().filter(|_| !self.holds_own())?;
        self.settle();
        if self.branches().is_empty() {
            return Some(Hidden { stack: None, depth: own.depth() });
        }
        let instance = |held: &Held| map::instance_of(held.entry.lock());
        let others: Vec<Held> = self.working(|| {
            let held: Vec<Held> = own.held_in_poll().collect();
            let mut taken = self.branches().taken.borrow_mut();
            taken.retain(|&(lock, _)| held.iter().any(|held| instance(held) == lock));
            if taken.is_empty() {
                *taken = Vec::new();
            }
            let is_others =
                |held: &Held| taken.iter().any(|&(lock, of)| lock == instance(held) && of != key);
            held.into_iter().filter(is_others).collect()
        });
        if others.is_empty() {
            return Some(Hidden { stack: None, depth: own.depth() });
        }
        // First there, then gone here: who looks meanwhile finds it at least once.
        let stack = self.empty_stack();
        stack.owner.set_async_task(own.owner.async_task());
        for held in others {
            self.working(|| stack.reserve());
            stack.adopt(held);
            self.remove(held.entry.lock());
        }
        Some(Hidden { stack: Some(stack), depth: own.depth() })
    }

    /// Ends what [`Task::begin_branch`] began.
    pub(super) fn end_branch(&self, key: WakerKey, hidden: Hidden) {
        let Some(own) = self.stack() else {
            return;
        };
        self.working(|| {
            let taken = own.held_above(hidden.depth);
            let taken = taken.map(|held| (map::instance_of(held.entry.lock()), key));
            self.branches().taken.borrow_mut().extend(taken);
        });
        if let Some(stack) = hidden.stack {
            stack.held().for_each(|held| self.reserve().adopt(held));
            stack.clear_entries();
            stack.hand_on_disowned(own);
            stack.owner.set_async_task(None);
            self.set_spare(stack);
            self.settle();
        }
    }
}
