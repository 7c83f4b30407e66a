//! The standard library with its locks replaced.
//!
//! A crate that is compiled with `--extern std=<this crate>` sees it wherever it says `std`: in
//! paths, in the prelude, and in `extern crate std` of a `no_std` crate. Everything but the locks
//! and channels of `sync` and the threads of `thread` is the real standard library, re-exported, so types agree with those of crates that
//! see the real one: `std::vec::Vec` is the same type on both sides. Macros keep reaching the real
//! library through `$crate`.
//!
//! It is compiled by `cargo lockdep` as a part of its runtime and is of no use by itself.

#![no_std]

extern crate std as real_std;

pub use real_std::*;

/// [`real_std::sync`] with the locks shadowed.
pub mod sync {
    pub use instrumented::sync::*;
}

/// [`real_std::thread`] with the ways to start a thread and to wait for one shadowed.
pub mod thread {
    pub use instrumented::thread::*;
}
