//! Pins: the promise that a held lock is not let go until the pin is taken off.
//!
//! While a task has pins all its events take the cold path, where a release looks for one; no other
//! task pays for it.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::on::found::{Identity, Met};
use crate::on::learn::Learned;
use crate::on::map::{self, Map};
use crate::on::process;
use crate::on::task::{Held, Task};
use crate::on::thread;
use crate::on::tracker::{Tracker, class, name};
use crate::pin_cookie::PinCookie;
use crate::tracked::Tracked;
use crate::violation::{PinFault, Violation};

/// The pins that one task has set.
#[derive(Debug)]
pub(crate) struct Pins {
    /// Freed as soon as it is empty, so dropping it is not needed.
    pins: ManuallyDrop<RefCell<Vec<Pin>>>,
}

/// A pin that was set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pin {
    /// Number of the lock.
    instance: u64,
    cookie: PinCookie,
}

impl Pins {
    pub(crate) const fn new() -> Pins {
        Pins { pins: ManuallyDrop::new(RefCell::new(Vec::new())) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        // A signal handler that comes while the list is changed is better off on the cold path.
        self.pins.try_borrow().is_ok_and(|pins| pins.is_empty())
    }

    pub(crate) fn has(&self, instance: u64) -> bool {
        self.pins.try_borrow().is_ok_and(|pins| pins.iter().any(|pin| pin.instance == instance))
    }

    pub(crate) fn add(&self, instance: u64, cookie: PinCookie) {
        if let Ok(mut pins) = self.pins.try_borrow_mut() {
            pins.push(Pin { instance, cookie });
        }
    }

    /// Takes off one pin; false if there is none with this cookie.
    pub(crate) fn remove(&self, instance: u64, cookie: PinCookie) -> bool {
        let found = |pin: &Pin| pin.instance == instance && pin.cookie == cookie;
        self.change(|pins| pins.iter().rposition(found).map(|at| pins.remove(at)).is_some())
    }

    /// Takes off the pins of some locks, to be set again by [`Pins::resume`].
    pub(crate) fn suspend(&self, is_meant: impl Fn(u64) -> bool) -> Vec<Pin> {
        let mut suspended = Vec::new();
        self.change(|pins| {
            suspended.extend(pins.extract_if(.., |pin| is_meant(pin.instance)));
            true
        });
        suspended
    }

    /// Sets pins again.
    pub(crate) fn resume(&self, suspended: Vec<Pin>) {
        suspended.into_iter().for_each(|Pin { instance, cookie }| self.add(instance, cookie));
    }

    /// Takes off all pins of a lock.
    pub(crate) fn clear(&self, instance: u64) {
        self.change(|pins| {
            pins.retain(|pin| pin.instance != instance);
            true
        });
    }

    /// Takes off all pins.
    pub(crate) fn clear_all(&self) {
        self.change(|pins| {
            pins.clear();
            true
        });
    }

    fn change(&self, f: impl FnOnce(&mut Vec<Pin>) -> bool) -> bool {
        let Ok(mut pins) = self.pins.try_borrow_mut() else {
            return false;
        };
        let result = f(&mut pins);
        if pins.is_empty() {
            *pins = Vec::new();
        }
        result
    }
}

impl Tracker {
    /// `task` pins `map`'s lock.
    pub(crate) fn pinned(
        &self,
        task: &Task,
        map: &Map,
        cookie: PinCookie,
        site: &'static Location<'static>,
    ) -> Learned {
        if !task.holds(map.word()) {
            return self.pin_broken(task, map, PinFault::PinOfUnheld, site).into();
        }
        task.change_pins(|pins| pins.add(number(map), cookie));
        Learned::default()
    }

    /// `task` takes a pin off `map`'s lock.
    pub(crate) fn unpinned(
        &self,
        task: &Task,
        map: &Map,
        cookie: PinCookie,
        site: &'static Location<'static>,
    ) -> Learned {
        let fault = if !task.holds(map.word()) {
            PinFault::UnpinOfUnheld
        } else if !task.pins().has(number(map)) {
            PinFault::UnpinOfUnpinned
        } else if !task.change_pins(|pins| pins.remove(number(map), cookie)) {
            PinFault::WrongCookie
        } else {
            return Learned::default();
        };
        self.pin_broken(task, map, fault, site).into()
    }

