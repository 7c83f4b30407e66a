//! The notifications of tokio, tracked.

use std::fmt;
use std::future::Future;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lockdep::task::polled_by;
use lockdep::{Description, Map, wait};

use super::awaited::announce;
use super::real::sync::{Notify as RealNotify, futures as real};

/// The futures of this module that have names.
pub mod futures {
    pub use super::Notified;
    #[cfg(not(before = "1.47"))]
    pub use super::OwnedNotified;
}

/// What reports call it.
fn describe() -> Description {
    Description::new("Notify", "")
}

/// [`tokio::sync::Notify`](::tokio::sync::Notify), tracked.
///
/// # Tracking
///
/// Who awaits [`notified`](Self::notified) waits for who notifies: if he holds a lock that the other
/// one takes before, both can wait for ever (LD0019). It is checked at each poll, for the future may
/// have been polled before a lock was taken. One that is awaited in a timeout, or in a branch of
/// `select!` that holds nothing of its own, does not wait for ever.
pub struct Notify {
    map: Map,
    inner: RealNotify,
}

impl Notify {
    /// Creates one that holds no notification; the place of this call is its class.
    #[track_caller]
    pub fn new() -> Notify {
        Notify { map: Map::new(), inner: RealNotify::new() }
    }

    /// [`new`](Self::new) in constants.
    #[cfg(any(not(before = "1.30"), feature = "parking_lot"))]
    #[must_use]
    #[track_caller]
    pub const fn const_new() -> Notify {
        Notify { map: Map::new(), inner: RealNotify::const_new() }
    }

    /// Waits for a notification.
    pub fn notified(&self) -> Notified<'_> {
        Notified { inner: self.inner.notified(), map: &self.map }
    }

    /// Waits for a notification, and keeps this alive meanwhile.
    #[cfg(not(before = "1.47"))]
    #[allow(unsafe_code, reason = "the future borrows from what it keeps alive")]
    pub fn notified_owned(self: std::sync::Arc<Self>) -> OwnedNotified {
        let notify: *const RealNotify = &raw const self.inner;
        // SAFETY: what it points to is in the `Arc`, which stays where it is, is only shared, and
        // lives longer: it is kept beside the future and dropped after it.
        let inner = unsafe { &*notify }.notified();
        OwnedNotified { inner, notify: self }
    }

    /// Notifies the one who has waited longest, or who waits next if nobody does.
    #[track_caller]
    pub fn notify_one(&self) {
        self.notifies(Location::caller());
        self.inner.notify_one();
    }

    /// Notifies the one who has waited least, or who waits next if nobody does.
    #[cfg(not(before = "1.38"))]
    #[track_caller]
    pub fn notify_last(&self) {
        self.notifies(Location::caller());
        self.inner.notify_last();
    }

    /// Notifies all who wait.
    #[track_caller]
    pub fn notify_waiters(&self) {
        self.notifies(Location::caller());
        self.inner.notify_waiters();
    }

    fn notifies(&self, site: &'static Location<'static>) {
        wait::made(&self.map, describe, site);
    }
}

impl Default for Notify {
    /// As [`Notify::new`]; the class is the place of this call.
    #[track_caller]
    fn default() -> Notify {
        Notify::new()
    }
}

impl UnwindSafe for Notify {}
impl RefUnwindSafe for Notify {}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Waits for a notification; [`Notify::notified`] makes it.
///
/// # Panics
///
/// When it is polled, if waiting is not allowed here and the tracker is told to panic.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Notified<'a> {
    inner: real::Notified<'a>,
    map: &'a Map,
}

impl Notified<'_> {
    /// Counts as waiting from now on; whether it is notified already. Records nothing.
    #[cfg(not(before = "1.19"))]
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.inner().enable()
    }
}

impl<'a> Notified<'a> {
    #[allow(unsafe_code, reason = "pins a field of a pinned value")]
    fn inner(self: Pin<&mut Self>) -> Pin<&mut real::Notified<'a>> {
        // SAFETY: `inner` is pinned as the whole is: nothing moves it once it is, there is no `drop`,
        // and the whole is `Unpin` only if it is.
        unsafe { self.map_unchecked_mut(|notified| &mut notified.inner) }
    }
}

impl Future for Notified<'_> {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (map, site) = (self.map, Location::caller());
        poll(map, self.inner(), cx, site)
    }
}

impl fmt::Debug for Notified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Polls the real future of a notification.
fn poll(
    map: &Map,
    real: Pin<&mut real::Notified<'_>>,
    cx: &mut Context<'_>,
    site: &'static Location<'static>,
) -> Poll<()> {
    let _polled = polled_by(cx);
    announce(map, describe, site);
    ready!(real.poll(cx));
    wait::over(site);
    Poll::Ready(())
}

/// Waits for a notification; [`Notify::notified_owned`] makes it.
///
/// # Panics
///
/// As [`Notified`].
#[cfg(not(before = "1.47"))]
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct OwnedNotified {
    /// Borrows from `notify`; dropped before it, as the first field.
    inner: real::Notified<'static>,
    notify: std::sync::Arc<Notify>,
}

#[cfg(not(before = "1.47"))]
impl OwnedNotified {
    /// Counts as waiting from now on; whether it is notified already. Records nothing.
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.inner().enable()
    }

    #[allow(unsafe_code, reason = "pins a field of a pinned value")]
    fn inner(self: Pin<&mut Self>) -> Pin<&mut real::Notified<'static>> {
        // SAFETY: `inner` is pinned as the whole is: nothing moves it once it is, there is no `drop`,
        // and the whole is `Unpin` only if it is.
        unsafe { self.map_unchecked_mut(|notified| &mut notified.inner) }
    }
}

#[cfg(not(before = "1.47"))]
impl Future for OwnedNotified {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (notify, site) = (std::sync::Arc::clone(&self.notify), Location::caller());
        poll(&notify.map, self.inner(), cx, site)
    }
}

#[cfg(not(before = "1.47"))]
impl fmt::Debug for OwnedNotified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedNotified").field("notify", &self.notify).finish_non_exhaustive()
    }
}
