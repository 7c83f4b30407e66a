//! The first of several futures that is done. Each is a branch of the task as long as the choice is
//! open; what the others hold by then is taken for held by nobody, as nobody can say who polls them
//! next.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::chosen::Chosen;
use super::real::future::{Either, FusedFuture, Future, TryFuture};

/// The types: what is left to choose among.
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident<$($future:ident),*>($inner:ty);)*) => {$(
        $(#[$doc])*
        #[must_use = "futures do nothing unless you `.await` or poll them"]
        pub struct $name<$($future),*> {
            inner: $inner,
        }

        impl<$($future: Unpin),*> Unpin for $name<$($future),*> {}

        impl<$($future: fmt::Debug),*> fmt::Debug for $name<$($future),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("inner", &self.inner).finish()
            }
        }
    )*};
}

choices! {
    /// The future of [`select`].
    Select<A, B>(Option<(Chosen<A>, Chosen<B>)>);
    /// The future of [`try_select`].
    TrySelect<A, B>(Option<(Chosen<A>, Chosen<B>)>);
    /// The future of [`select_all`].
    SelectAll<Fut>(Vec<Chosen<Fut>>);
    /// The future of [`select_ok`].
    SelectOk<Fut>(Vec<Chosen<Fut>>);
}

/// Waits for the first of two futures; both are branches of the task meanwhile.
#[track_caller]
pub fn select<A, B>(future1: A, future2: B) -> Select<A, B>
where
    A: Future + Unpin,
    B: Future + Unpin,
{
    Select { inner: Some((Chosen::new(future1), Chosen::new(future2))) }
}

/// Waits for the first of two futures that may fail; both are branches of the task meanwhile.
#[track_caller]
pub fn try_select<A, B>(future1: A, future2: B) -> TrySelect<A, B>
where
    A: TryFuture + Unpin,
    B: TryFuture + Unpin,
{
    TrySelect { inner: Some((Chosen::new(future1), Chosen::new(future2))) }
}

/// Waits for the first of several futures; all are branches of the task meanwhile.
///
/// # Panics
///
/// If there are none.
#[track_caller]
pub fn select_all<I>(iter: I) -> SelectAll<I::Item>
where
    I: IntoIterator,
    I::Item: Future + Unpin,
{
    let inner: Vec<_> = iter.into_iter().map(Chosen::new).collect();
    assert!(!inner.is_empty());
    SelectAll { inner }
}

/// Waits for the first of several futures that does not fail; all are branches of the task meanwhile.
///
/// # Panics
///
/// If there are none.
#[track_caller]
pub fn select_ok<I>(iter: I) -> SelectOk<I::Item>
where
    I: IntoIterator,
    I::Item: TryFuture + Unpin,
{
    let inner: Vec<_> = iter.into_iter().map(Chosen::new).collect();
    assert!(!inner.is_empty(), "iterator provided to select_ok was empty");
    SelectOk { inner }
}

/// Polls a future that may fail.
fn try_poll<F: TryFuture + Unpin>(
    chosen: &mut Chosen<F>,
    cx: &mut Context<'_>,
) -> Poll<Result<F::Ok, F::Error>> {
    Pin::new(chosen).poll_by(cx, |future, cx| future.try_poll(cx))
}

/// The futures themselves.
fn rest<F>(chosen: Vec<Chosen<F>>) -> Vec<F> {
    chosen.into_iter().map(|chosen| chosen.of).collect()
}

impl<A, B> Future for Select<A, B>
where
    A: Future + Unpin,
    B: Future + Unpin,
{
    type Output = Either<(A::Output, B), (B::Output, A)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (mut one, mut other) = self.inner.take().expect("cannot poll Select twice");
        if let Poll::Ready(output) = Pin::new(&mut one).poll(cx) {
            return Poll::Ready(Either::Left((output, other.of)));
        }
        if let Poll::Ready(output) = Pin::new(&mut other).poll(cx) {
            return Poll::Ready(Either::Right((output, one.of)));
        }
        self.inner = Some((one, other));
        Poll::Pending
    }
}

impl<A, B> FusedFuture for Select<A, B>
where
    A: Future + Unpin,
    B: Future + Unpin,
{
    fn is_terminated(&self) -> bool {
        self.inner.is_none()
    }
}

impl<A, B> Future for TrySelect<A, B>
where
    A: TryFuture + Unpin,
    B: TryFuture + Unpin,
{
    #[allow(clippy::type_complexity, reason = "as of the real one")]
    type Output = Result<Either<(A::Ok, B), (B::Ok, A)>, Either<(A::Error, B), (B::Error, A)>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (mut one, mut other) = self.inner.take().expect("cannot poll Select twice");
        if let Poll::Ready(output) = try_poll(&mut one, cx) {
            return Poll::Ready(match output {
                Ok(output) => Ok(Either::Left((output, other.of))),
                Err(error) => Err(Either::Left((error, other.of))),
            });
        }
        if let Poll::Ready(output) = try_poll(&mut other, cx) {
            return Poll::Ready(match output {
                Ok(output) => Ok(Either::Right((output, one.of))),
                Err(error) => Err(Either::Right((error, one.of))),
            });
        }
        self.inner = Some((one, other));
        Poll::Pending
    }
}

impl<Fut> SelectAll<Fut> {
    /// The futures.
    pub fn into_inner(self) -> Vec<Fut> {
        rest(self.inner)
    }
}

impl<Fut: Future + Unpin> Future for SelectAll<Fut> {
    type Output = (Fut::Output, usize, Vec<Fut>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        for index in 0..self.inner.len() {
            if let Poll::Ready(output) = Pin::new(&mut self.inner[index]).poll(cx) {
                drop(self.inner.swap_remove(index));
                return Poll::Ready((output, index, rest(mem::take(&mut self.inner))));
            }
        }
        Poll::Pending
    }
}

impl<Fut: TryFuture + Unpin> Future for SelectOk<Fut> {
    type Output = Result<(Fut::Ok, Vec<Fut>), Fut::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut index = 0;
        while let Some(chosen) = self.inner.get_mut(index) {
            let Poll::Ready(result) = try_poll(chosen, cx) else {
                index += 1;
                continue;
            };
            drop(self.inner.remove(index));
            match result {
                Ok(output) => return Poll::Ready(Ok((output, rest(mem::take(&mut self.inner))))),
                Err(error) if self.inner.is_empty() => return Poll::Ready(Err(error)),
                // All that are left are polled again, as by the real one.
                Err(_) => index = 0,
            }
        }
        Poll::Pending
    }
}

impl<Fut: Future + Unpin> FromIterator<Fut> for SelectAll<Fut> {
    #[track_caller]
    fn from_iter<T: IntoIterator<Item = Fut>>(iter: T) -> Self {
        select_all(iter)
    }
}

impl<Fut: TryFuture + Unpin> FromIterator<Fut> for SelectOk<Fut> {
    #[track_caller]
    fn from_iter<T: IntoIterator<Item = Fut>>(iter: T) -> Self {
        select_ok(iter)
    }
}
