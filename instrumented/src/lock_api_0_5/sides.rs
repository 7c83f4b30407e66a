//! The ways to hold the raw locks of `lock_api` 0.5, which hand out a value for each hold.

use core::marker::PhantomData;
use core::ops::Deref;

use lockdep::How;

use super::policy;
use super::real::{self, RawMutex, RawMutexFair, RawMutexTimed};
use super::real::{RawRwLock, RawRwLockFair, RawRwLockUpgrade, RawRwLockUpgradeFair};
use super::real::{RawRwLockTimed, RawRwLockUpgradeTimed};
use super::side::{Fair, Side, Timed};

/// What a reentrant mutex can be named of: raw mutexes.
pub trait Able: RawMutex {}

impl<R: RawMutex> Able for R {}

/// Pointers to locks whose guards threads may share, if they may share the payload: a guard gives
/// the lock away.
pub trait Shareable: Deref + Sync {}

impl<P: Deref + Sync> Shareable for P {}

/// What stands for a hold in a guard that threads may share.
pub trait SharedState: Sync {}

impl<S: Sync> SharedState for S {}

/// A real reentrant mutex without payload.
#[inline]
pub(super) const fn reentrant<R: Able, G>(raw: R, thread_id: G) -> real::ReentrantMutex<R, G, ()> {
    real::ReentrantMutex::from_raw(raw, thread_id, ())
}

/// A raw mutex as it is locked here.
pub(super) type Mutual<R> = R;

/// A raw mutex as it is locked here.
#[inline]
pub(super) const fn mutual<R>(raw: R) -> Mutual<R> {
    raw
}

/// The raw lock inside.
#[inline]
pub(super) fn lock_of<R: RawMutex>(mutex: &Mutual<R>) -> &R {
    mutex
}

/// The sides differ in names alone.
macro_rules! sides {
    ($($(#[$doc:meta])* $side:ident($raw:ident, $fair:ident, $timed:ident): $guard:ident, $how:expr,
        $lock:ident $try_lock:ident $unlock:ident $unlock_fair:ident $bump:ident
        $try_for:ident $try_until:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $side<R>(PhantomData<R>);

        impl<R: $raw> Side for $side<R> {
            type Raw = R;
            type State = R::$guard;

            #[inline]
            fn attempt(raw: &R) -> Option<Self::State> {
                raw.$try_lock()
            }

            #[inline]
            fn wait(raw: &R) -> Self::State {
                raw.$lock()
            }

            #[inline]
            unsafe fn unlock(raw: &R, state: Self::State) {
                // SAFETY: the caller holds this side of the lock, which the state is of.
                unsafe { raw.$unlock(state) }
            }

            #[inline(always)]
            fn how() -> How {
                $how
            }

            #[inline]
            fn can_be_sent() -> bool {
                policy::can_be_sent::<R::$guard>()
            }
        }

        impl<R: $fair> Fair for $side<R> {
            #[inline]
            unsafe fn unlock_fair(raw: &R, state: Self::State) {
                // SAFETY: the caller holds this side of the lock, which the state is of.
                unsafe { raw.$unlock_fair(state) }
            }

            #[inline]
            unsafe fn bump(raw: &R, state: &mut Self::State) {
                // SAFETY: the caller holds this side of the lock, which the state is of.
                unsafe { raw.$bump(state) }
            }
        }

        impl<R: $timed> Timed for $side<R> {
            type Duration = R::Duration;
            type Instant = R::Instant;

            #[inline]
            fn attempt_for(raw: &R, timeout: R::Duration) -> Option<Self::State> {
                raw.$try_for(timeout)
            }

            #[inline]
            fn attempt_until(raw: &R, timeout: R::Instant) -> Option<Self::State> {
                raw.$try_until(timeout)
            }
        }
    )*};
}

sides! {
    /// A mutex, held.
    Locked(RawMutex, RawMutexFair, RawMutexTimed): Guard, How::EXCLUSIVE,
        lock try_lock unlock unlock_fair bump try_lock_for try_lock_until;
    /// A reader-writer lock, held for reading.
    Reading(RawRwLock, RawRwLockFair, RawRwLockTimed): SharedGuard, policy::shared::<R>(),
        lock_shared try_lock_shared unlock_shared unlock_shared_fair bump_shared
        try_lock_shared_for try_lock_shared_until;
    /// A reader-writer lock, held for writing.
    Writing(RawRwLock, RawRwLockFair, RawRwLockTimed): ExclusiveGuard, How::EXCLUSIVE,
        lock_exclusive try_lock_exclusive unlock_exclusive unlock_exclusive_fair bump_exclusive
        try_lock_exclusive_for try_lock_exclusive_until;
    /// A reader-writer lock, held for reading by the one who may go on to write.
    Upgradable(RawRwLockUpgrade, RawRwLockUpgradeFair, RawRwLockUpgradeTimed): UpgradableGuard,
        How::UPGRADABLE,
        lock_upgradable try_lock_upgradable unlock_upgradable unlock_upgradable_fair bump_upgradable
        try_lock_upgradable_for try_lock_upgradable_until;
}
