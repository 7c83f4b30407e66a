//! Which classes have locks whose destruction must be told.
//!
//! A lock's destruction must take it out of the learned order between instances, and out of the
//! table of ranks, or both would grow for ever; but most locks are in neither.

use crate::on::class_filter::ClassFilter;

static CLASSES: ClassFilter = ClassFilter::new();

/// Notes that two locks of a class were held together, or that one has a rank.
pub(crate) fn add(class: u32) {
    CLASSES.add(class);
}

/// Whether two locks of a class may have been held together, or one may have a rank.
#[inline]
pub(crate) fn has(class: u32) -> bool {
    CLASSES.has(class)
}