    /// `task` releases `map`'s lock. If that is pinned and this is the last hold of it, takes hold
    /// and pins away and returns the violation, which may be one that is being told already.
    pub(crate) fn released_pinned(
        &self,
        task: &Task,
        map: &Map,
        site: &'static Location<'static>,
    ) -> Option<Option<Met>> {
        let is_this = |held: &Held| held.entry.is_same(map.word());
        if !task.pins().has(number(map)) || task.held().filter(is_this).count() != 1 {
            return None;
        }
        let met = self.pin_broken(task, map, PinFault::Released, site);
        task.remove(map.word().lock());
        task.change_pins(|pins| pins.clear(number(map)));
        Some(met)
    }

    fn pin_broken(
        &self,
        task: &Task,
        map: &Map,
        fault: PinFault,
        site: &'static Location<'static>,
    ) -> Option<Met> {
        let word = map.word();
        let node = word.is_resolved().then(|| word.node());
        self.found.meet(Identity::at(10, node, site), || Violation::PinBroken {
            task: name(task).as_ref().to_owned(),
            class: class(map),
            fault,
            held: task
                .held()
                .rfind(|held| held.entry.is_same(word))
                .map(|held| self.end(&held).resolve(self.settings.backtrace)),
            at: self.point_here(site),
        })
    }
}

fn number(map: &Map) -> u64 {
    map::instance_of(map.word().lock())
}

/// Pins a lock that the current task holds: until [`unpin_lock`] with the cookie that is returned,
/// releasing it breaks a rule (LD0010), as does pinning a lock that is not held.
///
/// For code that relies on a lock staying held while it calls what could let go of it. Pins nest:
/// the lock is pinned until all are taken off.
///
/// # Cost
///
/// Until then, all of this task's events take the cold path: some tens of nanoseconds each.
///
/// # Panics
///
/// With the report, if the task does not hold the lock and `LOCKDEP` is `panic`.
///
/// # Examples
///
/// ```
/// # use lockdep::{Map, lock_acquire_exclusive, lock_acquired_exclusive, lock_release};
/// # let map = Map::new();
/// lock_acquire_exclusive!(&map);
/// lock_acquired_exclusive!(&map);
/// let cookie = lockdep::pin_lock(&map);
/// // … what happens here cannot release it unseen …
/// lockdep::unpin_lock(&map, cookie);
/// lock_release!(&map);
/// ```
#[track_caller]
#[must_use = "the lock can only be released after it is unpinned with the cookie"]
pub fn pin_lock<L: Tracked + ?Sized>(lock: &L) -> PinCookie {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let site = Location::caller();
    let Some(map) = lock.map().filter(|map| can_say(map)) else {
        return PinCookie::NONE;
    };
    let cookie = PinCookie(NEXT.fetch_add(1, Relaxed));
    process::judge(|tracker, task| tracker.pinned(task, map, cookie, site));
    cookie
}

/// Sets a pin again that was taken off, for a function that lets go of a pinned lock for a while:
/// [`unpin_lock`], release, acquire, `repin_lock`. As [`pin_lock`] otherwise.
#[track_caller]
pub fn repin_lock<L: Tracked + ?Sized>(lock: &L, cookie: PinCookie) {
    let site = Location::caller();
    if cookie != PinCookie::NONE
        && let Some(map) = lock.map().filter(|map| can_say(map))
    {
        process::judge(|tracker, task| tracker.pinned(task, map, cookie, site));
    }
}

/// Takes a pin off a lock.
///
/// # Panics
///
/// With the report, if the task does not hold the lock, or the lock has no pin or none with this
/// cookie (LD0010), and `LOCKDEP` is `panic`.
#[track_caller]
pub fn unpin_lock<L: Tracked + ?Sized>(lock: &L, cookie: PinCookie) {
    let site = Location::caller();
    if cookie != PinCookie::NONE
        && let Some(map) = lock.map().filter(|map| can_say(map))
    {
        process::judge(|tracker, task| tracker.unpinned(task, map, cookie, site));
    }
}

/// Whether the task that counts now is the one that holds the lock, if any does, and nothing is
/// held that was not tracked.
fn can_say(map: &Map) -> bool {
    let word = map.word();
    let holds = |task: &Task| task.holds(word);
    !word.is_untracked()
        && thread::any_task(holds) == thread::with_current_task(holds)
        && thread::any_task(Task::has_untracked) == Some(false)
}
