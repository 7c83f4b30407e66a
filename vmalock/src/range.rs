//! Ranges of addresses, and what can be wrong with one.

use std::error::Error;
use std::fmt;
use std::ops::Range;

/// Why an address space refuses a range. It has changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RangeError {
    /// The range ends before it starts.
    OutOfOrder {
        /// Where it starts.
        start: usize,
        /// Where it ends.
        end: usize,
    },
    /// The range covers no address.
    Empty {
        /// Where it starts and ends.
        at: usize,
    },
    /// A border of the range does not lie on a page.
    Unaligned {
        /// The border.
        address: usize,
        /// Borders are multiples of this.
        page: usize,
    },
    /// The range overlaps a VMA.
    Overlap {
        /// The first such VMA's range.
        with: Range<usize>,
    },
    /// No VMA covers an address of the range.
    Hole {
        /// The first such address.
        at: usize,
    },
    /// The range, or the border, is not inside the VMA.
    NotInside {
        /// The VMA's range.
        of: Range<usize>,
    },
    /// The range does not contain that of the VMA.
    NotAround {
        /// The VMA's range.
        of: Range<usize>,
    },
    /// The second VMA does not start where the first one ends.
    NotAdjacent {
        /// Where the first one ends.
        end: usize,
        /// Where the second one starts.
        start: usize,
    },
    /// The VMA is not attached to this address space: it was removed, or belongs to another.
    Detached,
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RangeError::OutOfOrder { start, end } => {
                write!(f, "the range starts at {start:#x} and ends before it, at {end:#x}")
            }
            RangeError::Empty { at } => write!(f, "the range at {at:#x} is empty"),
            RangeError::Unaligned { address, page } => {
                write!(f, "{address:#x} is not a multiple of {page:#x}")
            }
            RangeError::Overlap { with } => write!(f, "the range overlaps the VMA {with:#x?}"),
            RangeError::Hole { at } => write!(f, "no VMA covers {at:#x}"),
            RangeError::NotInside { of } => write!(f, "not inside the VMA {of:#x?}"),
            RangeError::NotAround { of } => {
                write!(f, "the range does not contain the VMA's {of:#x?}")
            }
            RangeError::NotAdjacent { end, start } => {
                write!(f, "one VMA ends at {end:#x}, the other one starts at {start:#x}")
            }
            RangeError::Detached => f.write_str("the VMA is not attached to this address space"),
        }
    }
}

impl Error for RangeError {}

/// A range was not put in; here is its payload back.
#[derive(Clone, PartialEq, Eq)]
pub struct InsertError<T> {
    /// Why not.
    pub reason: RangeError,
    /// What was to be put in.
    pub payload: T,
}

impl<T> fmt::Debug for InsertError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsertError").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<T> fmt::Display for InsertError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl<T> Error for InsertError<T> {}

/// Checks a range by itself, for borders on multiples of `page`.
pub(crate) fn check(range: &Range<usize>, page: usize) -> Result<(), RangeError> {
    let &Range { start, end } = range;
    if start > end {
        return Err(RangeError::OutOfOrder { start, end });
    }
    check_border(start, page)?;
    check_border(end, page)?;
    if start == end { Err(RangeError::Empty { at: start }) } else { Ok(()) }
}

/// Checks that a border lies on a multiple of `page`, which is a power of two.
pub(crate) fn check_border(address: usize, page: usize) -> Result<(), RangeError> {
    if address & (page - 1) == 0 { Ok(()) } else { Err(RangeError::Unaligned { address, page }) }
}

/// Whether all of `inner` lies in `outer`.
pub(crate) fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
