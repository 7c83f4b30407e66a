//! Futures that are polled in turn by one task, as branches of it. All other names are the real ones.
//!
//! Each holds what it holds while the others run, but none of them waits for another one to let go.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use lockdep::task::Tracked;

use super::real::future as real;

pub use super::real::future::*;
pub use super::select::{
    Select, SelectAll, SelectOk, TrySelect, select, select_all, select_ok, try_select,
};

/// A future that may fail, as a branch.
type Try<F> = Tracked<IntoFuture<F>>;

#[track_caller]
fn fallible<F: TryFuture>(future: F) -> Try<F> {
    Tracked::branch(TryFutureExt::into_future(future))
}

/// Types that are the real ones over branches.
macro_rules! joined {
    ($(#[$doc:meta])* $name:ident<$($future:ident),*>: $bound:ident, $real:ty => $output:ty) => {
        $(#[$doc])*
        #[must_use = "futures do nothing unless you `.await` or poll them"]
        pub struct $name<$($future: $bound),*> {
            inner: $real,
            is_done: bool,
        }

        impl<$($future: $bound),*> $name<$($future),*> {
            fn of(inner: $real) -> Self {
                $name { inner, is_done: false }
            }
        }

        impl<$($future: $bound),*> Future for $name<$($future),*>
        where
            $real: Future<Output = $output>,
        {
            type Output = $output;

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                // SAFETY: the inner future is pinned with the whole: it is never moved out.
                let this = unsafe { self.get_unchecked_mut() };
                // SAFETY: as above.
                let result = unsafe { Pin::new_unchecked(&mut this.inner) }.poll(cx);
                this.is_done |= result.is_ready();
                result
            }
        }

        impl<$($future: $bound),*> FusedFuture for $name<$($future),*>
        where
            $real: Future<Output = $output>,
        {
            fn is_terminated(&self) -> bool {
                self.is_done
            }
        }

        impl<$($future: $bound),*> fmt::Debug for $name<$($future),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

/// Functions for two to five futures.
macro_rules! joins {
    ($($join:ident $name:ident $try_join:ident $try_name:ident ($($other:ident)*):
        $($future:ident $argument:ident),*;)*) => {$(
        joined!(
            /// Waits for all of them.
            $name<$($future),*>: Future, real::$name<$(Tracked<$future>),*> => ($($future::Output),*)
        );
        joined!(
            /// Waits for all of them, or for the first error.
            $try_name<$($future),*>: TryFuture, real::$try_name<$(Try<$future>),*>
                => Result<($($future::Ok),*), <Fut1 as TryFuture>::Error>
        );

        /// Waits for all of them; each is a branch of the task.
        #[track_caller]
        pub fn $join<$($future: Future),*>($($argument: $future),*) -> $name<$($future),*> {
            $name::of(real::$join($(Tracked::branch($argument)),*))
        }

        /// Waits for all of them, or for the first error; each is a branch of the task.
        #[track_caller]
        pub fn $try_join<$($future),*>($($argument: $future),*) -> $try_name<$($future),*>
        where
            Fut1: TryFuture,
            $($other: TryFuture<Error = Fut1::Error>,)*
        {
            $try_name::of(real::$try_join($(fallible($argument)),*))
        }
    )*};
}

joins! {
    join Join try_join TryJoin (Fut2): Fut1 future1, Fut2 future2;
    join3 Join3 try_join3 TryJoin3 (Fut2 Fut3): Fut1 future1, Fut2 future2, Fut3 future3;
    join4 Join4 try_join4 TryJoin4 (Fut2 Fut3 Fut4): Fut1 future1, Fut2 future2, Fut3 future3, Fut4 future4;
    join5 Join5 try_join5 TryJoin5 (Fut2 Fut3 Fut4 Fut5):
        Fut1 future1, Fut2 future2, Fut3 future3, Fut4 future4, Fut5 future5;
}

joined!(
    /// Waits for all of them.
    JoinAll<F>: Future, real::JoinAll<Tracked<F>> => Vec<F::Output>
);
joined!(
    /// Waits for all of them, or for the first error.
    TryJoinAll<F>: TryFuture, real::TryJoinAll<Try<F>> => Result<Vec<F::Ok>, F::Error>
);

/// Waits for all of them; each is a branch of the task.
#[track_caller]
pub fn join_all<I>(iter: I) -> JoinAll<I::Item>
where
    I: IntoIterator,
    I::Item: Future,
{
    JoinAll::of(real::join_all(iter.into_iter().map(Tracked::branch)))
}

/// Waits for all of them, or for the first error; each is a branch of the task.
#[track_caller]
pub fn try_join_all<I>(iter: I) -> TryJoinAll<I::Item>
where
    I: IntoIterator,
    I::Item: TryFuture,
{
    let branches = iter.into_iter().map(fallible);
    TryJoinAll::of(real::try_join_all(branches))
}

impl<F: Future> FromIterator<F> for JoinAll<F> {
    #[track_caller]
    fn from_iter<T: IntoIterator<Item = F>>(iter: T) -> Self {
        join_all(iter)
    }
}

impl<F: TryFuture> FromIterator<F> for TryJoinAll<F> {
    #[track_caller]
    fn from_iter<T: IntoIterator<Item = F>>(iter: T) -> Self {
        try_join_all(iter)
    }
}
