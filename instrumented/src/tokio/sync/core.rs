//! A semaphore and its map: what every lock of this module is made of besides its payload.
//!
//! All that is recorded of these locks is recorded here. An acquire that waits is checked before it
//! waits, unless it is dropped after some time; one that does not is recorded once it succeeded, a release is recorded before the real one.

use std::future::Future;
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
#[cfg(all(feature = "rt", not(before = "1.47"), not(tokio_unstable)))]
use std::task::ready;
use std::task::{Context, Poll};
use std::{fmt, mem};

use lockdep::{Describe, How, LockState, Map, Mode, Until, event, is_held, task};

use super::blocking;
use super::real::sync::{AcquireError, Semaphore, SemaphorePermit, TryAcquireError};
#[cfg(all(feature = "rt", not(before = "1.47"), not(tokio_unstable)))]
use super::real::task::coop::poll_proceed;

/// A place in the program; every event has one.
pub(super) type Site = &'static Location<'static>;

/// How a lock is taken.
#[derive(Clone, Copy)]
pub(super) struct Request {
    /// How many of the semaphore's permits.
    pub(super) permits: u32,
    pub(super) how: How,
    pub(super) describe: Describe,
    pub(super) site: Site,
    /// Whether the guard keeps the lock alive, so that it can be given to any task.
    pub(super) is_owned: bool,
}

impl Request {
    /// The same for a guard that keeps the lock alive.
    pub(super) fn owned(self) -> Request {
        Request { is_owned: true, ..self }
    }
}

/// A semaphore and its map.
pub(super) struct Core {
    map: Map,
    semaphore: Semaphore,
}

impl Core {
    /// Ties a semaphore to the place of the call.
    #[track_caller]
    pub(super) fn new(permits: usize) -> Core {
        Core { map: Map::new(), semaphore: Semaphore::new(permits) }
    }

    /// The same in constants.
    #[cfg(any(not(before = "1.30"), feature = "parking_lot"))]
    #[track_caller]
    pub(super) const fn const_new(permits: usize) -> Core {
        Core { map: Map::new(), semaphore: Semaphore::const_new(permits) }
    }

    pub(super) fn map(&self) -> &Map {
        &self.map
    }

    /// The semaphore. What is done to it is not recorded.
    pub(super) fn semaphore(&self) -> &Semaphore {
        &self.semaphore
    }

    /// Waits for the lock and takes it.
    #[inline]
    pub(super) fn acquire(&self, request: Request) -> impl Future<Output = Acquired> {
        let real = self.semaphore.acquire_many(request.permits);
        Acquire { core: self, request, announced: None, is_counted: false, real }
    }

    /// Takes the lock, blocking the thread if need be.
    ///
    /// # Panics
    ///
    /// If the thread runs tasks, or if the acquire breaks a rule and the tracker is told to panic.
    #[track_caller]
    pub(super) fn acquire_blocking(&self, request: Request) -> Result<(), AcquireError> {
        let Request { permits, how, describe, site, is_owned } = request;
        blocking::check();
        event::before_acquire(&self.map, how, describe, site);
        let permit = match self.semaphore.try_acquire_many(permits) {
            Ok(permit) => permit,
            Err(_) => {
                let _waiting = event::waiting(&self.map, how, site, Until::Free);
                blocking::block_on(self.semaphore.acquire_many(permits))?
            }
        };
        kept(permit);
        self.acquired(how, site, is_owned);
        Ok(())
    }

    /// Takes the lock if that needs no waiting.
    pub(super) fn try_acquire(&self, request: Request) -> Result<(), TryAcquireError> {
        let Request { permits, how, describe, site, is_owned } = request;
        let how = how.trylock();
        event::before_try(&self.map, how, describe, site);
        kept(self.semaphore.try_acquire_many(permits)?);
        self.acquired(how, site, is_owned);
        Ok(())
    }

    /// Records that the lock was obtained.
    pub(super) fn acquired(&self, how: How, site: Site, is_owned: bool) {
        event::acquired(&self.map, how, site);
        event::can_be_sent(&self.map);
        if is_owned {
            event::can_be_given(site);
        }
    }

    /// Records that the lock is about to be released.
    #[inline]
    #[track_caller]
    pub(super) fn released(&self) {
        event::released_anywhere(&self.map);
    }

    /// Records that a hold is about to become a shared one, if it is not.
    #[track_caller]
    pub(super) fn downgraded(&self) {
        match is_held(&self.map, None) {
            LockState::NotHeld => {
                // The guard was sent here.
                self.released();
                self.acquired(How::SHARED.trylock(), Location::caller(), false);
            }
            _ if is_held(&self.map, Some(Mode::Exclusive)) == LockState::Held => {
                event::downgraded(&self.map);
            }
            _ => {}
        }
    }
}

/// The permit's count is kept by a [`Hold`]. It has nothing else to drop, and its own way to be
/// forgotten drops it all the same.
#[inline]
fn kept(permit: SemaphorePermit<'_>) {
    mem::forget(permit);
}

/// What becomes of an acquire.
type Acquired = Result<(), AcquireError>;

/// Waits for a lock and takes it, over the real future.
struct Acquire<'a, F> {
    core: &'a Core,
    request: Request,
    /// How it was said to be wanted.
    announced: Option<How>,
    is_counted: bool,
    real: F,
}

