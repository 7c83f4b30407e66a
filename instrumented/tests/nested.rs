//! The calls about nesting, which exist with the feature and without it.

use std::sync::TryLockError;

use instrumented::nested::{
    lock_nest_lock, lock_nested, read_nest_lock, read_nested, try_lock_nested, try_read_nested,
    try_write_nested, write_nest_lock, write_nested,
};
use instrumented::sync::{Arc, Mutex, RwLock};

#[test]
fn a_nested_call_takes_the_lock() {
    let mutexes = [1, 2, 3].map(Mutex::new);
    let first = lock_nested(&mutexes[0], 0).unwrap();
    let second = lock_nested(&mutexes[1], 1).unwrap();
    let third = try_lock_nested(&mutexes[2], 2).unwrap();
    assert_eq!((*first, *second, *third), (1, 2, 3));
    assert!(matches!(try_lock_nested(&mutexes[1], 1), Err(TryLockError::WouldBlock)));
    drop(second);
    assert!(try_lock_nested(&mutexes[1], 1).is_ok());
}

#[test]
fn a_nested_call_reads_and_writes() {
    let locks = [1, 2, 3, 4].map(RwLock::new);
    let read = read_nested(&locks[0], 0).unwrap();
    *write_nested(&locks[1], 1).unwrap() += *read;
    *try_write_nested(&locks[2], 2).unwrap() += *try_read_nested(&locks[1], 1).unwrap();
    assert_eq!(*locks[2].read().unwrap(), 6);
    assert!(matches!(try_write_nested(&locks[0], 1), Err(TryLockError::WouldBlock)));
}

#[test]
fn locks_are_taken_under_a_nest_lock() {
    let outer = Arc::new(Mutex::new(()));
    let (mutexes, locks) = ([1, 2].map(Mutex::new), [3, 4].map(RwLock::new));
    let _outer = outer.lock().unwrap();
    let first = lock_nest_lock(&mutexes[1], &outer).unwrap();
    let second = lock_nest_lock(&mutexes[0], &outer).unwrap();
    let third = read_nest_lock(&locks[1], &outer).unwrap();
    *write_nest_lock(&locks[0], &outer).unwrap() += *first + *second + *third;
    assert_eq!(*locks[0].read().unwrap(), 10);
}

#[test]
fn a_poisoned_lock_is_said_to_be() {
    let mutex = Mutex::new(1);
    let lock = RwLock::new(1);
    let outer = Mutex::new(());
    let result = std::panic::catch_unwind(|| {
        let _both = (mutex.lock().unwrap(), lock.write().unwrap());
        std::panic::resume_unwind(Box::new("given up"));
    });
    assert!(result.is_err());
    let _outer = outer.lock().unwrap();
    assert_eq!(*lock_nested(&mutex, 1).unwrap_err().into_inner(), 1);
    assert_eq!(*lock_nest_lock(&mutex, &outer).unwrap_err().into_inner(), 1);
    assert!(matches!(try_lock_nested(&mutex, 1), Err(TryLockError::Poisoned(_))));
    assert_eq!(*read_nest_lock(&lock, &outer).unwrap_err().into_inner(), 1);
    assert_eq!(*write_nest_lock(&lock, &outer).unwrap_err().into_inner(), 1);
}

#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod tracked {
    use lockdep::{BacktraceStyle, Level, Mode, Settings, Tracker};

    use super::*;

    /// The codes of what a tracker of its own at level `order` finds in `f`.
    fn codes(f: impl FnOnce()) -> Vec<&'static str> {
        let settings = Settings { level: Level::Order, backtrace: BacktraceStyle::Off };
        let ((), met) = Arc::new(Tracker::new(settings)).run(f);
        met.iter().map(|met| met.violation.code()).collect()
    }

    #[test]
    fn a_nesting_level_is_a_class_of_its_own() {
        let [parent, child] = [1, 2].map(|number| Mutex::new(number));
        let found = codes(|| {
            let _parent = parent.lock().unwrap();
            let _child = lock_nested(&child, 1).unwrap();
            assert_eq!(lockdep::held()[1].class.subclass, 1);
        });
        assert_eq!(found, [""; 0]);
        let found = codes(|| {
            let _parent = parent.lock().unwrap();
            let _child = child.lock().unwrap();
        });
        assert_eq!(found, ["LD0004"]);
        let [parent, child, grandchild] = [1, 2, 3].map(|number| RwLock::new(number));
        let found = codes(|| {
            let _parent = write_nested(&parent, 1).unwrap();
            let _child = try_read_nested(&child, 2).unwrap();
            let _grandchild = read_nested(&grandchild, 3).unwrap();
            assert_eq!(lockdep::held()[1].class.subclass, 2);
        });
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn a_nest_lock_is_held_around_or_told() {
        let outer = RwLock::new(());
        let mutexes = [1, 2].map(|number| Mutex::new(number));
        let all = || mutexes.each_ref().map(|mutex| lock_nest_lock(mutex, &outer).unwrap());
        let found = codes(|| {
            let _outer = outer.write().unwrap();
            let _all = all();
            assert_eq!(lockdep::held().len(), 3);
            assert_eq!(lockdep::held()[2].mode, Mode::Exclusive);
        });
        assert_eq!(found, [""; 0]);
        assert_eq!(codes(|| drop(all())), ["LD0008"; 2]);
    }

    #[test]
    fn the_wait_of_a_nested_call_is_its_own() {
        let mutex = Mutex::new(0);
        std::thread::scope(|scope| {
            let guard = mutex.lock().unwrap();
            let waiting = scope.spawn(|| {
                let _guard = lock_nested(&mutex, 3).unwrap();
                lockdep::held()[0].class.subclass
            });
            // Time for it to find the mutex locked; without it the test proves less.
            std::thread::sleep(std::time::Duration::from_millis(20));
            drop(guard);
            assert_eq!(waiting.join().unwrap(), 3);
        });
    }
}
