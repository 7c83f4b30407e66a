//! Waiting for the mutex.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lockdep::task::{polled_by, wanted};
use lockdep::{Describe, How, Map, event};

use super::super::real::future::FusedFuture;
use super::super::real::lock as real;
use super::guard::{Held, MutexGuard, OwnedMutexGuard};
use super::mutex::{Mutex, describe};

/// A place in the program; every event has one.
type Site = &'static Location<'static>;

/// The wait itself.
struct Wait<'a> {
    inner: real::MutexLockFuture<'a, ()>,
    site: Site,
    /// As what it was checked.
    announced: Option<How>,
}

impl<'a> Wait<'a> {
    fn new(mutex: &'a real::Mutex<()>, site: Site) -> Wait<'a> {
        Wait { inner: mutex.lock(), site, announced: None }
    }

    /// Polls the real future; checks the acquire before the first time.
    fn poll(
        &mut self,
        map: &'a Map,
        describe: Describe,
        cx: &mut Context<'_>,
    ) -> Poll<(Held<'a>, real::MutexGuard<'a, ()>)> {
        let _polled = polled_by(cx);
        let wanted = wanted(How::EXCLUSIVE, self.announced);
        if self.announced.replace(wanted) != Some(wanted) {
            event::before_acquire(map, wanted, describe, self.site);
        }
        let real = std::task::ready!(Pin::new(&mut self.inner).poll(cx));
        Poll::Ready((Held::new(map, wanted, self.site), real))
    }
}

/// Waits for a [`Mutex`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct MutexLockFuture<'a, T: ?Sized> {
    wait: Wait<'a>,
    /// None once it was locked.
    mutex: Option<&'a Mutex<T>>,
}

// SAFETY: it hands the payload on, which can be sent.
unsafe impl<T: ?Sized + Send> Send for MutexLockFuture<'_, T> {}
// SAFETY: a shared one gives access to nothing.
unsafe impl<T: ?Sized> Sync for MutexLockFuture<'_, T> {}

impl<'a, T: ?Sized> MutexLockFuture<'a, T> {
    pub(super) fn new(mutex: &'a Mutex<T>, site: Site) -> Self {
        MutexLockFuture { wait: Wait::new(mutex.inner(), site), mutex: Some(mutex) }
    }
}

impl<'a, T: ?Sized> Future for MutexLockFuture<'a, T> {
    type Output = MutexGuard<'a, T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<MutexGuard<'a, T>> {
        let mutex = self.mutex.expect("polled MutexLockFuture after completion");
        let (held, real) = std::task::ready!(self.wait.poll(mutex.tracked(), describe::<T>, cx));
        self.mutex = None;
        Poll::Ready(MutexGuard::new(mutex, held, real))
    }
}

impl<T: ?Sized> FusedFuture for MutexLockFuture<'_, T> {
    fn is_terminated(&self) -> bool {
        self.mutex.is_none()
    }
}

impl<T: ?Sized> fmt::Debug for MutexLockFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wait.inner.fmt(f)
    }
}

/// Waits for a [`Mutex`], which it keeps alive.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct OwnedMutexLockFuture<T: ?Sized> {
    /// Borrows from the mutex below, and is dropped before.
    wait: Wait<'static>,
    /// None once it was locked.
    mutex: Option<Arc<Mutex<T>>>,
}

// SAFETY: it hands the payload on, which can be sent.
unsafe impl<T: ?Sized + Send> Send for OwnedMutexLockFuture<T> {}
// SAFETY: a shared one gives access to nothing.
unsafe impl<T: ?Sized> Sync for OwnedMutexLockFuture<T> {}

impl<T: ?Sized> OwnedMutexLockFuture<T> {
    pub(super) fn new(mutex: Arc<Mutex<T>>, site: Site) -> Self {
        OwnedMutexLockFuture { wait: Wait::new(mutex.kept().1, site), mutex: Some(mutex) }
    }
}

impl<T: ?Sized> Future for OwnedMutexLockFuture<T> {
    type Output = OwnedMutexGuard<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<OwnedMutexGuard<T>> {
        let this = self.get_mut();
        let mutex = this.mutex.as_ref().expect("polled OwnedMutexLockFuture after completion");
        let (held, real) = std::task::ready!(this.wait.poll(mutex.kept().0, describe::<T>, cx));
        let mutex = this.mutex.take().expect("it was there above");
        Poll::Ready(OwnedMutexGuard::new(mutex, held, real))
    }
}

impl<T: ?Sized> FusedFuture for OwnedMutexLockFuture<T> {
    fn is_terminated(&self) -> bool {
        self.mutex.is_none()
    }
}

impl<T: ?Sized> fmt::Debug for OwnedMutexLockFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wait.inner.fmt(f)
    }
}
