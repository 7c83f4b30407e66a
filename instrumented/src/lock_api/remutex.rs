//! The reentrant mutex over any raw mutex.

#[cfg(feature = "arc_lock")]
use alloc::sync::Arc;
use core::any::type_name;
use core::cell::UnsafeCell;
use core::fmt;
use core::panic::Location;

use lockdep::{Description, Map, Tracked};

use super::acquires::{blocking, common, trying};
use super::guard::{Guard, Lock};
use super::mapped::{Mapped, Shared};
use super::owner::{Owned, Owner};
use super::raw::Core;
use super::real::{GetThreadId, RawMutex, RawMutexFair, RawMutexTimed};
use super::side::{Fair, Marker, Side, Timed};
use super::sides::{Able, reentrant};

/// A mutex over the raw mutex `R` that its holder can lock again.
///
/// # Tracking
///
/// The first lock of a thread is an exclusive acquire, the last unlock the release; those in
/// between are silent.
pub struct ReentrantMutex<R: Able, G, T: ?Sized> {
    pub(super) core: Core<Owner<R, G>>,
    // Last, so that a mutex of a sized payload coerces to one of an unsized payload.
    pub(super) data: UnsafeCell<T>,
}

/// The guard of a [`ReentrantMutex`].
pub type ReentrantMutexGuard<'a, R, G, T> = Guard<&'a ReentrantMutex<R, G, T>, Owned<R, G>>;

/// The guard of a part of a [`ReentrantMutex`]'s payload.
pub type MappedReentrantMutexGuard<'a, R, G, T> = Mapped<'a, Owned<R, G>, Shared<'a, T>>;

/// The guard of a [`ReentrantMutex`] that keeps it alive.
#[cfg(feature = "arc_lock")]
pub type ArcReentrantMutexGuard<R, G, T> = Guard<Arc<ReentrantMutex<R, G, T>>, Owned<R, G>>;

// SAFETY: the payload is handed from thread to thread by a lock that threads may share.
unsafe impl<R: RawMutex + Sync, G: GetThreadId + Sync, T: ?Sized + Send> Sync
    for ReentrantMutex<R, G, T>
{
}

impl<R: RawMutex, G: GetThreadId, T> ReentrantMutex<R, G, T> {
    /// Creates an unlocked mutex.
    ///
    /// # Tracking
    ///
    /// The place of this call is the mutex's class, together with `T`.
    #[inline]
    #[track_caller]
    pub const fn new(val: T) -> Self {
        let owner = Owner::new(reentrant(R::INIT, G::INIT));
        ReentrantMutex { core: Core::new(owner), data: UnsafeCell::new(val) }
    }
}

impl<R: Able, G, T> ReentrantMutex<R, G, T> {
    /// Creates a mutex around a raw one; the place of this call is its class.
    #[inline]
    #[track_caller]
    pub const fn from_raw(raw_mutex: R, get_thread_id: G, val: T) -> Self {
        let owner = Owner::new(reentrant(raw_mutex, get_thread_id));
        ReentrantMutex { core: Core::new(owner), data: UnsafeCell::new(val) }
    }
}

impl<R: RawMutex, G: GetThreadId, T: ?Sized> ReentrantMutex<R, G, T> {
    blocking! {
        /// Waits until no other thread holds the mutex and takes it, once more if need be.
        lock, lock_arc: Owned<R, G>, Owned::<R, G>::how(), Owned::<R, G>::attempt,
            Owned::<R, G>::wait;
    }

    trying! {
        /// Takes the mutex if no other thread holds it.
        try_lock, try_lock_arc (): Owned<R, G>, Owned::<R, G>::how(), Owned::<R, G>::attempt;
    }

    /// Whether anybody holds the mutex.
    #[inline]
    #[track_caller]
    pub fn is_locked(&self) -> bool {
        self.core.raw().real().is_locked()
    }

    /// Whether the current thread holds the mutex.
    #[inline]
    #[track_caller]
    pub fn is_owned_by_current_thread(&self) -> bool {
        self.core.raw().is_owned()
    }

