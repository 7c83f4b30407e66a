//! What is refused, and that nothing has changed then.

use std::fmt::Debug;
use std::ops::Range;
use std::time::{Duration, Instant};

use vmalock::lock::{Cancelled, Patience};
use vmalock::{AddressSpace, Mm, MmapWriteGuard, Pool, RangeError, Vma};

/// 0x1000..0x3000 and 0x3000..0x5000 touch; 0x8000..0x9000 stands alone.
fn three() -> Mm<char> {
    let mm = Mm::new().aligned_to(0x1000);
    let mut writer = mm.mmap_write_lock();
    for (range, payload) in [(0x1000..0x3000, 'a'), (0x3000..0x5000, 'b'), (0x8000..0x9000, 'c')] {
        writer.insert(range, payload).expect("they do not overlap");
    }
    drop(writer);
    mm
}

fn state(writer: &MmapWriteGuard<'_, Mm<char>>) -> Vec<(Range<usize>, char)> {
    writer.iter().map(|(range, payload)| (range, *payload)).collect()
}

/// Runs an operation that must be refused, with the VMAs `a`, `b` and `c`.
#[track_caller]
fn refused<R: Debug + PartialEq>(
    reason: RangeError,
    operation: impl for<'a> FnOnce(&mut MmapWriteGuard<'a, Mm<char>>, [&'a Vma<char>; 3]) -> R,
    as_answer: impl FnOnce(RangeError) -> R,
) {
    let mm = three();
    let mut writer = mm.mmap_write_lock();
    let before = state(&writer);
    let vmas = [0x1000, 0x3000, 0x8000].map(|at| writer.find(at).expect("it was put in"));
    assert_eq!(operation(&mut writer, vmas), as_answer(reason));
    assert_eq!(state(&writer), before);
    drop(writer);
    for (range, payload) in before {
        assert_eq!(mm.lock_vma_under_rcu(range.end - 1).map(|vma| *vma), Some(payload));
    }
}

/// The ranges that are wrong by themselves.
fn bad_ranges() -> [(Range<usize>, RangeError); 4] {
    let unaligned = |address| RangeError::Unaligned { address, page: 0x1000 };
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
    let out_of_order = 0x7000..0x6000;
    [
        (out_of_order, RangeError::OutOfOrder { start: 0x7000, end: 0x6000 }),
        (0x6000..0x6000, RangeError::Empty { at: 0x6000 }),
        (0x6001..0x7000, unaligned(0x6001)),
        (0x6000..0x7800, unaligned(0x7800)),
    ]
}

#[test]
fn every_operation_refuses_bad_ranges() {
    for (range, reason) in bad_ranges() {
        let range = || range.clone();
        let reason = || reason.clone();
        let insert = |writer: &mut MmapWriteGuard<'_, Mm<char>>, _: [&Vma<char>; 3]| {
            writer.insert(range(), 'x').map(drop).map_err(|error| (error.reason, error.payload))
        };
        refused(reason(), insert, |reason| Err((reason, 'x')));
        refused(reason(), |writer, [a, ..]| writer.shrink(a, range()), Err);
        refused(reason(), |writer, [a, ..]| writer.expand(a, range()), Err);
        refused(reason(), |writer, _| writer.unmap(range()), Err);
        refused(reason(), |writer, _| writer.update(range(), |_, _| ()), Err);
    }
}

#[test]
fn overlaps_are_refused() {
    let overlap = |with| RangeError::Overlap { with };
    for range in [0..0x2000, 0x2000..0x3000, 0x1000..0x3000, 0..0xa000] {
        let insert = |writer: &mut MmapWriteGuard<'_, Mm<char>>, _: [&Vma<char>; 3]| {
            writer.insert(range.clone(), 'x').map(drop).map_err(|error| error.reason)
        };
        refused(overlap(0x1000..0x3000), insert, Err);
    }
    refused(overlap(0x3000..0x5000), |writer, [a, ..]| writer.expand(a, 0x1000..0x4000), Err);
    refused(overlap(0x1000..0x3000), |writer, [_, b, _]| writer.expand(b, 0..0x6000), Err);
}

