//! The measurement of contenders in one thread, side by side.
//!
//! A machine that others use is slow in some moments and fast in others. So the contenders take
//! turns in short slices, in each round beginning with another one, and are compared within a
//! round; the median over the rounds counts. A slice is timed after a quarter of one that is not:
//! what is measured is warm. The clock is the thread's own, which stands while
//! another program has the processor.

use std::hint::black_box;
use std::time::Duration;

/// Does something so many times.
pub(crate) type Work<'a> = Box<dyn FnMut(u32) + 'a>;

/// A contender's result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Median time of one turn, in nanoseconds.
    pub(crate) nanoseconds: f64,
    /// Median ratio to the first contender.
    pub(crate) ratio: f64,
}

/// Gives a contender's work, which is inlined into a loop of its own.
pub(crate) fn work<'a, R>(mut once: impl FnMut() -> R + 'a) -> Work<'a> {
    Box::new(move |times| {
        for _ in 0..times {
            black_box(once());
        }
    })
}

/// Measures all contenders in slices of about this length.
pub(crate) fn measure(
    contenders: &mut [(&str, Work<'_>)],
    slice: Duration,
    rounds: usize,
) -> Vec<Measured> {
    let mut times = 16;
    while time(&mut contenders[0].1, times) < slice {
        times *= 2;
    }
    let mut samples = vec![Vec::with_capacity(rounds); contenders.len()];
    for (_, work) in contenders.iter_mut() {
        work(times);
    }
    for round in 0..rounds {
        for turn in 0..contenders.len() {
            let at = (round + turn) % contenders.len();
            let work = &mut contenders[at].1;
            // Brings what it uses into the caches again, as far as that fits.
            work(times / 4);
            let taken = time(work, times);
            samples[at].push(taken.as_nanos() as f64 / f64::from(times));
        }
    }
    let measured = |ours: &Vec<f64>| Measured {
        nanoseconds: median(ours.iter().copied()),
        ratio: median(ours.iter().zip(&samples[0]).map(|(ours, first)| ours / first)),
    };
    samples.iter().map(measured).collect()
}

fn time(work: &mut Work<'_>, times: u32) -> Duration {
    let began = processor_time();
    work(times);
    processor_time() - began
}

/// How long this thread has had a processor.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: stores into our structure.
    let done = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(done, 0, "every thread has this clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The middle value.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
