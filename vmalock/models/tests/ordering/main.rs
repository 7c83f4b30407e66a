//! Under loom: every interleaving, up to a bound of preemptions, and every value an access of its
//! ordering may see.
//!
//! The numbers in the names of the modules' heads are those of the interleavings that the
//! protocol's description lists; each test states what must come of one.

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
#[path = "../../../src/order.rs"]
mod order;
#[path = "../../../src/padded.rs"]
mod padded;
#[path = "../../../src/space.rs"]
mod space;
#[path = "../../../src/step.rs"]
mod step;
#[path = "../../facade/loom.rs"]
mod sync;
#[path = "../../../src/vma.rs"]
mod vma;
#[path = "../../facade/weakened.rs"]
mod weakened;
#[path = "../../facade/weakness.rs"]
mod weakness;

mod model;

mod attach;
mod cancelling;
mod defended;
mod detach;
mod exclusion;
mod foreign;
mod mmap_lock;
mod next;
mod past;
mod searching;
mod section;
mod speculation;
mod waking;
