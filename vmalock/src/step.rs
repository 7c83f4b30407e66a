//! The steps of the protocol that a model may leave out, to show that each is needed.

/// A step that looks as if it could be spared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A reader compares the sequences again after its increment.
    CompareAfterIncrement,
    /// A writer stores `vm_lock_seq` before it takes the flag away.
    StampBeforeClear,
    /// A reader compares the slot's mm with the one it searched.
    CompareMm,
    /// A reader that met a slot of another mm keeps that mm alive while it backs out.
    PinForeignMm,
    /// A reader compares the bounds under the lock.
    CompareBounds,
    /// A detach that finds readers waits for them.
    DetachWaits,
    /// A wait that is given up takes the flag away.
    AbortClears,
    /// A wait looks again after it was woken.
    LookAgain,
    /// A wait looks at the count before it looks at its patience.
    CountBeforePatience,
    /// A reader wakes a detacher too, whose target is one less than a writer's.
    WakeDetacher,
    /// A write section ends before its lock is released.
    EndBeforeUnlock,
    /// The tracker hears of a reader's release whatever its decrement gives.
    ReleaseBeforeDecrement,
    /// A slot is write-locked before it is attached.
    LockBeforeAttach,
    /// A write section is noted to be past when it has ended.
    PastAfterEnd,
    /// A gap is believed only if no write section began meanwhile.
    CheckGap,
    /// A sequence has 64 bits.
    WideSequence,
}
