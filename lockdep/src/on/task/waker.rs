//! Whose poll it is, for executors that do not say: by the waker.

use std::marker::PhantomData;
use std::task::Context;

/// The async lock of [`polled_by`] is polled as long as this lives.
#[derive(Debug)]
#[must_use = "the poll ends when this is dropped"]
pub struct Polled {
    /// It belongs to the thread that polls.
    _thread: PhantomData<*const ()>,
}

/// An async lock's future is polled: its events until the returned guard is dropped are those of
/// the task that `cx` wakes. To be called at each poll of such a future, before anything else.
///
/// Inside of an [`AsyncTask`](crate::task::AsyncTask)'s poll it does nothing.
#[inline]
pub fn polled_by(cx: &Context<'_>) -> Polled {
    let _ = cx;
    Polled { _thread: PhantomData }
}
