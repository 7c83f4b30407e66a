//! `userfaultfd(2)`: the few calls of it that a pager needs.
//!
//! The structures and numbers are those of the kernel's interface, `ioctl_userfaultfd(2)`.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::os::fd::{AsRawFd, FromRawFd};

use super::failure::Failure;
use super::layout::PAGE;

/// Faults by code in user space alone: what an unprivileged process may have.
const USER_MODE_ONLY: libc::c_int = 1;

const API: u64 = 0xaa;
const FEATURE_PAGEFAULT_FLAG_WP: u64 = 1;
const EVENT_PAGEFAULT: u8 = 0x12;
const PAGEFAULT_FLAG_WP: u64 = 1 << 1;
const REGISTER_MODE_MISSING: u64 = 1;
const REGISTER_MODE_WP: u64 = 1 << 1;
const COPY_MODE_WP: u64 = 1 << 1;
const WRITEPROTECT_MODE_WP: u64 = 1;

const fn request(direction: u64, number: u64, size: usize) -> u64 {
    direction << 30 | (size as u64) << 16 | API << 8 | number
}

const READ: u64 = 2;
const READ_WRITE: u64 = 3;
const UFFDIO_API: u64 = request(READ_WRITE, 0x3f, size_of::<Api>());
const UFFDIO_REGISTER: u64 = request(READ_WRITE, 0, size_of::<Register>());
const UFFDIO_WAKE: u64 = request(READ, 2, size_of::<Span>());
const UFFDIO_COPY: u64 = request(READ_WRITE, 3, size_of::<Copy>());
const UFFDIO_WRITEPROTECT: u64 = request(READ_WRITE, 6, size_of::<WriteProtect>());

#[repr(C)]
struct Api {
    api: u64,
    features: u64,
    ioctls: u64,
}

#[repr(C)]
struct Span {
    start: u64,
    len: u64,
}

#[repr(C)]
struct Register {
    range: Span,
    mode: u64,
    ioctls: u64,
}

#[repr(C)]
struct Copy {
    dst: u64,
    src: u64,
    len: u64,
    mode: u64,
    copy: i64,
}

#[repr(C)]
struct WriteProtect {
    range: Span,
    mode: u64,
}

/// Somebody waits for a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) address: u64,
    /// The page is there, and write-protected; else it is missing.
    pub(crate) is_protected: bool,
}

/// The descriptor.
#[derive(Debug)]
pub(crate) struct Userfaultfd(File);

impl Userfaultfd {
    /// One for some memory, whose missing pages and writes to protected pages are ours to serve.
    pub(crate) fn new(memory: Range<u64>) -> Result<Userfaultfd, Failure> {
        let flags = libc::O_CLOEXEC | libc::O_NONBLOCK | USER_MODE_ONLY;
        // SAFETY: makes a new descriptor.
        let fd = unsafe { libc::syscall(libc::SYS_userfaultfd, flags) };
        if fd < 0 {
            return Err(Failure::refused("userfaultfd"));
        }
        // SAFETY: the new descriptor is nobody else's.
        let uffd = Userfaultfd(unsafe { File::from_raw_fd(fd as libc::c_int) });
        let mut api = Api { api: API, features: FEATURE_PAGEFAULT_FLAG_WP, ioctls: 0 };
        uffd.ioctl(UFFDIO_API, &mut api).map_err(|_| Failure::refused("UFFDIO_API"))?;
        let mode = REGISTER_MODE_MISSING | REGISTER_MODE_WP;
        let mut register = Register { range: span(&memory), mode, ioctls: 0 };
        uffd.ioctl(UFFDIO_REGISTER, &mut register)
            .map_err(|_| Failure::refused("UFFDIO_REGISTER"))?;
        Ok(uffd)
    }

    /// The next fault, if there is one within a tenth of a second.
    pub(crate) fn next(&self) -> Result<Option<Fault>, Failure> {
        let mut poll = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry, which we own.
        if unsafe { libc::poll(&mut poll, 1, 100) } < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == ErrorKind::Interrupted {
                Ok(None)
            } else {
                Err(error.into())
            };
        }
        // A message: event in byte 0, flags in the second word, address in the third.
        let mut message = [0_u8; 32];
        match (&self.0).read(&mut message) {
            Ok(_) => {}
            // Another handler was faster.
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let word = |at: usize| {
            u64::from_ne_bytes(message[at * 8..][..8].try_into().expect("8 bytes are a word"))
        };
        if message[0] != EVENT_PAGEFAULT {
            return Err(Failure::Broken(format!(
                "an event {:#x} that nobody asked for",
                message[0]
            )));
        }
        Ok(Some(Fault { address: word(2), is_protected: word(1) & PAGEFAULT_FLAG_WP != 0 }))
    }

    /// Puts a page in place, write-protected, and wakes who waits for it. If there is one in place
    /// already it stays.
    pub(crate) fn copy(&self, address: u64, page: &[u8; PAGE]) -> Result<(), Failure> {
        let (src, len) = (page.as_ptr() as u64, PAGE as u64);
        let mut copy = Copy { dst: address, src, len, mode: COPY_MODE_WP, copy: 0 };
        match self.ioctl_again(UFFDIO_COPY, &mut copy) {
            Ok(()) => Ok(()),
            Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {
                self.wake(address..address + len)
            }
            Err(error) => Err(Failure::Broken(format!("UFFDIO_COPY: {error}"))),
        }
    }

    /// Protects pages against writes, or lets writes through again and wakes who waits to write.
    pub(crate) fn write_protect(&self, memory: Range<u64>, is_on: bool) -> Result<(), Failure> {
        let mode = if is_on { WRITEPROTECT_MODE_WP } else { 0 };
        let mut protect = WriteProtect { range: span(&memory), mode };
        self.ioctl_again(UFFDIO_WRITEPROTECT, &mut protect)
            .map_err(|error| Failure::Broken(format!("UFFDIO_WRITEPROTECT: {error}")))
    }

    /// Wakes who waits for pages: they fault again, if they still have to.
    pub(crate) fn wake(&self, memory: Range<u64>) -> Result<(), Failure> {
        self.ioctl_again(UFFDIO_WAKE, &mut span(&memory))
            .map_err(|error| Failure::Broken(format!("UFFDIO_WAKE: {error}")))
    }

    /// Goes on while the kernel asks for that because our mappings are changing.
    fn ioctl_again<T>(&self, request: u64, argument: &mut T) -> io::Result<()> {
        loop {
            match self.ioctl(request, argument) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                done => return done,
            }
        }
    }

    fn ioctl<T>(&self, request: u64, argument: &mut T) -> io::Result<()> {
        let argument: *mut T = argument;
        // SAFETY: the requests of this file, each with its own structure.
        let done = unsafe { libc::ioctl(self.0.as_raw_fd(), request as _, argument) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

fn span(memory: &Range<u64>) -> Span {
    Span { start: memory.start, len: memory.end - memory.start }
}
