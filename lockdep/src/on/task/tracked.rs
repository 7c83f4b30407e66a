//! A future that is polled as an async task.

use std::any::type_name;
use std::fmt;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::event::Child;
use crate::how::Description;
use crate::task::AsyncTask;

/// A future polled as an async task, and dropped as one.
///
/// # Examples
///
/// ```
/// use lockdep::task::Tracked;
///
/// # fn wait_for<F: Future>(_: F) {}
/// /// An executor's own `block_on`.
/// #[track_caller]
/// fn block_on<F: Future>(future: F) {
///     wait_for(Tracked::root(future));
/// }
/// # block_on(async {});
/// ```
pub struct Tracked<F> {
    task: AsyncTask,
    /// Never moved once it was pinned, and dropped by [`Tracked`]'s own `drop`.
    future: ManuallyDrop<F>,
}

impl<F> Tracked<F> {
    /// A task of its own, as [`AsyncTask::new`] says: for `spawn`, `spawn_local`, a set of tasks.
    #[track_caller]
    pub fn spawned(future: F) -> Tracked<F> {
        let task = AsyncTask::described(|| Description::new("task", type_name::<F>()));
        Tracked { task, future: ManuallyDrop::new(future) }
    }

    /// The task, for whoever waits for its end; see [`AsyncTask::child`].
    #[must_use]
    pub fn child(&self) -> Child {
        self.task.child()
    }

    /// A task on top of what the thread holds, as [`AsyncTask::root`] says: for `block_on`.
    #[track_caller]
    pub fn root(future: F) -> Tracked<F> {
        Tracked { task: AsyncTask::root(), future: ManuallyDrop::new(future) }
    }

    /// A branch of the current task, as [`AsyncTask::branch`] says: for what `join!` and `select!`
    /// are given. Without this two branches of a task are one: what one holds while the other
    /// awaits is taken for held by both.
    #[track_caller]
    pub fn branch(future: F) -> Tracked<F> {
        Tracked { task: AsyncTask::branch(), future: ManuallyDrop::new(future) }
    }
}

impl<F: Future> Future for Tracked<F> {
    type Output = F::Output;

    #[inline]
    #[allow(unsafe_code, reason = "pins a field of a pinned value")]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: nothing is moved out of what this gives: `task` is not pinned, and `future` goes
        // into a `Pin` at once.
        let Tracked { task, future } = unsafe { self.get_unchecked_mut() };
        // SAFETY: `future` is pinned as `self` is: it is moved by nothing, `drop` drops it in
        // place, and `Tracked` is `Unpin` only if `F` is.
        let future = unsafe { Pin::new_unchecked(&mut **future) };
        task.poll_with(cx, |cx| future.poll(cx))
    }
}

impl<F> Drop for Tracked<F> {
    #[allow(unsafe_code, reason = "drops a field in place, with the task around it")]
    fn drop(&mut self) {
        let Tracked { task, future } = self;
        // SAFETY: this is the only place that drops it, it runs once, and nothing uses the future
        // after it.
        task.run(|| unsafe { ManuallyDrop::drop(future) });
    }
}

impl<F> fmt::Debug for Tracked<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracked").field("task", &self.task).finish_non_exhaustive()
    }
}
