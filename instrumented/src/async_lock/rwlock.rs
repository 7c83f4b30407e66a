//! The reader-writer lock of `async_lock`, tracked.

use std::any::type_name;
use std::cell::UnsafeCell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use lockdep::{Description, How, Map, Tracked, Traits};

use super::awaited::{Acquire, Site};
use super::core::Core;
use super::futures::{Read, ReadArc, UpgradableRead, UpgradableReadArc, Write, WriteArc};
use super::real::RwLock as RealRwLock;
use super::rwlock_guard::{
    RwLockReadGuard, RwLockReadGuardArc, RwLockUpgradableReadGuard, RwLockUpgradableReadGuardArc,
    RwLockWriteGuard, RwLockWriteGuardArc,
};

/// What reports call a reader-writer lock of `T`.
pub(super) fn describe<T: ?Sized>() -> Description {
    Description::new("RwLock", type_name::<T>()).with_traits(Traits::AWAITED)
}

/// An acquire at `site`.
fn acquire<T: ?Sized>(how: How, site: Site) -> Acquire {
    Acquire::new(how, describe::<T>, site)
}

/// The reader-writer lock of `async_lock`, tracked.
///
/// # Tracking
///
/// [`write`](Self::write) is an exclusive acquire, [`read`](Self::read) one that queues behind
/// waiting writers, so that a second one by the same task can hang, and
/// [`upgradable_read`](Self::upgradable_read) one that keeps others of its kind and writers out. All
/// are checked when their future is first polled. The attempts are recorded if they succeed.
pub struct RwLock<T: ?Sized> {
    core: Core<RealRwLock<()>>,
    // Last, so that a lock of a sized payload coerces to one of an unsized payload.
    data: UnsafeCell<T>,
}

// SAFETY: whoever has the lock has the payload, which can be sent.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: the payload is shared and handed from task to task, which may be of any thread.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T> RwLock<T> {
    /// Creates an unlocked lock; the place of this call is its class, together with `T`.
    #[must_use]
    #[track_caller]
    pub const fn new(t: T) -> RwLock<T> {
        RwLock { core: Core::new(RealRwLock::new(())), data: UnsafeCell::new(t) }
    }

    /// Gives the payload back. Records nothing: nobody else can hold the lock.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

