//! The macros that poll several futures in turn: those of the real crate over branches of the task.

use std::future::Future;

use lockdep::task::Tracked;

pub use super::real::{join, try_join};

/// A future as a branch of the current task.
#[track_caller]
pub fn branch<F: Future>(future: F) -> Tracked<F> {
    Tracked::branch(future)
}

/// Polls all futures until all are done.
#[doc(hidden)]
#[macro_export]
macro_rules! __futures_join {
    ($($future:expr),* $(,)?) => {
        $crate::__futures::join!($($crate::__futures::branch($future)),*)
    };
}

/// Polls all futures until all are done, or one has failed.
#[doc(hidden)]
#[macro_export]
macro_rules! __futures_try_join {
    ($($future:expr),* $(,)?) => {
        $crate::__futures::try_join!($($crate::__futures::branch($future)),*)
    };
}
