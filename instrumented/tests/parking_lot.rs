//! What the tracker hears of the locks of `parking_lot` and `lock_api`, and what it makes of it.

#![cfg(all(
    feature = "parking_lot",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]

use std::mem;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use instrumented::lock_api;
use instrumented::parking_lot::{
    Condvar, FairMutex, MappedMutexGuard, Mutex, MutexGuard, Once, RawMutex, RawRwLock,
    ReentrantMutex, ReentrantMutexGuard, RwLock, RwLockReadGuard, RwLockUpgradableReadGuard,
    RwLockWriteGuard, const_mutex, const_rwlock,
};
use lockdep::{BacktraceStyle, Level, Mode, Settings, Tracker, Violation};

const SHORT: Duration = Duration::from_millis(1);

/// What this task holds, oldest first.
fn modes() -> Vec<Mode> {
    lockdep::held().iter().map(|lock| lock.mode).collect()
}

/// The codes of what a tracker of its own finds in `f`, without repeats.
fn codes(f: impl FnOnce()) -> Vec<&'static str> {
    let settings = Settings { level: Level::Deadlock, backtrace: BacktraceStyle::Off };
    let ((), met) = Arc::new(Tracker::new(settings)).run(f);
    let new = met.iter().filter(|met| met.times == 1);
    new.map(|met| Violation::code(&met.violation)).collect()
}

/// The lines on which the classes of what is held were made.
fn lines() -> Vec<u32> {
    lockdep::held().iter().map(|lock| lock.class.place.line).collect()
}

#[test]
fn a_lock_is_held_in_its_mode_until_its_guard_is_dropped() {
    let (mutex, fair, lock) = (Mutex::new(0), FairMutex::new(0), RwLock::new(0));
    let guard = mutex.lock();
    let fair = fair.lock();
    let reader = lock.read();
    assert_eq!(modes(), [Mode::Exclusive, Mode::Exclusive, Mode::Shared]);
    drop(guard);
    let again = lock.read_recursive();
    assert_eq!(modes(), [Mode::Exclusive, Mode::Shared, Mode::SharedRecursive]);
    drop((fair, reader, again));
    let upgradable = lock.upgradable_read();
    assert_eq!(modes(), [Mode::Upgradable]);
    drop(upgradable);
    let writer = lock.write();
    assert_eq!(modes(), [Mode::Exclusive]);
    drop(writer);
    assert_eq!(modes(), []);
}

#[test]
fn a_class_is_the_place_of_the_constructor_whichever_it_is() {
    static CONSTANT: Mutex<u8> = const_mutex(0);
    static OTHER: RwLock<u8> = const_rwlock(0);
    const FIRST: u32 = line!() - 2;
    let raw = Mutex::from_raw(<RawMutex as lock_api::RawMutex>::INIT, 0_u8);
    let default = RwLock::<u8>::default();
    let guards = (CONSTANT.lock(), OTHER.read(), raw.lock(), default.write());
    assert_eq!(lines(), [FIRST, FIRST + 1, FIRST + 3, FIRST + 4]);
    drop(guards);
}

#[test]
fn attempts_are_recorded_once_they_succeed() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    {
        let _guard = mutex.try_lock_for(SHORT).unwrap();
        let _reader = lock.try_read_until(Instant::now() + SHORT).unwrap();
        assert_eq!(modes(), [Mode::Exclusive, Mode::Shared]);
        thread::scope(|scope| {
            scope.spawn(|| {
                assert!(mutex.try_lock().is_none() && mutex.try_lock_for(SHORT).is_none());
                assert!(lock.try_write().is_none() && lock.try_write_for(SHORT).is_none());
                assert_eq!(modes(), []);
            });
        });
    }
    let upgradable = lock.try_upgradable_read().unwrap();
    assert_eq!(modes(), [Mode::Upgradable]);
    drop(upgradable);
}

