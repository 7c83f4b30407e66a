//! How a guard holds its lock.
//!
//! A [`Side`] is a type without values that a guard carries as a parameter: it says which functions
//! of the raw lock take, give back and yield what the guard stands for. `State` is what the raw lock
//! hands out for a hold; here it is nothing but the marker that says whether a guard may be sent.

use core::marker::PhantomData;

use lockdep::How;

use super::policy;
use super::real;
use super::real::{RawMutex, RawMutexFair, RawMutexTimed};
use super::real::{RawRwLock, RawRwLockFair, RawRwLockUpgrade, RawRwLockUpgradeFair};
use super::real::{RawRwLockTimed, RawRwLockUpgradeTimed};

/// A way to hold a raw lock.
pub trait Side {
    /// The raw lock.
    type Raw;
    /// What stands for one hold.
    type State;

    /// Takes the raw lock if that needs no waiting.
    fn attempt(raw: &Self::Raw) -> Option<Self::State>;

    /// Takes the raw lock.
    fn wait(raw: &Self::Raw) -> Self::State;

    /// Gives the raw lock back.
    ///
    /// # Safety
    ///
    /// The state stands for a hold of this raw lock in this context.
    unsafe fn unlock(raw: &Self::Raw, state: Self::State);

    /// How it is taken.
    fn how() -> How;

    /// Whether a guard can be sent to another task, which then releases the lock.
    #[inline(always)]
    fn can_be_sent() -> bool {
        false
    }

    /// Whether the task that asks for the lock holds it already, and may.
    #[inline(always)]
    fn is_reentry(_raw: &Self::Raw) -> bool {
        false
    }

    /// Whether the lock is free once a hold of the task that asks is given back.
    #[inline(always)]
    fn is_last(_raw: &Self::Raw) -> bool {
        true
    }
}

/// A side that can pass the lock on to whoever waits longest.
pub trait Fair: Side {
    /// Gives the raw lock back, to a waiter if there is one.
    ///
    /// # Safety
    ///
    /// As [`Side::unlock`].
    unsafe fn unlock_fair(raw: &Self::Raw, state: Self::State);

    /// Lets a waiter have the raw lock for once.
    ///
    /// # Safety
    ///
    /// The state stands for a hold of this raw lock in this context.
    unsafe fn bump(raw: &Self::Raw, state: &mut Self::State);
}

/// A side whose lock can be waited for for some time.
pub(super) trait Timed: Side {
    /// A length of time.
    type Duration;
    /// A point in time.
    type Instant;

    /// Tries to take the raw lock for so long.
    fn attempt_for(raw: &Self::Raw, timeout: Self::Duration) -> Option<Self::State>;

    /// Tries to take the raw lock until then.
    fn attempt_until(raw: &Self::Raw, timeout: Self::Instant) -> Option<Self::State>;
}

/// Stands for a hold of a raw lock that hands nothing out.
#[derive(Debug)]
pub struct Marker<M>(PhantomData<M>);

impl<M> Marker<M> {
    pub(super) const NEW: Marker<M> = Marker(PhantomData);

    /// For what the raw lock says of an attempt.
    #[inline]
    pub(super) fn of(taken: bool) -> Option<Marker<M>> {
        taken.then_some(Marker::NEW)
    }
}

/// The raw lock inside a real mutex without payload.
#[inline]
fn lock_of<R: RawMutex>(mutex: &real::Mutex<R, ()>) -> &R {
    // SAFETY: it is unlocked only by functions whose callers hold it.
    unsafe { mutex.raw() }
}

/// A mutex, held. What is locked is a real mutex without payload: a condition variable may want one.
#[derive(Debug)]
pub struct Locked<R>(PhantomData<R>);

impl<R: RawMutex> Side for Locked<R> {
    type Raw = real::Mutex<R, ()>;
    type State = Marker<R::GuardMarker>;

    #[inline]
    fn attempt(raw: &real::Mutex<R, ()>) -> Option<Self::State> {
        Marker::of(lock_of(raw).try_lock())
    }

    #[inline]
    fn wait(raw: &real::Mutex<R, ()>) -> Self::State {
        lock_of(raw).lock();
        Marker::NEW
    }

    #[inline]
    unsafe fn unlock(raw: &real::Mutex<R, ()>, _state: Self::State) {
        // SAFETY: the caller holds the lock.
        unsafe { lock_of(raw).unlock() }
    }

