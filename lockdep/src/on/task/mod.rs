//! Async tasks: each has a held stack of its own, which moves with it between threads.
//!
//! A thread that runs async tasks holds what the task holds that it polls: the locks that the task
//! took in earlier polls, on this thread or another. Whoever polls tasks says so, by
//! [`AsyncTask::poll`] around each poll or by a [`Tracked`] future:
//!
//! ```
//! use std::task::Context;
//!
//! use lockdep::task::Tracked;
//!
//! # fn executor<F: Future + Send + 'static>(_: F) {}
//! /// An executor's own `spawn`.
//! #[track_caller]
//! fn spawn<F: Future + Send + 'static>(future: F) {
//!     executor(Tracked::spawned(future));
//! }
//! # spawn(async {});
//! ```
//!
//! Of an executor that says nothing only the async locks speak, by [`polled_by`].
//!
//! # Blocking and async locks
//!
//! A lock that blocks its thread must not be held when a poll returns `Pending`: whatever runs on
//! the thread next may want it, and the task that could release it does not run (LD0018 `held across
//! await`). A lock whose waiters await says so by [`Traits::AWAITED`](crate::Traits::AWAITED); it may
//! be held there.
//!
//! # Branches
//!
//! `join!` and its like poll several futures in one task, which go on beside each other: that one
//! holds a lock while another awaits is no dependency. Say so with [`Tracked::branch`] around each.
//! Combinators that give each future a waker of its own (`FuturesUnordered`) need not, if the task is
//! polled as a [`Tracked`] or by [`AsyncTask::poll_with`]. Branches that nobody tells apart count as
//! one after the other, and then a report may be false.
//!
//! # Nested polls
//!
//! A task that is polled inside of another's poll, or under a lock of its executor's, holds nothing of
//! what its thread holds, and [`held`](crate::held) does not list it. But its thread cannot release
//! that before the poll has returned: a lock that the poll *blocks* for depends on it, one that it
//! awaits does not. A [root](AsyncTask::root) task is waited for, so to it all of that is held.
//!
//! # What is left out
//!
//! A task that is suspended and awaits a lock is in no circle of tasks that wait for each other now
//! (LD0017): whoever drops its future ends the wait (`select!`, a timeout), and nobody can see
//! whether somebody will. Its order is checked all the same.

mod async_task;
mod branches;
mod contents;
mod hold;
pub(super) mod holder;
mod known;
mod name;
mod patience;
mod poll;
mod tracked;
mod waker;

pub use async_task::{AsyncTask, any_lives};
pub use patience::{Awaits, awaits, may_await_for_ever, patience, wanted};
pub use tracked::Tracked;
pub use waker::{Polled, acquires_known, polled_by};

pub use crate::patience::Patience;

pub(crate) use crate::on::stack::Held;
pub(crate) use holder::{Keys, State, Task};
pub(crate) use name::AsyncName;
pub(crate) use waker::WakerKey;
