//! What a poll costs through the task wrapper, beside the same poll without.

use std::future::poll_fn;
use std::hint::black_box;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use lockdep::task::{Tracked, polled_by};
use lockdep::{Description, How, Map, Traits, event};

use crate::shapes::Slice;

/// Polls what is never ready, so many times.
fn polled(mut future: Pin<Box<impl Future<Output = ()> + 'static>>) -> Slice {
    Box::new(move |times| {
        let mut cx = Context::from_waker(Waker::noop());
        let start = Instant::now();
        for _ in 0..times {
            let _ = black_box(black_box(future.as_mut()).poll(&mut cx));
        }
        start.elapsed()
    })
}

fn nothing() -> impl Future<Output = ()> {
    poll_fn(|_| black_box(Poll::Pending))
}

/// The poll alone.
pub(crate) fn bare() -> Slice {
    polled(Box::pin(nothing()))
}

/// The same poll of a task.
pub(crate) fn of_task() -> Slice {
    polled(Box::pin(Tracked::spawned(nothing())))
}

/// The same poll of a task that holds an async lock meanwhile.
pub(crate) fn of_holding_task() -> Slice {
    let map = Map::new();
    let mut is_held = false;
    polled(Box::pin(Tracked::spawned(poll_fn(move |cx| {
        if !is_held {
            let describe = || Description::new("AsyncMutex", "").with_traits(Traits::AWAITED);
            let _polled = polled_by(cx);
            event::before_acquire(&map, How::EXCLUSIVE, describe, Location::caller());
            event::acquired(&map, How::EXCLUSIVE, Location::caller());
            is_held = true;
        }
        black_box(Poll::Pending)
    }))))
}
