//! How often each class is taken, how long it is waited for and held.
//!
//! Off by default. Off, it costs one load on paths that are cold anyway; on, every event of the
//! process's own tracker takes the cold path and reads the clock.
//!
//! | step | file |
//! |---|---|
//! | the switch, and what `process` calls | `events` |
//! | a thread times its holds, in memory of its own | `shard` |
//! | in batches they are counted by class and place | `table`, `top` |
//! | once a second, at the end of a thread and of the process they are written | `output` |
//!
//! # Allocators
//!
//! A lock of the global allocator is timed like any other. So nothing on the way of a release
//! allocates or waits for a lock under which somebody allocates: a shard's room is made ahead of
//! the acquire, and whoever else reads a shard copies into memory that is there already.

mod clock;
mod events;
mod output;
mod shard;
mod table;
mod top;

pub(crate) use events::{
    acquired, before, closed, contended, downgraded, end_thread, forgotten, is_on, reset_in_child,
    switch_on, waits,
};
pub(crate) use output::prepare;