#[test]
fn a_hold_follows_its_guard_through_every_change() {
    let lock = RwLock::new(0);
    let writer = lock.write();
    let upgradable = RwLockWriteGuard::downgrade_to_upgradable(writer);
    assert_eq!(modes(), [Mode::Upgradable]);
    let mut upgradable = match RwLockUpgradableReadGuard::try_upgrade(upgradable) {
        Ok(writer) => {
            assert_eq!(modes(), [Mode::Exclusive]);
            RwLockWriteGuard::downgrade_to_upgradable(writer)
        }
        Err(_) => panic!("nobody else reads"),
    };
    upgradable.with_upgraded(|value| {
        assert_eq!(modes(), [Mode::Exclusive]);
        *value += 1;
    });
    assert_eq!(modes(), [Mode::Upgradable]);
    let reader = RwLockUpgradableReadGuard::downgrade(upgradable);
    assert_eq!(modes(), [Mode::Shared]);
    drop(reader);
    let reader =
        RwLockWriteGuard::downgrade(RwLockUpgradableReadGuard::upgrade(lock.upgradable_read()));
    assert_eq!((modes(), *reader), (vec![Mode::Shared], 1));
    drop(reader);
    assert_eq!(modes(), []);
}

#[test]
fn a_mapped_guard_stands_for_the_same_hold() {
    let (mutex, lock) = (Mutex::new((1, 2)), RwLock::new((1, 2)));
    let guard = MutexGuard::map(mutex.lock(), |pair| &mut pair.1);
    let Err(guard) = MappedMutexGuard::try_map(guard, |_| None::<&mut i32>) else {
        panic!("there is no such part")
    };
    let reader = RwLockReadGuard::map(lock.read(), |pair| &pair.0);
    assert_eq!((*guard, *reader, modes()), (2, 1, vec![Mode::Exclusive, Mode::Shared]));
    drop(guard);
    assert_eq!(modes(), [Mode::Shared]);
    drop(reader);
    assert_eq!(modes(), []);
}

#[test]
fn a_reentrant_mutex_is_held_once() {
    let mutex = ReentrantMutex::new(0);
    let found = codes(|| {
        let outer = mutex.lock();
        let mut inner = mutex.lock();
        assert_eq!(modes(), [Mode::Exclusive]);
        ReentrantMutexGuard::unlocked(&mut inner, || assert_eq!(modes(), [Mode::Exclusive]));
        drop(outer);
        assert_eq!(modes(), [Mode::Exclusive]);
        drop(inner);
        assert_eq!(modes(), []);
        let tried = mutex.try_lock().unwrap();
        drop((mutex.try_lock(), tried));
    });
    assert_eq!((found, mutex.is_locked()), (vec![], false));
}

#[test]
fn a_reentrant_mutex_that_is_passed_on_is_held_by_one_at_a_time() {
    let mutex = ReentrantMutex::new(0);
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        let mut guard = mutex.lock();
        let other = scope.spawn(|| {
            let guard = mutex.lock();
            send.send(()).unwrap();
            assert_eq!(modes(), [Mode::Exclusive]);
            drop(guard);
            modes()
        });
        while receive.try_recv().is_err() {
            ReentrantMutexGuard::bump(&mut guard);
            assert_eq!(modes(), [Mode::Exclusive]);
        }
        assert_eq!(other.join().unwrap(), []);
        let inner = mutex.lock();
        ReentrantMutexGuard::bump(&mut guard);
        drop((inner, guard));
        assert_eq!((modes(), mutex.is_locked()), (vec![], false));
    });
}

#[test]
fn a_lock_taken_twice_is_found_before_it_blocks() {
    let lock = RwLock::new(0);
    let twice = codes(|| {
        drop(lock.write());
        let _first = lock.read();
        let _second = lock.read();
    });
    assert_eq!(twice, ["LD0001"]);
    let recursive = codes(|| {
        drop(lock.write());
        let _first = lock.read();
        let _second = lock.read_recursive();
    });
    assert_eq!(recursive, [""; 0]);
}

#[test]
fn an_inversion_is_found_and_one_order_is_not() {
    let (first, second) = (Mutex::new(0_u8), RwLock::new(0_u16));
    let forward = || {
        let _first = first.lock();
        let _second = second.write();
    };
    let backward = || {
        let _second = second.write();
        let _first = first.lock();
    };
    assert_eq!(codes(|| (forward(), forward()).0), [""; 0]);
    assert_eq!(codes(|| (forward(), backward()).0), ["LD0002"]);
}

