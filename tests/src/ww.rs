//! Wound/wait mutexes on the tracker's events: many locks of one class, taken in any order.
//!
//! Whoever wants several of them begins an [`Acquire`], which has a stamp. If two meet, the one
//! with the larger stamp is refused ([`Refused::Deadlock`]), lets go of what it has, takes the lock
//! it was refused and begins again. So the locks need no order among themselves; to the tracker the
//! acquire is their nest lock.
//!
//! What a caller can do wrong with that protocol is refused and said ([`Misuse`]), as Linux does of
//! `ww_mutex` when it debugs; what he can do wrong with locks in general the tracker says.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use lockdep::{
    Map, lock_acquire_exclusive, lock_acquired_exclusive, lock_release, lock_try_acquired,
};

/// Why a lock was not obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The acquire has it already.
    Already,
    /// An older acquire has it: let go of everything, take this one first, begin again.
    Deadlock,
    /// The protocol is broken.
    Misuse(Misuse),
}

/// What is wrong with the use of an acquire or a mutex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// The mutex is of another class than the acquire.
    OtherClass,
    /// A lock is wanted after the acquire was said to have all it needs.
    AfterDone,
    /// That was said before.
    DoneTwice,
    /// The acquire ends with locks held.
    LocksHeld,
    /// A mutex is given back that its acquire does not count.
    Uncounted,
    /// A free mutex says that somebody has it.
    Stale,
    /// After a refusal something else is wanted than what was refused.
    OtherThanRefused,
    /// After a refusal what was refused is wanted with other locks still held.
    StillHolding,
    /// A lock is taken as after a refusal, and there was none.
    NotRefused,
}

/// The locks that one acquire can take together, and their names to the tracker.
#[derive(Debug, PartialEq, Eq)]
pub struct WwClass {
    /// Of the acquires.
    pub acquire: &'static str,
    /// Of the mutexes.
    pub mutex: &'static str,
}

/// Someone who takes several mutexes of one class.
#[derive(Debug)]
pub struct Acquire {
    map: Map,
    class: &'static WwClass,
    id: u64,
    stamp: u64,
    /// How many mutexes it has.
    acquired: Cell<usize>,
    done: Cell<bool>,
    /// The mutex it was refused.
    refused: Cell<Option<u64>>,
}

/// Who has a mutex: an acquire's id and stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holder {
    id: u64,
    stamp: u64,
}

/// A mutex as anybody may take it.
#[derive(Debug)]
pub struct Base {
    map: Map,
    is_held: Mutex<bool>,
    freed: Condvar,
}

/// A mutex that acquires take.
#[derive(Debug)]
pub struct WwMutex {
    base: Base,
    class: &'static WwClass,
    id: u64,
    holder: Mutex<Option<Holder>>,
}

fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Relaxed)
}

/// Nothing here panics while it holds one of its own locks.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Acquire {
    /// Begins to take mutexes of a class. Younger acquires have larger stamps.
    pub fn begin(class: &'static WwClass) -> Acquire {
        let map = Map::named(class.acquire);
        lock_acquire_exclusive!(&map);
        lock_acquired_exclusive!(&map);
        let stamp = next() << 8;
        Acquire { stamp, ..Acquire::unheard(class, map) }
    }

    /// An older acquire, by another task; the tracker knows nothing of it.
    pub fn older_rival(&self) -> Acquire {
        let map = Map::named(self.class.acquire);
        Acquire { stamp: self.stamp - 1, ..Acquire::unheard(self.class, map) }
    }

    fn unheard(class: &'static WwClass, map: Map) -> Acquire {
        Acquire {
            map,
            class,
            id: next(),
            stamp: 0,
            acquired: Cell::new(0),
            done: Cell::new(false),
            refused: Cell::new(None),
        }
    }

    /// Says that no more mutexes will be wanted.
    ///
    /// # Errors
    ///
    /// [`Misuse::DoneTwice`].
    pub fn done(&self) -> Result<(), Misuse> {
        match self.done.replace(true) {
            true => Err(Misuse::DoneTwice),
            false => Ok(()),
        }
    }

    /// Ends it.
    ///
    /// # Errors
    ///
    /// [`Misuse::LocksHeld`].
    pub fn end(&self) -> Result<(), Misuse> {
        lock_release!(&self.map);
        match self.acquired.get() {
            0 => Ok(()),
            _ => Err(Misuse::LocksHeld),
        }
    }

    /// Forgets how many mutexes it has: what a stray write would do.
    pub fn miscount(&self) {
        self.acquired.set(0);
    }

    /// What the acquire is to the tracker.
    pub fn map(&self) -> &Map {
        &self.map
    }

    fn holder(&self) -> Holder {
        Holder { id: self.id, stamp: self.stamp }
    }

    /// Whether it may want a mutex now.
    fn check(&self, mutex: &WwMutex) -> Result<(), Misuse> {
        if mutex.class != self.class {
            return Err(Misuse::OtherClass);
        }
        if self.done.get() {
            return Err(Misuse::AfterDone);
        }
        match self.refused.get() {
            Some(refused) if refused != mutex.id => Err(Misuse::OtherThanRefused),
            Some(_) if self.acquired.get() != 0 => Err(Misuse::StillHolding),
            _ => Ok(()),
        }
    }
}

