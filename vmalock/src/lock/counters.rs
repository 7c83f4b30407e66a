//! How often the lock of a VMA was got, and why not.
//!
//! Each thread counts in one of a few cells that lie on lines of their own, so counting on the way
//! of every fault makes no two threads share a line unless there are many.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::padded::Padded;

const SHARDS: usize = 8;

/// The counts of one mm, at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Work that was done under a VMA's read lock alone; counted by who does it.
    pub success: u64,
    /// Lookups that gave up and left the caller to the mmap lock.
    pub abort: u64,
    /// Work that was begun under a VMA's read lock and had to be begun again; counted by who does
    /// it.
    pub retry: u64,
    /// Lookups that met a VMA which was being taken out, and looked again.
    pub miss: u64,
}

#[derive(Debug, Default)]
struct Shard {
    success: AtomicU64,
    abort: AtomicU64,
    retry: AtomicU64,
    miss: AtomicU64,
}

/// The counters of one mm.
///
/// As in the kernel, a lookup counts what it does itself ([`Counts::abort`], [`Counts::miss`]) and
/// its caller what comes of it ([`Counts::success`], [`Counts::retry`]).
#[derive(Debug, Default)]
pub struct Counters {
    shards: [Padded<Shard>; SHARDS],
}

impl Counters {
    /// Counts work that was done under a VMA's read lock.
    #[inline]
    pub fn count_success(&self) {
        self.shard().success.fetch_add(1, Relaxed);
    }

    /// Counts work that was begun under a VMA's read lock and must be begun again.
    #[inline]
    pub fn count_retry(&self) {
        self.shard().retry.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_abort(&self) {
        self.shard().abort.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_miss(&self) {
        self.shard().miss.fetch_add(1, Relaxed);
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for shard in &self.shards {
            counts.success += shard.success.load(Relaxed);
            counts.abort += shard.abort.load(Relaxed);
            counts.retry += shard.retry.load(Relaxed);
            counts.miss += shard.miss.load(Relaxed);
        }
        counts
    }

    /// This thread's shard.
    #[inline]
    fn shard(&self) -> &Shard {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        thread_local! {
            static SHARD: usize = (NEXT.fetch_add(1, Relaxed) % SHARDS as u64) as usize;
        }
        // While the thread's locals are destroyed any shard will do.
        let at = SHARD.try_with(|&at| at).unwrap_or(0);
        &self.shards[at % SHARDS]
    }
}
