//! The branches of a task: what `join!`, `try_join!` and `select!` poll in turn.
//!
//! Each holds what it holds while the others run, but none of them waits for another one to let go.
//! So each is told apart, by a wrapper around what the macro is given; the rest is the real macro.

use std::future::Future;
#[cfg(not(before = "1.39"))]
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use lockdep::task::{Patience, Tracked, awaits};

/// The real macros.
pub use super::real::{join, select, try_join};

/// What a macro of tokio is given to poll.
///
/// Made by a literal: what its field's expression borrows then lives as long as without it.
#[derive(Debug)]
#[cfg(not(before = "1.39"))]
pub struct Branch<F> {
    /// The future, or what becomes one.
    pub of: F,
}

#[cfg(not(before = "1.39"))]
impl<F: IntoFuture> IntoFuture for Branch<F> {
    type Output = F::Output;
    type IntoFuture = Tracked<F::IntoFuture>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        Tracked::branch(self.of.into_future())
    }
}

/// What `select!` is given to poll: a branch that may be dropped when another one is done.
#[derive(Debug)]
#[cfg(not(before = "1.39"))]
pub struct Choice<F> {
    /// The future, or what becomes one.
    pub of: F,
}

#[cfg(not(before = "1.39"))]
impl<F: IntoFuture> IntoFuture for Choice<F> {
    type Output = F::Output;
    type IntoFuture = Tracked<OneOfSeveral<F::IntoFuture>>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        Tracked::branch(OneOfSeveral(self.of.into_future()))
    }
}

/// A future that is awaited together with others, until one of them is done.
#[derive(Debug)]
pub struct OneOfSeveral<F>(F);

impl<F: Future> Future for OneOfSeveral<F> {
    type Output = F::Output;

    #[allow(unsafe_code, reason = "pins a field of a pinned value")]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _awaits = awaits(Patience::OneOfSeveral);
        // SAFETY: the only field is pinned as the whole is: nothing moves it, there is no `drop`, and
        // the whole is `Unpin` only if it is.
        let future = unsafe { self.map_unchecked_mut(|choice| &mut choice.0) };
        future.poll(cx)
    }
}

/// A future as one of several that `select!` polls; older macros want a future at once.
#[cfg(before = "1.39")]
#[track_caller]
pub fn choice<F: Future>(future: F) -> Tracked<OneOfSeveral<F>> {
    Tracked::branch(OneOfSeveral(future))
}

/// A future as a branch of the current task; older macros want a future at once.
#[cfg(before = "1.39")]
#[track_caller]
pub fn branch<F: Future>(future: F) -> Tracked<F> {
    Tracked::branch(future)
}

/// A future as a branch of the current task.
#[cfg(not(before = "1.39"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __tokio_branch {
    ($future:expr) => {
        $crate::__tokio::Branch { of: $future }
    };
}

/// A future as a branch of the current task.
#[cfg(before = "1.39")]
#[doc(hidden)]
#[macro_export]
macro_rules! __tokio_branch {
    ($future:expr) => {
        $crate::__tokio::branch($future)
    };
}

/// A future as one of several that `select!` polls.
#[cfg(not(before = "1.39"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __tokio_choice {
    ($future:expr) => {
        $crate::__tokio::Choice { of: $future }
    };
}

/// A future as one of several that `select!` polls.
#[cfg(before = "1.39")]
#[doc(hidden)]
#[macro_export]
macro_rules! __tokio_choice {
    ($future:expr) => {
        $crate::__tokio::choice($future)
    };
}

/// `tokio::join!`, whose futures are branches.
#[doc(hidden)]
#[macro_export]
macro_rules! __tokio_join {
    (biased; $($future:expr),* $(,)?) => {
        $crate::__tokio::join!(biased; $($crate::__tokio_branch!($future)),*)
    };
    ($($future:expr),* $(,)?) => {
        $crate::__tokio::join!($($crate::__tokio_branch!($future)),*)
    };
}

/// `tokio::try_join!`, whose futures are branches.
#[doc(hidden)]
#[macro_export]
macro_rules! __tokio_try_join {
    (biased; $($future:expr),* $(,)?) => {
        $crate::__tokio::try_join!(biased; $($crate::__tokio_branch!($future)),*)
    };
    ($($future:expr),* $(,)?) => {
        $crate::__tokio::try_join!($($crate::__tokio_branch!($future)),*)
    };
}

/// `tokio::select!`, whose futures are branches.
///
/// The branches that were read are in braces, each with a comma at its end; the others follow. Each
/// step is one level of recursion, on top of those of the real macro, and there is a limit to all
/// together. So after as many branches as there are marks in brackets the rest are passed on as they
/// are.
#[doc(hidden)]
#[macro_export]
macro_rules! __tokio_select {
    (@ {$($read:tt)*} [$($left:tt)*] $(else => $else:expr $(,)?)?) => {
        $crate::__tokio::select!($($read)* $(else => $else)?)
    };
    (@ {$($read:tt)*} [] $($rest:tt)*) => {
        $crate::__tokio::select!($($read)* $($rest)*)
    };
    (@ {$($read:tt)*} [_ $($left:tt)*]
        $pat:pat = $future:expr $(, if $if:expr)? => $do:block, $($rest:tt)*) => {
        $crate::__tokio_select!(@ {
            $($read)* $pat = $crate::__tokio_choice!($future) $(, if $if)? => $do,
        } [$($left)*] $($rest)*)
    };
    (@ {$($read:tt)*} [_ $($left:tt)*]
        $pat:pat = $future:expr $(, if $if:expr)? => $do:block $($rest:tt)*) => {
        $crate::__tokio_select!(@ {
            $($read)* $pat = $crate::__tokio_choice!($future) $(, if $if)? => $do,
        } [$($left)*] $($rest)*)
    };
    (@ {$($read:tt)*} [_ $($left:tt)*]
        $pat:pat = $future:expr $(, if $if:expr)? => $do:expr, $($rest:tt)*) => {
        $crate::__tokio_select!(@ {
            $($read)* $pat = $crate::__tokio_choice!($future) $(, if $if)? => { $do },
        } [$($left)*] $($rest)*)
    };
    (@ {$($read:tt)*} [_ $($left:tt)*]
        $pat:pat = $future:expr $(, if $if:expr)? => $do:expr) => {
        $crate::__tokio_select!(@ {
            $($read)* $pat = $crate::__tokio_choice!($future) $(, if $if)? => { $do },
        } [$($left)*])
    };
    (biased; $($branches:tt)*) => {
        $crate::__tokio_select!(
            @ {biased;} [_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _] $($branches)*
        )
    };
    ($($branches:tt)*) => {
        $crate::__tokio_select!(
            @ {} [_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _] $($branches)*
        )
    };
}
