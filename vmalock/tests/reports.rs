//! The tracker's verdict on a program that uses the lock wrongly, with the stacks of both sides.

#![cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockdep::violation::{Dependency, Touch};
use lockdep::{BacktraceStyle, Level, Settings, Tracker, Violation};
use vmalock::lock::{
    Cancelled, MmLock, Patience, VmaLock, mmap_read_lock, mmap_read_unlock, mmap_write_lock,
    mmap_write_unlock, vma_end_read, vma_lock_init, vma_mark_attached, vma_start_read,
    vma_start_write, vma_start_write_killable,
};

/// What a tracker of its own finds in `f`, each violation once.
fn violations(f: impl FnOnce()) -> Vec<Violation> {
    let settings = Settings { level: Level::Deadlock, backtrace: BacktraceStyle::Short };
    let ((), met) = Arc::new(Tracker::new(settings)).run(f);
    met.iter().filter(|met| met.times == 1).map(|met| Violation::clone(&met.violation)).collect()
}

fn attached() -> (Arc<MmLock>, VmaLock) {
    let (mm, vma) = (MmLock::new(), VmaLock::new());
    mmap_write_lock(&mm);
    // SAFETY: The VMA is new, and does not outlive the mm.
    unsafe { vma_lock_init(&mm, &vma) };
    // SAFETY: The mmap lock is held for writing.
    unsafe { vma_start_write(&mm, &vma) };
    // SAFETY: The mmap lock is held for writing, and there is nothing to look at.
    unsafe { vma_mark_attached(&mm, &vma) };
    // SAFETY: Locked above.
    unsafe { mmap_write_unlock(&mm) };
    (mm, vma)
}

fn maps_and_unmaps(mm: &MmLock, vma: &VmaLock) {
    mmap_write_lock(mm);
    // SAFETY: The mmap lock is held for writing.
    unsafe { vma_start_write(mm, vma) };
    // SAFETY: Locked above.
    unsafe { mmap_write_unlock(mm) };
}

fn serves_a_fault(mm: &MmLock, vma: &VmaLock) {
    vma_start_read(mm, vma).unwrap();
    asks_for_the_mmap_lock(mm);
    // SAFETY: Locked above.
    unsafe { vma_end_read(mm, vma) };
}

fn asks_for_the_mmap_lock(mm: &MmLock) {
    mmap_read_lock(mm);
    // SAFETY: Locked above.
    unsafe { mmap_read_unlock(mm) };
}

fn writes_what_it_reads(mm: &MmLock, vma: &VmaLock) {
    vma_start_read(mm, vma).unwrap();
    mmap_write_lock(mm);
    let soon = Patience::until(Instant::now() + Duration::from_millis(10));
    // SAFETY: The mmap lock is held for writing.
    assert_eq!(unsafe { vma_start_write_killable(mm, vma, &soon) }, Err(Cancelled));
    // SAFETY: Locked above.
    unsafe { mmap_write_unlock(mm) };
    // SAFETY: Locked above.
    unsafe { vma_end_read(mm, vma) };
}

/// The innermost function of the program on a stack, without its crate.
fn innermost(touch: &Touch) -> &str {
    let frame = touch.at.frames.first().unwrap_or_else(|| panic!("no stack: {touch:#?}"));
    frame.function.rsplit("::").next().unwrap()
}

fn functions(dependency: &Dependency) -> [&str; 2] {
    [innermost(&dependency.held), innermost(&dependency.wanted)]
}

/// The program's own functions on both sides, and in this file, not the lock's.
#[test]
fn an_inversion_shows_the_functions_of_both_sides() {
    let (mm, vma) = attached();
    let found = violations(|| {
        maps_and_unmaps(&mm, &vma);
        serves_a_fault(&mm, &vma);
    });
    let [Violation::Inversion { cycle, closing, .. }] = &found[..] else {
        panic!("{found:#?}");
    };
    assert_eq!(cycle.len(), 2);
    let (fault, map) = (&cycle[*closing], &cycle[1 - closing]);
    assert_eq!(functions(map), ["maps_and_unmaps"; 2]);
    assert_eq!(functions(fault), ["serves_a_fault", "asks_for_the_mmap_lock"]);
    for dependency in cycle {
        for touch in [&dependency.held, &dependency.wanted] {
            assert!(touch.at.place.file.ends_with("tests/reports.rs"), "{:?}", touch.at.place);
        }
    }
}

#[test]
fn a_recursion_shows_both_acquires() {
    let (mm, vma) = attached();
    let found = violations(|| writes_what_it_reads(&mm, &vma));
    let recursion = found.iter().find_map(|violation| match violation {
        Violation::Recursion(dependency) => Some(dependency),
        _ => None,
    });
    let recursion = recursion.unwrap_or_else(|| panic!("{found:#?}"));
    assert_eq!(functions(recursion), ["writes_what_it_reads"; 2]);
    assert!(recursion.held.at.place.line < recursion.wanted.at.place.line);
}
