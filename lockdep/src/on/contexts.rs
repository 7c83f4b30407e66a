//! In which contexts one task runs, and which cannot run upon it.
//!
//! Cells of fixed size, zero at the start, like the rest of a task; nothing here allocates. A
//! signal handler may come between any two instructions and have contexts of its own, which it
//! takes back before it ends: so an entry is reserved before it is filled, and emptied before it is
//! given back.
//!
//! What an acquire is judged by is the [`Situation`]; a number made of it goes into the key of
//! every chain, so that the warm path takes a chain for known only in a situation in which it is.

use std::cell::Cell;
use std::sync::atomic::{Ordering::Release, compiler_fence};

use crate::on::chain;
use crate::on::context;
use crate::on::usage::{ContextId, ContextSet, only};
use crate::wait_type::WaitType;

const CONTEXTS: usize = ContextSet::BITS as usize;

/// The contexts of one task.
#[derive(Debug)]
pub(crate) struct Contexts {
    /// Those the task runs in, each upon the one before it: ids plus 1, 0 for one in the making.
    running: [Cell<u8>; CONTEXTS],
    depth: Cell<usize>,
    /// How often each is blocked.
    blocks: [Cell<u32>; CONTEXTS],
    /// Those that are blocked at all.
    blocked: Cell<ContextSet>,
}

/// What the contexts mean for an acquire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Situation {
    /// The context that the task runs in, the innermost.
    pub(crate) context: Option<ContextId>,
    /// The contexts that cannot run now.
    pub(crate) shut: ContextSet,
    /// The most that may be waited for.
    pub(crate) allows: WaitType,
    /// The context that says so.
    pub(crate) limit: Option<ContextId>,
}

impl Situation {
    /// What distinguishes it, 0 if nothing does.
    pub(crate) fn base(&self) -> u64 {
        match (self.context, self.shut) {
            (None, 0) => chain::EMPTY,
            (context, shut) => {
                let context = context.map_or(0, |context| u64::from(context) + 1);
                chain::situation(context << 8 | self.allows as u64, shut)
            }
        }
    }
}

impl Contexts {
    pub(crate) const fn new() -> Contexts {
        Contexts {
            running: [const { Cell::new(0) }; CONTEXTS],
            depth: Cell::new(0),
            blocks: [const { Cell::new(0) }; CONTEXTS],
            blocked: Cell::new(0),
        }
    }

    /// Forgets all, for the next task of a thread.
    pub(crate) fn clear(&self) {
        self.running.iter().for_each(|slot| slot.set(0));
        self.depth.set(0);
        self.blocked.set(0);
        self.blocks.iter().for_each(|count| count.set(0));
    }

    /// The contexts the task runs in, outermost first.
    fn running(&self) -> impl DoubleEndedIterator<Item = ContextId> {
        self.running[..self.depth.get()].iter().filter_map(|slot| slot.get().checked_sub(1))
    }

    /// How many runs there are, one upon the other.
    #[inline]
    pub(crate) fn depth(&self) -> usize {
        self.depth.get()
    }

    /// Ends all runs but the outermost `depth`, and returns their contexts, outermost first.
    pub(crate) fn suspend_above(&self, depth: usize) -> Vec<ContextId> {
        let suspended: Vec<ContextId> = self.running().skip(depth).collect();
        suspended.iter().rev().for_each(|&context| {
            self.leave(context);
        });
        suspended
    }

    pub(crate) fn is_running(&self, context: ContextId) -> bool {
        self.running().any(|running| running == context)
    }

