//! The per-VMA lock of the Linux memory manager, as a library.
//!
//! An address space is a set of ranges, each with a payload. Many threads look an address up, use
//! what they find for a while, and let it go (page faults); now and then one changes ranges
//! (`mmap`, `munmap`, `mprotect`). With one reader-writer lock around it all, every change waits
//! for every user, and every user for every change. Here a user locks the one range that it uses,
//! without waiting and without writing to anything that users of other ranges read; a change waits
//! for the users of the ranges that it changes; and what is changed together is released together,
//! by one store.
//!
//! ```
//! use vmalock::{AddressSpace, Mm};
//!
//! let mm = Mm::new();
//! mm.mmap_write_lock().insert(0x1000..0x3000, "file").unwrap();
//! mm.mmap_write_lock().insert(0x8000..0x9000, "heap").unwrap();
//!
//! // A fault: never waits. None would mean: ask again under the mmap lock.
//! let file = mm.lock_vma_under_rcu(0x2fff).unwrap();
//!
//! // Another thread takes the other range out meanwhile.
//! std::thread::scope(|scope| {
//!     scope.spawn(|| {
//!         let mut writer = mm.mmap_write_lock();
//!         let heap = writer.find(0x8000).unwrap();
//!         assert_eq!(writer.remove(heap), Ok("heap"));
//!     });
//! });
//! assert_eq!((*file, file.start()..file.end()), ("file", 0x1000..0x3000));
//! ```
//!
//! # When to use it
//!
//! * Entries are looked up by address, often, from many threads, and used for longer than the
//!   lookup takes: page-fault handlers, memory maps of a virtual machine, code caches, buffer pools,
//!   tables of mapped windows.
//! * Changes are rarer, and have to know when nobody uses the old state any more: before memory is
//!   unmapped, a device is taken out, code is freed. That is what a snapshot (`ArcSwap`, epochs)
//!   cannot tell.
//! * There is a way to go on if the fast way fails: under the mmap lock, as
//!   [`AddressSpace::vma_start_read_unlocked`] does.
//!
//! # When not to
//!
//! * Lookups only, or a reader that is content with an old state: publish a snapshot.
//! * All readers use one and the same entry: they share its count's cache line, and do no better
//!   than with a reader-writer lock around it.
//! * Readers change what they find: a VMA's lock has no shared-to-exclusive upgrade. Put a lock or
//!   atomics into the payload.
//! * Most operations are changes: they take turns at the mmap lock.
//! * Readers must hold a range while they ask for the mmap lock. They must not; see
//!   [`lock`].
//!
//! # What it is made of
//!
//! | | |
//! |---|---|
//! | [`Mm`] | an address space: insert, find, split, merge, shrink, expand, remove |
//! | [`AddressSpace`] | its lookups and locks, as a trait |
//! | [`VmaReadGuard`] | one range, kept as it is |
//! | [`MmapReadGuard`], [`MmapWriteGuard`] | the mmap lock |
//! | [`lock`] | the protocol under the kernel's names, with its states, rules and assertions |
//!
//! # Features
//!
//! * `lockdep`: tells the tracker what the locks do, in builds with `debug_assertions`; assertions
//!   ask it who holds what. Off, or in other builds, no instruction of it is left, and the tracker
//!   is no dependency (`vmalock/tests/read-path.sh` shows the machine code).
//! * `lockdep-release`: the same in every build.
//!
//! # Proof
//!
//! The sources run under loom and shuttle as they are. Each ordering that is stronger than relaxed,
//! and each step that looks as if it could be spared, is left out once, and a model must fail then:
//! `vmalock/models/table.sh` prints which, and how many executions each model explored.
//!
//! The protocol is that of Linux 7.1 (Suren Baghdasaryan, Matthew Wilcox, Peter Zijlstra, Vlastimil
//! Babka, Lorenzo Stoakes, Jann Horn and others), written anew from its description.

pub mod lock;

mod events;
mod guard;
mod lookup;
mod order;
mod padded;
mod space;
mod step;
mod sync;
mod vma;

#[cfg(test)]
mod tests;

// The address space.
mod arena;
mod index;
#[cfg(test)]
#[path = "index/tests.rs"]
mod index_tests;
mod mm;
mod pool;
mod range;

pub use guard::{MmapReadGuard, MmapWriteGuard, VmaReadGuard};
pub use lookup::{NextError, ReadError};
pub use space::AddressSpace;
pub use vma::Vma;

// The address space.
pub use mm::Mm;
pub use pool::Pool;
pub use range::{InsertError, RangeError};
