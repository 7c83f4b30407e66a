//! `lock_api` 0.1, 0.2 and 0.3 with their locks replaced.
//!
//! `cargo lockdep` compiles this file in the place of a `lock_api` that a program depends on, as a
//! crate of that name with the same features and against that very crate, which is given as
//! `real_lock_api`. All that depends on `lock_api` sees it, `parking_lot` included, so types agree.
//!
//! The sources are those of the module `lock_api` of `instrumented`, over what `real` makes of the
//! older traits.

#![no_std]

#[path = "../src/lock_api/acquires.rs"]
mod acquires;
#[path = "../src/lock_api/by_hand.rs"]
mod by_hand;
#[path = "../src/lock_api/exchange.rs"]
mod exchange;
#[path = "../src/lock_api/guard.rs"]
mod guard;
#[path = "../src/lock_api/mapped.rs"]
mod mapped;
#[path = "../src/lock_api/mutex.rs"]
mod mutex;
#[path = "../src/lock_api/owner.rs"]
mod owner;
#[path = "../src/lock_api/policy.rs"]
mod policy;
#[doc(hidden)]
#[path = "../src/lock_api/private.rs"]
pub mod private;
#[path = "../src/lock_api/raw.rs"]
mod raw;
#[path = "../src/lock_api/remutex.rs"]
mod remutex;
#[path = "../src/lock_api/rwlock.rs"]
mod rwlock;
#[path = "../src/lock_api/side.rs"]
mod side;
#[path = "../src/lock_api/sides.rs"]
mod sides;
#[path = "../src/lock_api/superseded.rs"]
mod superseded;

#[doc(hidden)]
#[path = "../src/lock_api_older/real.rs"]
pub mod real;

pub use real_lock_api::*;

pub use mutex::{MappedMutexGuard, Mutex, MutexGuard};
pub use remutex::{MappedReentrantMutexGuard, ReentrantMutex, ReentrantMutexGuard};
pub use rwlock::{
    MappedRwLockReadGuard, MappedRwLockWriteGuard, RwLock, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard,
};
