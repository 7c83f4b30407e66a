//! Guards of a part of the payload.
//!
//! They know the raw lock and where the part is, and no longer the lock's type: a mapped guard of a
//! field looks the same whatever the field is in.

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use super::guard::{Guard, Lock, give_back, give_back_fair};
use super::mutex::Mutex;
use super::owner::Owned;
use super::raw::Core;
use super::real::{GetThreadId, RawMutex, RawRwLock};
use super::remutex::ReentrantMutex;
use super::rwlock::RwLock;
use super::side::{Fair, Side};
use super::sides::{Locked, Reading, Writing};

/// Points at what a mapped guard protects.
pub trait Part {
    /// What it points at.
    type Target: ?Sized;

    /// The place.
    fn place(&self) -> *const Self::Target;
}

/// Points at what is shared with other readers.
#[derive(Debug)]
pub struct Shared<'a, T: ?Sized>(NonNull<T>, PhantomData<&'a T>);

/// Points at what nobody else can reach.
#[derive(Debug)]
pub struct Unique<'a, T: ?Sized>(NonNull<T>, PhantomData<&'a mut T>);

// SAFETY: it is a shared reference, except that it may outlive the hold by the end of a drop.
unsafe impl<T: ?Sized + Sync> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for Shared<'_, T> {}
// SAFETY: it is an exclusive reference, except that it may outlive the hold by the end of a drop.
unsafe impl<T: ?Sized + Send> Send for Unique<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for Unique<'_, T> {}

impl<T: ?Sized> Part for Shared<'_, T> {
    type Target = T;

    #[inline]
    fn place(&self) -> *const T {
        self.0.as_ptr()
    }
}

impl<T: ?Sized> Part for Unique<'_, T> {
    type Target = T;

    #[inline]
    fn place(&self) -> *const T {
        self.0.as_ptr()
    }
}

/// Holds a lock until it is dropped, and gives access to a part of its payload.
#[must_use = "a guard that is dropped at once leaves the lock unlocked"]
#[clippy::has_significant_drop]
pub struct Mapped<'a, S: Side, D> {
    core: &'a Core<S::Raw>,
    /// Moved out by whatever ends the guard.
    state: ManuallyDrop<S::State>,
    part: D,
}

impl<'a, S: Side, D> Mapped<'a, S, D> {
    #[inline]
    fn new(core: &'a Core<S::Raw>, state: S::State, part: D) -> Self {
        Mapped { core, state: ManuallyDrop::new(state), part }
    }

    /// The same hold for another part.
    #[inline]
    fn with_part<E>(self, part: E) -> Mapped<'a, S, E> {
        let (core, state) = self.into_parts();
        Mapped::new(core, state, part)
    }

    #[inline]
    fn into_parts(self) -> (&'a Core<S::Raw>, S::State) {
        let mut guard = ManuallyDrop::new(self);
        // SAFETY: the guard is not used or dropped again. A part has nothing to drop.
        let state = unsafe { ManuallyDrop::take(&mut guard.state) };
        (guard.core, state)
    }
}

impl<S: Fair, D> Mapped<'_, S, D> {
    /// Unlocks the lock; if others wait for it, it is handed to the first of them.
    #[inline]
    #[track_caller]
    pub fn unlock_fair(s: Self) {
        let (core, state) = s.into_parts();
        give_back_fair::<S>(core, state);
    }
}

impl<S: Side, D> Drop for Mapped<'_, S, D> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: nothing uses the state after the drop.
        let state = unsafe { ManuallyDrop::take(&mut self.state) };
        give_back::<S>(self.core, state);
    }
}

impl<S: Side, D: Part> Deref for Mapped<'_, S, D> {
    type Target = D::Target;

    #[inline]
    fn deref(&self) -> &D::Target {
        // SAFETY: the part is in the payload, which the hold keeps writers away from.
        unsafe { &*self.part.place() }
    }
}

impl<S: Side, T: ?Sized> DerefMut for Mapped<'_, S, Unique<'_, T>> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the part is in the payload, which the hold keeps everybody away from.
        unsafe { self.part.0.as_mut() }
    }
}

impl<S: Side, D: Part<Target: fmt::Debug>> fmt::Debug for Mapped<'_, S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<S: Side, D: Part<Target: fmt::Display>> fmt::Display for Mapped<'_, S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