#[test]
fn a_lock_that_is_given_up_for_a_while_is_taken_again_after_what_is_held() {
    let (outer, inner) = (Mutex::new(0_u8), Mutex::new(0_u16));
    let forward = || {
        let _outer = outer.lock();
        let _inner = inner.lock();
    };
    let unlocked = || {
        let mut outer = outer.lock();
        let _inner = inner.lock();
        MutexGuard::unlocked(&mut outer, || assert_eq!(modes(), [Mode::Exclusive]));
        assert_eq!(modes(), [Mode::Exclusive; 2]);
    };
    let bumped = || MutexGuard::bump(&mut outer.lock());
    assert_eq!(codes(|| (forward(), bumped()).0), [""; 0]);
    assert_eq!(codes(|| (forward(), unlocked()).0), ["LD0002"]);
}

#[test]
fn a_wait_gives_the_mutex_up_and_takes_it_again() {
    let (mutex, other, condvar) = (Mutex::new(false), Mutex::new(0_u8), Condvar::new());
    let alone = || {
        let mut guard = mutex.lock();
        assert!(condvar.wait_for(&mut guard, SHORT).timed_out());
        assert_eq!(modes(), [Mode::Exclusive]);
        assert!(!condvar.wait_while_for(&mut guard, |done| *done, SHORT).timed_out());
    };
    let holding = || {
        let mut guard = mutex.lock();
        let _other = other.lock();
        assert!(condvar.wait_until(&mut guard, Instant::now() + SHORT).timed_out());
    };
    assert_eq!(codes(alone), [""; 0]);
    assert_eq!(codes(holding), ["LD0002"]);
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut guard = mutex.lock();
            send.send(()).unwrap();
            condvar.wait_while(&mut guard, |done| !*done);
            assert_eq!(modes(), [Mode::Exclusive]);
        });
        receive.recv().unwrap();
        *mutex.lock() = true;
        assert!(condvar.notify_one());
    });
}

