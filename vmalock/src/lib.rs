//! The per-VMA lock of the Linux memory manager.

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
