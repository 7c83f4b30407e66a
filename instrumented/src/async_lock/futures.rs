//! The futures that wait for these locks.

#![allow(
    single_use_lifetimes,
    reason = "each type has one list of parameters for all that it does"
)]

use std::fmt;
use std::future::Future;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use lockdep::task::{may_await_for_ever, polled_by, wanted};
use lockdep::{How, Map, event, wait};

use super::awaited::{self, Held, Hold, Site};
use super::barrier::Barrier;
use super::core::Core;
use super::mutex::Mutex;
use super::mutex_guard::{MutexGuard, MutexGuardArc};
use super::real;
use super::rwlock::RwLock;
use super::rwlock_guard::{
    RwLockReadGuard, RwLockReadGuardArc, RwLockUpgradableReadGuard, RwLockUpgradableReadGuardArc,
    RwLockWriteGuard, RwLockWriteGuardArc, before_upgrade,
};
use super::semaphore::{Semaphore, SemaphoreGuard, SemaphoreGuardArc};

/// A wait for a lock by the real future.
struct Wait<'a, F> {
    acquire: awaited::Acquire,
    map: &'a Map,
    real: F,
}

impl<'a, F: Future> Wait<'a, F> {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Hold<'a, F::Output>> {
        // SAFETY: the real future is pinned with the whole: it is never moved out.
        let Wait { acquire, map, real } = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let real = unsafe { Pin::new_unchecked(real) };
        acquire.poll(map, cx, |cx| real.poll(cx))
    }
}

/// Futures whose `source` is what the guard is made of besides the hold.
macro_rules! waiting {
    ($($(#[$doc:meta])* $name:ident [$($generics:tt)*] [$($argument:tt),*] $of:lifetime
        $lock:ty, $method:ident, $future:ty;
        $source:ty => $guard:ty, |$s:ident| $made:expr;
        Send [$($send:tt)*] Sync [$($sync:tt)*])*) => {$(
        $(#[$doc])*
        pub struct $name<$($generics)*> {
            /// Dropped before what it may borrow from.
            wait: Wait<$of, $future>,
            source: $source,
        }

        // SAFETY: it gives what the guard gives, and its bounds are those of the real one.
        unsafe impl<$($send)*> Send for $name<$($argument),*> {}
        // SAFETY: a shared one gives access to nothing.
        unsafe impl<$($sync)*> Sync for $name<$($argument),*> {}

        impl<$($generics)*> $name<$($argument),*> {
            pub(super) fn new(acquire: awaited::Acquire, core: &$of Core<$lock>, source: $source) -> Self {
                let wait = Wait { acquire, map: core.map(), real: core.real().$method() };
                $name { wait, source }
            }
        }

        impl<$($generics)*> Future for $name<$($argument),*> {
            type Output = $guard;

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<$guard> {
                // SAFETY: the wait is pinned with the whole: it is never moved out.
                let this = unsafe { self.get_unchecked_mut() };
                // SAFETY: as above.
                let hold = ready!(unsafe { Pin::new_unchecked(&mut this.wait) }.poll(cx));
                let $s = &this.source;
                Poll::Ready(<$guard>::new(hold, $made))
            }
        }

        impl<$($generics)*> fmt::Debug for $name<$($argument),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), " { .. }"))
            }
        }
    )*};
}

