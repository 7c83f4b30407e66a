//! Waiting for the mutex.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lockdep::Map;

use super::super::awaited::{Acquire, Site};
use super::super::real::future::FusedFuture;
use super::super::real::lock as real;
use super::guard::{Held, MutexGuard, OwnedMutexGuard};
use super::mutex::{Mutex, acquire};

/// The wait itself.
struct Wait<'a> {
    inner: real::MutexLockFuture<'a, ()>,
    acquire: Acquire,
}

impl<'a> Wait<'a> {
    fn new(mutex: &'a real::Mutex<()>, acquire: Acquire) -> Wait<'a> {
        Wait { inner: mutex.lock(), acquire }
    }

    fn poll(&mut self, map: &'a Map, cx: &mut Context<'_>) -> Poll<Held<'a>> {
        let inner = Pin::new(&mut self.inner);
        self.acquire.poll(map, cx, |cx| inner.poll(cx))
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
        MutexLockFuture { wait: Wait::new(mutex.inner(), acquire::<T>(site)), mutex: Some(mutex) }
    }
}

impl<'a, T: ?Sized> Future for MutexLockFuture<'a, T> {
    type Output = MutexGuard<'a, T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<MutexGuard<'a, T>> {
        let mutex = self.mutex.expect("polled MutexLockFuture after completion");
        let hold = std::task::ready!(self.wait.poll(mutex.tracked(), cx));
        self.mutex = None;
        Poll::Ready(MutexGuard::new(mutex, hold))
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
        let wait = Wait::new(mutex.kept().1, acquire::<T>(site).owned());
        OwnedMutexLockFuture { wait, mutex: Some(mutex) }
    }
}

impl<T: ?Sized> Future for OwnedMutexLockFuture<T> {
    type Output = OwnedMutexGuard<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<OwnedMutexGuard<T>> {
        let this = self.get_mut();
        let mutex = this.mutex.as_ref().expect("polled OwnedMutexLockFuture after completion");
        let hold = std::task::ready!(this.wait.poll(mutex.kept().0, cx));
        let mutex = this.mutex.take().expect("it was there above");
        Poll::Ready(OwnedMutexGuard::new(mutex, hold))
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
