//! The type of the order that a program declares among the locks of one class.

use std::cmp::Ordering;

/// Says of the ranks of a held and of a wanted lock of one class whether they are in order
/// ([`Ordering::Less`]).
///
/// It is called at every acquire of such a lock while another one of the class is held. What it
/// locks is not tracked; it must not take the locks that it compares. If it panics it has said
/// nothing.
pub type Compare = fn(held: u64, wanted: u64) -> Ordering;
