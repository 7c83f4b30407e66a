//! How durations are spread, in bounded memory: a log-linear histogram.
//!
//! Each power of two of nanoseconds is cut into `STEPS` equal buckets, so that a value is known
//! to within 1/16 of itself whatever its size (the layout of HdrHistogram). Below 16 ns
//! every value has a bucket of its own. Sum and largest value are exact. Memory: 8 bytes a bucket up
//! to the largest value seen, 2.6 kB for a millisecond, 7.8 kB at most.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Buckets in each power of two.
const STEPS: u64 = 1 << STEP_BITS;
const STEP_BITS: u32 = 4;

/// Durations, counted by size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Sparse", into = "Sparse")]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    total: u64,
    largest: u64,
}

/// What is written of a histogram: the buckets that are not empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sparse {
    total: u64,
    largest: u64,
    buckets: Vec<(u32, u64)>,
}

impl Histogram {
    /// Counts one duration; one of more than 584 years counts as that.
    pub fn add(&mut self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        *self.bucket(bucket_of(nanoseconds)) += 1;
        self.count += 1;
        self.total = self.total.saturating_add(nanoseconds);
        self.largest = self.largest.max(nanoseconds);
    }

    /// Adds all that `other` counted.
    pub fn merge(&mut self, other: &Histogram) {
        for (index, &count) in other.counts.iter().enumerate().filter(|(_, count)| **count != 0) {
            let bucket = self.bucket(index);
            *bucket = bucket.saturating_add(count);
        }
        self.count = self.count.saturating_add(other.count);
        self.total = self.total.saturating_add(other.total);
        self.largest = self.largest.max(other.largest);
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    #[must_use]
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.total)
    }

    /// The largest one; zero if there is none.
    #[must_use]
    pub fn largest(&self) -> Duration {
        Duration::from_nanos(self.largest)
    }

    /// The smallest duration that at least `percent` of all are not larger than, rounded up to the
    /// end of its bucket but never beyond the largest; zero if there is none.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Duration {
        let rank = (percent / 100.0 * self.count as f64).ceil().max(1.0) as u64;
        let mut below = 0_u64;
        let bucket = self.counts.iter().position(|&count| {
            below = below.saturating_add(count);
            below >= rank
        });
        let end = bucket.map_or(0, |index| end_of(index as u64));
        Duration::from_nanos(end.min(self.largest))
    }

    fn bucket(&mut self, index: usize) -> &mut u64 {
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        &mut self.counts[index]
    }
}

/// The bucket of a value: its power of two, then which part of it.
fn bucket_of(value: u64) -> usize {
    let bits = (STEPS | value).ilog2() - STEP_BITS;
    (u64::from(bits) * STEPS + (value >> bits)) as usize
}

/// The largest value in a bucket.
fn end_of(index: u64) -> u64 {
    let bits = (index / STEPS).saturating_sub(1);
    let start = index - bits * STEPS;
    // The last bucket ends where the numbers end.
    (start << bits) + ((1 << bits) - 1)
}

/// The last bucket that a value can be in.
const LAST: u32 = (64 - STEP_BITS) * STEPS as u32 + STEPS as u32 - 1;

impl From<Sparse> for Histogram {
    fn from(sparse: Sparse) -> Histogram {
        let Sparse { total, largest, buckets } = sparse;
        let mut histogram = Histogram { total, largest, ..Histogram::default() };
        // What a damaged file says must not make the reader allocate without end.
        for (index, count) in buckets.into_iter().filter(|(index, _)| *index <= LAST) {
            *histogram.bucket(index as usize) = count;
            histogram.count = histogram.count.saturating_add(count);
        }
        histogram
    }
}

impl From<Histogram> for Sparse {
    fn from(histogram: Histogram) -> Sparse {
        let Histogram { counts, total, largest, .. } = histogram;
        let filled = (0..).zip(counts).filter(|(_, count)| *count != 0);
        Sparse { total, largest, buckets: filled.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        values.into_iter().for_each(|value| histogram.add(Duration::from_nanos(value)));
        histogram
    }

    #[test]
    fn every_value_lies_in_its_bucket_and_the_bucket_is_narrow() {
        let powers =
            (0..64).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + (1 << bit) / 3]);
        for value in powers.chain(0..5_000).chain([u64::MAX]) {
            let index = bucket_of(value) as u64;
            let end = end_of(index);
            assert!(end >= value, "{value} is beyond {end}");
            assert!(index == 0 || end_of(index - 1) < value, "{value} is in two buckets");
            assert!(end - value <= value / 16, "{value} is rounded to {end}");
        }
        assert_eq!(bucket_of(u64::MAX), LAST as usize);
    }

    #[test]
    fn percentiles_are_those_of_a_sorted_list_to_within_a_bucket() {
        let mut random = 7_u64;
        let mut values: Vec<u64> = (0..10_000)
            .map(|_| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (random >> 33) >> (random >> 60)
            })
            .collect();
        let histogram = of(values.iter().copied());
        values.sort_unstable();
        for percent in [1.0, 50.0, 90.0, 99.0, 99.9, 100.0] {
            let exact = values[(percent / 100.0 * 10_000.0) as usize - 1];
            let said = histogram.percentile(percent).as_nanos() as u64;
            assert!(said >= exact && said - exact <= exact / 16, "{percent}: {said} for {exact}");
        }
        assert_eq!(histogram.percentile(100.0), histogram.largest());
    }

    #[test]
    fn merging_is_counting_both() {
        let mut one = of([1, 1_000, 5]);
        one.merge(&of([70_000, 2]));
        assert_eq!(one, of([1, 2, 5, 1_000, 70_000]));
        assert_eq!((one.count(), one.total()), (5, Duration::from_nanos(71_008)));
    }

    #[test]
    fn nothing_has_no_percentiles() {
        assert_eq!(of([]).percentile(99.0), Duration::ZERO);
    }
}
