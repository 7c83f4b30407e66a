//! A real lock, without a payload, and its map: what the locks of this module are made of.

use std::fmt;
use std::ptr;

use lockdep::Map;

/// A real lock and its map.
pub(super) struct Core<R> {
    map: Map,
    real: R,
}

impl<R> Core<R> {
    /// Ties a real lock to the place of the call.
    #[track_caller]
    pub(super) const fn new(real: R) -> Core<R> {
        Core { map: Map::new(), real }
    }

    pub(super) fn map(&self) -> &Map {
        &self.map
    }

    pub(super) fn real(&self) -> &R {
        &self.real
    }

    /// The same for as long as whatever it is a part of lives.
    ///
    /// # Safety
    ///
    /// What is made of the result is dropped before the value that this is a part of is moved or
    /// dropped: it is kept beside a counted pointer to that value, and in front of it.
    pub(super) unsafe fn kept(&self) -> &'static Core<R>
    where
        R: 'static,
    {
        let kept = ptr::from_ref(self);
        // SAFETY: the caller sees to it that the value outlives all uses.
        unsafe { &*kept }
    }
}

impl<R: fmt::Debug> fmt::Debug for Core<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}
