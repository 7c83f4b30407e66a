//! How long a wait may last: until it is cancelled, until a moment, or for ever.

use std::fmt;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::time::Instant;

use crate::sync::{Arc, AtomicBool, Mutex, Thread, current, park};

/// A wait was given up: it was cancelled or its deadline passed. Nothing was locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the wait was cancelled or its deadline passed")
    }
}

impl std::error::Error for Cancelled {}

/// Cancels waits, from any thread. Clones are the same token.
#[derive(Clone, Debug)]
pub struct CancelToken {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Release by the canceller under `waiting`'s lock, acquire by the waiters; never back.
    cancelled: AtomicBool,
    /// Who waits with this token. A waiter enters under the lock, where it sees either the
    /// cancellation or is seen by the canceller.
    waiting: Mutex<Vec<Thread>>,
}

impl CancelToken {
    /// A token that nobody has cancelled yet.
    #[must_use]
    pub fn new() -> CancelToken {
        let inner = Inner { cancelled: AtomicBool::new(false), waiting: Mutex::new(Vec::new()) };
        CancelToken { inner: Arc::new(inner) }
    }

    /// Ends every wait with this token, now and in future. Wakes who waits.
    pub fn cancel(&self) {
        let waiting = self.inner.waiting.lock();
        self.inner.cancelled.store(true, Release);
        for thread in waiting.iter() {
            thread.unpark();
        }
    }

    /// Whether [`CancelToken::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.inner.cancelled.load(Acquire)
    }
}

impl Default for CancelToken {
    fn default() -> CancelToken {
        CancelToken::new()
    }
}

/// How long a wait may last.
///
/// Every wait looks at what it waits for first: patience that is over does not matter if there is
/// nothing to wait for.
#[derive(Clone, Debug, Default)]
pub struct Patience {
    token: Option<CancelToken>,
    deadline: Option<Instant>,
}

impl Patience {
    /// Waits for ever.
    #[must_use]
    pub const fn forever() -> Patience {
        Patience { token: None, deadline: None }
    }

    /// Waits until a moment.
    #[must_use]
    pub const fn until(deadline: Instant) -> Patience {
        Patience { token: None, deadline: Some(deadline) }
    }

    /// Waits until `token` is cancelled.
    #[must_use]
    pub fn token(token: &CancelToken) -> Patience {
        Patience { token: Some(token.clone()), deadline: None }
    }

    /// Waits until `token` is cancelled or, at the latest, until a moment.
    #[must_use]
    pub fn token_until(token: &CancelToken, deadline: Instant) -> Patience {
        Patience { token: Some(token.clone()), deadline: Some(deadline) }
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.token.as_ref().is_some_and(CancelToken::is_cancelled)
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Announces this thread to the token: from now on a cancellation unparks it.
    pub(crate) fn begin(&self) -> Waiting<'_> {
        if let Some(token) = &self.token {
            token.inner.waiting.lock().push(current());
        }
        Waiting(self)
    }
}

/// A thread's entry with the token it waits with.
pub(crate) struct Waiting<'a>(&'a Patience);

impl Waiting<'_> {
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_over()
    }

    /// Sleeps until somebody unparks this thread, the patience is over, or for no reason.
    pub(crate) fn park(&self) {
        park(self.0.deadline);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(token) = &self.0.token {
            let me = current().id();
            let mut waiting = token.inner.waiting.lock();
            if let Some(at) = waiting.iter().position(|thread| thread.id() == me) {
                waiting.swap_remove(at);
            }
        }
    }
}
