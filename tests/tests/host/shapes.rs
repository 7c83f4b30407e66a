//! What programs do with locks all day.

use instrumented::sync::{Mutex, MutexGuard, RwLock};

/// One thing a program does with its locks.
pub(crate) type Shape = fn(&Locks);

/// Locks of many classes; to be kept on the stack.
pub(crate) struct Locks {
    mutex: Mutex<u64>,
    table: RwLock<u64>,
    deep: [Mutex<u8>; 32],
}

impl Locks {
    /// Each constructor stands at a place of its own, so each lock is of its own class.
    #[rustfmt::skip]
    pub(crate) fn new() -> Locks {
        Locks {
            mutex: Mutex::new(0),
            table: RwLock::new(0),
            deep: [
                Mutex::new(0), Mutex::new(0), Mutex::new(0), Mutex::new(0),
                Mutex::new(0), Mutex::new(0), Mutex::new(0), Mutex::new(0),
                Mutex::new(0), Mutex::new(0), Mutex::new(0), Mutex::new(0),
                Mutex::new(0), Mutex::new(0), Mutex::new(0), Mutex::new(0),
                Mutex::new(0), Mutex::new(0), Mutex::new(0), Mutex::new(0),
                Mutex::new(0), Mutex::new(0), Mutex::new(0), Mutex::new(0),
                Mutex::new(0), Mutex::new(0), Mutex::new(0), Mutex::new(0),
                Mutex::new(0), Mutex::new(0), Mutex::new(0), Mutex::new(0),
            ],
        }
    }
}

/// The shapes with their names.
pub(crate) const SHAPES: &[(&str, Shape)] = &[
    ("one mutex", |locks| *locks.mutex.lock().unwrap() += 1),
    ("one reader", |locks| drop(locks.table.read().unwrap())),
    ("one writer", |locks| *locks.table.write().unwrap() += 1),
    ("a writer that becomes a reader", |locks| {
        let writer = locks.table.write().unwrap();
        drop(instrumented::sync::RwLockWriteGuard::downgrade(writer));
    }),
    ("tries that succeed", |locks| {
        *locks.mutex.try_lock().unwrap() += 1;
        drop(locks.table.try_read().unwrap());
        *locks.table.try_write().unwrap() += 1;
    }),
    ("a try that fails", |locks| {
        let _guard = locks.mutex.lock().unwrap();
        assert!(locks.mutex.try_lock().is_err());
    }),
    ("a nested pair", |locks| {
        let _outer = locks.mutex.lock().unwrap();
        *locks.table.write().unwrap() += 1;
    }),
    ("a nested pair, the first released first", |locks| {
        let outer = locks.mutex.lock().unwrap();
        let inner = locks.table.read().unwrap();
        drop(outer);
        drop(inner);
    }),
    ("thirty-two nested", |locks| {
        let mut guards: [Option<MutexGuard<'_, u8>>; 32] = [const { None }; 32];
        for (guard, mutex) in guards.iter_mut().zip(&locks.deep) {
            *guard = Some(mutex.lock().unwrap());
        }
        for guard in guards.iter_mut().rev() {
            *guard = None;
        }
    }),
];
