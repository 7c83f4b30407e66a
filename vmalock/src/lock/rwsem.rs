//! The lock under `mmap_lock`: a fair reader-writer lock whose waits can be cancelled.
//!
//! A word for the uncontended way, and behind it a queue under a `parking_lot` mutex in the order
//! of arrival. Whoever unlocks hands the lock to the head of the queue, a writer or all readers up
//! to the next writer, so nobody is passed and nobody starves. `parking_lot`'s own reader-writer
//! lock is not used because nobody can be taken out of its queue but by a deadline.
//!
//! ```text
//! bit   63…2                1        0
//!       number of readers   QUEUED   WRITER
//! ```
//!
//! | state | meaning | fast ways in |
//! |---|---|---|
//! | 0 | free | read, write |
//! | readers > 0 | read-locked | read |
//! | WRITER | write-locked | none |
//! | … + QUEUED | the same, and somebody waits | none: everybody queues |
//!
//! QUEUED is set and cleared under the queue's mutex, and is set while the queue has entries.
//!
//! Orderings: an acquire that enters is acquire and one that leaves is release, so what a holder
//! did is seen by the next. An entry that is handed over is acquired by who hands it over, and the
//! flag `granted` (release, acquire) passes that on.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use crate::lock::cancel::{Cancelled, Patience};
use crate::sync::{Arc, AtomicBool, AtomicUsize, Mutex, Thread, current};

const WRITER: usize = 1;
const QUEUED: usize = 2;
const READER: usize = 4;

/// A side of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Read,
    Write,
}

impl Side {
    /// What a holder adds to the state.
    fn share(self) -> usize {
        match self {
            Side::Read => READER,
            Side::Write => WRITER,
        }
    }

    /// Whether a holder may be added.
    fn fits(self, state: usize) -> bool {
        match self {
            Side::Read => state & WRITER == 0,
            Side::Write => state & !QUEUED == 0,
        }
    }
}

/// A thread in the queue.
#[derive(Debug)]
struct Waiter {
    thread: Thread,
    side: Side,
    granted: AtomicBool,
}

/// The lock.
#[derive(Debug)]
pub(crate) struct Rwsem {
    state: AtomicUsize,
    queue: Mutex<VecDeque<Arc<Waiter>>>,
}

impl Rwsem {
    pub(crate) fn new() -> Rwsem {
        Rwsem { state: AtomicUsize::new(0), queue: Mutex::new(VecDeque::new()) }
    }

    /// Whether anybody holds it.
    pub(crate) fn is_locked(&self) -> bool {
        self.state.load(Relaxed) & !QUEUED != 0
    }

    /// Whether anybody holds it for writing.
    pub(crate) fn is_write_locked(&self) -> bool {
        self.state.load(Relaxed) & WRITER != 0
    }

    /// Whether anybody waits.
    pub(crate) fn is_contended(&self) -> bool {
        self.state.load(Relaxed) & QUEUED != 0
    }

    /// Takes the lock if that needs no waiting, neither for holders nor for those in the queue.
    pub(crate) fn try_lock(&self, side: Side) -> bool {
        let mut state = self.state.load(Relaxed);
        while state & QUEUED == 0 && side.fits(state) {
            let new = state + side.share();
            match self.state.compare_exchange_weak(state, new, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Waits for the lock, after [`Rwsem::try_lock`] has failed.
    ///
    /// # Errors
    ///
    /// If the patience is over first.
    #[cold]
    pub(crate) fn lock_slow(&self, side: Side, patience: &Patience) -> Result<(), Cancelled> {
        let Some(waiter) = self.enqueue(side) else {
            return Ok(());
        };
        let waiting = patience.begin();
        loop {
            if waiter.granted.load(Acquire) {
                return Ok(());
            }
            if waiting.is_over() {
                return self.give_up(&waiter);
            }
            waiting.park();
        }
    }

    /// Takes the lock if it has become free, else a place in the queue.
    fn enqueue(&self, side: Side) -> Option<Arc<Waiter>> {
        let mut queue = self.queue.lock();
        // From here on nobody takes the lock but under this mutex.
        let state = self.state.fetch_or(QUEUED, Relaxed);
        if queue.is_empty() && side.fits(state) {
            self.state.fetch_add(side.share(), Acquire);
            self.state.fetch_and(!QUEUED, Relaxed);
            return None;
        }
        let waiter = Waiter { thread: current(), side, granted: AtomicBool::new(false) };
        let waiter = Arc::new(waiter);
        queue.push_back(Arc::clone(&waiter));
        Some(waiter)
    }

    /// Leaves the queue, unless the lock was handed over meanwhile.
    fn give_up(&self, waiter: &Arc<Waiter>) -> Result<(), Cancelled> {
        let mut queue = self.queue.lock();
        if waiter.granted.load(Acquire) {
            return Ok(());
        }
        queue.retain(|other| !Arc::ptr_eq(other, waiter));
        // It may have been a writer that readers queued behind.
        self.admit(&mut queue);
        Err(Cancelled)
    }

    /// Hands the lock to the head of the queue, as far as it is free.
    fn admit(&self, queue: &mut VecDeque<Arc<Waiter>>) {
        while let Some(head) = queue.front() {
            // Others can only unlock meanwhile, and whoever does comes here after us.
            if !head.side.fits(self.state.load(Relaxed)) {
                return;
            }
            self.state.fetch_add(head.side.share(), Acquire);
            if let Some(waiter) = queue.pop_front() {
                waiter.granted.store(true, Release);
                waiter.thread.unpark();
            }
        }
        self.state.fetch_and(!QUEUED, Relaxed);
    }

    #[cold]
    fn admit_slow(&self) {
        self.admit(&mut self.queue.lock());
    }

    /// Unlocks. The caller must hold that side.
    pub(crate) fn unlock(&self, side: Side) {
        let state = self.state.fetch_sub(side.share(), Release) - side.share();
        if state == QUEUED {
            self.admit_slow();
        }
    }

    /// Makes the writer a reader. The caller must hold the write side.
    pub(crate) fn downgrade(&self) {
        let state = self.state.fetch_add(READER - WRITER, AcqRel);
        if state & QUEUED != 0 {
            self.admit_slow();
        }
    }
}
