//! A small address space, and the way a model is run.

use std::sync::atomic::{
    AtomicUsize as Count,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::events;
use crate::guard::MmapWriteGuard;
use crate::lock::MmLock;
use crate::space::AddressSpace;
use crate::sync::{Arc, AtomicUsize};
use crate::vma::Vma;

pub(crate) use loom::thread::spawn;

/// How many pages an address space has; an address is the number of a page.
pub(crate) const PAGES: usize = 4;

/// An address space whose index is an array of atomics, changed one by one.
#[derive(Debug)]
pub(crate) struct Space {
    pub(crate) mm: Arc<MmLock>,
    pub(crate) slots: std::sync::Arc<Vec<Vma<u32>>>,
    /// For each page the number of its slot, from 1; 0 for none.
    pages: Vec<AtomicUsize>,
}

impl AddressSpace for Space {
    type Payload = u32;

    fn mm(&self) -> &Arc<MmLock> {
        &self.mm
    }

    fn find(&self, address: usize) -> Option<&Vma<u32>> {
        self.slots.get(self.pages[address].load(Acquire).wrapping_sub(1))
    }

    fn find_next(&self, address: usize) -> Option<&Vma<u32>> {
        (address..self.pages.len()).find_map(|page| self.find(page))
    }
}

impl Space {
    /// With free slots and no ranges.
    pub(crate) fn new(pages: usize, slots: usize) -> std::sync::Arc<Space> {
        let slots = (0..slots).map(|_| Vma::new()).collect();
        Space::with_slots(pages, std::sync::Arc::new(slots))
    }

    /// With slots that another address space uses too.
    pub(crate) fn with_slots(
        pages: usize,
        slots: std::sync::Arc<Vec<Vma<u32>>>,
    ) -> std::sync::Arc<Space> {
        let pages = (0..pages).map(|_| AtomicUsize::new(0)).collect();
        std::sync::Arc::new(Space { mm: MmLock::new(), slots, pages })
    }

    /// One page, one slot on it, payload 0.
    pub(crate) fn one() -> std::sync::Arc<Space> {
        let space = Space::new(1, 1);
        space.map(&mut space.mmap_write_lock(), 0, 0..1, 0);
        space
    }

    /// Two pages, a slot on each, payloads 0.
    pub(crate) fn two() -> std::sync::Arc<Space> {
        let space = Space::new(2, 2);
        let mut guard = space.mmap_write_lock();
        space.map(&mut guard, 0, 0..1, 0);
        space.map(&mut guard, 1, 1..2, 0);
        drop(guard);
        space
    }

    /// Puts a free slot on a range.
    pub(crate) fn map(
        &self,
        guard: &mut MmapWriteGuard<'_, Space>,
        slot: usize,
        range: std::ops::Range<usize>,
        payload: u32,
    ) {
        // SAFETY: Models map free slots, one thread at a time.
        unsafe { guard.vma_attach(&self.slots[slot], range.start, range.end, payload) };
        self.show(range, slot + 1);
    }

    /// Takes a slot off its range.
    pub(crate) fn unmap(&self, guard: &mut MmapWriteGuard<'_, Space>, slot: usize) -> u32 {
        let vma = &self.slots[slot];
        guard.vma_start_write(vma);
        self.show(vma.start()..vma.end(), 0);
        guard.vma_detach(vma)
    }

    /// Has the index say that a range is a slot's.
    pub(crate) fn show(&self, range: std::ops::Range<usize>, number: usize) {
        for page in range {
            self.pages[page].store(number, Release);
        }
    }

    /// Writes a payload, in a write section of its own.
    pub(crate) fn write(&self, slot: usize, payload: u32) {
        let mut guard = self.mmap_write_lock();
        *guard.payload_mut(&self.slots[slot]).unwrap() = payload;
    }

    /// Reads a payload without waiting.
    pub(crate) fn read(&self, address: usize) -> Option<u32> {
        self.lock_vma_under_rcu(address).map(|guard| *guard)
    }

    pub(crate) fn count(&self, slot: usize) -> u32 {
        self.slots[slot].lock.vm_refcnt.read()
    }
}

/// More preemptions than a small model has: it is explored whole. Not the same as no bound: with
/// none loom reduces what it takes for equal, and a speculation that is weakened goes unnoticed.
pub(crate) const EVERY: usize = 100;

/// Explores a model with up to `preemptions` switches of a thread that could have gone on, and
/// says how many executions that was. `VMALOCK_PREEMPTIONS` adds to the bound.
#[track_caller]
pub(crate) fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let executions = std::sync::Arc::new(Count::new(0));
    let counted = std::sync::Arc::clone(&executions);
    let more = std::env::var("VMALOCK_PREEMPTIONS").ok();
    let more = more.map_or(0, |text| text.parse().unwrap());
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions + more);
    builder.max_branches = 10_000;
    builder.check(move || {
        counted.fetch_add(1, Relaxed);
        events::begin();
        model();
        events::end();
    });
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    println!("explored {test}: {} executions", executions.load(Relaxed));
}
