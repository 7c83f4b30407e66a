//! What a reader-writer lock does.

use std::thread;

use super::{Named, give_up, panics};
use crate::sync::{
    Arc, LockResult, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError,
    TryLockResult,
};

static NAMES: RwLock<Vec<&str>> = RwLock::new(Vec::new());

fn poisoned<T>(value: T) -> RwLock<T> {
    let lock = RwLock::new(value);
    panics(|| {
        let _guard = lock.write().unwrap();
        give_up();
    });
    lock
}

/// Whether another thread can read and can write.
fn seen_elsewhere<T: Sync + Send>(lock: &RwLock<T>) -> (bool, bool) {
    thread::scope(|scope| {
        let seen = || {
            let can_read = lock.try_read().is_ok();
            let can_write = lock.try_write().is_ok();
            (can_read, can_write)
        };
        scope.spawn(seen).join().unwrap()
    })
}

#[test]
fn a_writer_changes_what_readers_read() {
    let lock = RwLock::new(1);
    *lock.write().unwrap() += 1;
    assert_eq!(*lock.read().unwrap(), 2);
}

#[test]
fn a_lock_works_in_a_static() {
    NAMES.write().unwrap().push("first");
    assert_eq!(*NAMES.read().unwrap(), ["first"]);
}

#[test]
fn readers_share_and_a_writer_excludes() {
    let lock = RwLock::new(0);
    assert_eq!(seen_elsewhere(&lock), (true, true));
    let reader = lock.read().unwrap();
    assert_eq!(seen_elsewhere(&lock), (true, false));
    drop(reader);
    let writer = lock.write().unwrap();
    assert_eq!(seen_elsewhere(&lock), (false, false));
    drop(writer);
    assert_eq!(seen_elsewhere(&lock), (true, true));
}

#[test]
fn a_try_takes_what_is_free_and_would_block_on_what_is_not() {
    let lock = RwLock::new(0);
    *lock.try_write().unwrap() = 3;
    {
        let first = lock.try_read().unwrap();
        let second = lock.try_read().unwrap();
        assert_eq!((*first, *second), (3, 3));
        assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
    }
    let _writer = lock.try_write().unwrap();
    assert!(matches!(lock.try_read(), Err(TryLockError::WouldBlock)));
    assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
}

