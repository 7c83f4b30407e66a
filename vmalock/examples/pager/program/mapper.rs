//! The mapper: changes the address space while handlers serve faults in it.

use std::ops::Range;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use vmalock::{AddressSpace, Mm, MmapWriteGuard};

use super::failure::Failure;
use super::layout::{Mapping, PAGE, PAGES, SNAPSHOTS, VIEWS, WORDS, bytes};
use super::pager::Pager;
use super::random::Random;

/// What the mapper did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mapped {
    pub(crate) remaps: u64,
    pub(crate) holes: u64,
    pub(crate) protections: u64,
    pub(crate) merges: u64,
    pub(crate) evictions: u64,
    pub(crate) write_backs: u64,
    /// The most VMAs there were.
    pub(crate) most_vmas: usize,
    /// How long all evictions waited for handlers of the range, and the longest one did.
    pub(crate) waited: Duration,
    pub(crate) longest: Duration,
}

pub(crate) struct Mapper<'a> {
    pager: &'a Pager,
    random: Random,
    /// Numbers views.
    view: usize,
    done: Mapped,
}

impl<'a> Mapper<'a> {
    pub(crate) fn new(pager: &'a Pager) -> Mapper<'a> {
        Mapper { pager, random: Random::new(1), view: 0, done: Mapped::default() }
    }

    /// Works until the deadline, and leaves everything mapped and writable.
    pub(crate) fn work(mut self, deadline: Instant) -> Result<Mapped, Failure> {
        let work = self.work_until(deadline);
        // Whatever went wrong, nobody shall wait for a page for ever.
        self.remap(0..VIEWS, false)?;
        self.protect(VIEWS..PAGES, true)?;
        work.map(|()| self.done)
    }

    fn work_until(&mut self, deadline: Instant) -> Result<(), Failure> {
        while Instant::now() < deadline {
            let views = self.pages(0..VIEWS);
            let ledgers = self.pages(VIEWS..PAGES);
            match self.random.below(12) {
                0..=2 => self.remap(views, false)?,
                3 => self.remap(views, true)?,
                4..=6 => self.evict(&views)?,
                7..=8 => self.evict(&ledgers)?,
                9 => self.protect(ledgers, false)?,
                10 => self.protect(ledgers, true)?,
                _ => self.merge(),
            }
            self.done.most_vmas = self.done.most_vmas.max(self.pager.mm.len());
            thread::sleep(Duration::from_micros(100));
        }
        Ok(())
    }

    /// Up to 32 pages of an area.
    fn pages(&mut self, area: Range<usize>) -> Range<usize> {
        let start = area.start + self.random.below(area.len());
        start..(start + 1 + self.random.below(32)).min(area.end)
    }

    /// Shows another snapshot in some views; with a hole, nothing for a moment.
    fn remap(&mut self, pages: Range<usize>, with_hole: bool) -> Result<(), Failure> {
        let pager = self.pager;
        let states = &pager.states[pages.clone()];
        let shows = |view: usize| {
            states
                .iter()
                .any(|state| state.settled.load(Ordering::Relaxed) % SNAPSHOTS == view % SNAPSHOTS)
        };
        // A snapshot that none of the pages shows, as long as there is one.
        self.view += 1;
        for _ in 0..SNAPSHOTS {
            self.view += usize::from(shows(self.view));
        }
        states.iter().for_each(|state| state.announced.store(self.view, Ordering::SeqCst));
        let mut writer = pager.mm.mmap_write_lock();
        writer.unmap(bytes(&pages)).expect("pages are aligned");
        pager.region.discard(&pages)?;
        if with_hole {
            drop(writer);
            self.done.holes += 1;
            thread::sleep(Duration::from_micros(200));
            writer = pager.mm.mmap_write_lock();
        }
        let mapping = Mapping::snapshot(self.view % SNAPSHOTS);
        writer.insert(bytes(&pages), mapping).expect("nothing is mapped there now");
        states.iter().for_each(|state| state.settled.store(self.view, Ordering::SeqCst));
        drop(writer);
        self.done.remaps += 1;
        pager.uffd.wake(pager.memory(&pages))
    }

    /// Throws pages out of memory, after writing back what is dirty.
    fn evict(&mut self, pages: &Range<usize>) -> Result<(), Failure> {
        let pager = self.pager;
        let mut writer = pager.mm.mmap_write_lock();
        let began = Instant::now();
        writer.start_write_range(bytes(pages));
        let waited = began.elapsed();
        self.done.waited += waited;
        self.done.longest = self.done.longest.max(waited);
        for page in pages.clone() {
            if pager.states[page].is_dirty.swap(false, Ordering::Relaxed) {
                self.write_back(&writer, page)?;
            }
        }
        pager.region.discard(pages)?;
        self.done.evictions += 1;
        Ok(())
    }

    /// A dirty page is in memory. It is protected first, so that no write gets lost behind the
    /// copy: who writes meanwhile faults, and its handler waits for us.
    fn write_back(
        &mut self,
        writer: &MmapWriteGuard<'_, Mm<Mapping>>,
        page: usize,
    ) -> Result<(), Failure> {
        let pager = self.pager;
        pager.uffd.write_protect(pager.memory(&(page..page + 1)), true)?;
        let (_, mapping) = writer.get(page * PAGE).expect("ledgers are always mapped");
        let mut copy = [0; PAGE];
        for (word, bytes) in (0..WORDS).zip(copy.chunks_exact_mut(8)) {
            let value = pager.region.word(page, word).load(Ordering::Relaxed);
            bytes.copy_from_slice(&value.to_ne_bytes());
        }
        pager.store.write(mapping.place_of(page), &copy)?;
        self.done.write_backs += 1;
        Ok(())
    }

    /// Makes ledgers read-only, or writable.
    fn protect(&mut self, pages: Range<usize>, is_writable: bool) -> Result<(), Failure> {
        let pager = self.pager;
        let mut writer = pager.mm.mmap_write_lock();
        writer
            .update(bytes(&pages), |_, mapping| mapping.is_writable = is_writable)
            .expect("ledgers are always mapped");
        if !is_writable {
            pager.uffd.write_protect(pager.memory(&pages), true)?;
        }
        drop(writer);
        self.done.protections += 1;
        if is_writable { pager.uffd.wake(pager.memory(&pages)) } else { Ok(()) }
    }

    /// Makes one VMA of all that touch and say the same.
    fn merge(&mut self) {
        let mut writer = self.pager.mm.mmap_write_lock();
        let mut at = 0;
        while let Some(lower) = writer.find_next(at) {
            at = lower.end();
            let upper =
                writer.find(at).filter(|upper| writer.payload(upper) == writer.payload(lower));
            if let Some(upper) = upper {
                writer.merge(lower, upper).expect("they touch");
                self.done.merges += 1;
                at = lower.start();
            }
        }
    }
}
