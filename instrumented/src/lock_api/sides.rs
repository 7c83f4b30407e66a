//! The ways to hold the raw locks of `lock_api` 0.4.
//!
//! All that one version of `lock_api` asks of raw locks, and another does not, is here, in `exchange`
//! and in `by_hand`.

use core::marker::PhantomData;

use lockdep::How;

use super::policy;
use super::real::{self, RawMutex, RawMutexFair, RawMutexTimed};
use super::real::{RawRwLock, RawRwLockFair, RawRwLockUpgrade, RawRwLockUpgradeFair};
use super::real::{RawRwLockTimed, RawRwLockUpgradeTimed};
use super::side::{Fair, Marker, Side, Timed};

/// What a reentrant mutex can be named of: anything.
pub trait Able {}

impl<R> Able for R {}

/// A real reentrant mutex without payload.
#[inline]
pub(super) const fn reentrant<R, G>(raw: R, thread_id: G) -> real::ReentrantMutex<R, G, ()> {
    real::ReentrantMutex::const_new(raw, thread_id, ())
}

/// Pointers to locks whose guards threads may share, if they may share the payload.
pub trait Shareable {}

impl<P> Shareable for P {}

/// What stands for a hold in a guard that threads may share: anything.
pub trait SharedState {}

impl<S> SharedState for S {}

/// A raw mutex as it is locked here: in a real one without payload, which a condition variable wants.
pub(super) type Mutual<R> = real::Mutex<R, ()>;

/// A raw mutex as it is locked here.
#[inline]
pub(super) const fn mutual<R>(raw: R) -> Mutual<R> {
    real::Mutex::const_new(raw, ())
}

/// The raw lock inside.
#[inline]
pub(super) fn lock_of<R: RawMutex>(mutex: &Mutual<R>) -> &R {
    // SAFETY: it is unlocked only by functions whose callers hold it.
    unsafe { mutex.raw() }
}

impl<M> Marker<M> {
    /// For what the raw lock says of an attempt.
    #[inline]
    pub(super) fn of(taken: bool) -> Option<Marker<M>> {
        taken.then_some(Marker::NEW)
    }
}

/// A mutex, held.
#[derive(Debug)]
pub struct Locked<R>(PhantomData<R>);

impl<R: RawMutex> Side for Locked<R> {
    type Raw = Mutual<R>;
    type State = Marker<R::GuardMarker>;

    #[inline]
    fn attempt(raw: &Mutual<R>) -> Option<Self::State> {
        Marker::of(lock_of(raw).try_lock())
    }

    #[inline]
    fn wait(raw: &Mutual<R>) -> Self::State {
        lock_of(raw).lock();
        Marker::NEW
    }

    #[inline]
    unsafe fn unlock(raw: &Mutual<R>, _state: Self::State) {
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
    unsafe fn unlock_fair(raw: &Mutual<R>, _state: Self::State) {
        // SAFETY: the caller holds the lock.
        unsafe { lock_of(raw).unlock_fair() }
    }

    #[inline]
    unsafe fn bump(raw: &Mutual<R>, _state: &mut Self::State) {
        // SAFETY: the caller holds the lock.
        unsafe { lock_of(raw).bump() }
    }
}

impl<R: RawMutexTimed> Timed for Locked<R> {
    type Duration = R::Duration;
    type Instant = R::Instant;

    #[inline]
    fn attempt_for(raw: &Mutual<R>, timeout: R::Duration) -> Option<Self::State> {
        Marker::of(lock_of(raw).try_lock_for(timeout))
    }

    #[inline]
    fn attempt_until(raw: &Mutual<R>, timeout: R::Instant) -> Option<Self::State> {
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
