//! What tells one pin from another.

/// What [`pin_lock`](crate::pin_lock) gives, to be handed back to
/// [`unpin_lock`](crate::unpin_lock).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PinCookie(pub(crate) u64);

impl PinCookie {
    /// Of a pin that was not set, because nobody can say whether the lock is held.
    pub(crate) const NONE: PinCookie = PinCookie(0);
}
