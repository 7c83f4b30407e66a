//! [`crossbeam_channel`](::crossbeam_channel) 0.5 with its channels replaced by tracked ones.
//!
//! # Tracking
//!
//! A channel's class is the place that called [`bounded`] or [`unbounded`], together with the type of
//! its messages. Who receives waits for who sends, and who sends into a channel of limited size waits
//! for who receives: if a lock is held meanwhile that the other one takes before, they can wait for
//! each other (LD0019, a warning).
//!
//! A selection among several operations waits for any one of them: it is stuck only if each of them
//! is. A send into a full channel of which no other thread could receive is found before it blocks
//! (LD0021).
//!
//! # What is not tracked
//!
//! A wait with a timeout or a deadline, an attempt, a selection with a `default` or with time among
//! what it waits for: something else may end them. Nothing is learned of a selection among channels of
//! one class either, made at one place for one type: which of them are stuck nobody could tell.

mod arm;
mod channel;
mod ends;
mod iter;
mod macros;
mod select;

use super::alone;

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
    pub use super::arm::{choose, received, receives, selected, sending, sends};
    pub use ::crossbeam_channel::{select, select_biased};
}

/// Selects one of several operations, waiting until one is ready; as the macro of the real crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __crossbeam_channel_select_any {
    ($($tokens:tt)*) => {
        $crate::__crossbeam_channel_select! { [$crate::crossbeam_channel] select waits [] $($tokens)* }
    };
}

/// Selects the first of several operations that is ready; as the macro of the real crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __crossbeam_channel_select_biased {
    ($($tokens:tt)*) => {
        $crate::__crossbeam_channel_select! {
            [$crate::crossbeam_channel] select_biased waits [] $($tokens)*
        }
    };
}