waiting! {
    /// The future of [`Mutex::lock`].
    Lock ['a, T: ?Sized] ['a, T] 'a real::Mutex<()>, lock, real::futures::Lock<'a, ()>;
        &'a Mutex<T> => MutexGuard<'a, T>, |s| *s;
        Send ['a, T: ?Sized + Send] Sync ['a, T: ?Sized + Sync]
    /// The future of [`Mutex::lock_arc`].
    LockArc [T: ?Sized] [T] 'static real::Mutex<()>, lock, real::futures::Lock<'static, ()>;
        Arc<Mutex<T>> => MutexGuardArc<T>, |s| Arc::clone(s);
        Send [T: ?Sized + Send] Sync [T: ?Sized + Sync]
    /// The future of [`RwLock::read`].
    Read ['a, T: ?Sized] ['a, T] 'a real::RwLock<()>, read, real::futures::Read<'a, ()>;
        *const T => RwLockReadGuard<'a, T>, |s| *s;
        Send ['a, T: ?Sized + Sync] Sync ['a, T: ?Sized + Sync]
    /// The future of [`RwLock::read_arc`].
    ReadArc ['a, T] ['a, T] 'static real::RwLock<()>, read, real::futures::Read<'static, ()>;
        &'a Arc<RwLock<T>> => RwLockReadGuardArc<T>, |s| Arc::clone(s);
        Send ['a, T: Send + Sync] Sync ['a, T: Send + Sync]
    /// The future of [`RwLock::upgradable_read`].
    UpgradableRead ['a, T: ?Sized] ['a, T]
        'a real::RwLock<()>, upgradable_read, real::futures::UpgradableRead<'a, ()>;
        *mut T => RwLockUpgradableReadGuard<'a, T>, |s| *s;
        Send ['a, T: ?Sized + Send + Sync] Sync ['a, T: ?Sized + Sync]
    /// The future of [`RwLock::upgradable_read_arc`].
    UpgradableReadArc ['a, T: ?Sized] ['a, T]
        'static real::RwLock<()>, upgradable_read, real::futures::UpgradableRead<'static, ()>;
        &'a Arc<RwLock<T>> => RwLockUpgradableReadGuardArc<T>, |s| Arc::clone(s);
        Send ['a, T: ?Sized + Send + Sync] Sync ['a, T: ?Sized + Send + Sync]
    /// The future of [`RwLock::write`].
    Write ['a, T: ?Sized] ['a, T] 'a real::RwLock<()>, write, real::futures::Write<'a, ()>;
        *mut T => RwLockWriteGuard<'a, T>, |s| *s;
        Send ['a, T: ?Sized + Send] Sync ['a, T: ?Sized + Sync]
    /// The future of [`RwLock::write_arc`].
    WriteArc ['a, T: ?Sized] ['a, T]
        'static real::RwLock<()>, write, real::futures::Write<'static, ()>;
        &'a Arc<RwLock<T>> => RwLockWriteGuardArc<T>, |s| Arc::clone(s);
        Send ['a, T: ?Sized + Send + Sync] Sync ['a, T: ?Sized + Send + Sync]
    /// The future of [`Semaphore::acquire`].
    Acquire ['a] ['a] 'a real::Semaphore, acquire, real::futures::Acquire<'a>;
        &'a Semaphore => SemaphoreGuard<'a>, |s| s;
        Send ['a] Sync ['a]
    /// The future of [`Semaphore::acquire_arc`].
    AcquireArc [] [] 'static real::Semaphore, acquire, real::futures::Acquire<'static>;
        Arc<Semaphore> => SemaphoreGuardArc, |s| Arc::clone(s);
        Send [] Sync []
}

/// Waits until an upgradable reader is the only holder.
struct Alone<'a> {
    /// None once it is; dropped before the real future, which gives the lock up if it is not done.
    held: Option<Held<'a>>,
    real: real::futures::Upgrade<'a, ()>,
    site: Site,
    /// As what it was checked.
    announced: Option<How>,
}

impl<'a> Alone<'a> {
    fn new(hold: Hold<'a, real::RwLockUpgradableReadGuard<'a, ()>>, site: Site) -> Alone<'a> {
        let (held, real) = hold.into_parts();
        let real = real::RwLockUpgradableReadGuard::upgrade(real);
        Alone { held: Some(held), real, site, announced: None }
    }

    fn poll<T: ?Sized>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Hold<'a, real::RwLockWriteGuard<'a, ()>>> {
        // SAFETY: the real future is pinned with the whole: it is never moved out.
        let Alone { held, real, site, announced } = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let real = unsafe { Pin::new_unchecked(real) };
        let _polled = polled_by(cx);
        let wanted = wanted(How::EXCLUSIVE, *announced);
        if announced.replace(wanted) != Some(wanted)
            && !wanted.is_trylock()
            && let Some(held) = held
        {
            before_upgrade::<T>(held.map(), site);
        }
        let real = ready!(real.poll(cx));
        let held = held.take().expect("polled after completion");
        event::upgraded(held.map());
        Poll::Ready(Hold::new(held, real))
    }
}

