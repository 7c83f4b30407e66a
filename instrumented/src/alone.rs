//! A sender for whose message there is no room, and which may be the only one that could make some.

use std::time::Duration;

use lockdep::wait;

/// How often it has to see that nobody else can.
const LOOKS: usize = 5;
/// How long it waits between two looks, at least and at most.
const PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Tells the threads that live now apart.
pub(crate) fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.try_with(|here| std::ptr::from_ref(here).addr()).unwrap_or_default()
}

/// What became of a message for which there was no room.
pub(crate) enum Attempt<T, E> {
    Done(Result<(), E>),
    /// Another thread uses the receiver.
    Elsewhere(T),
    /// Only this thread could make room.
    Stuck(T),
}

/// Tries `attempt` again and again, which waits so long at most and gives the message back if there was
/// no room, as long as this thread is the one that `receives`, and so may be the only one that could make
/// some.
#[cold]
pub(crate) fn try_alone<T, E>(
    mut t: T,
    receives: impl Fn() -> bool,
    attempt: impl Fn(T, Duration) -> Result<(), Result<T, E>>,
) -> Attempt<T, E> {
    let (mut alone, mut pause) = (0, PAUSE);
    while receives() {
        alone = if wait::is_alone() { alone + 1 } else { 0 };
        if alone > LOOKS {
            return Attempt::Stuck(t);
        }
        t = match attempt(t, pause) {
            Ok(()) => return Attempt::Done(Ok(())),
            Err(Err(error)) => return Attempt::Done(Err(error)),
            Err(Ok(t)) => t,
        };
        pause = if alone > 0 { PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
    }
    Attempt::Elsewhere(t)
}
