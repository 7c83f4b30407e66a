//! The raw part of a reentrant mutex.
//!
//! The tracker sees a reentrant mutex as taken from the first lock of a task to its last unlock; what
//! is in between is counted here. The count is the owner's alone: it is read and written by the
//! thread that holds the mutex, and by nobody else.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem;

use lockdep::How;

use super::real::{self, GetThreadId, GuardNoSend, RawMutex, RawMutexFair, RawMutexTimed};
use super::side::{Fair, Marker, Side, Timed};
use super::sides::Able;

/// A real reentrant mutex without payload, and how often its owner has locked it.
pub struct Owner<R: Able, G> {
    real: real::ReentrantMutex<R, G, ()>,
    depth: Cell<usize>,
}

impl<R: Able, G> fmt::Debug for Owner<R, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").finish_non_exhaustive()
    }
}

// SAFETY: the real mutex may be shared; the count is accessed by its owner alone.
unsafe impl<R: RawMutex + Sync, G: GetThreadId + Sync> Sync for Owner<R, G> {}

impl<R: Able, G> Owner<R, G> {
    #[inline]
    pub(super) const fn new(real: real::ReentrantMutex<R, G, ()>) -> Owner<R, G> {
        Owner { real, depth: Cell::new(0) }
    }

    #[inline]
    #[allow(dead_code, reason = "for the versions whose locks can be taken apart")]
    pub(super) fn into_real(self) -> real::ReentrantMutex<R, G, ()> {
        self.real
    }
}

impl<R: RawMutex, G: GetThreadId> Owner<R, G> {
    #[inline]
    pub(super) fn real(&self) -> &real::ReentrantMutex<R, G, ()> {
        &self.real
    }

    /// Whether the current thread holds the mutex.
    #[cfg(not(before = "0.4.3"))]
    #[inline]
    pub(super) fn is_owned(&self) -> bool {
        self.real.is_owned_by_current_thread()
    }

    /// Whether the current thread holds the mutex: then it gets it once more, and the count, which is
    /// its own by then, says that it had it before.
    #[cfg(before = "0.4.3")]
    pub(super) fn is_owned(&self) -> bool {
        self.real.try_lock().is_some_and(|_guard| self.depth.get() != 0)
    }

    /// Notes one more hold, which `guard` stands for.
    #[inline]
    fn entered(&self, guard: real::ReentrantMutexGuard<'_, R, G, ()>) -> Marker<GuardNoSend> {
        mem::forget(guard);
        self.depth.set(self.depth.get() + 1);
        Marker::NEW
    }

    /// Notes a hold that was not taken through this type.
    pub(super) fn assume(&self) -> Marker<GuardNoSend> {
        if self.depth.get() == 0 {
            self.depth.set(1);
        }
        Marker::NEW
    }

    #[inline]
    fn left(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }
}

/// A reentrant mutex, held.
#[derive(Debug)]
pub struct Owned<R, G>(PhantomData<(R, G)>);

impl<R: RawMutex, G: GetThreadId> Side for Owned<R, G> {
    type Raw = Owner<R, G>;
    type State = Marker<GuardNoSend>;

    #[inline]
    fn attempt(raw: &Owner<R, G>) -> Option<Self::State> {
        raw.real.try_lock().map(|guard| raw.entered(guard))
    }

    #[inline]
    fn wait(raw: &Owner<R, G>) -> Self::State {
        raw.entered(raw.real.lock())
    }

    #[inline]
    unsafe fn unlock(raw: &Owner<R, G>, _state: Self::State) {
        raw.left();
        // SAFETY: the caller holds the lock.
        unsafe { raw.real.force_unlock() }
    }

    #[inline(always)]
    fn how() -> How {
        How::EXCLUSIVE
    }

    #[inline]
    fn is_reentry(raw: &Owner<R, G>) -> bool {
        raw.is_owned()
    }

    #[inline]
    fn is_last(raw: &Owner<R, G>) -> bool {
        raw.depth.get() <= 1
    }
}

impl<R: RawMutexFair, G: GetThreadId> Fair for Owned<R, G> {
    #[inline]
    unsafe fn unlock_fair(raw: &Owner<R, G>, _state: Self::State) {
        raw.left();
        // SAFETY: the caller holds the lock.
        unsafe { raw.real.force_unlock_fair() }
    }

    #[inline]
    unsafe fn bump(raw: &Owner<R, G>, _state: &mut Self::State) {
        // Whoever gets the lock meanwhile counts from nothing on; but only the last hold is passed on.
        let _restored = Restored { count: &raw.depth, depth: raw.depth.replace(0) };
        // SAFETY: the caller holds the lock.
        unsafe { raw.real.force_unlock_fair() }
        mem::forget(raw.real.lock());
    }
}

/// Sets the count back when the lock is held again, or still is: the raw lock may have panicked.
struct Restored<'a> {
    count: &'a Cell<usize>,
    depth: usize,
}

impl Drop for Restored<'_> {
    fn drop(&mut self) {
        self.count.set(self.depth);
    }
}

impl<R: RawMutexTimed, G: GetThreadId> Timed for Owned<R, G> {
    type Duration = R::Duration;
    type Instant = R::Instant;

    #[inline]
    fn attempt_for(raw: &Owner<R, G>, timeout: R::Duration) -> Option<Self::State> {
        raw.real.try_lock_for(timeout).map(|guard| raw.entered(guard))
    }

    #[inline]
    fn attempt_until(raw: &Owner<R, G>, timeout: R::Instant) -> Option<Self::State> {
        raw.real.try_lock_until(timeout).map(|guard| raw.entered(guard))
    }
}
