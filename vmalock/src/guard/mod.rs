//! The guards: who holds what, as values.

mod mmap_read;
mod mmap_write;
mod vma_read;

pub use mmap_read::MmapReadGuard;
pub use mmap_write::MmapWriteGuard;
pub use vma_read::VmaReadGuard;