impl Base {
    fn new(name: &'static str) -> Base {
        Base { map: Map::named(name), is_held: Mutex::new(false), freed: Condvar::new() }
    }

    /// Waits for the mutex and takes it.
    pub fn lock(&self) {
        lock_acquire_exclusive!(&self.map);
        self.wait();
        lock_acquired_exclusive!(&self.map);
    }

    /// As [`Base::lock`], for a task that takes several of them under an acquire.
    pub fn lock_nested(&self, nest: &Map) {
        lock_acquire_exclusive!(&self.map, nest = nest);
        self.wait();
        lock_acquired_exclusive!(&self.map);
    }

    /// Takes the mutex if it is free.
    pub fn try_lock(&self) -> bool {
        let is_taken = !std::mem::replace(&mut *guard(&self.is_held), true);
        if is_taken {
            lock_try_acquired!(&self.map, exclusive);
        }
        is_taken
    }

    /// Gives the mutex back.
    pub fn unlock(&self) {
        lock_release!(&self.map);
        self.free();
    }

    /// What the mutex is to the tracker.
    pub fn map(&self) -> &Map {
        &self.map
    }

    fn wait(&self) {
        let is_held = guard(&self.is_held);
        let waited = self.freed.wait_while(is_held, |is_held| *is_held);
        *waited.unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn free(&self) {
        *guard(&self.is_held) = false;
        self.freed.notify_one();
    }
}

impl WwMutex {
    /// A free mutex.
    pub fn new(class: &'static WwClass) -> WwMutex {
        let base = Base::new(class.mutex);
        WwMutex { base, class, id: next(), holder: Mutex::new(None) }
    }

    /// The mutex under it, which knows of no acquires.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// Takes the mutex for an acquire.
    ///
    /// # Errors
    ///
    /// If the acquire has it already, or has others and is younger than who has it, or is misused.
    pub fn lock(&self, acquire: &Acquire) -> Result<(), Refused> {
        if guard(&self.holder).is_some_and(|holder| holder.id == acquire.id) {
            return Err(Refused::Already);
        }
        acquire.check(self).map_err(Refused::Misuse)?;
        lock_acquire_exclusive!(&self.base.map, nest = &acquire.map);
        let is_held = *guard(&self.base.is_held);
        if let Some(holder) = *guard(&self.holder) {
            if !is_held {
                return Err(Refused::Misuse(Misuse::Stale));
            }
            if acquire.acquired.get() != 0 && acquire.stamp > holder.stamp {
                acquire.refused.set(Some(self.id));
                return Err(Refused::Deadlock);
            }
        }
        self.base.wait();
        lock_acquired_exclusive!(&self.base.map);
        acquire.refused.set(None);
        acquire.acquired.set(acquire.acquired.get() + 1);
        *guard(&self.holder) = Some(acquire.holder());
        Ok(())
    }

    /// Takes the mutex that the acquire was refused before, after it has let go of all others.
    ///
    /// # Errors
    ///
    /// As [`WwMutex::lock`], or if there was no refusal.
    pub fn lock_slow(&self, acquire: &Acquire) -> Result<(), Refused> {
        match acquire.refused.get() {
            None => Err(Refused::Misuse(Misuse::NotRefused)),
            Some(_) => self.lock(acquire),
        }
    }

    /// Gives the mutex back that an acquire took.
    ///
    /// # Errors
    ///
    /// [`Misuse::Uncounted`].
    pub fn unlock(&self, acquire: &Acquire) -> Result<(), Misuse> {
        let counted = acquire.acquired.get().checked_sub(1);
        *guard(&self.holder) = None;
        self.base.unlock();
        acquire.acquired.set(counted.ok_or(Misuse::Uncounted)?);
        Ok(())
    }

    /// Has another task take it for its acquire; the tracker of this task sees nothing.
    pub fn taken_by(&self, rival: &Acquire) {
        self.base.wait();
        self.set_holder(rival);
    }

    /// Has another task give it back.
    pub fn given_back(&self) {
        *guard(&self.holder) = None;
        self.base.free();
    }

    /// Says who has it, whether it is so or not.
    pub fn set_holder(&self, holder: &Acquire) {
        *guard(&self.holder) = Some(holder.holder());
    }

    /// Whether an acquire has it.
    pub fn has_holder(&self) -> bool {
        guard(&self.holder).is_some()
    }
}