    /// Whether there is anything to say.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.depth.get() == 0 && self.blocked.get() == 0
    }

    pub(crate) fn situation(&self) -> Situation {
        let start = Situation {
            context: None,
            shut: self.blocked.get(),
            allows: WaitType::Async,
            limit: None,
        };
        let contexts = self.running().filter_map(|id| Some((id, context::by_id(id)?)));
        contexts.fold(start, |around, (id, context)| {
            let (allows, limit) = match context.allows() {
                allows if allows < around.allows => (allows, Some(id)),
                _ => (around.allows, around.limit),
            };
            Situation { context: Some(id), shut: around.shut | context.shuts(), allows, limit }
        })
    }

    /// The context begins; false if there is no room for it.
    pub(crate) fn enter(&self, context: ContextId) -> bool {
        let depth = self.depth.get();
        let Some(slot) = self.running.get(depth) else {
            return false;
        };
        self.depth.set(depth + 1);
        compiler_fence(Release);
        slot.set(context + 1);
        true
    }

    /// The newest entry of the context ends; false if there is none.
    pub(crate) fn leave(&self, context: ContextId) -> bool {
        let depth = self.depth.get();
        let mut newest_first = (0..depth).rev();
        let Some(index) = newest_first.find(|&at| self.running[at].get() == context + 1) else {
            return false;
        };
        for at in index + 1..depth {
            self.running[at - 1].set(self.running[at].get());
        }
        self.running[depth - 1].set(0);
        compiler_fence(Release);
        self.depth.set(depth - 1);
        true
    }

    pub(crate) fn block(&self, context: ContextId) {
        let count = &self.blocks[usize::from(context)];
        count.set(count.get().saturating_add(1));
        self.blocked.set(self.blocked.get() | only(context));
    }

    pub(crate) fn unblock(&self, context: ContextId) {
        let count = &self.blocks[usize::from(context)];
        count.set(count.get().saturating_sub(1));
        if count.get() == 0 {
            self.blocked.set(self.blocked.get() & !only(context));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on::context::Context;

    static SOFT: Context = Context::new("soft").allowing(WaitType::Config);
    static HARD: Context = Context::new("hard").excluding(&[&SOFT]).allowing(WaitType::Spin);

    #[test]
    fn the_innermost_context_counts_and_all_shut_out() {
        let (soft, hard) = (SOFT.id().unwrap(), HARD.id().unwrap());
        let contexts = Contexts::new();
        let plain = contexts.situation();
        assert_eq!((plain.base(), plain.context, plain.shut), (chain::EMPTY, None, 0));
        assert!(contexts.enter(soft));
        let in_soft = contexts.situation();
        assert_eq!((in_soft.context, in_soft.shut), (Some(soft), only(soft)));
        assert!(contexts.enter(hard));
        let in_hard = contexts.situation();
        assert_eq!((in_hard.context, in_hard.shut), (Some(hard), only(soft) | only(hard)));
        assert_eq!((in_hard.allows, in_hard.limit), (WaitType::Spin, Some(hard)));
        assert_ne!(in_hard.base(), in_soft.base());
        assert!(contexts.leave(hard) && !contexts.leave(hard));
        assert_eq!(contexts.situation(), in_soft);
        assert!(contexts.leave(soft) && contexts.is_plain());
    }

    #[test]
    fn the_strictest_context_limits_those_upon_it() {
        let (soft, hard) = (SOFT.id().unwrap(), HARD.id().unwrap());
        let contexts = Contexts::new();
        assert!(contexts.enter(hard) && contexts.enter(soft));
        let situation = contexts.situation();
        assert_eq!((situation.allows, situation.limit), (WaitType::Spin, Some(hard)));
    }

    #[test]
    fn a_context_is_blocked_until_the_last_who_blocked_it_lets_it_in() {
        let soft = SOFT.id().unwrap();
        let contexts = Contexts::new();
        contexts.block(soft);
        let blocked = contexts.situation();
        contexts.block(soft);
        contexts.unblock(soft);
        assert_eq!(contexts.situation(), blocked);
        assert_ne!(blocked.base(), chain::EMPTY);
        contexts.unblock(soft);
        contexts.unblock(soft);
        assert!(contexts.is_plain());
        contexts.block(soft);
        contexts.clear();
        assert!(contexts.is_plain());
    }

    #[test]
    fn more_contexts_than_there_can_be_are_refused() {
        let contexts = Contexts::new();
        let soft = SOFT.id().unwrap();
        assert!((0..CONTEXTS).all(|_| contexts.enter(soft)));
        assert!(!contexts.enter(soft));
        assert!((0..CONTEXTS).all(|_| contexts.leave(soft)));
    }
}