#[test]
fn no_increment_of_many_threads_is_lost_and_readers_see_whole_writes() {
    let lock = Arc::new(RwLock::new((0, 0)));
    let threads = [true, true, false, false].map(|writes| {
        let lock = Arc::clone(&lock);
        thread::spawn(move || {
            for _ in 0..300 {
                if writes {
                    let mut pair = lock.write().unwrap();
                    pair.0 += 1;
                    pair.1 += 1;
                } else {
                    let pair = lock.read().unwrap();
                    assert_eq!(pair.0, pair.1);
                }
            }
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*lock.read().unwrap(), (600, 600));
}

#[test]
fn a_downgraded_writer_reads_beside_others_and_keeps_its_write() {
    let lock = RwLock::new(0);
    let mut writer = lock.write().unwrap();
    *writer = 6;
    let reader = RwLockWriteGuard::downgrade(writer);
    assert_eq!(*reader, 6);
    assert_eq!(seen_elsewhere(&lock), (true, false));
    drop(reader);
    assert_eq!(seen_elsewhere(&lock), (true, true));
}

#[test]
fn a_waiting_reader_gets_in_when_the_writer_downgrades() {
    let lock = Arc::new(RwLock::new(0));
    let mut writer = lock.write().unwrap();
    let theirs = Arc::clone(&lock);
    let reader = thread::spawn(move || *theirs.read().unwrap());
    *writer = 1;
    let still_held = RwLockWriteGuard::downgrade(writer);
    assert_eq!(reader.join().unwrap(), 1);
    drop(still_held);
}

#[test]
fn a_panicking_writer_poisons() {
    let lock = poisoned(3);
    assert!(lock.is_poisoned());
    assert_eq!(**lock.read().unwrap_err().get_ref(), 3);
    **lock.write().unwrap_err().get_mut() += 1;
    assert_eq!(*lock.read().unwrap_or_else(PoisonError::into_inner), 4);
    match lock.try_read() {
        Err(TryLockError::Poisoned(error)) => assert_eq!(**error.get_ref(), 4),
        other => panic!("not poisoned: {other:?}"),
    }
    match lock.try_write() {
        Err(TryLockError::Poisoned(mut error)) => **error.get_mut() += 1,
        other => panic!("not poisoned: {other:?}"),
    }
    assert_eq!(lock.into_inner().unwrap_err().into_inner(), 5);
}

#[test]
fn a_panicking_reader_does_not_poison() {
    let lock = RwLock::new(0);
    panics(|| {
        let _guard = lock.read().unwrap();
        give_up();
    });
    panics(|| {
        let _guard = RwLockWriteGuard::downgrade(lock.write().unwrap());
        give_up();
    });
    assert!(!lock.is_poisoned());
    assert_eq!(*lock.write().unwrap(), 0);
}

#[test]
fn a_poisoned_writer_can_be_downgraded() {
    let lock = poisoned(1);
    let writer = lock.write().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(*RwLockWriteGuard::downgrade(writer), 1);
    assert!(lock.is_poisoned());
}

#[test]
fn cleared_poison_is_gone() {
    let lock = poisoned(0);
    lock.clear_poison();
    assert!(!lock.is_poisoned());
    assert_eq!(*lock.read().unwrap(), 0);
}

#[test]
fn an_owner_needs_no_lock_and_is_told_of_poison() {
    let mut lock = RwLock::new(String::from("a"));
    lock.get_mut().unwrap().push('b');
    assert_eq!(lock.into_inner().unwrap(), "ab");
    let mut lock = poisoned(1);
    **lock.get_mut().unwrap_err().get_mut() += 1;
    assert_eq!(lock.into_inner().unwrap_err().into_inner(), 2);
}

#[test]
fn a_lock_is_made_by_default_and_from_its_payload() {
    assert_eq!(RwLock::<u8>::default().into_inner().unwrap(), 0);
    assert_eq!(RwLock::from(4).into_inner().unwrap(), 4);
}

#[test]
fn a_lock_prints_as_the_real_one_does() {
    let ours = RwLock::new(Named("x"));
    let real = std::sync::RwLock::new(Named("x"));
    assert_eq!(format!("{ours:?}"), r#"RwLock { data: Named("x"), poisoned: false, .. }"#);
    assert_eq!(format!("{ours:#?}"), format!("{real:#?}"));
    {
        let reader = ours.read().unwrap();
        assert_eq!(format!("{ours:?}"), r#"RwLock { data: Named("x"), poisoned: false, .. }"#);
        assert_eq!(format!("{reader:?} {reader:>3}"), r#"Named("x")   x"#);
    }
    let mut writer = ours.write().unwrap();
    writer.0 = "x";
    assert_eq!(format!("{ours:?}"), "RwLock { data: <locked>, poisoned: false, .. }");
    assert_eq!(format!("{writer:?} {writer:>3}"), r#"Named("x")   x"#);
    assert_eq!(
        format!("{:?}", poisoned(Named("y"))),
        r#"RwLock { data: Named("y"), poisoned: true, .. }"#
    );
}

#[test]
fn signatures_are_the_real_ones() {
    let _: fn(u8) -> RwLock<u8> = RwLock::new;
    let _: for<'a> fn(&'a RwLock<str>) -> LockResult<RwLockReadGuard<'a, str>> = RwLock::read;
    let _: for<'a> fn(&'a RwLock<str>) -> LockResult<RwLockWriteGuard<'a, str>> = RwLock::write;
    let _: for<'a> fn(&'a RwLock<str>) -> TryLockResult<RwLockReadGuard<'a, str>> =
        RwLock::try_read;
    let _: for<'a> fn(&'a RwLock<str>) -> TryLockResult<RwLockWriteGuard<'a, str>> =
        RwLock::try_write;
    let _: fn(&RwLock<str>) -> bool = RwLock::is_poisoned;
    let _: fn(&RwLock<str>) = RwLock::clear_poison;
    let _: fn(RwLock<u8>) -> LockResult<u8> = RwLock::into_inner;
    let _: for<'a> fn(&'a mut RwLock<str>) -> LockResult<&'a mut str> = RwLock::get_mut;
    let _: fn(RwLockWriteGuard<'static, str>) -> RwLockReadGuard<'static, str> =
        RwLockWriteGuard::downgrade;
    let _: fn(u8) -> RwLock<u8> = From::from;
    let _: fn() -> RwLock<u8> = Default::default;
}