#[test]
fn a_once_is_held_by_the_initialiser_and_by_nobody_afterwards() {
    let (once, mutex) = (Once::new(), Mutex::new(0));
    let found = codes(|| {
        once.call_once(|| {
            assert_eq!(modes(), [Mode::Exclusive]);
            drop(mutex.lock());
        });
        let _guard = mutex.lock();
        once.call_once(|| unreachable!("it is done"));
        assert_eq!(modes(), [Mode::Exclusive]);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn holds_without_guards_are_known() {
    let mutex = Mutex::new(0);
    mem::forget(mutex.lock());
    assert_eq!(modes(), [Mode::Exclusive]);
    // SAFETY: the mutex is held, and its guard is gone.
    let guard = unsafe { mutex.make_guard_unchecked() };
    assert_eq!(modes(), [Mode::Exclusive]);
    drop(guard);
    // SAFETY: no guard exists.
    lock_api::RawMutex::lock(unsafe { mutex.raw() });
    assert_eq!(modes(), []);
    // SAFETY: the mutex is held, and there is no guard.
    let guard = unsafe { mutex.make_guard_unchecked() };
    assert_eq!(modes(), [Mode::Exclusive]);
    mem::forget(guard);
    // SAFETY: the mutex is held, and its guard is gone.
    unsafe { mutex.force_unlock() };
    assert_eq!((modes(), mutex.is_locked()), (vec![], false));
}

#[test]
fn a_hold_whose_raw_lock_is_given_away_is_not_believed_any_more() {
    let lock = RwLock::new(0);
    let found = codes(|| {
        for _ in 0..2 {
            mem::forget(lock.read());
            // SAFETY: the guard is forgotten.
            let raw = unsafe { lock.raw() };
            assert_eq!(modes(), []);
            // SAFETY: the lock is held, and nothing else stands for the hold.
            unsafe { lock_api::RawRwLock::unlock_shared(raw) };
        }
        let guard = lock.write();
        // SAFETY: nothing is unlocked.
        assert!(lock_api::RawRwLock::is_locked(unsafe { lock.raw() }));
        drop(RwLockWriteGuard::downgrade(guard));
        drop(lock.write());
        assert_eq!((modes(), lock.is_locked()), (vec![], false));
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_contended_lock_is_recorded_when_it_is_taken() {
    let lock = RwLock::new(0);
    thread::scope(|scope| {
        let writer = lock.write();
        let other = scope.spawn(|| {
            let reader = lock.read();
            assert_eq!(modes(), [Mode::Shared]);
            *reader
        });
        thread::sleep(SHORT);
        drop(writer);
        assert_eq!(other.join().unwrap(), 0);
    });
}

/// A raw lock of somebody's own, made of parking_lot's.
struct Mine(RawRwLock);

// SAFETY: it is a lock, because what is inside is.
unsafe impl lock_api::RawRwLock for Mine {
    const INIT: Mine = Mine(<RawRwLock as lock_api::RawRwLock>::INIT);
    type GuardMarker = lock_api::GuardNoSend;

    fn lock_shared(&self) {
        self.0.lock_shared();
    }

    fn try_lock_shared(&self) -> bool {
        self.0.try_lock_shared()
    }

    unsafe fn unlock_shared(&self) {
        // SAFETY: passed on.
        unsafe { self.0.unlock_shared() }
    }

    fn lock_exclusive(&self) {
        self.0.lock_exclusive();
    }

    fn try_lock_exclusive(&self) -> bool {
        self.0.try_lock_exclusive()
    }

    unsafe fn unlock_exclusive(&self) {
        // SAFETY: passed on.
        unsafe { self.0.unlock_exclusive() }
    }
}

#[test]
fn a_raw_lock_of_ones_own_is_tracked() {
    let lock = lock_api::RwLock::<Mine, u8>::new(1);
    let reader = lock.read();
    assert_eq!((modes(), *reader), (vec![Mode::Shared], 1));
    drop(reader);
    assert_eq!(format!("{lock:?}"), "RwLock { data: 1 }");
}

#[cfg(feature = "arc_lock")]
#[test]
fn a_counted_guard_is_a_guard() {
    use instrumented::lock_api::{ArcMutexGuard, ArcRwLockUpgradableReadGuard};

    let (mutex, lock) = (Arc::new(Mutex::new(0)), Arc::new(RwLock::new(0)));
    let guard = mutex.lock_arc();
    let upgradable = lock.upgradable_read_arc();
    assert_eq!(modes(), [Mode::Exclusive, Mode::Upgradable]);
    let writer = ArcRwLockUpgradableReadGuard::upgrade(upgradable);
    assert_eq!(modes(), [Mode::Exclusive; 2]);
    assert!(Arc::ptr_eq(&ArcMutexGuard::into_arc(guard), &mutex));
    assert_eq!(modes(), [Mode::Exclusive]);
    drop(writer);
    assert_eq!((modes(), Arc::strong_count(&mutex), Arc::strong_count(&lock)), (vec![], 1, 1));
}

/// A mutex whose guards can be sent.
struct Sendable(RawMutex);

// SAFETY: it is a lock, because what is inside is; that one does not mind who unlocks it.
unsafe impl lock_api::RawMutex for Sendable {
    const INIT: Sendable = Sendable(<RawMutex as lock_api::RawMutex>::INIT);
    type GuardMarker = lock_api::GuardSend;

    fn lock(&self) {
        lock_api::RawMutex::lock(&self.0);
    }

    fn try_lock(&self) -> bool {
        lock_api::RawMutex::try_lock(&self.0)
    }

    unsafe fn unlock(&self) {
        // SAFETY: passed on.
        unsafe { lock_api::RawMutex::unlock(&self.0) }
    }
}

#[test]
fn a_guard_that_is_sent_takes_its_hold_along() {
    let (mutex, other) = (lock_api::Mutex::<Sendable, u8>::new(1), Mutex::new(0));
    thread::scope(|scope| {
        let guard = mutex.lock();
        scope.spawn(move || drop(guard)).join().unwrap();
        assert_eq!(modes(), []);
        let _other = other.lock();
        drop(mutex.lock());
    });
    // The other order: no edge is left from a hold that is gone.
    drop((mutex.lock(), other.try_lock()));
}

#[test]
fn what_is_done_to_a_raw_lock_that_is_given_away_is_no_misuse() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    let found = codes(|| {
        // SAFETY: here and below, what is locked by hand is unlocked by hand.
        lock_api::RawMutex::lock(unsafe { mutex.raw() });
        // SAFETY: as above.
        unsafe { mutex.force_unlock() };
        // SAFETY: as above.
        lock_api::RawRwLock::lock_exclusive(unsafe { lock.raw() });
        // The first that is seen of the lock: its class is known from here on.
        // SAFETY: as above.
        let guard = unsafe { lock.make_write_guard_unchecked() };
        assert_eq!(modes(), [Mode::Exclusive]);
        assert!(lockdep::held()[0].class.kind.contains("RwLock"));
        drop(guard);
        assert_eq!(modes(), []);
    });
    assert_eq!(found, [""; 0]);
}
