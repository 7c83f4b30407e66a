//! The protocol, under the kernel's names.
//!
//! Everything here works on an [`MmLock`] and on [`VmaLock`]s; it knows no addresses and no
//! payloads. Most of it is unsafe to call, because it trusts its caller to hold what it says it
//! holds: the guards ([`VmaReadGuard`](crate::VmaReadGuard) and its like) know, and are the way to
//! use the lock.
//!
//! # In short
//!
//! A *reader* takes one VMA without waiting: it adds one to the VMA's count, and then finds out
//! whether it may stay. A *writer* first takes the mmap lock; then it write-locks VMAs one by one:
//! it sets a flag that refuses new readers, waits for those inside, stamps the VMA with the number
//! of its write section, and takes the flag away. Readers can add to the count again, but they see
//! the stamp, and back out. When the section ends its number is over, and with one store all the
//! stamped VMAs are free.
//!
//! So a reader writes one cache line, that of its VMA, and a writer is waited for by those only
//! who want what it changes.
//!
//! # State
//!
//! | `vm_refcnt` | `vm_lock_seq` | the VMA is | a reader gets | it goes on by |
//! |---|---|---|---|---|
//! | 0 | any | detached | [`Detached`](StartReadError::Detached): look again | attach: 1 |
//! | 1 | ≠ `mm_lock_seq` | free | the lock | reader: 2; writer: FLAG + 1 |
//! | 1 + r | ≠ `mm_lock_seq` | read-locked by r readers | the lock | reader: ± 1; writer: + FLAG |
//! | FLAG + 1 + r | ≠ `mm_lock_seq` | wanted by the writer, which waits for r readers | [`Busy`](StartReadError::Busy): fall back | reader: − 1, the last one wakes |
//! | FLAG + 1 | ≠, then = `mm_lock_seq` | the writer's alone; it stamps | `Busy` | writer: − FLAG |
//! | 1 | = `mm_lock_seq` | write-locked | `Busy` | end of the section; detach: 0 |
//! | 1 + r | = `mm_lock_seq` | write-locked, and r readers are about to back out | `Busy` | reader: − 1 |
//! | r, FLAG + r | = `mm_lock_seq` | being detached, r readers are about to back out | `Busy` | reader: − 1 |
//! | FLAG | = `mm_lock_seq` | being detached, all are out | `Busy` | detacher: 0 |
//! | LIMIT | ≠ `mm_lock_seq` | full | `Busy` | reader: − 1 |
//!
//! The bits are `VM_REFCNT_…` constants. `mm_lock_seq` is odd inside a write section and even
//! outside; stamps are odd, so outside nothing looks write-locked. Both have 64 bits and never
//! wrap: with 32, as in the kernel, a writer could take an old stamp for its own, wait for nobody,
//! and overlap a reader.
//!
//! `mm_past_seq`, which the kernel has not, is the number of a section that is over, as are all before
//! it; it is stored once in 64 sections. A VMA whose stamp is not above it is not write-locked, and its
//! reader need not look at `mm_lock_seq`: the line that a busy writer writes four times a change.
//!
//! # Rules
//!
//! | to | hold |
//! |---|---|
//! | read a VMA's bounds and payload | its read lock, or the mmap lock in any mode |
//! | change them | the mmap lock for writing, and the VMA's write lock |
//! | attach, detach, or change the index | the mmap lock for writing, and the VMA's write lock |
//!
//! The mmap lock comes before a VMA's lock. **To hold a VMA's read lock and ask for the mmap lock
//! is forbidden**: its holder may be waiting for that VMA. With the feature `lockdep` that order is
//! reported the first time it is taken, hang or no hang. To keep a VMA that was found under the
//! mmap lock, take its read lock ([`vma_start_read_locked`]) and give up the mmap lock.
//!
//! A VMA's memory must stay a VMA's, whoever uses it next, as long as anybody may have a reference:
//! a reader may come late. It finds a count of 0, or a count that belongs to a new life; then the
//! mm, the sequences and the bounds, compared in this order, tell whether that is the life it
//! wants.
//!
//! # What is whose
//!
//! | the kernel's | here | differs in |
//! |---|---|---|
//! | `struct mm_struct` (`mmap_lock`, `mm_lock_seq`, `vma_writer_wait`) | [`MmLock`] | 64-bit sequence; a second one, of sections that are past; always behind an `Arc` |
//! | `struct vm_area_struct` (`vm_refcnt`, `vm_lock_seq`, `vm_mm`) | [`VmaLock`]; with bounds and payload [`Vma`](crate::Vma) | 64-bit sequence |
//! | `vma_lock_init` | [`vma_lock_init`] | sets `vm_mm` too; the count is 0 already |
//! | `vma_start_read` | [`vma_start_read`] | there is no RCU lock to drop: slots stay slots |
//! | `vma_start_read_locked`, `…_nested` | [`vma_start_read_locked`], [`vma_start_read_locked_nested`] | |
//! | `vma_start_read_unlocked` | [`AddressSpace::vma_start_read_unlocked`](crate::AddressSpace::vma_start_read_unlocked) | |
//! | `vma_end_read`, `vma_refcount_put` | [`vma_end_read`] | takes the mm, so that nothing of the VMA is needed after the decrement |
//! | `vma_start_write`, `vma_start_write_killable` | [`vma_start_write`], [`vma_start_write_killable`] | killed by a token or a deadline ([`Patience`]) |
//! | `vma_end_write_all` | [`vma_end_write_all`] | |
//! | `vma_mark_attached`, `vma_mark_detached` | [`vma_mark_attached`], [`vma_mark_detached`] | panic if the VMA is not write-locked |
//! | `__vma_start_exclude_readers`, `__vma_end_exclude_readers`, `struct vma_exclude_readers_state` | private, one type | ends by itself when dropped |
//! | `lock_vma_under_rcu` | [`AddressSpace::lock_vma_under_rcu`](crate::AddressSpace::lock_vma_under_rcu) | orders the search after the count of 0 that it has seen |
//! | `lock_next_vma` | [`AddressSpace::lock_next_vma`](crate::AddressSpace::lock_next_vma) | believes an end, and a gap found again, only without a writer: the index may be wrong |
//! | `mmap_write_lock`, `…_nested`, `…_killable` | the same | |
//! | | [`mmap_write_trylock`] | |
//! | `mmap_write_unlock`, `mmap_write_downgrade` | the same | |
//! | `mmap_read_lock`, `…_killable`, `…_trylock`, `mmap_read_unlock` | the same | |
//! | `mmap_read_unlock_non_owner` | the same, after [`mmap_read_disown`] | |
//! | `mmap_lock_is_contended` | the same | |
//! | `mmap_lock_speculate_try_begin`, `…_retry` | the same | |
//! | `mmap_assert_locked`, `…_write_locked`, `vma_assert_…` | the same | take the mm; have `check_` twins |
//! | `vma_is_attached` | the same | |
//! | `VMA_LOCK_SUCCESS`, `…_ABORT`, `…_RETRY`, `…_MISS` | [`Counters`] | one set for each mm |
//! | `exit_mmap` | [`Teardown`] | does not wait for ever for a guard that was forgotten |
//! | `rcuwait` | private | looks at the count once more before it announces itself |
//!
//! Two orderings are stronger than in the kernel, because Rust's memory model is weaker: the
//! writer's wait loads the count with acquire, where the kernel relies on a control dependency; and
//! a write section begins with a release store, where the kernel relies on the barrier at the end
//! of the section before. Every ordering is listed in one file, `order.rs`, with its pair and its reason, and
//! a model fails if it is weakened.
//!
//! # Tracking
//!
//! With the feature `lockdep` the mmap locks are one class, `mmap_lock`, and all VMA locks another,
//! `vm_lock`. A read lock of a VMA is a try-lock: it orders nothing before it, and everything that
//! is waited for under it comes after. A writer's wait for readers is an exclusive acquire; that
//! the VMA stays write-locked after it is not recorded, since one store ends it for all.

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
