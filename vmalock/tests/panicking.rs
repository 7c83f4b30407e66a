//! The tracker panics in the middle of a write lock. One test: what the process's tracker has seen
//! here would be held against every other.

#![cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use vmalock::lock::Patience;
use vmalock::{AddressSpace, Mm};

/// A thread wants to write what it reads. The flag that keeps readers out is set by then, and must
/// not stay.
#[test]
fn a_panic_of_the_tracker_lets_the_readers_in_again() {
    let mm = Mm::new();
    mm.mmap_write_lock().insert(0..10, 7).unwrap();
    let reader = mm.lock_vma_under_rcu(5).unwrap();
    {
        let mut writer = mm.mmap_write_lock();
        let vma = writer.find(5).unwrap();
        let soon = Patience::until(Instant::now() + Duration::from_secs(10));
        let locked = catch_unwind(AssertUnwindSafe(|| writer.vma_start_write_killable(vma, &soon)));
        let panic = locked.expect_err("the tracker has panicked");
        let report = panic.downcast_ref::<String>().expect("with its report");
        assert!(report.contains("vm_lock"), "{report}");
        // In the same section: the VMA is as it was.
        thread::scope(|scope| {
            scope.spawn(|| assert_eq!(mm.lock_vma_under_rcu(5).as_deref(), Some(&7)));
        });
    }
    assert_eq!(*reader, 7);
    drop(reader);
    assert_eq!(lockdep::held(), []);
}
