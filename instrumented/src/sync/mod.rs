//! [`std::sync`] with its locks replaced by tracked ones.
//!
//! [`Mutex`], [`RwLock`], [`Condvar`], [`Barrier`], the channels of [`mpsc`], [`Once`], [`OnceLock`], [`LazyLock`] and the guards have every
//! stable method, trait and auto trait of the types they wrap, and do what those do: poisoning,
//! fairness and blocking are the standard library's own. All other names, errors and results
//! included, are the real ones.
//!
//! # Tracking
//!
//! A lock's class is the place that called its constructor, together with its payload's type. A
//! constructor that is passed as a function (`.map(Mutex::new)`) has no caller to name, so all
//! locks with one payload type made that way are one class.
//!
//! A blocking acquire is checked before it blocks. A try-lock is recorded once it succeeded.
//! Whoever owns the lock (`get_mut`, `into_inner`), looks at its poison or prints it takes no lock
//! as far as the tracker is concerned.
//!
//! What happens once is a lock until it is done: whoever comes meanwhile waits for the initialiser,
//! and the task that runs it holds it.
//!
//! # What differs
//!
//! A lock is up to 16 bytes larger, a guard one reference larger, and a lock has something to drop
//! even if its payload has not: [`std::mem::needs_drop`] says so, `const` code cannot drop one,
//! and a `thread_local!` lock is destroyed when its thread ends.

mod barrier;
mod condvar;
mod lazy_lock;
pub mod mpsc;
mod mutex;
mod once;
mod once_lock;
mod rwlock;

pub use std::sync::*;

pub use barrier::Barrier;
pub use condvar::Condvar;
pub use lazy_lock::LazyLock;
pub use mutex::{Mutex, MutexGuard};
#[allow(deprecated, reason = "the constant is deprecated and still there")]
pub use once::ONCE_INIT;
pub use once::Once;
pub use once_lock::OnceLock;
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