// SAFETY: the part lies in the lock, not in the guard, and the guard always gives the same one.
#[cfg(feature = "owning_ref")]
unsafe impl<S: Side, D: Part> owning_ref::StableAddress for Mapped<'_, S, D> {}

/// The ways from a guard, whole or mapped already, to one of a part.
///
/// `$reference` is what the closures take and give: `&` or `&mut`.
macro_rules! map {
    ([$($generics:tt)*] $guard:ty, $side:ty, $part:ident, [$($reference:tt)*],
        $s:ident => $data:expr) => {
        impl<'a, $($generics)*> $guard {
            /// A guard of the part that `f` finds.
            ///
            /// An associated function, so that it hides no method of the payload.
            #[inline]
            pub fn map<U: ?Sized, F>(s: Self, f: F) -> Mapped<'a, $side, $part<'a, U>>
            where
                F: FnOnce($($reference)* T) -> $($reference)* U,
            {
                #[allow(unused_mut, reason = "a shared part is not mutated")]
                let mut $s = s;
                let part = $part(NonNull::from(f($data)), PhantomData);
                $s.with_part(part)
            }

            /// A guard of the part that `f` finds, or this one if it finds none.
            ///
            /// # Errors
            ///
            /// This guard, if `f` gave none.
            #[inline]
            pub fn try_map<U: ?Sized, F>(
                s: Self,
                f: F,
            ) -> Result<Mapped<'a, $side, $part<'a, U>>, Self>
            where
                F: FnOnce($($reference)* T) -> Option<$($reference)* U>,
            {
                #[allow(unused_mut, reason = "a shared part is not mutated")]
                let mut $s = s;
                match f($data).map(|part| $part(NonNull::from(part), PhantomData)) {
                    Some(part) => Ok($s.with_part(part)),
                    None => Err($s),
                }
            }

            /// A guard of the part that `f` finds, or this one and what `f` says instead.
            ///
            /// # Errors
            ///
            /// This guard and the error of `f`.
            #[inline]
            pub fn try_map_or_err<U: ?Sized, F, E>(
                s: Self,
                f: F,
            ) -> Result<Mapped<'a, $side, $part<'a, U>>, (Self, E)>
            where
                F: FnOnce($($reference)* T) -> Result<$($reference)* U, E>,
            {
                #[allow(unused_mut, reason = "a shared part is not mutated")]
                let mut $s = s;
                match f($data).map(|part| $part(NonNull::from(part), PhantomData)) {
                    Ok(part) => Ok($s.with_part(part)),
                    Err(error) => Err(($s, error)),
                }
            }
        }
    };
}

impl<'a, L: Lock<Raw = S::Raw> + ?Sized, S: Side> Guard<&'a L, S> {
    /// The same hold for a part of the payload.
    #[inline]
    fn with_part<D>(self, part: D) -> Mapped<'a, S, D> {
        let (lock, state) = self.into_parts();
        Mapped::new(lock.core(), state, part)
    }
}

map!([R: RawMutex, T: ?Sized] Guard<&'a Mutex<R, T>, Locked<R>>, Locked<R>, Unique, [&mut],
    s => &mut *s);
map!([R: RawMutex, T: ?Sized] Mapped<'a, Locked<R>, Unique<'a, T>>, Locked<R>, Unique, [&mut],
    s => &mut *s);
map!([R: RawRwLock, T: ?Sized] Guard<&'a RwLock<R, T>, Writing<R>>, Writing<R>, Unique, [&mut],
    s => &mut *s);
map!([R: RawRwLock, T: ?Sized] Mapped<'a, Writing<R>, Unique<'a, T>>, Writing<R>, Unique, [&mut],
    s => &mut *s);
map!([R: RawRwLock, T: ?Sized] Guard<&'a RwLock<R, T>, Reading<R>>, Reading<R>, Shared, [&],
    s => &*s);
map!([R: RawRwLock, T: ?Sized] Mapped<'a, Reading<R>, Shared<'a, T>>, Reading<R>, Shared, [&],
    s => &*s);
map!([R: RawMutex, G: GetThreadId, T: ?Sized] Guard<&'a ReentrantMutex<R, G, T>, Owned<R, G>>,
    Owned<R, G>, Shared, [&], s => &*s);
map!([R: RawMutex, G: GetThreadId, T: ?Sized] Mapped<'a, Owned<R, G>, Shared<'a, T>>,
    Owned<R, G>, Shared, [&], s => &*s);
