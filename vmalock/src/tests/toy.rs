//! A small address space whose index says what a test wants it to.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use crate::guard::MmapWriteGuard;
use crate::lock::{MmLock, VmaLock};
use crate::space::AddressSpace;
use crate::sync::Arc;
use crate::vma::Vma;

const PAGES: usize = 8;

/// An address is the number of a page.
#[derive(Debug)]
pub(super) struct Toy<T = u32> {
    pub(super) mm: Arc<MmLock>,
    pub(super) slots: Arc<Vec<Vma<T>>>,
    pages: [AtomicUsize; PAGES],
    /// How often the index was searched.
    pub(super) searches: AtomicUsize,
}

impl<T: Send + Sync> AddressSpace for Toy<T> {
    type Payload = T;

    fn mm(&self) -> &Arc<MmLock> {
        &self.mm
    }

    fn find(&self, address: usize) -> Option<&Vma<T>> {
        self.searches.fetch_add(1, SeqCst);
        self.at(address)
    }

    fn find_next(&self, address: usize) -> Option<&Vma<T>> {
        self.searches.fetch_add(1, SeqCst);
        (address..PAGES).find_map(|page| self.at(page))
    }
}

impl<T: Send + Sync> Toy<T> {
    pub(super) fn new(slots: usize) -> Toy<T> {
        Toy::with_slots(&Arc::new((0..slots).map(|_| Vma::new()).collect()))
    }

    /// With slots that another address space uses too.
    pub(super) fn with_slots(slots: &Arc<Vec<Vma<T>>>) -> Toy<T> {
        Toy {
            mm: MmLock::new(),
            slots: Arc::clone(slots),
            pages: [const { AtomicUsize::new(0) }; PAGES],
            searches: AtomicUsize::new(0),
        }
    }

    fn at(&self, page: usize) -> Option<&Vma<T>> {
        self.slots.get(self.pages.get(page)?.load(SeqCst).wrapping_sub(1))
    }

    /// Has the index say that a range is a slot's; slots count from 1, 0 is none.
    pub(super) fn show(&self, range: Range<usize>, number: usize) {
        for page in range {
            self.pages[page].store(number, SeqCst);
        }
    }

    pub(super) fn map(
        &self,
        guard: &mut MmapWriteGuard<'_, Toy<T>>,
        slot: usize,
        range: Range<usize>,
        payload: T,
    ) {
        // SAFETY: Tests map free slots, one thread at a time.
        unsafe { guard.vma_attach(&self.slots[slot], range.start, range.end, payload) };
        self.show(range, slot + 1);
    }

    pub(super) fn unmap(&self, guard: &mut MmapWriteGuard<'_, Toy<T>>, slot: usize) -> T {
        let vma = &self.slots[slot];
        guard.vma_start_write(vma);
        self.show(vma.start()..vma.end(), 0);
        guard.vma_detach(vma)
    }

    pub(super) fn count(&self, slot: usize) -> u32 {
        self.slots[slot].lock.vm_refcnt.read()
    }

    pub(super) fn lock(&self, slot: usize) -> &VmaLock {
        &self.slots[slot].lock
    }
}

impl Toy {
    /// A slot for each payload, on a page of its own.
    pub(super) fn of(payloads: &[u32]) -> Toy {
        let toy = Toy::new(payloads.len());
        let mut guard = toy.mmap_write_lock();
        for (slot, &payload) in payloads.iter().enumerate() {
            toy.map(&mut guard, slot, slot..slot + 1, payload);
        }
        drop(guard);
        toy
    }
}

/// Runs `f` on another thread and waits for it.
pub(super) fn elsewhere<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| scope.spawn(f).join().unwrap())
}

/// Waits until something is so, which another thread is about to make so.
pub(super) fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        thread::yield_now();
    }
}
