//! The guard of every lock here, by reference or by counted pointer.
//!
//! A guard is a pointer to the lock and a [`Side`]; `MutexGuard`, `ArcRwLockReadGuard` and the others
//! are names for the combinations. Its drop tells the tracker first and unlocks then, even if telling
//! panics: after the unlock the lock, and its map, may be freed by whoever takes it next.

#[cfg(feature = "arc_lock")]
use alloc::sync::Arc;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ops::{Deref, DerefMut};
use core::ptr;

use lockdep::Description;

use super::raw::{Core, OnDrop};
use super::side::{Fair, Side};
use super::sides::{Locked, Shareable, SharedState, Writing};

/// A lock: its raw part and its payload.
pub trait Lock {
    /// The raw lock.
    type Raw;
    /// What it protects.
    type Payload: ?Sized;

    /// The raw lock and the map.
    fn core(&self) -> &Core<Self::Raw>;

    /// Where the payload is.
    fn data(&self) -> *mut Self::Payload;

    /// What reports call it.
    fn describe() -> Description;
}

/// Holds a lock, by one of its sides, until it is dropped.
#[must_use = "a guard that is dropped at once leaves the lock unlocked"]
#[clippy::has_significant_drop]
pub struct Guard<P, S>
where
    P: Deref<Target: Lock<Raw = S::Raw>>,
    S: Side,
{
    pub(super) lock: P,
    /// Moved out by whatever ends the guard.
    pub(super) state: ManuallyDrop<S::State>,
    /// A guard is shared between threads by its payload's leave, which is said below.
    _not_sync: PhantomData<Cell<()>>,
}

type Payload<P> = <<P as Deref>::Target as Lock>::Payload;

// SAFETY: a shared guard gives shared access to the payload and to the lock, and no more.
unsafe impl<P, S> Sync for Guard<P, S>
where
    P: Deref<Target: Lock<Raw = S::Raw, Payload: Sync>> + Shareable,
    S: Side<Raw: Sync, State: SharedState>,
{
}

impl<P, S> Guard<P, S>
where
    P: Deref<Target: Lock<Raw = S::Raw>>,
    S: Side,
{
    /// The guard of a hold that is on the held stack.
    ///
    /// The state stands for a hold of the lock; nothing else will give that hold back.
    #[inline]
    pub(super) fn new(lock: P, state: S::State) -> Self {
        Guard { lock, state: ManuallyDrop::new(state), _not_sync: PhantomData }
    }

    #[inline]
    pub(super) fn lock(&self) -> &P {
        &self.lock
    }

    /// The lock's raw part and map.
    #[inline]
    pub(super) fn core(&self) -> &Core<S::Raw> {
        self.lock.core()
    }

    /// The guard's parts; the hold goes on.
    #[inline]
    pub(super) fn into_parts(self) -> (P, S::State) {
        let mut guard = ManuallyDrop::new(self);
        // SAFETY: the guard is not used or dropped again.
        let state = unsafe { ManuallyDrop::take(&mut guard.state) };
        // SAFETY: the guard is not used or dropped again.
        let lock = unsafe { ptr::read(&guard.lock) };
        (lock, state)
    }

    /// The hold's state, for the raw lock; what is left in its place must not be used.
    #[inline]
    pub(super) fn take_state(&mut self) -> S::State {
        // SAFETY: the callers end the guard, or put another state in its place.
        unsafe { ManuallyDrop::take(&mut self.state) }
    }

    /// Gives the lock up for the time of `f`.
    #[inline]
    #[track_caller]
    fn yielded<U>(s: &mut Self, unlock: unsafe fn(&S::Raw, S::State), f: impl FnOnce() -> U) -> U {
        let state = s.take_state();
        let Guard { lock, state: place, .. } = s;
        let core = lock.core();
        core.yielded::<S, U>(
            S::how(),
            P::Target::describe,
            // SAFETY: the guard's state stands for a hold of its lock.
            |raw| unsafe { unlock(raw, state) },
            f,
            |raw| *place = ManuallyDrop::new(or_abort(|| S::wait(raw))),
        )
    }

    /// Unlocks the lock, runs `f` and locks it again.
    ///
    /// # Tracking
    ///
    /// A release, then an acquire of the same kind, checked after `f`.
    ///
    /// # Panics
    ///
    /// If the second acquire breaks a rule and the tracker is told to panic; the lock is locked
    /// again then, and the guard good.
    #[inline]
    #[track_caller]
    pub fn unlocked<F, U>(s: &mut Self, f: F) -> U
    where
        F: FnOnce() -> U,
    {
        Self::yielded(s, S::unlock, f)
    }
}

