//! The barrier.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::sync::Barrier;

static SHARED: Barrier = Barrier::new(2);

#[test]
fn nobody_goes_on_before_all_have_come_and_one_leads_each_time() {
    let (barrier, come, leaders) = (Barrier::new(4), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 1..=25 {
                    come.fetch_add(1, Relaxed);
                    let result = barrier.wait();
                    assert!(come.load(Relaxed) >= 4 * round);
                    leaders.fetch_add(usize::from(result.is_leader()), Relaxed);
                    barrier.wait();
                }
            });
        }
    });
    assert_eq!((come.into_inner(), leaders.into_inner()), (100, 25));
}

#[test]
fn a_barrier_for_one_or_none_keeps_nobody() {
    assert!(Barrier::new(1).wait().is_leader());
    assert!(Barrier::new(0).wait().is_leader());
}

#[test]
fn a_barrier_can_be_static_and_prints_as_the_real_one() {
    std::thread::scope(|scope| {
        scope.spawn(|| SHARED.wait());
        SHARED.wait();
    });
    assert_eq!(format!("{:?}", Barrier::new(3)), format!("{:?}", std::sync::Barrier::new(3)));
}
