//! The text of a violation: the one home of all wording that a user reads about locks.
//!
//! A violation is data; this module turns it into lines for someone who has never heard of lock
//! classes: who waits for whom, where, why it can hang and what to change.
//!
//! - The same violation always prints the same text: no addresses, no instance or thread ids.
//! - Plain text without colour, at most 100 columns. Names are elided where they must be; a place
//!   never is, and is the only thing that can make a line longer.
//!
//! Each rule fills a `page::Page`; `text` alone knows how a page looks.

mod assertion;
mod await_circle;
mod awaiting;
mod circle;
mod columns;
mod deadlock;
mod declared;
mod elision;
mod explain;
mod function;
mod held;
mod held_back;
mod interruption;
mod inversion;
mod join;
mod life;
mod lock;
mod misuse;
mod mode_change;
mod nest;
mod nesting;
mod page;
mod paths;
mod pin;
mod recursion;
mod scenario;
mod span;
mod stack;
mod statistics;
mod symbol;
mod task;
mod text;
mod typename;
mod wait;

pub use explain::{explain, explained};
pub use held_back::LedgerEntry;
pub use paths::Paths;
pub(crate) use paths::{is_own, is_toolchain};
pub use statistics::Statistics;
pub(crate) use symbol::{Implementation, implementation, split};
pub use text::Report;
