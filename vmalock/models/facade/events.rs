//! `events` for models: the macros are the real ones, what they call is the record.

#[path = "../../src/events/macros.rs"]
pub(crate) mod macros;
#[path = "record.rs"]
mod record;

pub(crate) use record::*;
