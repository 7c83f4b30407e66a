//! [`Mm`]: an address space that is safe to use.

mod bounds;
mod lookup;
mod mapping;

use std::fmt;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;

use crate::index::{Index, Writer};
use crate::lock::{MmLock, Teardown};
use crate::padded::Padded;
use crate::pool::Pool;
use crate::range::{self, RangeError};
use crate::space::AddressSpace;
use crate::sync::{Arc, AtomicUsize};
use crate::vma::Vma;

/// Ranges of addresses that do not overlap, each a VMA with a lock of its own and a payload.
///
/// Readers find and lock one VMA without the mmap lock ([`AddressSpace::lock_vma_under_rcu`]) and
/// keep it while others come, go and change. Who changes holds the mmap lock for writing; the
/// methods for that are [`MmapWriteGuard`]'s. A change waits for the readers of the VMAs that it
/// changes, and for nobody else.
///
/// ```
/// use vmalock::{AddressSpace, Mm};
///
/// let mm = Mm::new();
/// mm.mmap_write_lock().insert(0x1000..0x5000, "heap").unwrap();
///
/// let heap = mm.lock_vma_under_rcu(0x4fff).unwrap();
/// assert_eq!((*heap, heap.start()), ("heap", 0x1000));
/// drop(heap);
///
/// let mut writer = mm.mmap_write_lock();
/// assert!(writer.insert(0x4000..0x6000, "stack").is_err());
/// let heap = writer.find(0x1000).unwrap();
/// writer.split(heap, 0x3000).unwrap();
/// assert_eq!(writer.remove(heap), Ok("heap"));
/// assert!(writer.find(0x1000).is_none() && writer.find(0x3000).is_some());
/// ```
///
/// There is one `&mut` to a payload at a time, and none beside a guard's `&`:
///
/// ```compile_fail,E0499
/// # use vmalock::{AddressSpace, Mm};
/// # let mm = Mm::new();
/// let mut writer = mm.mmap_write_lock();
/// let vma = writer.insert(0..10, String::new()).unwrap();
/// let one = writer.payload_mut(vma).unwrap();
/// let two = writer.payload_mut(vma).unwrap();
/// one.push_str(two);
/// ```
///
/// ```compile_fail,E0505
/// # use vmalock::{AddressSpace, Mm};
/// # let mm = Mm::new();
/// let mut writer = mm.mmap_write_lock();
/// let vma = writer.insert(0..10, String::new()).unwrap();
/// let payload = writer.payload_mut(vma).unwrap();
/// drop(writer);
/// payload.push('x');
/// ```
///
/// ```compile_fail,E0502
/// # use vmalock::{AddressSpace, Mm};
/// # let mm = Mm::new();
/// let mut writer = mm.mmap_write_lock();
/// let vma = writer.insert(0..10, String::new()).unwrap();
/// let payload = writer.payload(vma).unwrap();
/// writer.remove(vma).unwrap();
/// println!("{payload}");
/// ```
///
/// # References to VMAs
///
/// A `&Vma<T>` is a harmless handle: it may be out of date, and what can be done with it is checked
/// under the lock. A method that is given one of a VMA that was removed answers
/// [`RangeError::Detached`]; if the slot serves another range by then, that range is meant. Within
/// one guard handles stay true, but for the VMAs that its own methods remove.
///
/// # Memory
///
/// 128 bytes for a VMA with a payload of up to 64 bytes, and about 30 bytes of index. Memory grows to
/// the largest number of VMAs, from 16,384 of them on in steps of 2 MiB, and is kept until the `Mm` is
/// dropped, for late readers. The steps are huge pages where the system has some to give.
///
/// [`MmapWriteGuard`]: crate::MmapWriteGuard
pub struct Mm<T: Send + Sync> {
    lock: Arc<MmLock>,
    index: Index<Vma<T>>,
    pool: Arc<Pool<T>>,
    /// Borders are multiples of this power of two.
    page: usize,
    /// How many VMAs there are. Stored under the mmap write lock, and so off the lines that every
    /// search reads.
    count: Padded<AtomicUsize>,
}

impl<T: Send + Sync> Mm<T> {
    /// Empty, with a pool of its own; borders may lie anywhere.
    #[must_use]
    pub fn new() -> Mm<T> {
        Mm::with_pool(&Pool::new())
    }