/// The ways to take the lock: `name, blocking, attempt; by counted pointer: future guard` twice.
macro_rules! ways {
    ($([$($sized:tt)*] $how:expr; $(#[$doc:meta])*
        $name:ident $blocking:ident $attempt:ident: $future:ident $guard:ident $data:expr;
        $counted:ident $counted_blocking:ident $counted_attempt:ident: $counted_future:ident
        $counted_guard:ident;)*) => {$(
        impl<T: ?Sized> RwLock<T> {
            $(#[$doc])*
            ///
            /// # Panics
            ///
            /// The future panics if the acquire breaks a rule and the tracker is told to panic.
            #[track_caller]
            pub fn $name(&self) -> $future<'_, T> {
                let acquire = acquire::<T>($how, Location::caller());
                $future::new(acquire, &self.core, $data(self))
            }

            $(#[$doc])*
            ///
            /// Blocks the thread.
            ///
            /// # Panics
            ///
            /// If the acquire breaks a rule and the tracker is told to panic.
            #[track_caller]
            pub fn $blocking(&self) -> $guard<'_, T> {
                let acquire = acquire::<T>($how, Location::caller());
                let real = self.core.real();
                let hold = acquire.block(self.core.map(), || real.$attempt(), || real.$blocking());
                $guard::new(hold, $data(self))
            }

            $(#[$doc])*
            ///
            /// None if that needs waiting.
            #[track_caller]
            pub fn $attempt(&self) -> Option<$guard<'_, T>> {
                let acquire = acquire::<T>($how, Location::caller());
                let hold = acquire.attempt(self.core.map(), || self.core.real().$attempt())?;
                Some($guard::new(hold, $data(self)))
            }
        }

        impl<T: $($sized)*> RwLock<T> {
            $(#[$doc])*
            ///
            /// The guard keeps the lock alive.
            ///
            /// # Panics
            ///
            /// The future panics if the acquire breaks a rule and the tracker is told to panic.
            #[track_caller]
            pub fn $counted<'a>(self: &'a Arc<Self>) -> $counted_future<'a, T> {
                // SAFETY: the future borrows a counted pointer, and the guard keeps one.
                let core = unsafe { self.core.kept() };
                let acquire = acquire::<T>($how, Location::caller()).owned();
                $counted_future::new(acquire, core, self)
            }

            $(#[$doc])*
            ///
            /// Blocks the thread; the guard keeps the lock alive.
            ///
            /// # Panics
            ///
            /// If the acquire breaks a rule and the tracker is told to panic.
            #[track_caller]
            pub fn $counted_blocking(self: &Arc<Self>) -> $counted_guard<T> {
                // SAFETY: the guard keeps a counted pointer beside it.
                let core = unsafe { self.core.kept() };
                let acquire = acquire::<T>($how, Location::caller()).owned();
                let real = core.real();
                let hold = acquire.block(core.map(), || real.$attempt(), || real.$blocking());
                $counted_guard::new(hold, Arc::clone(self))
            }

            $(#[$doc])*
            ///
            /// None if that needs waiting; the guard keeps the lock alive.
            #[track_caller]
            pub fn $counted_attempt(self: &Arc<Self>) -> Option<$counted_guard<T>> {
                // SAFETY: the guard keeps a counted pointer beside it.
                let core = unsafe { self.core.kept() };
                let acquire = acquire::<T>($how, Location::caller()).owned();
                let hold = acquire.attempt(core.map(), || core.real().$attempt())?;
                Some($counted_guard::new(hold, Arc::clone(self)))
            }
        }
    )*};
}

ways! {
    [Sized] How::SHARED;
    /// Takes the lock for reading once no writer holds it or waits for other readers.
    read read_blocking try_read: Read RwLockReadGuard |lock: &Self| lock.data().cast_const();
    read_arc read_arc_blocking try_read_arc: ReadArc RwLockReadGuardArc;

    [?Sized] How::UPGRADABLE;
    /// Takes the lock for reading once no writer and no other upgradable reader holds it or waits for
    /// it; the reader can become the writer.
    upgradable_read upgradable_read_blocking try_upgradable_read:
        UpgradableRead RwLockUpgradableReadGuard RwLock::data;
    upgradable_read_arc upgradable_read_arc_blocking try_upgradable_read_arc:
        UpgradableReadArc RwLockUpgradableReadGuardArc;

    [?Sized] How::EXCLUSIVE;
    /// Takes the lock for writing once nobody holds it.
    write write_blocking try_write: Write RwLockWriteGuard RwLock::data;
    write_arc write_arc_blocking try_write_arc: WriteArc RwLockWriteGuardArc;
}

impl<T: ?Sized> RwLock<T> {
    /// The payload, reached without locking. Records nothing: nobody else can hold the lock.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Where the payload is; to be used by who holds the lock.
    pub(super) fn data(&self) -> *mut T {
        self.data.get()
    }
}

impl<T: ?Sized> Tracked for RwLock<T> {
    fn map(&self) -> Option<&Map> {
        Some(self.core.map())
    }

    fn describe() -> Description {
        describe::<T>()
    }
}

impl<T> From<T> for RwLock<T> {
    /// As [`RwLock::new`]; the class is the place of this call.
    #[track_caller]
    fn from(val: T) -> RwLock<T> {
        RwLock::new(val)
    }
}

impl<T: Default> Default for RwLock<T> {
    /// A lock of the payload's default; the class is the place of this call.
    #[inline(always)]
    #[track_caller]
    fn default() -> RwLock<T> {
        lockdep::told_apart(RwLock::new(T::default()))
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    /// The text of the real lock. Records nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("RwLock");
        match self.core.real().try_read() {
            // SAFETY: a reader's hold keeps writers away.
            Some(_guard) => text.field("value", &unsafe { &*self.data() }),
            None => text.field("value", &format_args!("<locked>")),
        };
        text.finish()
    }
}
