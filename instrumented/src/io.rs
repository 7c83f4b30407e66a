//! [`mod@std::io`] with standard output and standard error replaced by tracked ones. All other names are
//! the real ones.
//!
//! # Tracking
//!
//! Each of the two streams has a lock, which is one class. Whoever writes waits for it; who holds it by
//! [`Stdout::lock`] or [`Stderr::lock`], or formats what is written, runs code of his own under it. A
//! thread that holds it already takes it again and does not wait.
//!
//! Standard input has a lock too, which is not seen.

use std::fmt;
use std::io;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::process::Stdio;

use crate::locks::stdio::{ERROR, Inside, OUTPUT};

pub use std::io::*;

/// Whether something is a terminal, as [`std::io::IsTerminal`] says; that one is sealed, so this one
/// stands for it.
pub trait IsTerminal {
    /// Whether it is a terminal.
    fn is_terminal(&self) -> bool;
}

impl<T: io::IsTerminal + ?Sized> IsTerminal for T {
    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(self)
    }
}

/// Writes by the real one: each method with its arguments and its result.
macro_rules! writes {
    ($($name:ident($($argument:ident: $type:ty)?) -> $result:ty;)*) => {$(
        #[track_caller]
        fn $name(&mut self $(, $argument: $type)?) -> $result {
            self.wait(Location::caller());
            self.inner.$name($($argument)?)
        }
    )*};
}

macro_rules! streams {
    ($($(#[$doc:meta])* $name:ident $lock:ident $function:ident $stream:ident;)*) => {$(
        $(#[$doc])*
        pub struct $name {
            inner: io::$name,
        }

        /// A locked stream; unlocked when this is dropped.
        #[must_use = "if unused the stream is unlocked at once"]
        pub struct $lock<'a> {
            /// Dropped before the real one.
            _inside: Inside,
            inner: io::$lock<'a>,
        }

        $(#[$doc])*
        #[must_use]
        pub fn $function() -> $name {
            $name { inner: io::$function() }
        }

        impl $name {
            /// Locks the stream until the result is dropped.
            ///
            /// # Panics
            ///
            /// If the acquire breaks a rule and the tracker is told to panic.
            #[track_caller]
            pub fn lock(&self) -> $lock<'static> {
                let site = Location::caller();
                $stream.before(site);
                let inner = self.inner.lock();
                $lock { _inside: $stream.enter(site), inner }
            }

            /// The current thread is about to wait for the lock.
            fn wait(&self, site: &'static Location<'static>) {
                $stream.before(site);
            }
        }

        impl io::Write for $name {
            writes! {
                write(buf: &[u8]) -> io::Result<usize>;
                write_vectored(bufs: &[io::IoSlice<'_>]) -> io::Result<usize>;
                flush() -> io::Result<()>;
                write_all(buf: &[u8]) -> io::Result<()>;
            }

            #[track_caller]
            fn write_fmt(&mut self, args: fmt::Arguments<'_>) -> io::Result<()> {
                self.lock().inner.write_fmt(args)
            }
        }

        impl io::Write for &$name {
            #[track_caller]
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.wait(Location::caller());
                (&self.inner).write(buf)
            }

            #[track_caller]
            fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
                self.wait(Location::caller());
                (&self.inner).write_vectored(bufs)
            }

            #[track_caller]
            fn flush(&mut self) -> io::Result<()> {
                self.wait(Location::caller());
                (&self.inner).flush()
            }

            #[track_caller]
            fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
                self.wait(Location::caller());
                (&self.inner).write_all(buf)
            }

            #[track_caller]
            fn write_fmt(&mut self, args: fmt::Arguments<'_>) -> io::Result<()> {
                self.lock().inner.write_fmt(args)
            }
        }

        impl io::Write for $lock<'_> {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.inner.write(buf)
            }

            fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
                self.inner.write_vectored(bufs)
            }

            fn flush(&mut self) -> io::Result<()> {
                self.inner.flush()
            }

            fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
                self.inner.write_all(buf)
            }
        }

        impl IsTerminal for $name {
            fn is_terminal(&self) -> bool {
                io::IsTerminal::is_terminal(&self.inner)
            }
        }

        impl IsTerminal for $lock<'_> {
            fn is_terminal(&self) -> bool {
                io::IsTerminal::is_terminal(&self.inner)
            }
        }

        impl From<$name> for Stdio {
            fn from(inherited: $name) -> Stdio {
                inherited.inner.into()
            }
        }

        impl UnwindSafe for $name {}
        impl RefUnwindSafe for $name {}
        impl UnwindSafe for $lock<'_> {}
        impl RefUnwindSafe for $lock<'_> {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }

        impl fmt::Debug for $lock<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }

        handles!($name $lock);
    )*};
}

/// What the operating system knows them by.
macro_rules! handles {
    ($($name:ident)*) => {$(
        #[cfg(unix)]
        handles!(@ $name, std::os::fd::AsFd, as_fd, std::os::fd::BorrowedFd<'_>);
        #[cfg(unix)]
        handles!(@ $name, std::os::fd::AsRawFd, as_raw_fd, std::os::fd::RawFd);
        #[cfg(windows)]
        handles!(@ $name, std::os::windows::io::AsHandle, as_handle,
            std::os::windows::io::BorrowedHandle<'_>);
        #[cfg(windows)]
        handles!(@ $name, std::os::windows::io::AsRawHandle, as_raw_handle,
            std::os::windows::io::RawHandle);
    )*};
    (@ Stdout, $trait:path, $method:ident, $result:ty) => {
        handles!(@@ [Stdout] $trait, $method, $result);
    };
    (@ Stderr, $trait:path, $method:ident, $result:ty) => {
        handles!(@@ [Stderr] $trait, $method, $result);
    };
    (@ $lock:ident, $trait:path, $method:ident, $result:ty) => {
        handles!(@@ [$lock<'_>] $trait, $method, $result);
    };
    (@@ [$($type:tt)*] $trait:path, $method:ident, $result:ty) => {
        impl $trait for $($type)* {
            fn $method(&self) -> $result {
                self.inner.$method()
            }
        }
    };
}

streams! {
    /// Standard output, as by [`std::io::stdout`].
    Stdout StdoutLock stdout OUTPUT;
    /// Standard error, as by [`std::io::stderr`].
    Stderr StderrLock stderr ERROR;
}