#[test]
fn borders_that_do_not_fit_the_vma_are_refused() {
    let of = || 0x1000..0x3000;
    for at in [0, 0x1000, 0x3000, 0x4000] {
        let not_inside = RangeError::NotInside { of: of() };
        refused(not_inside, |writer, [a, ..]| writer.split(a, at).map(drop), Err);
    }
    let unaligned = RangeError::Unaligned { address: 0x2001, page: 0x1000 };
    refused(unaligned, |writer, [a, ..]| writer.split(a, 0x2001).map(drop), Err);
    let not_inside = || RangeError::NotInside { of: of() };
    refused(not_inside(), |writer, [a, ..]| writer.shrink(a, 0..0x2000), Err);
    refused(not_inside(), |writer, [a, ..]| writer.shrink(a, 0x2000..0x4000), Err);
    let not_around = || RangeError::NotAround { of: of() };
    refused(not_around(), |writer, [a, ..]| writer.expand(a, 0x2000..0x6000), Err);
    refused(not_around(), |writer, [a, ..]| writer.expand(a, 0x0..0x2000), Err);
    let apart = RangeError::NotAdjacent { end: 0x5000, start: 0x8000 };
    refused(apart, |writer, [_, b, c]| writer.merge(b, c), Err);
    let wrong_way = RangeError::NotAdjacent { end: 0x5000, start: 0x1000 };
    refused(wrong_way, |writer, [a, b, _]| writer.merge(b, a), Err);
    let itself = RangeError::NotAdjacent { end: 0x3000, start: 0x1000 };
    refused(itself, |writer, [a, ..]| writer.merge(a, a), Err);
}

#[test]
fn an_update_refuses_holes() {
    let hole = |at| RangeError::Hole { at };
    let update = |range: Range<usize>| {
        move |writer: &mut MmapWriteGuard<'_, Mm<char>>, _: [&Vma<char>; 3]| {
            writer.update(range, |_, payload| *payload = 'x')
        }
    };
    refused(hole(0), update(0..0x2000), Err);
    refused(hole(0x5000), update(0x2000..0x6000), Err);
    refused(hole(0x5000), update(0x2000..0x9000), Err);
    refused(hole(0x9000), update(0x8000..0xa000), Err);
    refused(hole(0x6000), update(0x6000..0x7000), Err);
}

#[test]
fn a_handle_of_a_removed_vma_is_refused_everywhere() {
    let mm = three();
    let mut writer = mm.mmap_write_lock();
    let [a, b] = [0x1000, 0x3000].map(|at| writer.find(at).expect("it was put in"));
    assert_eq!(writer.remove(a), Ok('a'));
    let detached = RangeError::Detached;
    assert_eq!(writer.remove(a), Err(detached.clone()));
    assert_eq!(writer.split(a, 0x2000).map(drop), Err(detached.clone()));
    assert_eq!(writer.merge(a, b), Err(detached.clone()));
    assert_eq!(writer.merge(b, a), Err(detached.clone()));
    assert_eq!(writer.shrink(a, 0x1000..0x2000), Err(detached.clone()));
    assert_eq!(writer.expand(a, 0x1000..0x3000), Err(detached));
    assert_eq!(writer.payload_mut(a), None);
}

#[test]
fn a_handle_is_refused_by_another_address_space() {
    let pool = Pool::new();
    let (mine, other) = (Mm::with_pool(&pool), Mm::with_pool(&pool));
    let mut writer = mine.mmap_write_lock();
    let vma = writer.insert(0..10, 'm').expect("nothing is there yet");
    let mut other_writer = other.mmap_write_lock_nested(1);
    assert_eq!(other_writer.remove(vma), Err(RangeError::Detached));
    assert_eq!(other_writer.payload(vma), None);
    // The slot goes from one to the other; the handle means the new range then.
    assert_eq!(writer.remove(vma), Ok('m'));
    other_writer.insert(50..60, 'o').expect("nothing is there yet");
    assert_eq!(writer.remove(vma), Err(RangeError::Detached));
    assert_eq!((vma.start(), other_writer.remove(vma)), (50, Ok('o')));
}

#[test]
fn a_wait_for_readers_that_is_given_up_changes_nothing() {
    let mm = three();
    let reader = mm.lock_vma_under_rcu(0x8000).expect("it was put in");
    std::thread::scope(|scope| {
        let write = || {
            let mut writer = mm.mmap_write_lock();
            let soon = Patience::until(Instant::now() + Duration::from_millis(30));
            let before = state(&writer);
            assert_eq!(writer.start_write_range_killable(0..0x6000, &soon), Ok(()));
            assert_eq!(writer.start_write_range_killable(0..0x9000, &soon), Err(Cancelled));
            assert_eq!(state(&writer), before);
            // Others are not waited for.
            assert_eq!(writer.unmap(0..0x8000).expect("the range is good").len(), 2);
        };
        scope.spawn(write).join().expect("the writer does not panic");
        assert_eq!(*reader, 'c');
        let again = mm.lock_vma_under_rcu(0x8fff).expect("readers get it again");
        assert!(mm.lock_vma_under_rcu(0x1000).is_none());
        drop((reader, again));
    });
    let mut writer = mm.mmap_write_lock();
    let vma = writer.find(0x8000).expect("it was not removed");
    assert_eq!(writer.remove(vma), Ok('c'));
}

#[test]
#[should_panic(expected = "a power of two")]
fn a_page_that_is_no_power_of_two_panics() {
    drop(Mm::<()>::new().aligned_to(3));
}
