//! The pager: the address space, and what handlers do with a fault.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use vmalock::lock::Counts;
use vmalock::{AddressSpace, Mm, ReadError, VmaReadGuard};

use super::failure::Failure;
use super::layout::{Mapping, PAGE, PAGES, VIEWS, bytes};
use super::region::Region;
use super::store::Store;
use super::uffd::{Fault, Userfaultfd};

/// What the handlers and the mapper share. Addresses of `mm` are counted from the region's start.
#[derive(Debug)]
pub(crate) struct Pager {
    pub(crate) mm: Mm<Mapping>,
    pub(crate) uffd: Userfaultfd,
    pub(crate) region: Region,
    pub(crate) store: Store,
    pub(crate) states: Vec<PageState>,
}

/// What is known of a page besides its mapping.
#[derive(Debug, Default)]
pub(crate) struct PageState {
    /// The memory is newer than the file. Set under the VMA's read lock, cleared under its write
    /// lock.
    pub(crate) is_dirty: AtomicBool,
    /// The number of the view that the mapper is about to make, or has made.
    pub(crate) announced: AtomicUsize,
    /// The number of the view that it has made: pages of older ones are gone.
    pub(crate) settled: AtomicUsize,
}

/// What a handler did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Served {
    /// Pages put in place.
    pub(crate) filled: u64,
    /// Pages made writable.
    pub(crate) opened: u64,
    /// Faults that have to wait until the mapper allows the access.
    pub(crate) deferred: u64,
}

impl Pager {
    /// Everything mapped: the views to their first snapshot.
    pub(crate) fn new() -> Result<Pager, Failure> {
        let region = Region::new()?;
        let uffd = Userfaultfd::new(region.address(0)..region.address(PAGES))?;
        let mm = Mm::new().aligned_to(PAGE);
        let mut writer = mm.mmap_write_lock();
        let areas = [(0..VIEWS, Mapping::snapshot(0)), (VIEWS..PAGES, Mapping::ledgers())];
        for (pages, mapping) in areas {
            writer.insert(bytes(&pages), mapping).expect("nothing is mapped yet");
        }
        drop(writer);
        let states = (0..PAGES).map(|_| PageState::default()).collect();
        Ok(Pager { mm, uffd, region, store: Store::new()?, states })
    }

    /// A handler: serves faults until it is over.
    pub(crate) fn serve(&self, is_over: &AtomicBool) -> Result<Served, Failure> {
        let mut served = Served::default();
        let mut buffer = Box::new([0; PAGE]);
        while !is_over.load(Ordering::Relaxed) {
            if let Some(fault) = self.uffd.next()? {
                self.serve_one(fault, &mut buffer, &mut served)?;
            }
        }
        Ok(served)
    }

    fn serve_one(
        &self,
        fault: Fault,
        buffer: &mut [u8; PAGE],
        served: &mut Served,
    ) -> Result<(), Failure> {
        let page = self.region.page_of(fault.address);
        let memory = self.memory(&(page..page + 1));
        let Some(vma) = self.lock(page * PAGE) else {
            // Whoever maps the page wakes its waiters.
            served.deferred += 1;
            return Ok(());
        };
        if !fault.is_protected {
            self.store.read(vma.place_of(page), buffer)?;
            self.uffd.copy(memory.start, buffer)?;
            served.filled += 1;
        } else if vma.is_writable {
            self.states[page].is_dirty.store(true, Ordering::Relaxed);
            self.uffd.write_protect(memory, false)?;
            served.opened += 1;
        } else {
            // Whoever makes the page writable wakes its waiters.
            served.deferred += 1;
        }
        // Until here the mapper waited for us, if it wants this VMA.
        drop(vma);
        Ok(())
    }

    /// The VMA of an address, read-locked; none if nothing is mapped there.
    fn lock(&self, address: usize) -> Option<VmaReadGuard<'_, Mapping>> {
        let counters = self.mm.mm().counters();
        loop {
            if let Some(vma) = self.mm.lock_vma_under_rcu(address) {
                counters.count_success();
                return Some(vma);
            }
            counters.count_retry();
            match self.mm.vma_start_read_unlocked(address) {
                Ok(vma) => return Some(vma),
                Err(ReadError::Unmapped) => return None,
                Err(ReadError::Full) => std::thread::yield_now(),
            }
        }
    }

    /// The addresses of pages, for the kernel.
    pub(crate) fn memory(&self, pages: &Range<usize>) -> Range<u64> {
        self.region.address(pages.start)..self.region.address(pages.end)
    }

    pub(crate) fn counts(&self) -> Counts {
        self.mm.mm().counters().counts()
    }
}
