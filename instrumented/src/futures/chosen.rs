//! A future that is polled together with others, until one of them is done.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use lockdep::task::{AsyncTask, Patience, awaits};

use super::real::future::{FusedFuture, Future};

/// A branch of the current task that others may end the wait of.
///
/// Made by a literal where a macro makes one: what its field's expression borrows then lives as long as
/// without it.
pub struct Chosen<F> {
    /// The future.
    pub of: F,
    /// What it does, it does as this.
    pub task: AsyncTask,
}

impl<F> Chosen<F> {
    /// A future as one of several.
    #[track_caller]
    pub fn new(future: F) -> Chosen<F> {
        Chosen { of: future, task: AsyncTask::branch() }
    }
}

/// A new branch of the current task.
#[must_use]
#[track_caller]
pub fn branch() -> AsyncTask {
    AsyncTask::branch()
}

impl<F> Chosen<F> {
    /// Polls the future by `poll`, as what it is.
    pub(super) fn poll_by<T>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut F>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        // SAFETY: the future is pinned with the whole: it is never moved out of a pinned one.
        let Chosen { of, task } = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(of) };
        task.poll_with(cx, |cx| {
            let _awaits = awaits(Patience::OneOfSeveral);
            poll(future, cx)
        })
    }
}

impl<F: Future> Future for Chosen<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.poll_by(cx, |future, cx| future.poll(cx))
    }
}

impl<F: FusedFuture> FusedFuture for Chosen<F> {
    fn is_terminated(&self) -> bool {
        self.of.is_terminated()
    }
}

impl<F: fmt::Debug> fmt::Debug for Chosen<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.of.fmt(f)
    }
}
