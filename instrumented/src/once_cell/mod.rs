//! [`once_cell`](::once_cell) with the cells of its `sync` replaced by tracked ones. All other names
//! are the real ones: the cells of `unsync` block nobody, and those of `race` never wait.

pub use ::once_cell::*;

pub mod sync;

use crate::locks::gate;

/// The cells that are wrapped.
mod real {
    pub(super) use ::once_cell::sync::*;
}
