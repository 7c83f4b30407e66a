//! The measurement of one shape for all families, side by side.
//!
//! A machine that others use is slow in some moments and fast in others, and it changes its clock
//! rate. So the families take turns in slices of some ten microseconds, in each round in another
//! order, and are compared within a round; the median over the rounds counts.

use std::time::Duration;

use crate::shapes::Slice;

/// How long a slice of the bare lock should take; a tracked one takes as many turns.
const SLICE: Duration = Duration::from_micros(25);

/// One family's result, in nanoseconds for one run of the shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Median time.
    pub(crate) nanoseconds: f64,
    /// Median ratio to the first family.
    pub(crate) ratio: f64,
    /// Median difference to the first family.
    pub(crate) more: f64,
}

/// Measures all contenders; the first one is what the others are compared with.
pub(crate) fn measure(contenders: &mut [Slice], rounds: usize) -> Vec<Measured> {
    let times = calibrate(&mut contenders[0]);
    let mut samples = vec![Vec::with_capacity(rounds); contenders.len()];
    for contender in contenders.iter_mut() {
        contender(times);
    }
    for round in 0..rounds {
        for turn in 0..contenders.len() {
            let at = (round + turn) % contenders.len();
            samples[at].push(contenders[at](times).as_nanos() as f64 / f64::from(times));
        }
    }
    let compare = |at: usize, with: fn(f64, f64) -> f64| {
        median(samples[at].iter().zip(&samples[0]).map(|(ours, bare)| with(*ours, *bare)))
    };
    (0..contenders.len())
        .map(|at| Measured {
            nanoseconds: median(samples[at].iter().copied()),
            ratio: compare(at, |ours, bare| ours / bare),
            more: compare(at, |ours, bare| ours - bare),
        })
        .collect()
}

/// How many turns fill a slice.
fn calibrate(slice: &mut Slice) -> u32 {
    let mut times = 16;
    while slice(times) < SLICE {
        times *= 2;
    }
    times
}

/// The middle value.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
