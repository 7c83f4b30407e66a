//! The macros that print: a stream's lock is held while what is printed is formatted.
//!
//! They take what the real ones take, evaluate it before they lock, and end in the real ones, so that
//! what a test prints is captured as ever. Nobody's `println!` reaches the real one: compilers find
//! it in the prelude, in the root of this crate, or by its path.

/// Writes to standard output, as [`real_std::print!`].
#[macro_export]
macro_rules! print {
    ($($arg:tt)*) => {{
        $crate::__stdio::print($crate::format_args!($($arg)*));
    }};
}

/// Writes a line to standard output, as [`real_std::println!`].
#[macro_export]
macro_rules! println {
    () => {
        $crate::print!("\n")
    };
    ($($arg:tt)*) => {{
        $crate::__stdio::print($crate::format_args!("{}\n", $crate::format_args!($($arg)*)));
    }};
}

/// Writes to standard error, as [`real_std::eprint!`].
#[macro_export]
macro_rules! eprint {
    ($($arg:tt)*) => {{
        $crate::__stdio::eprint($crate::format_args!($($arg)*));
    }};
}

/// Writes a line to standard error, as [`real_std::eprintln!`].
#[macro_export]
macro_rules! eprintln {
    () => {
        $crate::eprint!("\n")
    };
    ($($arg:tt)*) => {{
        $crate::__stdio::eprint($crate::format_args!("{}\n", $crate::format_args!($($arg)*)));
    }};
}
