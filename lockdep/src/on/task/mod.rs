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
//! # What is left out
//!
//! A task that is suspended and awaits a lock is in no circle of tasks that wait for each other now
//! (LD0017): whoever drops its future ends the wait (`select!`, a timeout), and nobody can see
//! whether somebody will. Its order is checked all the same.

mod async_task;
mod branches;
pub(super) mod holder;
mod known;
mod name;
mod poll;
mod tracked;
mod waker;

pub use async_task::AsyncTask;
pub use tracked::Tracked;
pub use waker::{Polled, polled_by};

pub(crate) use crate::on::stack::Held;
pub(crate) use holder::{Keys, State, Task};
pub(crate) use name::AsyncName;
pub(crate) use waker::WakerKey;
