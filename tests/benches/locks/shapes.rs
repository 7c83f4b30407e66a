//! What is measured: each way to take locks, for any family of them.
//!
//! The locks of one shape are constructed at places of their own, so a tracked lock has a class of
//! its own. References to locks pass through `black_box`: what a lock was a moment ago must not be
//! known to the compiler.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::family::Family;

/// Runs a shape so many times and says how long it took.
pub(crate) type Slice = Box<dyn FnMut(u32) -> Duration>;

fn timed(mut operation: impl FnMut() + 'static) -> Slice {
    Box::new(move |times| {
        let start = Instant::now();
        for _ in 0..times {
            operation();
        }
        start.elapsed()
    })
}

/// Lock and unlock a mutex while nothing else is held.
pub(crate) fn mutex<F: Family>() -> Slice {
    let mutex = F::mutex();
    timed(move || drop(F::lock(black_box(&mutex))))
}

/// The same with the read side of a reader-writer lock.
pub(crate) fn read<F: Family>() -> Slice {
    let lock = F::rwlock();
    timed(move || drop(F::read(black_box(&lock))))
}

/// The same with the write side of a reader-writer lock.
pub(crate) fn write<F: Family>() -> Slice {
    let lock = F::rwlock();
    timed(move || drop(F::write(black_box(&lock))))
}

/// Two mutexes, one inside the other, always in the same order.
pub(crate) fn pair<F: Family>() -> Slice {
    let (outer, inner) = (F::mutex(), F::mutex());
    timed(move || {
        let _outer = F::lock(black_box(&outer));
        let _inner = F::lock(black_box(&inner));
    })
}

/// Two mutexes of one class, one inside the other, always in the same order.
pub(crate) fn siblings<F: Family>() -> Slice {
    let [outer, inner] = [(); 2].map(|()| F::mutex());
    timed(move || {
        let _outer = F::lock(black_box(&outer));
        let _inner = F::lock(black_box(&inner));
    })
}

/// A mutex held at once with each later one, each of a class of its own.
#[rustfmt::skip]
fn ladder<F: Family>() -> Box<[F::Mutex; 32]> {
    Box::new([
        F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(),
        F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(),
        F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(),
        F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(), F::mutex(),
    ])
}

/// A nest of the locks at these rungs of a ladder, outermost first.
macro_rules! nest {
    ($name:ident: $($rung:literal)*) => {
        /// Mutexes inside each other, always in the same order, released in the opposite one.
        pub(crate) fn $name<F: Family>() -> Slice {
            let locks = ladder::<F>();
            timed(move || {
                let locks = black_box(&*locks);
                $(let _guard = F::lock(&locks[$rung]);)*
            })
        }
    };
}

nest!(nest_of_8: 0 1 2 3 4 5 6 7);
nest!(nest_of_10: 0 1 2 3 4 5 6 7 8 9);
nest!(nest_of_32: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);

/// Two threads, each with a nested pair of its own on cache lines of their own; the time is the
/// mean of the two threads'.
pub(crate) fn pair_in_two_threads<F: Family>() -> Slice {
    #[repr(align(128))]
    struct Lines<T>(T);

    fn run<F: Family>(
        pair: &Lines<(F::Mutex, F::Mutex)>,
        ready: &AtomicU32,
        times: u32,
    ) -> Duration {
        let once = || {
            let _outer = F::lock(black_box(&pair.0.0));
            let _inner = F::lock(black_box(&pair.0.1));
        };
        (0..100).for_each(|_| once());
        ready.fetch_add(1, Ordering::AcqRel);
        while ready.load(Ordering::Acquire) < 2 {
            std::hint::spin_loop();
        }
        let start = Instant::now();
        (0..times).for_each(|_| once());
        start.elapsed()
    }

    let pairs = Box::new([(); 2].map(|()| Lines((F::mutex(), F::mutex()))));
    Box::new(move |times| {
        let ready = AtomicU32::new(0);
        let [first, second] = &*pairs;
        thread::scope(|scope| {
            let other = scope.spawn(|| run::<F>(second, &ready, times));
            let mine = run::<F>(first, &ready, times);
            (mine + other.join().expect("locking does not panic")) / 2
        })
    })
}

/// A lock's whole life inside another: made, taken once while an older one is held, destroyed.
pub(crate) fn newcomer<F: Family>() -> Slice {
    let outer = F::mutex();
    timed(move || {
        let inner = F::mutex();
        let _outer = F::lock(black_box(&outer));
        let _inner = F::lock(black_box(&inner));
    })
}

/// The same with the new lock on the heap.
pub(crate) fn boxed_newcomer<F: Family>() -> Slice {
    let outer = F::mutex();
    timed(move || {
        let inner = Box::new(F::mutex());
        let _outer = F::lock(black_box(&outer));
        let _inner = F::lock(black_box(&*inner));
    })
}
