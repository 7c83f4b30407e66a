//! `vma_writer_wait`: the one thread that waits for the readers of a VMA.
//!
//! An mm has one, because one thread at a time holds its mmap lock for writing. It belongs to the
//! mm and not to the VMA: the reader that wakes has put the VMA already, and may not touch it.
//!
//! | `waiting` | meaning |
//! |---|---|
//! | false | nobody waits, or not yet: a reader need not wake |
//! | true | `task` waits, or is about to, or has just stopped |
//!
//! A wake that comes late, for a wait that is over, unparks a thread that looks again and sleeps
//! on.

use std::sync::atomic::Ordering::Relaxed;

use crate::lock::cancel::{Cancelled, Patience};
use crate::order::Order;
use crate::step::Step;
use crate::sync::{AtomicBool, Life, Mutex, Thread, current, fence, taken};

/// Where the writer of an mm waits.
#[derive(Debug)]
pub(crate) struct WriterWait {
    waiting: AtomicBool,
    task: Mutex<Option<Thread>>,
    life: Life,
}

/// Takes the announcement back, whichever way the wait ends.
struct Announced<'a>(&'a WriterWait);

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        self.0.waiting.store(false, Relaxed);
        *self.0.task.lock() = None;
    }
}

impl WriterWait {
    pub(crate) fn new() -> WriterWait {
        WriterWait { waiting: AtomicBool::new(false), task: Mutex::new(None), life: Life::new() }
    }

    /// Waits until `is_done`. One thread at a time.
    ///
    /// 1. Announce. 2. Fence. 3. Look; sleep; look again.
    ///
    /// # Errors
    ///
    /// If the patience is over first.
    pub(crate) fn wait(
        &self,
        is_done: impl Fn() -> bool,
        patience: &Patience,
    ) -> Result<(), Cancelled> {
        if taken(Step::CountBeforePatience) && is_done() {
            return Ok(());
        }
        let waiting = patience.begin();
        *self.task.lock() = Some(current());
        self.waiting.store(true, Relaxed);
        let _announced = Announced(self);
        fence(Order::WaiterFence);
        loop {
            if taken(Step::CountBeforePatience) && is_done() {
                return Ok(());
            }
            if waiting.is_over() {
                return Err(Cancelled);
            }
            if !taken(Step::CountBeforePatience) && is_done() {
                return Ok(());
            }
            waiting.park();
            if !taken(Step::LookAgain) {
                return Ok(());
            }
        }
    }

    /// Wakes the writer, if one waits. What it waits for must have been done before.
    #[inline]
    pub(crate) fn wake(&self) {
        fence(Order::WakerFence);
        let is_awaited = self.waiting.load(Relaxed);
        self.life.check();
        if is_awaited {
            self.wake_slow();
        }
    }

    #[cold]
    fn wake_slow(&self) {
        let task = self.task.lock().clone();
        if let Some(task) = task {
            task.unpark();
        }
    }
}
