//! [`crossbeam_channel`](::crossbeam_channel) 0.5 with its channels replaced by tracked ones.
//!
//! # Tracking
//!
//! A channel's class is the place that called [`bounded`] or [`unbounded`], together with the type of
//! its messages. Who receives waits for who sends, and who sends into a channel of limited size waits
//! for who receives: if a lock is held meanwhile that the other one takes before, they can wait for
//! each other (LD0019, a warning).
//!
//! # What is not tracked
//!
//! A wait with a timeout or a deadline, an attempt, and a selection among several operations: something
//! else may end them. What a selection sends or receives by the macros is not said to end the waits of
//! others, which may hide a circle and makes none up.

mod channel;
mod ends;
mod iter;
mod macros;
mod select;

/// The crate that is wrapped.
mod real {
    pub(super) use ::crossbeam_channel::*;
}

pub use ::crossbeam_channel::{
    ReadyTimeoutError, RecvError, RecvTimeoutError, SelectTimeoutError, SendError,
    SendTimeoutError, TryReadyError, TryRecvError, TrySelectError, TrySendError,
};

pub use crate::{
    __crossbeam_channel_select_any as select, __crossbeam_channel_select_biased as select_biased,
};
pub use channel::{Receiver, Sender, after, at, bounded, never, tick, unbounded};
pub use iter::{IntoIter, Iter, TryIter};
pub use select::{Select, SelectedOperation};

/// What the macros call.
#[doc(hidden)]
pub mod __private {
    pub use super::select::selected;
    pub use ::crossbeam_channel::{select, select_biased};
}

/// Selects one of several operations, waiting until one is ready; as the macro of the real crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __crossbeam_channel_select_any {
    ($($tokens:tt)*) => {
        $crate::__crossbeam_channel_select! { [$crate::crossbeam_channel] select [] $($tokens)* }
    };
}

/// Selects the first of several operations that is ready; as the macro of the real crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __crossbeam_channel_select_biased {
    ($($tokens:tt)*) => {
        $crate::__crossbeam_channel_select! {
            [$crate::crossbeam_channel] select_biased [] $($tokens)*
        }
    };
}
