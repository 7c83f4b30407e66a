//! Holds without guards: made and given up by hand, with what the raw lock handed out for them; and
//! locks taken apart.

#[cfg(feature = "arc_lock")]
use alloc::sync::Arc;
use core::panic::Location;

use super::guard::{Guard, Lock};
use super::mutex::{Mutex, MutexGuard};
use super::real::{RawMutex, RawMutexFair, RawRwLock, RawRwLockFair, RawRwLockUpgrade};
use super::remutex::ReentrantMutex;
use super::rwlock::{RwLock, RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard};
use super::side::{Fair, Side};
use super::sides::{Able, Locked, Reading, Upgradable, Writing};

impl<R, T> Mutex<R, T> {
    /// Gives the raw mutex and the payload back. Records nothing: nobody else can hold the lock.
    #[inline]
    pub fn into_inner_with_raw(self) -> (R, T) {
        (self.core.into_raw(), self.data.into_inner())
    }
}

impl<R, T> RwLock<R, T> {
    /// Gives the raw lock and the payload back. Records nothing: nobody else can hold the lock.
    #[inline]
    pub fn into_inner_with_raw(self) -> (R, T) {
        (self.core.into_raw(), self.data.into_inner())
    }
}

impl<R: Able, G, T> ReentrantMutex<R, G, T> {
    /// Gives the raw parts and the payload back. Records nothing: nobody else can hold the lock.
    #[inline]
    pub fn into_inner_with_raw(self) -> (R, G, T) {
        let (raw, get_thread_id, ()) = self.core.into_raw().into_real().into_inner_with_raw();
        (raw, get_thread_id, self.data.into_inner())
    }
}

/// Guards for holds that have none, and the end of holds that have none.
macro_rules! by_hand {
    ($($lock:ident $raw:ident $side:ident: $state:ident, $guard:ident $make:ident
        $($make_counted:ident)?;)*) => {$(
        impl<R: $raw, T: ?Sized> $lock<R, T> {
            /// Makes a guard of a hold that has none.
            ///
            /// # Safety
            ///
            /// `guard` was handed out by this lock for that hold.
            #[inline]
            #[track_caller]
            pub unsafe fn $make(&self, guard: R::$state) -> $guard<'_, R, T> {
                self.core.assumed::<$side<R>>($side::<R>::how(), <Self as Lock>::describe, Location::caller());
                Guard::new(self, guard)
            }

            $(
                /// Makes a guard, which keeps the lock alive, of a hold that has none.
                ///
                /// # Safety
                ///
                /// `guard` was handed out by this lock for that hold.
                #[cfg(feature = "arc_lock")]
                #[inline]
                #[track_caller]
                pub unsafe fn $make_counted(
                    self: &Arc<Self>,
                    guard: R::$state,
                ) -> Guard<Arc<Self>, $side<R>> {
                    self.core.assumed::<$side<R>>($side::<R>::how(), <Self as Lock>::describe, Location::caller());
                    Guard::new(Arc::clone(self), guard)
                }
            )?
        }
    )*};
}

by_hand! {
    Mutex RawMutex Locked: Guard, MutexGuard make_guard_unchecked;
    RwLock RawRwLock Reading: SharedGuard, RwLockReadGuard make_read_guard_unchecked
        make_arc_read_guard_unchecked;
    RwLock RawRwLock Writing: ExclusiveGuard,
        RwLockWriteGuard make_write_guard_unchecked
        make_arc_write_guard_unchecked;
    RwLock RawRwLockUpgrade Upgradable: UpgradableGuard,
        RwLockUpgradableReadGuard make_upgradable_guard_unchecked
        make_upgradable_arc_guard_unchecked;
}

/// Unlocks without a guard.
macro_rules! force_unlock {
    ($($lock:ident $raw:ident $fair:ident $side:ident: $state:ident,
        $force:ident $force_fair:ident;)*) => {$(
        impl<R: $raw, T: ?Sized> $lock<R, T> {
            /// Gives a hold up without its guard.
            ///
            /// # Safety
            ///
            /// `guard` was handed out by this lock for that hold.
            #[inline]
            #[track_caller]
            pub unsafe fn $force(&self, guard: R::$state) {
                self.core.forced::<$side<R>>();
                // SAFETY: the caller gives a hold up.
                unsafe { $side::<R>::unlock(self.core.raw(), guard) }
            }
        }

        impl<R: $fair, T: ?Sized> $lock<R, T> {
            /// Gives a hold up without its guard, to the first who waits.
            ///
            /// # Safety
            ///
            /// `guard` was handed out by this lock for that hold.
            #[inline]
            #[track_caller]
            pub unsafe fn $force_fair(&self, guard: R::$state) {
                self.core.forced::<$side<R>>();
                // SAFETY: the caller gives a hold up.
                unsafe { $side::<R>::unlock_fair(self.core.raw(), guard) }
            }
        }
    )*};
}

force_unlock! {
    Mutex RawMutex RawMutexFair Locked: Guard, force_unlock force_unlock_fair;
    RwLock RawRwLock RawRwLockFair Reading: SharedGuard, force_unlock_read force_unlock_read_fair;
    RwLock RawRwLock RawRwLockFair Writing: ExclusiveGuard,
        force_unlock_write force_unlock_write_fair;
}
