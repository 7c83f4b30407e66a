//! How a guard holds its lock.
//!
//! A [`Side`] is a type without values that a guard carries as a parameter: it says which functions
//! of the raw lock take, give back and yield what the guard stands for. `State` is what the raw lock
//! hands out for a hold; in `lock_api` 0.4 it is nothing but the marker that says whether a guard may
//! be sent.

use core::marker::PhantomData;

use lockdep::How;

/// A way to hold a raw lock.
pub trait Side {
    /// The raw lock.
    type Raw;
    /// What stands for one hold.
    type State;

    /// Takes the raw lock if that needs no waiting.
    fn attempt(raw: &Self::Raw) -> Option<Self::State>;

    /// Takes the raw lock.
    fn wait(raw: &Self::Raw) -> Self::State;

    /// Gives the raw lock back.
    ///
    /// # Safety
    ///
    /// The state stands for a hold of this raw lock in this context.
    unsafe fn unlock(raw: &Self::Raw, state: Self::State);

    /// How it is taken.
    fn how() -> How;

    /// Whether a guard can be sent to another task, which then releases the lock.
    #[inline(always)]
    fn can_be_sent() -> bool {
        false
    }

    /// Whether the task that asks for the lock holds it already, and may.
    #[inline(always)]
    fn is_reentry(_raw: &Self::Raw) -> bool {
        false
    }

    /// Whether the lock is free once a hold of the task that asks is given back.
    #[inline(always)]
    fn is_last(_raw: &Self::Raw) -> bool {
        true
    }
}

/// A side that can pass the lock on to whoever waits longest.
pub trait Fair: Side {
    /// Gives the raw lock back, to a waiter if there is one.
    ///
    /// # Safety
    ///
    /// As [`Side::unlock`].
    unsafe fn unlock_fair(raw: &Self::Raw, state: Self::State);

    /// Lets a waiter have the raw lock for once.
    ///
    /// # Safety
    ///
    /// The state stands for a hold of this raw lock in this context.
    unsafe fn bump(raw: &Self::Raw, state: &mut Self::State);
}

/// A side whose lock can be waited for for some time.
pub(super) trait Timed: Side {
    /// A length of time.
    type Duration;
    /// A point in time.
    type Instant;

    /// Tries to take the raw lock for so long.
    fn attempt_for(raw: &Self::Raw, timeout: Self::Duration) -> Option<Self::State>;

    /// Tries to take the raw lock until then.
    fn attempt_until(raw: &Self::Raw, timeout: Self::Instant) -> Option<Self::State>;
}

/// Stands for a hold of a raw lock that hands nothing out.
#[derive(Debug)]
pub struct Marker<M>(PhantomData<M>);

impl<M> Marker<M> {
    pub(super) const NEW: Marker<M> = Marker(PhantomData);
}