    /// Empty, with slots from a pool that others use too.
    #[must_use]
    pub fn with_pool(pool: &Arc<Pool<T>>) -> Mm<T> {
        Mm {
            lock: MmLock::new(),
            index: Index::new(),
            pool: Arc::clone(pool),
            page: 1,
            count: Padded(AtomicUsize::new(0)),
        }
    }

    /// The same with borders on multiples of `page` alone.
    ///
    /// # Panics
    ///
    /// If `page` is not a power of two, or there are VMAs already.
    #[must_use]
    pub fn aligned_to(mut self, page: usize) -> Mm<T> {
        assert!(page.is_power_of_two(), "a page has a power of two of addresses, not {page}");
        assert!(self.is_empty(), "the page is set before the first VMA");
        self.page = page;
        self
    }

    /// What borders are multiples of.
    #[must_use]
    pub fn page(&self) -> usize {
        self.page
    }

    /// How many VMAs there are; out of date at once unless the caller holds the mmap lock.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// Whether there are none; as [`Mm::len`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the slots come from.
    #[must_use]
    pub fn pool(&self) -> &Arc<Pool<T>> {
        &self.pool
    }

    fn check(&self, range: &Range<usize>) -> Result<(), RangeError> {
        range::check(range, self.page)
    }

    fn check_border(&self, address: usize) -> Result<(), RangeError> {
        range::check_border(address, self.page)
    }

    /// For changing the index.
    ///
    /// # Safety
    ///
    /// The caller holds the mmap lock for writing, and drops the writer before it unlocks.
    unsafe fn writer(&self) -> Writer<'_, Vma<T>> {
        // SAFETY: all writers hold the mmap lock for writing.
        unsafe { self.index.writer() }
    }

    /// Notes that there are so many VMAs more. Under the mmap write lock.
    fn count(&self, more: isize) {
        self.count.store(self.count.load(Relaxed).wrapping_add_signed(more), Relaxed);
    }

    /// The slot that the index has named.
    #[inline]
    fn slot(&self, slot: NonNull<Vma<T>>) -> &Vma<T> {
        // SAFETY: the index holds slots of our pool, however stale, and the pool keeps them VMAs
        // while we keep it.
        unsafe { slot.as_ref() }
    }
}

impl<T: Send + Sync> AddressSpace for Mm<T> {
    type Payload = T;

    #[inline]
    fn mm(&self) -> &Arc<MmLock> {
        &self.lock
    }

    #[inline]
    fn find(&self, address: usize) -> Option<&Vma<T>> {
        // The index knows no first addresses.
        self.index.find(address).map(|slot| self.slot(slot)).filter(|vma| vma.start() <= address)
    }

    fn find_next(&self, address: usize) -> Option<&Vma<T>> {
        self.index.find_next(address).map(|slot| self.slot(slot))
    }
}

impl<T: Send + Sync> Default for Mm<T> {
    fn default() -> Mm<T> {
        Mm::new()
    }
}

impl<T: Send + Sync> Drop for Mm<T> {
    /// Detaches all VMAs, then drops the payloads. The slot of a VMA whose read guard was forgotten
    /// is leaked, after a short wait.
    fn drop(&mut self) {
        // SAFETY: all guards borrow the address space, which we have alone.
        let mut teardown = unsafe { Teardown::begin(&self.lock) };
        let mut payloads = Vec::with_capacity(self.len());
        let mut next = 0;
        while let Some(vma) = self.index.find_next(next) {
            let vma = self.slot(vma);
            next = vma.end();
            let is_free = teardown.detach(&vma.lock);
            // SAFETY: the VMA is detached, and of those who may still count on its lock none looks
            // at its payload: they are readers of other address spaces.
            payloads.push(unsafe { &mut *vma.payload.write() }.take());
            if is_free {
                // SAFETY: it is detached, was taken from this pool, and is in the index once.
                unsafe { self.pool.give_back(vma) };
            }
        }
        // Now a payload may panic: no slot names this address space any more.
        drop(payloads);
    }
}

impl<T: Send + Sync> fmt::Debug for Mm<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mm")
            .field("vmas", &self.len())
            .field("page", &self.page)
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}
