//! What `lock_api` 0.1 to 0.3 ask of raw locks, in the words of 0.4.
//!
//! The locks of this facade are written for 0.4, where what unlocks is `unsafe`, a lock can be asked
//! whether it is locked, and a reentrant mutex whose it is. Each trait here has the name and the
//! functions of the one of 0.4, and every raw lock that implements the real one of the older version
//! implements it. Who uses a raw lock goes on with the real traits.

use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub use real_lock_api::GuardNoSend;

/// Traits that every implementation of the real trait of that name implements.
///
/// Safe functions come first. That a lock is unlocked by who holds it the older traits say as well,
/// without the word.
macro_rules! as_in_0_4 {
    ($($(#[$doc:meta])* trait $name:ident $(: $($above:ident)+)? {
        $(const $constant:ident;)?
        $(type $kind:ident;)*
        $(fn $safe:ident($($argument:ident: $of:ty)?) $(-> $result:ty)?;)*
        $(unsafe fn $unsafe:ident($($argument_u:ident: $of_u:ty)?) $(-> $result_u:ty)?;)*
        $(new { $($new:tt)* })?
    })*) => {$(
        $(#[$doc])*
        #[allow(missing_docs, reason = "as in the real trait")]
        pub trait $name: Sized $($(+ $above)+)? {
            $(const $constant: Self;)?
            $(type $kind;)*
            $(fn $safe(&self $(, $argument: $of)?) $(-> $result)?;)*
            $(unsafe fn $unsafe(&self $(, $argument_u: $of_u)?) $(-> $result_u)?;)*
            $($($new)*)?
        }

        impl<R: real_lock_api::$name> $name for R {
            $(const $constant: R = <R as real_lock_api::$name>::$constant;)?
            $(type $kind = <R as real_lock_api::$name>::$kind;)*
            $(
                #[inline]
                fn $safe(&self $(, $argument: $of)?) $(-> $result)? {
                    <R as real_lock_api::$name>::$safe(self $(, $argument)?)
                }
            )*
            $(
                #[inline]
                unsafe fn $unsafe(&self $(, $argument_u: $of_u)?) $(-> $result_u)? {
                    <R as real_lock_api::$name>::$unsafe(self $(, $argument_u)?)
                }
            )*
        }
    )*};
}

as_in_0_4! {
    /// A raw mutex.
    trait RawMutex {
        const INIT;
        type GuardMarker;
        fn lock();
        fn try_lock() -> bool;
        unsafe fn unlock();
        new {
            #[inline]
            fn is_locked(&self) -> bool {
                let was_free = self.try_lock();
                if was_free {
                    // SAFETY: it was taken just now.
                    unsafe { self.unlock() };
                }
                !was_free
            }
        }
    }

    /// A raw mutex that can be handed on.
    trait RawMutexFair: RawMutex {
        unsafe fn unlock_fair();
        unsafe fn bump();
    }

    /// A raw mutex that can be waited for for some time.
    trait RawMutexTimed: RawMutex {
        type Duration;
        type Instant;
        fn try_lock_for(timeout: Self::Duration) -> bool;
        fn try_lock_until(timeout: Self::Instant) -> bool;
    }

    /// A raw reader-writer lock.
    trait RawRwLock {
        const INIT;
        type GuardMarker;
        fn lock_shared();
        fn try_lock_shared() -> bool;
        fn lock_exclusive();
        fn try_lock_exclusive() -> bool;
        unsafe fn unlock_shared();
        unsafe fn unlock_exclusive();
        new {
            #[inline]
            fn is_locked(&self) -> bool {
                let was_free = self.try_lock_exclusive();
                if was_free {
                    // SAFETY: it was taken just now.
                    unsafe { self.unlock_exclusive() };
                }
                !was_free
            }

            #[inline]
            fn is_locked_exclusive(&self) -> bool {
                let had_no_writer = self.try_lock_shared();
                if had_no_writer {
                    // SAFETY: it was taken just now.
                    unsafe { self.unlock_shared() };
                }
                !had_no_writer
            }
        }
    }

    /// A raw reader-writer lock that can be handed on.
    trait RawRwLockFair: RawRwLock {
        unsafe fn unlock_shared_fair();
        unsafe fn unlock_exclusive_fair();
        unsafe fn bump_shared();
        unsafe fn bump_exclusive();
    }

    /// A raw reader-writer lock whose writer can become a reader.
    trait RawRwLockDowngrade: RawRwLock {
        unsafe fn downgrade();
    }

    /// A raw reader-writer lock that can be waited for for some time.
    trait RawRwLockTimed: RawRwLock {
        type Duration;
        type Instant;
        fn try_lock_shared_for(timeout: Self::Duration) -> bool;
        fn try_lock_shared_until(timeout: Self::Instant) -> bool;
        fn try_lock_exclusive_for(timeout: Self::Duration) -> bool;
        fn try_lock_exclusive_until(timeout: Self::Instant) -> bool;
    }

    /// A raw reader-writer lock whose readers can pass waiting writers.
    trait RawRwLockRecursive: RawRwLock {
        fn lock_shared_recursive();
        fn try_lock_shared_recursive() -> bool;
    }

    /// The same for some time.
    trait RawRwLockRecursiveTimed: RawRwLockRecursive RawRwLockTimed {
        fn try_lock_shared_recursive_for(timeout: <Self as RawRwLockTimed>::Duration) -> bool;
        fn try_lock_shared_recursive_until(timeout: <Self as RawRwLockTimed>::Instant) -> bool;
    }

    /// A raw reader-writer lock one of whose readers can become the writer.
    trait RawRwLockUpgrade: RawRwLock {
        fn lock_upgradable();
        fn try_lock_upgradable() -> bool;
        unsafe fn unlock_upgradable();
        unsafe fn upgrade();
        unsafe fn try_upgrade() -> bool;
    }

    /// The same, handed on.
    trait RawRwLockUpgradeFair: RawRwLockUpgrade RawRwLockFair {
        unsafe fn unlock_upgradable_fair();
        unsafe fn bump_upgradable();
    }

    /// The same, and back.
    trait RawRwLockUpgradeDowngrade: RawRwLockUpgrade RawRwLockDowngrade {
        unsafe fn downgrade_upgradable();
        unsafe fn downgrade_to_upgradable();
    }

    /// The same for some time.
    trait RawRwLockUpgradeTimed: RawRwLockUpgrade RawRwLockTimed {
        fn try_lock_upgradable_for(timeout: <Self as RawRwLockTimed>::Duration) -> bool;
        fn try_lock_upgradable_until(timeout: <Self as RawRwLockTimed>::Instant) -> bool;
        unsafe fn try_upgrade_for(timeout: <Self as RawRwLockTimed>::Duration) -> bool;
        unsafe fn try_upgrade_until(timeout: <Self as RawRwLockTimed>::Instant) -> bool;
    }
}

/// What tells threads apart.
pub trait GetThreadId: Sized {
    /// To begin with.
    const INIT: Self;

    /// The current thread; never zero.
    fn thread_id(&self) -> usize;
}

impl<G: real_lock_api::GetThreadId> GetThreadId for G {
    const INIT: G = <G as real_lock_api::GetThreadId>::INIT;

    #[inline]
    fn thread_id(&self) -> usize {
        // A plain number before 0.3.
        self.nonzero_thread_id().into()
    }
}

/// A raw mutex.
#[derive(Debug)]
pub struct Mutex<R, T> {
    raw: R,
    _value: T,
}

impl<R, T> Mutex<R, T> {
    /// The mutex around a raw one.
    #[inline]
    pub const fn const_new(raw: R, value: T) -> Mutex<R, T> {
        Mutex { raw, _value: value }
    }

    /// The raw one.
    ///
    /// # Safety
    ///
    /// Only who holds it unlocks it.
    #[inline]
    pub unsafe fn raw(&self) -> &R {
        &self.raw
    }
}

impl<R: RawMutex, T> Mutex<R, T> {
    /// Whether anybody holds it.
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }
}

