//! A small address space, a payload that notices overlaps, and the way a model is run.

use std::ops::Range;
use std::sync::Arc as StdArc;

use shuttle::sync::atomic::Ordering::SeqCst;
use shuttle::thread;

use crate::events;
use crate::guard::MmapWriteGuard;
use crate::lock::{MmLock, Patience, Teardown};
use crate::space::AddressSpace;
use crate::sync::{Arc, AtomicUsize};
use crate::vma::Vma;

/// Two numbers that are equal but while a writer is at work.
#[derive(Debug)]
pub(crate) struct Pair {
    first: AtomicUsize,
    second: AtomicUsize,
}

impl Pair {
    pub(crate) fn new(value: usize) -> Pair {
        Pair { first: AtomicUsize::new(value), second: AtomicUsize::new(value) }
    }

    /// Writes one, lets others go on, and writes the other.
    pub(crate) fn set(&mut self, value: usize) {
        self.first.store(value, SeqCst);
        thread::yield_now();
        self.second.store(value, SeqCst);
    }

    /// Reads one, lets others go on, and reads the other.
    pub(crate) fn get(&self) -> usize {
        let first = self.first.load(SeqCst);
        thread::yield_now();
        assert_eq!(first, self.second.load(SeqCst), "a reader and a writer overlap");
        first
    }
}

/// An address space whose index is an array of atomics; an address is the number of a page.
#[derive(Debug)]
pub(crate) struct Space {
    pub(crate) mm: Arc<MmLock>,
    pub(crate) slots: StdArc<Vec<Vma<Pair>>>,
    /// For each page the number of its slot, from 1; 0 for none.
    pages: Vec<AtomicUsize>,
}

impl AddressSpace for Space {
    type Payload = Pair;

    fn mm(&self) -> &Arc<MmLock> {
        &self.mm
    }

    fn find(&self, address: usize) -> Option<&Vma<Pair>> {
        self.slots.get(self.pages[address].load(SeqCst).wrapping_sub(1))
    }

    fn find_next(&self, address: usize) -> Option<&Vma<Pair>> {
        (address..self.pages.len()).find_map(|page| self.find(page))
    }
}

impl Space {
    pub(crate) fn slots(count: usize) -> StdArc<Vec<Vma<Pair>>> {
        StdArc::new((0..count).map(|_| Vma::new()).collect())
    }

    pub(crate) fn new(pages: usize, slots: &StdArc<Vec<Vma<Pair>>>) -> StdArc<Space> {
        let pages = (0..pages).map(|_| AtomicUsize::new(0)).collect();
        StdArc::new(Space { mm: MmLock::new(), slots: StdArc::clone(slots), pages })
    }

    /// A page for each slot, mapped with payloads 0.
    pub(crate) fn full(count: usize) -> StdArc<Space> {
        let space = Space::new(count, &Space::slots(count));
        let mut guard = space.mmap_write_lock();
        for slot in 0..count {
            space.map(&mut guard, slot, slot..slot + 1, 0);
        }
        drop(guard);
        space
    }

    pub(crate) fn map(
        &self,
        guard: &mut MmapWriteGuard<'_, Space>,
        slot: usize,
        range: Range<usize>,
        value: usize,
    ) {
        let (start, end) = (range.start, range.end);
        // SAFETY: Models map free slots, one thread at a time.
        unsafe { guard.vma_attach(&self.slots[slot], start, end, Pair::new(value)) };
        self.show(range, slot + 1);
    }

    pub(crate) fn unmap(&self, guard: &mut MmapWriteGuard<'_, Space>, slot: usize) -> Pair {
        let vma = &self.slots[slot];
        guard.vma_start_write(vma);
        self.show(vma.start()..vma.end(), 0);
        guard.vma_detach(vma)
    }

    pub(crate) fn show(&self, range: Range<usize>, number: usize) {
        for page in range {
            self.pages[page].store(number, SeqCst);
        }
    }

    pub(crate) fn write(&self, slot: usize, value: usize) {
        let mut guard = self.mmap_write_lock();
        guard.payload_mut(&self.slots[slot]).unwrap().set(value);
    }

    /// The end: every slot is taken out. True if all are free.
    pub(crate) fn end(&self) -> bool {
        // SAFETY: The models end address spaces that nobody has a guard of.
        let mut teardown = unsafe { Teardown::begin_with(&self.mm, Patience::forever()) };
        let mut all = true;
        for vma in self.slots.iter().filter(|vma| vma.lock.is_attached_to(&self.mm)) {
            all &= teardown.detach(&vma.lock);
        }
        all
    }
}

/// Runs a model in many random schedules, and says in how many.
pub(crate) fn explore(model: impl Fn() + Send + Sync + 'static) {
    let schedules = std::env::var("VMALOCK_SCHEDULES").ok();
    let schedules = schedules.map_or(300, |text| text.parse().unwrap());
    let model = StdArc::new(model);
    let run = move || {
        events::begin();
        model();
        events::end();
    };
    shuttle::check_random(run.clone(), schedules);
    shuttle::check_pct(run, schedules, 3);
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    println!("explored {test}: {} schedules", 2 * schedules);
}

pub(crate) use shuttle::thread::spawn;
