//! The memory of VMAs: slots that stay VMAs, and are used again.
//!
//! A search for an address takes no lock, so it may come out at a slot that was freed meanwhile, or
//! freed and used again for another range or in another address space. That is harmless as long as
//! there is a VMA in the memory, attached or not: its lock sorts the cases out. So a pool gives no
//! memory back before it is dropped, and each [`Mm`](crate::Mm) keeps its pool alive.
//!
//! The list of free slots lies beside them, not in them: a late reader may still look at a free
//! slot's count and sequence.

use std::fmt;
use std::ptr::NonNull;

use crate::arena::Arena;
use crate::sync::{Arc, Mutex};
use crate::vma::Vma;

/// How far slots lie apart: two lines of the caches, because processors that fetch a line along with
/// its neighbour make the two one.
const APART: usize = 128;

/// The slots of one address space, or of several that share them.
///
/// Sharing saves memory where address spaces come and go; a slot that one of them frees may serve
/// another at once.
///
/// # Costs
///
/// A mutex, taken once for each VMA that is put in or removed; no reader takes it. Memory grows to
/// the largest number of VMAs that were there at a time.
pub struct Pool<T> {
    slots: Mutex<Slots<T>>,
}

struct Slots<T> {
    all: Arena<Vma<T>>,
    /// Those that nobody uses; the last one back goes out first, while it is warm.
    free: Vec<NonNull<Vma<T>>>,
}

// SAFETY: what a slot may be used for across threads, `Vma<T>` says; the list of free slots points
// to slots of the same pool, and is followed under the mutex.
unsafe impl<T> Send for Pool<T> where Vma<T>: Send + Sync {}
// SAFETY: as for `Send`.
unsafe impl<T> Sync for Pool<T> where Vma<T>: Send + Sync {}

impl<T> Pool<T> {
    /// Without slots.
    #[must_use]
    pub fn new() -> Arc<Pool<T>> {
        Arc::new(Pool { slots: Mutex::new(Slots { all: Arena::new(APART), free: Vec::new() }) })
    }

    /// How many slots there are, in use or not.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots.lock().all.len()
    }

    /// How many slots are free.
    #[must_use]
    pub fn free(&self) -> usize {
        self.slots.lock().free.len()
    }

    /// A slot for one VMA: detached, and the caller's alone until it is given back.
    pub(crate) fn take(&self) -> &Vma<T> {
        let mut slots = self.slots.lock();
        let slot = slots.free.pop().unwrap_or_else(|| slots.all.put(Vma::new()));
        // SAFETY: it is in the arena, whose slots neither move nor go before the pool does.
        unsafe { slot.as_ref() }
    }

    /// Takes a slot back.
    ///
    /// # Safety
    ///
    /// It is detached, came from [`Pool::take`] of this pool, and is given back once for each time.
    pub(crate) unsafe fn give_back(&self, slot: &Vma<T>) {
        self.slots.lock().free.push(NonNull::from(slot));
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.slots();
        f.debug_struct("Pool").field("slots", &slots).field("free", &self.free()).finish()
    }
}
