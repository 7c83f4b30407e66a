//! What ends a task.

use std::fmt;
use std::ops::Deref;

use super::real::task::AbortHandle as RealAbortHandle;
use super::started::Started;

/// [`tokio::task::AbortHandle`](::tokio::task::AbortHandle), which says whom it ends.
#[cfg_attr(not(before = "1.39"), derive(Clone))]
pub struct AbortHandle {
    inner: RealAbortHandle,
    started: Started,
}

impl AbortHandle {
    pub(super) fn of(inner: RealAbortHandle, started: Started) -> AbortHandle {
        AbortHandle { inner, started }
    }

    /// Ends the task at its next await, if it has not ended before.
    pub fn abort(&self) {
        self.started.is_aborted();
        self.inner.abort();
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }

    /// What tells the task from others.
    #[cfg(any(tokio_unstable, not(before = "1.41")))]
    pub fn id(&self) -> super::Id {
        self.inner.id()
    }
}

impl Deref for AbortHandle {
    type Target = RealAbortHandle;

    fn deref(&self) -> &RealAbortHandle {
        &self.inner
    }
}

impl From<AbortHandle> for RealAbortHandle {
    /// The real handle, for what wants that. What it ends is not known to be ended.
    fn from(handle: AbortHandle) -> RealAbortHandle {
        handle.inner
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
