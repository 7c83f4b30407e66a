//! The memory that is served: reserved, and empty until a handler fills a page.

use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

use super::failure::Failure;
use super::layout::{PAGE, PAGES, WORDS, bytes};

#[derive(Debug)]
pub(crate) struct Region(NonNull<u8>);

// SAFETY: the memory is reached through atomics and system calls alone.
unsafe impl Send for Region {}
// SAFETY: as for `Send`.
unsafe impl Sync for Region {}

impl Region {
    pub(crate) fn new() -> Result<Region, Failure> {
        // SAFETY: asks for a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        if page != PAGE as libc::c_long {
            return Err(Failure::Refused(format!("a page has {page} bytes here, not {PAGE}")));
        }
        // SAFETY: a new mapping, wherever there is room.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                PAGES * PAGE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(Failure::last("mmap"));
        }
        let region = Region(NonNull::new(start.cast()).expect("a mapping is not at 0"));
        // SAFETY: our mapping. A huge page would be filled by one fault.
        let advised = unsafe { libc::madvise(start, PAGES * PAGE, libc::MADV_NOHUGEPAGE) };
        // A kernel without huge pages refuses, and need not be told.
        let _ = advised;
        Ok(region)
    }

    /// A word of a page. To touch it may take a handler's help.
    pub(crate) fn word(&self, page: usize, word: usize) -> &AtomicU64 {
        assert!(page < PAGES && word < WORDS);
        // SAFETY: inside the mapping, as was checked.
        let word = unsafe { self.0.add(page * PAGE + word * 8) }.cast();
        // SAFETY: aligned, mapped while we live, and nobody has other than atomic references.
        unsafe { word.as_ref() }
    }

    /// The address of a page, for the kernel.
    pub(crate) fn address(&self, page: usize) -> u64 {
        (self.0.as_ptr() as usize + page * PAGE) as u64
    }

    /// The page that an address from the kernel is in.
    pub(crate) fn page_of(&self, address: u64) -> usize {
        (address as usize - self.0.as_ptr() as usize) / PAGE
    }

    /// Throws the contents away: the next one who touches a page faults.
    pub(crate) fn discard(&self, pages: &Range<usize>) -> Result<(), Failure> {
        assert!(pages.end <= PAGES);
        let range = bytes(pages);
        // SAFETY: inside the mapping, as was checked.
        let start = unsafe { self.0.add(range.start) };
        // SAFETY: our mapping, whose contents are reached through atomics, which may be any number.
        let done =
            unsafe { libc::madvise(start.as_ptr().cast(), range.len(), libc::MADV_DONTNEED) };
        if done == 0 { Ok(()) } else { Err(Failure::last("madvise")) }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: our mapping, which nobody has references into any more.
        unsafe { libc::munmap(self.0.as_ptr().cast(), PAGES * PAGE) };
    }
}