/// Futures of an upgradable reader that becomes the writer.
macro_rules! upgrading {
    ($($(#[$doc:meta])* $name:ident [$($generics:tt)*] [$($argument:tt),*] $of:lifetime
        $source:ty => $guard:ty, $text:literal, |$s:ident| $made:expr;
        Send [$($send:tt)*] Sync [$($sync:tt)*])*) => {$(
        $(#[$doc])*
        pub struct $name<$($generics)*> {
            /// Dropped before what it may borrow from.
            alone: Alone<$of>,
            source: $source,
        }

        // SAFETY: it gives what the guard gives, and its bounds are those of the real one.
        unsafe impl<$($send)*> Send for $name<$($argument),*> {}
        // SAFETY: a shared one gives access to nothing.
        unsafe impl<$($sync)*> Sync for $name<$($argument),*> {}

        impl<$($generics)*> $name<$($argument),*> {
            pub(super) fn new(
                hold: Hold<$of, real::RwLockUpgradableReadGuard<$of, ()>>,
                source: $source,
                site: Site,
            ) -> Self {
                $name { alone: Alone::new(hold, site), source }
            }
        }

        impl<$($generics)*> Future for $name<$($argument),*> {
            type Output = $guard;

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<$guard> {
                // SAFETY: the wait is pinned with the whole: it is never moved out.
                let this = unsafe { self.get_unchecked_mut() };
                // SAFETY: as above.
                let hold = ready!(unsafe { Pin::new_unchecked(&mut this.alone) }.poll::<T>(cx));
                let $s = &this.source;
                Poll::Ready(<$guard>::new(hold, $made))
            }
        }

        impl<$($generics)*> fmt::Debug for $name<$($argument),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($text)
            }
        }
    )*};
}

upgrading! {
    /// The future of [`RwLockUpgradableReadGuard::upgrade`].
    Upgrade ['a, T: ?Sized] ['a, T] 'a *mut T => RwLockWriteGuard<'a, T>, "Upgrade", |s| *s;
        Send ['a, T: ?Sized + Send] Sync ['a, T: ?Sized + Sync]
    /// The future of [`RwLockUpgradableReadGuardArc::upgrade`].
    UpgradeArc [T: ?Sized] [T] 'static
        Arc<RwLock<T>> => RwLockWriteGuardArc<T>, "ArcUpgrade", |s| Arc::clone(s);
        Send [T: ?Sized + Send + Sync] Sync [T: ?Sized + Send + Sync]
}

/// The future of [`Barrier::wait`].
pub struct BarrierWait<'a> {
    barrier: &'a Barrier,
    real: real::futures::BarrierWait<'a>,
    site: Site,
    has_come: bool,
}

impl<'a> BarrierWait<'a> {
    pub(super) fn new(barrier: &'a Barrier, site: Site) -> BarrierWait<'a> {
        BarrierWait { barrier, real: barrier.real().wait(), site, has_come: false }
    }
}

impl Future for BarrierWait<'_> {
    type Output = real::BarrierWaitResult;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<real::BarrierWaitResult> {
        // SAFETY: the real future is pinned with the whole: it is never moved out.
        let BarrierWait { barrier, real, site, has_come } = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let real = unsafe { Pin::new_unchecked(real) };
        let _polled = polled_by(cx);
        if !std::mem::replace(has_come, true) {
            let is_wait = may_await_for_ever();
            barrier.comes(
                |map, turn, describe, site| {
                    if is_wait {
                        wait::awaits_turn(map, turn, describe, site);
                    }
                },
                site,
            );
        }
        let result = ready!(real.poll(cx));
        barrier.passed(site);
        Poll::Ready(result)
    }
}

impl fmt::Debug for BarrierWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BarrierWait { .. }")
    }
}