    /// Makes a guard of a hold that has none.
    ///
    /// # Safety
    ///
    /// The current thread holds the mutex, and no other guard stands for that hold.
    #[inline]
    #[track_caller]
    pub unsafe fn make_guard_unchecked(&self) -> ReentrantMutexGuard<'_, R, G, T> {
        Guard::new(self, self.assume())
    }

    /// As [`make_guard_unchecked`](Self::make_guard_unchecked); the guard keeps the mutex alive.
    ///
    /// # Safety
    ///
    /// As there.
    #[cfg(feature = "arc_lock")]
    #[inline]
    #[track_caller]
    pub unsafe fn make_arc_guard_unchecked(self: &Arc<Self>) -> ArcReentrantMutexGuard<R, G, T> {
        Guard::new(Arc::clone(self), self.assume())
    }

    /// The state of a hold that has no guard.
    #[track_caller]
    fn assume(&self) -> <Owned<R, G> as Side>::State {
        let state = self.core.raw().assume();
        self.core.assumed::<Owned<R, G>>(
            Owned::<R, G>::how(),
            <Self as Lock>::describe,
            Location::caller(),
        );
        state
    }

    /// Unlocks the mutex once without its guard.
    ///
    /// # Safety
    ///
    /// The current thread holds the mutex, and no guard stands for that hold.
    #[inline]
    #[track_caller]
    pub unsafe fn force_unlock(&self) {
        self.core.forced::<Owned<R, G>>();
        // SAFETY: the caller gives a hold up.
        unsafe { Owned::<R, G>::unlock(self.core.raw(), Marker::NEW) }
    }

    /// The raw mutex. What is done to it is not seen by the tracker.
    ///
    /// # Safety
    ///
    /// A guard's hold must not be given up while the guard lives.
    #[inline]
    pub unsafe fn raw(&self) -> &R {
        // SAFETY: the caller promises the same.
        unsafe { self.core.raw().real().raw() }
    }

    /// Shows the payload, locked.
    #[cfg(feature = "serde")]
    fn serialized<Z>(&self, f: impl FnOnce(&T) -> Z) -> Z {
        f(&self.lock())
    }
}

impl<R: RawMutexFair, G: GetThreadId, T: ?Sized> ReentrantMutex<R, G, T> {
    /// Unlocks the mutex once without its guard, handing it to the first who waits.
    ///
    /// # Safety
    ///
    /// The current thread holds the mutex, and no guard stands for that hold.
    #[inline]
    #[track_caller]
    pub unsafe fn force_unlock_fair(&self) {
        self.core.forced::<Owned<R, G>>();
        // SAFETY: the caller gives a hold up.
        unsafe { Owned::<R, G>::unlock_fair(self.core.raw(), Marker::NEW) }
    }
}

impl<R: RawMutexTimed, G: GetThreadId, T: ?Sized> ReentrantMutex<R, G, T> {
    trying! {
        /// Takes the mutex if no other thread holds it within `timeout`.
        try_lock_for, try_lock_arc_for (timeout: R::Duration): Owned<R, G>, Owned::<R, G>::how(),
            |raw| Owned::<R, G>::attempt_for(raw, timeout);
        /// Takes the mutex if no other thread holds it before `timeout`.
        try_lock_until, try_lock_arc_until (timeout: R::Instant): Owned<R, G>,
            Owned::<R, G>::how(), |raw| Owned::<R, G>::attempt_until(raw, timeout);
    }
}

impl<'a, R: RawMutex, G: GetThreadId, T: ?Sized> ReentrantMutexGuard<'a, R, G, T> {
    /// The mutex that the guard is of.
    #[inline]
    pub fn remutex(s: &Self) -> &'a ReentrantMutex<R, G, T> {
        s.lock()
    }
}

#[cfg(feature = "arc_lock")]
impl<R: RawMutex, G: GetThreadId, T: ?Sized> ArcReentrantMutexGuard<R, G, T> {
    /// The mutex that the guard is of.
    #[inline]
    pub fn remutex(s: &Self) -> &Arc<ReentrantMutex<R, G, T>> {
        s.lock()
    }
}

common!("ReentrantMutex", ReentrantMutex<R: Able, G> where [R: RawMutex, G: GetThreadId], Owner<R, G>,
    try_lock);
