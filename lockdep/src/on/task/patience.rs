//! How long the future that is polled now may have to wait: who polls it says so.
//!
//! Whoever drops a future after some time says [`awaits`] around its polls. What waits in it asks
//! [`patience`], and then does not take its wait for one that can last for ever. Only futures are
//! dropped like that: a call that blocks the thread lasts as long as it does.

use std::marker::PhantomData;

use crate::how::How;
use crate::on::task::Task;
use crate::on::thread::{with_current_task, with_task};
use crate::patience::Patience;

/// What is awaited as long as this lives is awaited like that; see [`awaits`].
#[derive(Debug)]
#[must_use = "it counts until this is dropped"]
pub struct Awaits {
    before: Patience,
    /// It belongs to the thread that polls.
    _thread: PhantomData<*const ()>,
}

impl Drop for Awaits {
    #[inline]
    fn drop(&mut self) {
        with_task(|task| task.set_patience(self.before));
    }
}

/// What is polled until the returned guard is dropped is awaited with this patience, or with less
/// if it is in something that has less. With [`Patience::Endless`] it is a thread that waits: what
/// surrounds that cannot end it.
///
/// Such guards of one thread end in the opposite order of their beginning. Costs two stores.
#[inline]
pub fn awaits(patience: Patience) -> Awaits {
    with_task(|task| {
        let before = task.patience();
        task.set_patience(match patience {
            Patience::Endless => Patience::Endless,
            Patience::OneOfSeveral | Patience::Timed => patience.max(before),
        });
        Awaits { before, _thread: PhantomData }
    })
}

/// How long the future that is polled now may have to wait.
#[inline]
#[must_use]
pub fn patience() -> Patience {
    with_task(|task| task.patience())
}

/// Whether the future that is polled now may have to wait for ever for what another task does. One of
/// several may not, unless it holds a lock of its own: the others are not what lets go of that then.
#[inline]
#[must_use]
pub fn may_await_for_ever() -> bool {
    match patience() {
        Patience::Endless => true,
        Patience::OneOfSeveral => with_current_task(Task::holds_in_poll).unwrap_or_default(),
        Patience::Timed => false,
    }
}

/// How an async lock is wanted that is awaited in mode `how` and was announced by
/// `event::before_acquire` as `announced`, if it was: an attempt, as long as time ends the wait. If it
/// is not what was announced, it is to be announced so.
#[inline]
#[must_use]
pub fn wanted(how: How, announced: Option<How>) -> How {
    let is_timed = patience() == Patience::Timed;
    match announced {
        Some(announced) if is_timed || announced == how => announced,
        None if is_timed => how.trylock(),
        Some(_) | None => how,
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;
    use crate::task::AsyncTask;

    #[test]
    fn less_patience_wins_until_a_thread_waits() {
        assert_eq!(patience(), Patience::Endless);
        let timed = awaits(Patience::Timed);
        let one = awaits(Patience::OneOfSeveral);
        assert_eq!(patience(), Patience::Timed);
        let blocked = awaits(Patience::Endless);
        assert_eq!(patience(), Patience::Endless);
        drop(blocked);
        drop(one);
        assert_eq!(patience(), Patience::Timed);
        drop(timed);
        assert_eq!(patience(), Patience::Endless);
    }

    #[test]
    fn what_was_announced_as_a_wait_stays_one_and_an_attempt_becomes_one() {
        let (wait, attempt) = (How::SHARED, How::SHARED.trylock());
        assert_eq!([None, Some(wait), Some(attempt)].map(|before| wanted(wait, before)), [wait; 3]);
        let _timed = awaits(Patience::Timed);
        assert_eq!(wanted(wait, None), attempt);
        assert_eq!(wanted(wait, Some(attempt)), attempt);
        assert_eq!(wanted(wait, Some(wait)), wait);
    }

    #[test]
    fn a_task_of_its_own_that_is_polled_inside_has_its_own_patience() {
        let _timed = awaits(Patience::Timed);
        let mut task = AsyncTask::new();
        let asked = task.poll(|| Poll::Ready(patience()));
        assert_eq!(asked, Poll::Ready(Patience::Endless));
        assert_eq!(
            AsyncTask::branch().poll(|| Poll::Ready(patience())),
            Poll::Ready(Patience::Timed)
        );
        assert_eq!(patience(), Patience::Timed);
    }
}
