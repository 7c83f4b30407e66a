//! Holds without guards: taken and given up by hand, in the way of `lock_api` 0.4.

#[cfg(feature = "arc_lock")]
use alloc::sync::Arc;
use core::panic::Location;

use super::guard::{Guard, Lock};
use super::mutex::{Mutex, MutexGuard};
use super::real::{RawMutex, RawMutexFair, RawRwLock, RawRwLockFair, RawRwLockUpgrade};
use super::rwlock::{RwLock, RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard};
use super::side::{Fair, Marker, Side};
use super::sides::{Locked, Reading, Upgradable, Writing};

impl<R: RawMutex, T: ?Sized> Mutex<R, T> {
    /// Makes a guard of a hold that has none.
    ///
    /// # Safety
    ///
    /// The mutex is held, and no other guard stands for it.
    #[inline]
    #[track_caller]
    pub unsafe fn make_guard_unchecked(&self) -> MutexGuard<'_, R, T> {
        self.core().assumed::<Locked<R>>(
            Locked::<R>::how(),
            <Self as Lock>::describe,
            Location::caller(),
        );
        Guard::new(self, Marker::NEW)
    }

    /// Unlocks the mutex without its guard.
    ///
    /// # Safety
    ///
    /// The mutex is held, and no guard stands for it.
    #[inline]
    #[track_caller]
    pub unsafe fn force_unlock(&self) {
        self.core().forced::<Locked<R>>();
        // SAFETY: the caller gives a hold up.
        unsafe { Locked::<R>::unlock(self.core().raw(), Marker::NEW) }
    }
}

impl<R: RawMutexFair, T: ?Sized> Mutex<R, T> {
    /// Unlocks the mutex without its guard, handing it to the first who waits.
    ///
    /// # Safety
    ///
    /// The mutex is held, and no guard stands for it.
    #[inline]
    #[track_caller]
    pub unsafe fn force_unlock_fair(&self) {
        self.core().forced::<Locked<R>>();
        // SAFETY: the caller gives a hold up.
        unsafe { Locked::<R>::unlock_fair(self.core().raw(), Marker::NEW) }
    }
}

/// Guards for holds that have none.
macro_rules! by_hand {
    ($($raw:ident $side:ident $guard:ident $make:ident $make_counted:ident;)*) => {$(
        impl<R: $raw, T: ?Sized> RwLock<R, T> {
            /// Makes a guard of a hold that has none.
            ///
            /// # Safety
            ///
            /// The lock is held this way, and no other guard stands for that hold.
            #[inline]
            #[track_caller]
            pub unsafe fn $make(&self) -> $guard<'_, R, T> {
                self.core().assumed::<$side<R>>($side::<R>::how(), <Self as Lock>::describe, Location::caller());
                Guard::new(self, Marker::NEW)
            }

            /// Makes a guard, which keeps the lock alive, of a hold that has none.
            ///
            /// # Safety
            ///
            /// The lock is held this way, and no other guard stands for that hold.
            #[cfg(feature = "arc_lock")]
            #[inline]
            #[track_caller]
            pub unsafe fn $make_counted(self: &Arc<Self>) -> Guard<Arc<Self>, $side<R>> {
                self.core().assumed::<$side<R>>($side::<R>::how(), <Self as Lock>::describe, Location::caller());
                Guard::new(Arc::clone(self), Marker::NEW)
            }
        }
    )*};
}

by_hand! {
    RawRwLock Reading RwLockReadGuard
        make_read_guard_unchecked make_arc_read_guard_unchecked;
    RawRwLock Writing RwLockWriteGuard
        make_write_guard_unchecked make_arc_write_guard_unchecked;
    RawRwLockUpgrade Upgradable RwLockUpgradableReadGuard
        make_upgradable_guard_unchecked make_upgradable_arc_guard_unchecked;
}

/// Unlocks without a guard.
macro_rules! force_unlock {
    ($($side:ident $force:ident $force_fair:ident;)*) => {$(
        impl<R: RawRwLock, T: ?Sized> RwLock<R, T> {
            /// Gives a hold up without its guard.
            ///
            /// # Safety
            ///
            /// The lock is held this way, and no guard stands for that hold.
            #[inline]
            #[track_caller]
            pub unsafe fn $force(&self) {
                self.core().forced::<$side<R>>();
                // SAFETY: the caller gives a hold up.
                unsafe { $side::<R>::unlock(self.core().raw(), Marker::NEW) }
            }
        }

        impl<R: RawRwLockFair, T: ?Sized> RwLock<R, T> {
            /// Gives a hold up without its guard, to the first who waits.
            ///
            /// # Safety
            ///
            /// The lock is held this way, and no guard stands for that hold.
            #[inline]
            #[track_caller]
            pub unsafe fn $force_fair(&self) {
                self.core().forced::<$side<R>>();
                // SAFETY: the caller gives a hold up.
                unsafe { $side::<R>::unlock_fair(self.core().raw(), Marker::NEW) }
            }
        }
    )*};
}

force_unlock! {
    Reading force_unlock_read force_unlock_read_fair;
    Writing force_unlock_write force_unlock_write_fair;
}