/// A mutex that its holder can lock again, with nothing in it.
///
/// | `owner` | meaning |
/// |---|---|
/// | 0 | nobody holds it |
/// | else | the thread of that id does, `depth` times |
///
/// Relaxed is enough for `owner`: a thread finds its own id there only if it was the last to write,
/// and all else that it reads goes by the raw mutex.
#[derive(Debug)]
pub struct ReentrantMutex<R, G, T> {
    raw: R,
    threads: G,
    owner: AtomicUsize,
    depth: Cell<usize>,
    _value: T,
}

impl<R, G, T> ReentrantMutex<R, G, T> {
    /// The mutex around a raw one.
    #[inline]
    pub const fn const_new(raw: R, threads: G, value: T) -> Self {
        let (owner, depth) = (AtomicUsize::new(0), Cell::new(0));
        ReentrantMutex { raw, threads, owner, depth, _value: value }
    }

    /// The raw one.
    ///
    /// # Safety
    ///
    /// Only who holds it unlocks it.
    #[inline]
    pub unsafe fn raw(&self) -> &R {
        &self.raw
    }
}

impl<R: RawMutex, G: GetThreadId, T> ReentrantMutex<R, G, T> {
    /// Waits until no other thread holds it.
    #[inline]
    pub fn lock(&self) -> ReentrantMutexGuard<'_, R, G, T> {
        let taken = self.enter(|raw| {
            raw.lock();
            true
        });
        taken.expect("a lock that waits is taken in the end")
    }

    /// Takes it if no other thread holds it.
    #[inline]
    pub fn try_lock(&self) -> Option<ReentrantMutexGuard<'_, R, G, T>> {
        self.enter(R::try_lock)
    }

    #[inline]
    fn enter(&self, take: impl FnOnce(&R) -> bool) -> Option<ReentrantMutexGuard<'_, R, G, T>> {
        if !self.is_owned_by_current_thread() {
            if !take(&self.raw) {
                return None;
            }
            self.owner.store(self.threads.thread_id(), Relaxed);
        }
        self.depth.set(self.depth.get() + 1);
        Some(ReentrantMutexGuard(self))
    }

    /// Whether anybody holds it.
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }

    /// Whether the current thread holds it.
    #[inline]
    pub fn is_owned_by_current_thread(&self) -> bool {
        self.owner.load(Relaxed) == self.threads.thread_id()
    }

    /// Gives one hold back.
    ///
    /// # Safety
    ///
    /// The current thread holds it.
    #[inline]
    pub unsafe fn force_unlock(&self) {
        // SAFETY: the caller holds it.
        self.leave(|raw| unsafe { raw.unlock() });
    }

    #[inline]
    fn leave(&self, unlock: impl FnOnce(&R)) {
        let depth = self.depth.get() - 1;
        self.depth.set(depth);
        if depth == 0 {
            self.owner.store(0, Relaxed);
            unlock(&self.raw);
        }
    }
}