impl<'a, F> Future for Acquire<'a, F>
where
    F: Future<Output = Result<SemaphorePermit<'a>, AcquireError>>,
{
    type Output = Acquired;

    #[inline]
    #[allow(unsafe_code, reason = "pins a field of a pinned value")]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Acquired> {
        // SAFETY: nothing is moved out of what this gives: `real` goes into a `Pin` at once, and the
        // rest is not pinned.
        let Acquire { core, request, announced, is_counted, real } =
            unsafe { self.get_unchecked_mut() };
        // SAFETY: `real` is pinned as the whole is: nothing moves it once it is, there is no `drop`,
        // and the whole is `Unpin` only if it is.
        let real = unsafe { Pin::new_unchecked(real) };
        let Request { how, site, is_owned, .. } = *request;
        if announced.is_none() && task::acquires_known(context, &core.map, how, site) {
            return match core.first_poll(request.permits, real, context) {
                Poll::Ready(Ok(permit)) => {
                    kept(permit);
                    if is_owned {
                        event::can_be_given(site);
                    }
                    Poll::Ready(Ok(()))
                }
                other => {
                    event::contended(&core.map);
                    *announced = Some(how);
                    *is_counted = true;
                    other.map_ok(kept)
                }
            };
        }
        core.poll_slow(*request, announced, is_counted, real, context)
    }
}

impl Core {
    /// The first poll of the real future `real`, or what it would do: it takes the permits from the
    /// task's budget of progress and then from the semaphore, if they are there.
    #[cfg(all(feature = "rt", not(before = "1.47"), not(tokio_unstable)))]
    #[inline]
    fn first_poll<'a>(
        &'a self,
        permits: u32,
        real: Pin<&mut impl Future<Output = Result<SemaphorePermit<'a>, AcquireError>>>,
        context: &mut Context<'_>,
    ) -> Poll<Result<SemaphorePermit<'a>, AcquireError>> {
        let progress = ready!(poll_proceed(context));
        match self.semaphore.try_acquire_many(permits) {
            Ok(permit) => {
                progress.made_progress();
                Poll::Ready(Ok(permit))
            }
            Err(_) => {
                drop(progress);
                real.poll(context)
            }
        }
    }

    /// The first poll of the real future `real`.
    #[cfg(not(all(feature = "rt", not(before = "1.47"), not(tokio_unstable))))]
    #[inline]
    fn first_poll<'a>(
        &'a self,
        _: u32,
        real: Pin<&mut impl Future<Output = Result<SemaphorePermit<'a>, AcquireError>>>,
        context: &mut Context<'_>,
    ) -> Poll<Result<SemaphorePermit<'a>, AcquireError>> {
        real.poll(context)
    }

    /// A poll of which the tracker does not know all.
    #[cold]
    #[inline(never)]
    fn poll_slow<'a>(
        &'a self,
        Request { how, describe, site, is_owned, .. }: Request,
        announced: &mut Option<How>,
        is_counted: &mut bool,
        real: Pin<&mut impl Future<Output = Result<SemaphorePermit<'a>, AcquireError>>>,
        context: &mut Context<'_>,
    ) -> Poll<Acquired> {
        let _polled = task::polled_by(context);
        let wanted = task::wanted(how, *announced);
        if announced.replace(wanted) != Some(wanted) {
            event::before_acquire(&self.map, wanted, describe, site);
            // From now on nobody may ask this any more.
            event::can_be_sent(&self.map);
        }
        match real.poll(context) {
            Poll::Ready(permit) => {
                kept(permit?);
                self.acquired(wanted, site, is_owned);
                Poll::Ready(Ok(()))
            }
            Poll::Pending => {
                if !mem::replace(is_counted, true) {
                    event::waits(&self.map);
                }
                Poll::Pending
            }
        }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.semaphore.fmt(f)
    }
}

/// What has a [`Core`].
pub(super) trait Lock {
    fn core(&self) -> &Core;
}

impl Lock for Core {
    fn core(&self) -> &Core {
        self
    }
}

/// Holds so many permits of a lock until it is dropped.
///
/// It is what a guard drops, so that no guard has a `Drop` of its own and all can be taken apart.
pub(super) struct Hold<P: Deref<Target: Lock>> {
    lock: P,
    permits: u32,
}

impl<P: Deref<Target: Lock>> Hold<P> {
    /// For permits that were obtained, of which this is recorded.
    pub(super) fn new(lock: P, permits: u32) -> Self {
        Hold { lock, permits }
    }

    pub(super) fn lock(&self) -> &P {
        &self.lock
    }

    /// Turns the exclusive hold into a reader's.
    #[track_caller]
    pub(super) fn downgrade(&mut self) {
        let core = self.lock.core();
        core.downgraded();
        let excess = mem::replace(&mut self.permits, 1) - 1;
        core.semaphore.add_permits(excess as usize);
    }
}

impl<'a, L: Lock + ?Sized> Hold<&'a L> {
    /// The same hold, without the lock's type.
    pub(super) fn erase(self) -> Hold<&'a Core> {
        let erased = Hold { lock: self.lock.core(), permits: self.permits };
        mem::forget(self);
        erased
    }
}

impl<P: Deref<Target: Lock>> Drop for Hold<P> {
    #[inline]
    fn drop(&mut self) {
        /// Gives the permits back even if telling panics.
        struct Return<'a>(&'a Semaphore, u32);
        impl Drop for Return<'_> {
            fn drop(&mut self) {
                self.0.add_permits(self.1 as usize);
            }
        }
        let core = self.lock.core();
        let _return = Return(&core.semaphore, self.permits);
        core.released();
    }
}
