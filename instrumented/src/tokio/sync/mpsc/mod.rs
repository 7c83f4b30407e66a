//! [`tokio::sync::mpsc`](::tokio::sync::mpsc) with its channels replaced by tracked ones. Errors are
//! the real ones.
//!
//! # Tracking
//!
//! Who receives waits for who sends; who sends into a channel with a bound, or reserves room in one,
//! waits for who receives. If the one holds a lock meanwhile that the other takes on its way, both can
//! wait for ever (LD0019, a warning). The place that made the channel is its class, together with the
//! type of its messages. The place of a wait is the call that makes the future; it is checked when the
//! future is first polled, whether it has to wait then or not.
//!
//! A thread that blocks, in a process without async tasks, until there is room or a message for which
//! only it could see is told before it does (LD0021). It is taken for the only one if it was the last
//! to use the other end, or made it, and all other threads wait for what never ends by itself.
//!
//! # What is not tracked
//!
//! An attempt, and what is awaited in `tokio::time::timeout` or in a branch of `select!`: something
//! else may end that. Such a receive says that it made room once it has a message, and such a send
//! that it sent. A wait for the other end to be closed.

mod bounded;
mod permit;
mod receiver;
mod unbounded;

use super::real::sync::mpsc as real;
use super::{blocking, link, weak_sender};

pub use super::real::sync::mpsc::*;

#[cfg(not(before = "1.21"))]
pub use bounded::WeakSender;
pub use bounded::{Sender, channel};
#[cfg(not(before = "1.6"))]
pub use permit::OwnedPermit;
pub use permit::Permit;
#[cfg(not(before = "1.36"))]
pub use permit::PermitIterator;
pub use receiver::{Receiver, UnboundedReceiver};
#[cfg(not(before = "1.22"))]
pub use unbounded::WeakUnboundedSender;
pub use unbounded::{UnboundedSender, unbounded_channel};
