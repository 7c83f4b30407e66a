//! What lies where: in memory, in the file, and in a word.
//!
//! Memory is two areas. Pages of the first, *the views*, show one of several snapshots that the
//! file has of each; which one, the mapper changes all the time. Pages of the second, *the
//! ledgers*, are the file's only copy, and are written.

use std::ops::Range;

pub(crate) const PAGE: usize = 4096;
pub(crate) const WORDS: usize = PAGE / 8;

pub(crate) const VIEWS: usize = 192;
pub(crate) const LEDGERS: usize = 64;
pub(crate) const PAGES: usize = VIEWS + LEDGERS;

pub(crate) const SNAPSHOTS: usize = 16;
pub(crate) const FILE_PAGES: usize = SNAPSHOTS * VIEWS + LEDGERS;

/// The bytes of pages.
pub(crate) fn bytes(pages: &Range<usize>) -> Range<usize> {
    pages.start * PAGE..pages.end * PAGE
}

/// A word of a snapshot: no two are equal, and none is 0.
pub(crate) fn snapshot_word(snapshot: usize, page: usize, word: usize) -> u64 {
    1 << 63 | (snapshot as u64) << 40 | (page as u64) << 16 | word as u64
}

/// The snapshot that a word of a page is from; none if it is not such a word.
pub(crate) fn snapshot_of(value: u64, page: usize, word: usize) -> Option<usize> {
    let snapshot = (value >> 40 & 0xff) as usize;
    (snapshot_word(snapshot, page, word) == value).then_some(snapshot)
}

/// What a VMA says: where its bytes are in the file.
///
/// The offset is counted from address 0 of the region, so it stays right for both parts of a VMA
/// that is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    pub(crate) offset: usize,
    pub(crate) is_writable: bool,
}

impl Mapping {
    /// Of a snapshot, to read.
    pub(crate) fn snapshot(snapshot: usize) -> Mapping {
        Mapping { offset: snapshot * VIEWS * PAGE, is_writable: false }
    }

    /// Of the ledgers, to write: they lie behind the last snapshot as in memory behind the views.
    pub(crate) fn ledgers() -> Mapping {
        Mapping { offset: (SNAPSHOTS - 1) * VIEWS * PAGE, is_writable: true }
    }

    /// Where the file has a page.
    pub(crate) fn place_of(&self, page: usize) -> u64 {
        (self.offset + page * PAGE) as u64
    }
}
