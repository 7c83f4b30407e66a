//! [`Teardown`]: the end of an address space.
//!
//! Whoever owns the address space alone has borrowed away all guards, so nobody reads its VMAs.
//! Two kinds of count may be left on one: that of a reader of *another* address space, which came
//! with a stale reference and is about to back out, and that of a guard that was forgotten. The
//! first is waited for, the second would be for ever; so the wait is short, and a VMA whose count
//! stays is given up: its slot is never used again, and the mm it points at is never freed.

use std::mem;
use std::time::{Duration, Instant};

use crate::lock::cancel::Patience;
use crate::lock::mm::MmLock;
use crate::lock::refcnt::VM_REFCNT_EXCLUDE_READERS_FLAG;
use crate::lock::vma::VmaLock;
use crate::sync::Arc;

/// How long, in all, one teardown waits.
const LIMIT: Duration = Duration::from_millis(100);

/// Takes all VMAs of an address space out, without its mmap lock, which may have been forgotten.
#[derive(Debug)]
pub struct Teardown<'a> {
    mm: &'a Arc<MmLock>,
    patience: Patience,
    has_leaked: bool,
}

impl<'a> Teardown<'a> {
    /// Begins.
    ///
    /// # Safety
    ///
    /// Nobody has a guard or a raw lock of this mm or its VMAs but such as are forgotten, and
    /// nobody can get one any more.
    #[must_use]
    pub unsafe fn begin(mm: &'a Arc<MmLock>) -> Teardown<'a> {
        // SAFETY: The caller's.
        unsafe { Teardown::begin_with(mm, Patience::until(Instant::now() + LIMIT)) }
    }

    /// [`Teardown::begin`] with a patience for all its waits together.
    ///
    /// # Safety
    ///
    /// As there.
    #[must_use]
    pub unsafe fn begin_with(mm: &'a Arc<MmLock>, patience: Patience) -> Teardown<'a> {
        Teardown { mm, patience, has_leaked: false }
    }

    /// Detaches an attached VMA. What it holds is the caller's then; whether the slot is too is
    /// the answer. If not it must never be used again.
    #[must_use]
    pub fn detach(&mut self, vma: &VmaLock) -> bool {
        assert!(vma.is_attached_to(self.mm), "the VMA is not of this address space");
        if vma.vm_refcnt.dec_return() == 0 || !vma.vm_refcnt.add_flag_not_zero() {
            return true;
        }
        let is_alone = || vma.vm_refcnt.is(VM_REFCNT_EXCLUDE_READERS_FLAG);
        let waited = self.mm.vma_writer_wait.wait(is_alone, &self.patience);
        if vma.vm_refcnt.sub_flag() && waited.is_ok() {
            return true;
        }
        if !mem::replace(&mut self.has_leaked, true) {
            mem::forget(Arc::clone(self.mm));
        }
        false
    }
}
