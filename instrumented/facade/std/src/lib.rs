//! The standard library with its locks replaced.
//!
//! A crate that is compiled with `--extern std=<this crate>` sees it wherever it says `std`: in
//! paths, in the prelude, and in `extern crate std` of a `no_std` crate. Everything but the locks
//! and channels of `sync`, the threads of `thread`, the hook of `panic`, the two streams of `io` that are
//! written to and the macros that print is the real standard library, re-exported, so types agree with those of crates that see the real
//! one: `std::vec::Vec` is the same type on both sides. Its macros keep reaching the real library
//! through `$crate`.
//!
//! It is compiled by `cargo lockdep` as a part of its runtime and is of no use by itself.

#![no_std]

extern crate std as real_std;

pub use real_std::*;

#[doc(hidden)]
pub use instrumented::__stdio;

mod print;

/// [`real_std::prelude`] with the macros that print shadowed.
pub mod prelude {
    pub use real_std::prelude::*;

    /// The names of one edition.
    macro_rules! editions {
        ($($name:ident)*) => {$(
            #[doc = concat!("[`real_std::prelude::", stringify!($name), "`], with the macros.")]
            pub mod $name {
                pub use crate::{eprint, eprintln, print, println};
                pub use real_std::prelude::$name::*;
            }
        )*};
    }

    editions! { v1 rust_2015 rust_2018 rust_2021 rust_2024 }
}

/// [`real_std::io`] with standard output and standard error shadowed.
pub mod io {
    pub use instrumented::io::*;
}

/// [`real_std::panic`](mod@real_std::panic) with the ways to set and take the hook shadowed.
pub mod panic {
    pub use instrumented::panic::*;
}

/// [`real_std::sync`] with the locks shadowed.
pub mod sync {
    pub use instrumented::sync::*;
}

/// [`real_std::thread`] with the ways to start a thread and to wait for one shadowed.
pub mod thread {
    pub use instrumented::thread::*;
}
