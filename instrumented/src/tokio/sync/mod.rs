//! [`tokio::sync`](::tokio::sync) with its locks, its channels, [`Notify`] and [`Barrier`] replaced by
//! tracked ones. All other names are the real ones.
//!
//! The real locks are a counting semaphore and a payload, and so are these, over the real
//! semaphore: who waits, in which order, and what wakes whom are tokio's own.
//!
//! # Tracking
//!
//! A lock's class is the place that called its constructor, together with its payload's type. The
//! place of an acquire is the call that makes the future, as in `mutex.lock()`; what is recorded is
//! recorded where it is polled: that the lock is wanted at the first poll, that it is held when the
//! future is ready. A future that is dropped before that has taken nothing.
//!
//! A guard can be sent, so a release is believed whoever makes it. One that keeps its lock alive
//! (`lock_owned`, `acquire_owned` …) may be moved into any task that is started: once its task has
//! started another one or a thread, nobody is taken to hold it. What a task does after that with a
//! guard that it kept is missed; no hold is made up that it gave away.
//!
//! What is awaited in `tokio::time::timeout` ends by itself: such an acquire is an attempt that may
//! fail. One in a branch of `select!` may be ended by another branch or may not: it is taken for one
//! that does not end, and the order of locks in it is learnt and judged like any other.
//!
//! # What differs
//!
//! A lock is up to 24 bytes larger. Tokio's own unstable tracing shows a semaphore in each.

mod awaited;
mod barrier;
mod blocking;
pub mod broadcast;
mod core;
mod guard;
mod link;
pub mod mpsc;
mod mutex;
mod mutex_guard;
#[cfg(not(before = "1.9"))]
mod notify;
#[cfg(not(before = "1.5"))]
mod once_cell;
pub mod oneshot;
mod owned_mutex_guard;
mod owned_rwlock_guard;
mod rwlock;
mod rwlock_guard;
mod semaphore;
pub mod watch;
mod weak_sender;

use super::real;

pub use super::real::sync::*;

pub use barrier::Barrier;
pub use mutex::Mutex;
pub use mutex_guard::{MappedMutexGuard, MutexGuard};
#[cfg(not(before = "1.9"))]
pub use notify::{Notify, futures};
#[cfg(not(before = "1.5"))]
pub use once_cell::OnceCell;
pub use owned_mutex_guard::{OwnedMappedMutexGuard, OwnedMutexGuard};
pub use owned_rwlock_guard::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard,
};
pub use rwlock::RwLock;
pub use rwlock_guard::{RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
