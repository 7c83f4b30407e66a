//! Under shuttle: more threads and longer programs than loom can explore, in random schedules.
//!
//! `VMALOCK_SCHEDULES` says how many of each, 300 if it is not set. What a schedule finds is
//! printed in a form that shuttle can replay.

#![allow(dead_code, unreachable_pub, unused_imports, reason = "the sources are a library's")]

#[path = "../../../src/arena.rs"]
mod arena;
#[path = "../../facade/events.rs"]
mod events;
#[path = "../../../src/guard/mod.rs"]
mod guard;
#[path = "../../../src/index/mod.rs"]
mod index;
#[path = "../../facade/limits.rs"]
mod limits;
#[path = "../../../src/lock/mod.rs"]
mod lock;
#[path = "../../../src/lookup.rs"]
mod lookup;
#[path = "../../../src/mm/mod.rs"]
mod mm;
#[path = "../../../src/order.rs"]
mod order;
#[path = "../../../src/padded.rs"]
mod padded;
#[path = "../../../src/pool.rs"]
mod pool;
#[path = "../../../src/range.rs"]
mod range;
#[path = "../../../src/space.rs"]
mod space;
#[path = "../../../src/step.rs"]
mod step;
#[path = "../../facade/shuttle.rs"]
mod sync;
#[path = "../../../src/vma.rs"]
mod vma;

mod model;

mod address_space;
mod crowds;
mod ends;
mod queue;
