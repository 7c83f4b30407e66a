//! Every memory ordering of the lock, with the access it pairs with and the reason.
//!
//! The numbers O1 to O13 are those of the protocol's description in [`lock`](crate::lock). Each
//! ordering that is stronger than relaxed is defended: the models run once for each with it
//! weakened, and must then fail (`vmalock/models`).
//!
//! Four atomics carry the protocol:
//!
//! | atomic | accesses |
//! |---|---|
//! | `vm_refcnt` | O2, O5, O6, O7, O8, O13 |
//! | `mm_lock_seq` | O1, O4, O9, O10, O12 |
//! | `mm_past_seq` | [`PastNote`], [`ReaderPast`] |
//! | `vm_lock_seq` | O1 and O3: relaxed everywhere, because O2, O6 and O8 order it |
//!
//! Why no reader gets in while a writer is at work. A reader that passes incremented either before
//! the writer added the flag or after it took the flag away. Before: the writer's [`ExcludedLoad`]
//! acquires the reader's [`ReaderDecrement`], so all the reader did comes before all the writer
//! does. After: the reader's [`ReaderIncrement`] acquires the writer's [`ExcludeEnd`], so it reads
//! the `vm_lock_seq` that the writer stored and, by coherence, an `mm_lock_seq` not older than
//! that. Equal, it backs out. Unequal, it has read what [`WriteEnd`] stored, or what [`WriteBegin`]
//! of a later section did, and its [`ReaderSequence`] acquires all the writer did. Or it has not
//! looked, since the `vm_lock_seq` is that of a section which [`PastNote`] says is over: then its
//! [`ReaderPast`] acquires that section's end. That the stamp is the last writer's, it knows as before.
//!
//! [`ExcludedLoad`]: Order::ExcludedLoad
//! [`ReaderDecrement`]: Order::ReaderDecrement
//! [`ReaderIncrement`]: Order::ReaderIncrement
//! [`ExcludeEnd`]: Order::ExcludeEnd
//! [`WriteBegin`]: Order::WriteBegin
//! [`WriteEnd`]: Order::WriteEnd
//! [`ReaderSequence`]: Order::ReaderSequence
//! [`PastNote`]: Order::PastNote
//! [`ReaderPast`]: Order::ReaderPast

use std::sync::atomic::Ordering;

/// An access or a fence of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// O2, `vm_refcnt`, a reader's increment. Acquire: what the reader loads next (`vm_mm`, both
    /// sequences, the bounds, the payload) must not be loaded before it. Pairs with
    /// [`Order::ExcludeEnd`] of the last writer and with [`Order::Attach`] of the slot's present
    /// life.
    ReaderIncrement,
    /// O4, `mm_lock_seq`, the reader's second look. Acquire: pairs with [`Order::WriteEnd`] and, if a
    /// later section has begun, with its [`Order::WriteBegin`]. The
    /// writer's stores come *after* it took the flag away, so [`Order::ReaderIncrement`] does not
    /// cover them.
    ReaderSequence,
    /// `mm_past_seq`, the reader's look at what is past; the kernel has none. Acquire: pairs with
    /// [`Order::PastNote`]. A stamp that is past stands for a section whose end the reader has not
    /// looked at itself.
    ReaderPast,
    /// O5, `vm_refcnt`, a reader's decrement. Release: what the reader did comes before what the
    /// writer does; pairs with [`Order::ExcludedLoad`] and [`Order::DetachFence`].
    ReaderDecrement,
    /// O6, `vm_refcnt`, the flag taken away. Release: publishes `vm_lock_seq` before any reader can
    /// increment again; pairs with [`Order::ReaderIncrement`].
    ExcludeEnd,
    /// O7, `vm_refcnt`, the load of the writer's wait. Acquire: pairs with
    /// [`Order::ReaderDecrement`]. The kernel makes do with a control dependency, which Rust has
    /// not.
    ExcludedLoad,
    /// O8, `vm_refcnt`, the attach. Release: all of the slot's new life comes before a reader that
    /// increments; pairs with [`Order::ReaderIncrement`].
    Attach,
    /// O9, `mm_lock_seq`, the end of a write section. Release: pairs with
    /// [`Order::ReaderSequence`] and [`Order::SpeculateBegin`].
    WriteEnd,
    /// `mm_past_seq`, the note that this section and all before it are over. Release: pairs with
    /// [`Order::ReaderPast`]; what was done in them comes before it, since each section begins after
    /// the mmap lock was got from the one before.
    PastNote,
    /// O10, `mm_lock_seq`, the beginning of a write section. Release: pairs with
    /// [`Order::ReaderSequence`]. A reader may meet the beginning of a section in which its VMA is
    /// not locked, and must see what earlier sections did. The kernel's store needs no more than the
    /// barrier of the section before; here a relaxed store would not go on with what the release
    /// store before it began.
    WriteBegin,
    /// O10, a fence after the store that begins a write section. Release: what the section changes
    /// is not seen before the odd sequence; pairs with [`Order::SpeculateFence`]. No lock needs it.
    WriteBeginFence,
    /// O11, a fence between the writer's announcement that it waits and its look at the count.
    /// Sequentially consistent, with [`Order::WakerFence`]: of a writer that announces and looks
    /// and a reader that decrements and looks for a writer, one sees the other.
    WaiterFence,
    /// O11, a fence between a reader's decrement and its look for a waiting writer. Pairs with
    /// [`Order::WaiterFence`].
    WakerFence,
    /// O12, `mm_lock_seq`, the load that begins a speculation. Acquire: pairs with
    /// [`Order::WriteEnd`].
    SpeculateBegin,
    /// O12, a fence before the load that ends a speculation. Acquire: what was read in it was read
    /// before; pairs with [`Order::WriteBeginFence`].
    SpeculateFence,
    /// O13, a fence after a decrement that gave 0. Acquire: who detached the slot may use it again
    /// after all that its readers did; pairs with [`Order::ReaderDecrement`].
    DetachFence,
    /// A fence after a reader's look at a count of 0; the kernel has none. Acquire: the reader has
    /// seen the detach, so when it searches again it sees what came before that, the stamp, and if
    /// it has seen the section's end all of the section, the erased index. Without it nothing but
    /// time ends the search for a VMA that is gone. Pairs with [`Order::ReaderDecrement`],
    /// [`Order::ExcludeEnd`] and [`Order::WriteEnd`].
    MissFence,
    /// The index, the store of an edge or the root. Release: the node or the slot that it leads to
    /// is whole before it is found; pairs with [`Order::Follow`].
    Publish,
    /// The index, the load of an edge or the root. Acquire: pairs with [`Order::Publish`].
    Follow,
}

impl Order {
    /// How strong it is.
    pub(crate) const fn strength(self) -> Ordering {
        match self {
            Order::ReaderIncrement
            | Order::ReaderSequence
            | Order::ReaderPast
            | Order::ExcludedLoad
            | Order::SpeculateBegin
            | Order::SpeculateFence
            | Order::DetachFence
            | Order::MissFence
            | Order::Follow => Ordering::Acquire,
            Order::ReaderDecrement
            | Order::ExcludeEnd
            | Order::Attach
            | Order::WriteEnd
            | Order::PastNote
            | Order::WriteBegin
            | Order::WriteBeginFence
            | Order::Publish => Ordering::Release,
            Order::WaiterFence | Order::WakerFence => Ordering::SeqCst,
        }
    }
}