impl<R: RawMutexFair, G: GetThreadId, T> ReentrantMutex<R, G, T> {
    /// Gives one hold back, the last one to the first who waits.
    ///
    /// # Safety
    ///
    /// The current thread holds it.
    #[inline]
    pub unsafe fn force_unlock_fair(&self) {
        // SAFETY: the caller holds it.
        self.leave(|raw| unsafe { raw.unlock_fair() });
    }
}

impl<R: RawMutexTimed, G: GetThreadId, T> ReentrantMutex<R, G, T> {
    /// Takes it if no other thread holds it within `timeout`.
    #[inline]
    pub fn try_lock_for(&self, timeout: R::Duration) -> Option<ReentrantMutexGuard<'_, R, G, T>> {
        self.enter(|raw| raw.try_lock_for(timeout))
    }

    /// Takes it if no other thread holds it before `timeout`.
    #[inline]
    pub fn try_lock_until(&self, timeout: R::Instant) -> Option<ReentrantMutexGuard<'_, R, G, T>> {
        self.enter(|raw| raw.try_lock_until(timeout))
    }
}

/// A hold of a reentrant mutex. It gives nothing back: who keeps it does.
#[derive(Debug)]
pub struct ReentrantMutexGuard<'a, R, G, T>(&'a ReentrantMutex<R, G, T>);
