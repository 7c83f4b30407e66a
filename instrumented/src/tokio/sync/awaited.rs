//! Waiting for what another task does, as a future.

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::pin;
use std::task::Poll;

use lockdep::{Describe, Map, task, wait};

/// A place in the program; every event has one.
pub(super) type Site = &'static Location<'static>;

/// Says that the future which is polled waits until another task does what `map` stands for, unless
/// something else may end its wait; whether it said so.
pub(super) fn announce(map: &Map, describe: Describe, site: Site) -> bool {
    let is_wait = task::may_await_for_ever();
    if is_wait {
        wait::awaits(map, describe, site);
    }
    is_wait
}

/// Awaits `real`, which waits until another task does what `map` stands for, if there is one; and
/// whether it had to wait.
pub(super) async fn awaited<F: Future>(
    map: Option<&Map>,
    describe: Describe,
    site: Site,
    real: F,
) -> (F::Output, bool) {
    let mut real = pin!(real);
    let (mut is_announced, mut has_waited) = (false, false);
    poll_fn(|context| {
        let _polled = task::polled_by(context);
        if let Some(map) = map.filter(|_| !is_announced) {
            is_announced = announce(map, describe, site);
        }
        match real.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready((output, has_waited)),
            Poll::Pending => {
                has_waited = true;
                Poll::Pending
            }
        }
    })
    .await
}
