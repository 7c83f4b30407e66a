//! The read path as a program compiles it, in functions of their own for `tests/read-path.sh` to
//! look at; run, it takes and gives a lock.

use vmalock::lock::{
    MmLock, VmaLock, mmap_assert_locked, mmap_write_lock, mmap_write_unlock, vma_assert_attached,
    vma_assert_locked, vma_assert_write_locked, vma_end_read, vma_lock_init, vma_mark_attached,
    vma_start_read, vma_start_write,
};

/// A read lock.
#[inline(never)]
#[unsafe(no_mangle)]
fn read_path_lock(mm: &MmLock, vma: &VmaLock) -> bool {
    vma_start_read(mm, vma).is_ok()
}

/// Its end.
///
/// # Safety
///
/// The thread holds a read lock on the VMA.
#[inline(never)]
#[unsafe(no_mangle)]
unsafe fn read_path_unlock(mm: &MmLock, vma: &VmaLock) {
    // SAFETY: The caller's.
    unsafe { vma_end_read(mm, vma) };
}

/// Assertions.
#[inline(never)]
#[unsafe(no_mangle)]
fn read_path_assert(mm: &MmLock, vma: &VmaLock) {
    mmap_assert_locked(mm);
    vma_assert_locked(mm, vma);
    vma_assert_write_locked(mm, vma);
    vma_assert_attached(vma);
}

fn main() {
    let (mm, vma) = (MmLock::new(), VmaLock::new());
    mmap_write_lock(&mm);
    // SAFETY: The VMA is new, and does not outlive the mm.
    unsafe { vma_lock_init(&mm, &vma) };
    // SAFETY: The mmap lock is held for writing.
    unsafe { vma_start_write(&mm, &vma) };
    // SAFETY: The mmap lock is held for writing, and there is nothing to look at.
    unsafe { vma_mark_attached(&mm, &vma) };
    read_path_assert(&mm, &vma);
    // SAFETY: Locked above.
    unsafe { mmap_write_unlock(&mm) };
    assert!(read_path_lock(&mm, &vma));
    // SAFETY: Locked in the line above.
    unsafe { read_path_unlock(&mm, &vma) };
}
