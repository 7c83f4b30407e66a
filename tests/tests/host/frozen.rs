//! Memory that cannot be written for a while.

use std::fs;
use std::ops::Range;

/// A writable part of the process's memory that is neither stack nor the thread's own storage.
struct Part {
    start: usize,
    length: usize,
}

thread_local! {
    static OWN: u8 = const { 0 };
}

/// Runs `f` while no memory of the process can be written but the current thread's stack, its
/// thread-local storage and its held stack. Other threads must be asleep.
///
/// A write elsewhere ends the process with a segmentation fault.
pub(crate) fn frozen<R>(f: impl FnOnce() -> R) -> R {
    let on_stack = 0_u8;
    let own = [(&raw const on_stack).addr(), OWN.with(|own| (&raw const *own).addr())];
    let parts = parts(own);
    set_writable(&parts, false);
    let result = f();
    set_writable(&parts, true);
    result
}

/// The writable parts of the process's memory that hold none of the addresses.
fn parts(own: [usize; 2]) -> Vec<Part> {
    let maps = fs::read_to_string("/proc/self/maps").expect("the process has a list of its memory");
    let parts = maps.lines().filter_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let start = usize::from_str_radix(start, 16).ok()?;
        let end = usize::from_str_radix(end, 16).ok()?;
        let writable = rest.starts_with("rw") && !rest.ends_with("[stack]");
        let foreign = own.iter().all(|address| !(start..end).contains(address));
        (writable && foreign).then_some(start..end)
    });
    let held = lockdep::__private::memory_of_stack();
    let around = |part: Range<usize>| {
        if part.contains(&held.start) {
            [part.start..held.start, held.end..part.end]
        } else {
            [part, 0..0]
        }
    };
    let parts = parts.flat_map(around).filter(|part| !part.is_empty());
    parts.map(|part| Part { start: part.start, length: part.len() }).collect()
}

/// Allocates nothing: while the parts are frozen the allocator is too.
fn set_writable(parts: &[Part], writable: bool) {
    let protection = if writable { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_READ };
    for part in parts {
        let start = std::ptr::without_provenance_mut(part.start);
        // SAFETY: the part is mapped, whole pages of it; all of it could be read and written
        // before and can be again before anything but `f` runs. Whatever `f` writes there ends the
        // process, which breaks no promise.
        let failed = unsafe { libc::mprotect(start, part.length, protection) };
        assert_eq!(failed, 0, "memory that is mapped can be protected");
    }
}