    #[inline(always)]
    fn how() -> How {
        How::EXCLUSIVE
    }

    #[inline]
    fn can_be_sent() -> bool {
        policy::can_be_sent::<R::GuardMarker>()
    }
}

impl<R: RawMutexFair> Fair for Locked<R> {
    #[inline]
    unsafe fn unlock_fair(raw: &real::Mutex<R, ()>, _state: Self::State) {
        // SAFETY: the caller holds the lock.
        unsafe { lock_of(raw).unlock_fair() }
    }

    #[inline]
    unsafe fn bump(raw: &real::Mutex<R, ()>, _state: &mut Self::State) {
        // SAFETY: the caller holds the lock.
        unsafe { lock_of(raw).bump() }
    }
}

impl<R: RawMutexTimed> Timed for Locked<R> {
    type Duration = R::Duration;
    type Instant = R::Instant;

    #[inline]
    fn attempt_for(raw: &real::Mutex<R, ()>, timeout: R::Duration) -> Option<Self::State> {
        Marker::of(lock_of(raw).try_lock_for(timeout))
    }

    #[inline]
    fn attempt_until(raw: &real::Mutex<R, ()>, timeout: R::Instant) -> Option<Self::State> {
        Marker::of(lock_of(raw).try_lock_until(timeout))
    }
}

/// The three sides of a reader-writer lock differ in names alone.
macro_rules! sides_of_rwlock {
    ($($(#[$doc:meta])* $side:ident($raw:ident, $fair:ident, $timed:ident): $how:expr,
        $lock:ident $try_lock:ident $unlock:ident $unlock_fair:ident $bump:ident
        $try_for:ident $try_until:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $side<R>(PhantomData<R>);

        impl<R: $raw> Side for $side<R> {
            type Raw = R;
            type State = Marker<R::GuardMarker>;

            #[inline]
            fn attempt(raw: &R) -> Option<Self::State> {
                Marker::of(raw.$try_lock())
            }

            #[inline]
            fn wait(raw: &R) -> Self::State {
                raw.$lock();
                Marker::NEW
            }

            #[inline]
            unsafe fn unlock(raw: &R, _state: Self::State) {
                // SAFETY: the caller holds this side of the lock.
                unsafe { raw.$unlock() }
            }

            #[inline(always)]
            fn how() -> How {
                $how
            }

            #[inline]
            fn can_be_sent() -> bool {
                policy::can_be_sent::<R::GuardMarker>()
            }
        }

        impl<R: $fair> Fair for $side<R> {
            #[inline]
            unsafe fn unlock_fair(raw: &R, _state: Self::State) {
                // SAFETY: the caller holds this side of the lock.
                unsafe { raw.$unlock_fair() }
            }

            #[inline]
            unsafe fn bump(raw: &R, _state: &mut Self::State) {
                // SAFETY: the caller holds this side of the lock.
                unsafe { raw.$bump() }
            }
        }

        impl<R: $timed> Timed for $side<R> {
            type Duration = R::Duration;
            type Instant = R::Instant;

            #[inline]
            fn attempt_for(raw: &R, timeout: R::Duration) -> Option<Self::State> {
                Marker::of(raw.$try_for(timeout))
            }

            #[inline]
            fn attempt_until(raw: &R, timeout: R::Instant) -> Option<Self::State> {
                Marker::of(raw.$try_until(timeout))
            }
        }
    )*};
}

sides_of_rwlock! {
    /// A reader-writer lock, held for reading.
    Reading(RawRwLock, RawRwLockFair, RawRwLockTimed): policy::shared::<R>(),
        lock_shared try_lock_shared unlock_shared unlock_shared_fair bump_shared
        try_lock_shared_for try_lock_shared_until;
    /// A reader-writer lock, held for writing.
    Writing(RawRwLock, RawRwLockFair, RawRwLockTimed): How::EXCLUSIVE,
        lock_exclusive try_lock_exclusive unlock_exclusive unlock_exclusive_fair bump_exclusive
        try_lock_exclusive_for try_lock_exclusive_until;
    /// A reader-writer lock, held for reading by the one who may go on to write.
    Upgradable(RawRwLockUpgrade, RawRwLockUpgradeFair, RawRwLockUpgradeTimed): How::UPGRADABLE,
        lock_upgradable try_lock_upgradable unlock_upgradable unlock_upgradable_fair bump_upgradable
        try_lock_upgradable_for try_lock_upgradable_until;
}
