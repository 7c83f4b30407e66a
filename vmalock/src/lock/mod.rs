//! The protocol, under the kernel's names.

pub(crate) mod asserts;
pub(crate) mod cancel;
pub(crate) mod counters;
pub(crate) mod mm;
pub(crate) mod mmap;
pub(crate) mod read;
pub(crate) mod refcnt;
pub(crate) mod rwsem;
pub(crate) mod sequence;
pub(crate) mod teardown;
pub(crate) mod vma;
pub(crate) mod write;
pub(crate) mod writer_wait;

pub use asserts::{
    ASSERTS, Unmet, Verdict, check_mmap_locked, check_mmap_write_locked, check_vma_attached,
    check_vma_can_modify, check_vma_detached, check_vma_locked, check_vma_stabilised,
    check_vma_write_locked, mmap_assert_locked, mmap_assert_write_locked, vma_assert_attached,
    vma_assert_can_modify, vma_assert_detached, vma_assert_locked, vma_assert_stabilised,
    vma_assert_write_locked, vma_is_attached,
};
pub use cancel::{CancelToken, Cancelled, Patience};
pub use counters::{Counters, Counts};
pub use mm::MmLock;
pub use mmap::{
    mmap_lock_is_contended, mmap_lock_speculate_retry, mmap_lock_speculate_try_begin,
    mmap_read_disown, mmap_read_lock, mmap_read_lock_killable, mmap_read_trylock, mmap_read_unlock,
    mmap_read_unlock_non_owner, mmap_write_downgrade, mmap_write_lock, mmap_write_lock_killable,
    mmap_write_lock_nested, mmap_write_trylock, mmap_write_unlock, vma_end_write_all,
};
pub use read::{
    StartReadError, vma_end_read, vma_start_read, vma_start_read_locked,
    vma_start_read_locked_nested,
};
pub use refcnt::{VM_REFCNT_EXCLUDE_READERS_BIT, VM_REFCNT_EXCLUDE_READERS_FLAG, VM_REFCNT_LIMIT};
pub use teardown::Teardown;
pub use vma::{VmaLock, vma_lock_init};
pub use write::{vma_mark_attached, vma_mark_detached, vma_start_write, vma_start_write_killable};