impl<P, S> Guard<P, S>
where
    P: Deref<Target: Lock<Raw = S::Raw>>,
    S: Fair,
{
    /// Unlocks the lock; if others wait for it, it is handed to the first of them.
    #[inline]
    #[track_caller]
    pub fn unlock_fair(s: Self) {
        let (lock, state) = s.into_parts();
        give_back_fair::<S>(lock.core(), state);
    }

    /// Unlocks the lock as [`unlock_fair`](Self::unlock_fair) does, runs `f` and locks it again.
    #[inline]
    #[track_caller]
    pub fn unlocked_fair<F, U>(s: &mut Self, f: F) -> U
    where
        F: FnOnce() -> U,
    {
        Self::yielded(s, S::unlock_fair, f)
    }

    /// Lets those who wait have the lock for a moment.
    ///
    /// # Tracking
    ///
    /// A release and an acquire of the same kind, whether anybody waits or not.
    #[inline]
    #[track_caller]
    pub fn bump(s: &mut Self) {
        let Guard { lock, state, .. } = s;
        lock.core().yielded::<S, ()>(
            S::how(),
            P::Target::describe,
            |_| {},
            || {},
            // SAFETY: the guard's state stands for a hold of its lock.
            |raw| unsafe { S::bump(raw, state) },
        );
    }
}

/// Runs `f`, which must not panic: a guard would be left without a hold.
#[inline]
pub(super) fn or_abort<T>(f: impl FnOnce() -> T) -> T {
    // A second panic while the first one unwinds aborts.
    let bomb = OnDrop::new(|| panic!("a raw lock panicked while a guard was without it"));
    let result = f();
    mem::forget(bomb);
    result
}

/// Tells the tracker, and gives the hold back even if telling panics.
#[inline]
#[track_caller]
pub(super) fn give_back<S: Side>(core: &Core<S::Raw>, state: S::State) {
    // SAFETY: the state stands for a hold of the lock: it comes from a guard that ends.
    let _unlock = OnDrop::new(|| unsafe { S::unlock(core.raw(), state) });
    core.released::<S>();
}

/// The same by [`Fair::unlock_fair`].
#[inline]
#[track_caller]
pub(super) fn give_back_fair<S: Fair>(core: &Core<S::Raw>, state: S::State) {
    // SAFETY: the state stands for a hold of the lock: it comes from a guard that ends.
    let _unlock = OnDrop::new(|| unsafe { S::unlock_fair(core.raw(), state) });
    core.released::<S>();
}

impl<P, S> Drop for Guard<P, S>
where
    P: Deref<Target: Lock<Raw = S::Raw>>,
    S: Side,
{
    #[inline]
    fn drop(&mut self) {
        let state = self.take_state();
        give_back::<S>(self.core(), state);
    }
}

impl<P, S> Deref for Guard<P, S>
where
    P: Deref<Target: Lock<Raw = S::Raw>>,
    S: Side,
{
    type Target = Payload<P>;

    #[inline]
    fn deref(&self) -> &Payload<P> {
        // SAFETY: every side keeps writers away as long as the guard lives.
        unsafe { &*self.lock.data() }
    }
}

impl<P, R> DerefMut for Guard<P, Locked<R>>
where
    P: Deref<Target: Lock<Raw = <Locked<R> as Side>::Raw>>,
    Locked<R>: Side,
{
    #[inline]
    fn deref_mut(&mut self) -> &mut Payload<P> {
        // SAFETY: a locked mutex keeps everybody away as long as the guard lives.
        unsafe { &mut *self.lock.data() }
    }
}

impl<P, R> DerefMut for Guard<P, Writing<R>>
where
    P: Deref<Target: Lock<Raw = <Writing<R> as Side>::Raw>>,
    Writing<R>: Side,
{
    #[inline]
    fn deref_mut(&mut self) -> &mut Payload<P> {
        // SAFETY: a write lock keeps everybody away as long as the guard lives.
        unsafe { &mut *self.lock.data() }
    }
}

impl<P, S> fmt::Debug for Guard<P, S>
where
    P: Deref<Target: Lock<Raw = S::Raw, Payload: fmt::Debug>>,
    S: Side,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<P, S> fmt::Display for Guard<P, S>
where
    P: Deref<Target: Lock<Raw = S::Raw, Payload: fmt::Display>>,
    S: Side,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

// SAFETY: the payload lies in the lock, not in the guard, and the guard always gives the same one.
#[cfg(feature = "owning_ref")]
unsafe impl<L, S> owning_ref::StableAddress for Guard<&L, S>
where
    L: Lock<Raw = S::Raw> + ?Sized,
    S: Side,
{
}

#[cfg(feature = "arc_lock")]
impl<L: Lock<Raw = S::Raw> + ?Sized, S: Side> Guard<Arc<L>, S> {
    /// Unlocks the lock and gives the pointer to it back.
    #[inline]
    #[track_caller]
    pub fn into_arc(s: Self) -> Arc<L> {
        let (lock, state) = s.into_parts();
        give_back::<S>(lock.core(), state);
        lock
    }
}

#[cfg(feature = "arc_lock")]
impl<L: Lock<Raw = S::Raw> + ?Sized, S: Fair> Guard<Arc<L>, S> {
    /// Unlocks the lock, to the first who waits for it if there is one, and gives the pointer to
    /// it back.
    #[inline]
    #[track_caller]
    pub fn into_arc_fair(s: Self) -> Arc<L> {
        let (lock, state) = s.into_parts();
        give_back_fair::<S>(lock.core(), state);
        lock
    }
}
